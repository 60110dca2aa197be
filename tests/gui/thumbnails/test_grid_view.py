"""A view of cells in sections, with a plain model: scrolling, keys, what is chosen."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRect, Qt
from qtpy.QtWidgets import QAbstractItemView

from napari_cdse.gui.thumbnails.grid_geometry import Box, CellShape, Grid
from napari_cdse.gui.thumbnails.grid_view import GridView, SectionsModel

K = Qt.Key
Flag = QItemSelectionModel.SelectionFlag


class Model(SectionsModel):
    def __init__(self, *sections):
        super().__init__()
        self._sections = sections

    @property
    def sections(self):
        return self._sections

    def rowCount(self, parent=None):
        nested = parent is not None and parent.isValid()
        return 0 if nested else sum(n for _, n in self._sections)

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        return None


def shown(qtbot, *sections, size=(320, 200), **options):
    view = GridView(Model(*sections), **options)
    qtbot.addWidget(view)
    view.resize(*size)
    with qtbot.waitExposed(view):
        view.show()
    return view


@pytest.fixture
def view(qtbot):
    """Three cells of 88 in each line: 40 of one kind, 7 of another."""
    return shown(qtbot, ("many", 40), ("few", 7))


def header_px(view) -> int:
    return round(1.6 * view.fontMetrics().height())


def test_the_grid_is_that_of_the_sections_and_of_the_room_there_is(view, qtbot):
    width = view.viewport().width()
    assert view.grid == Grid((40, 7), width, 88, header_px(view), CellShape())
    unnamed = shown(qtbot, ("", 12))
    assert unnamed.grid.header_px == 0
    assert view.edge_px == 88
    assert (view.minimumWidth(), view.minimumHeight()) == (120, 90)
    mode = QAbstractItemView.SelectionMode
    assert view.selectionMode() == mode.ExtendedSelection
    assert not view.tabKeyNavigation()
    assert view.horizontalOffset() == 0
    assert not view.isIndexHidden(QModelIndex())


def test_the_bar_scrolls_over_all_there_is_by_half_a_line(view):
    bar, height = view.verticalScrollBar(), view.viewport().height()
    assert (bar.minimum(), bar.maximum()) == (0, view.grid.height_px - height)
    assert bar.pageStep() == height
    assert bar.singleStep() == view.grid.pitch_px // 2
    assert view.verticalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOn
    assert view.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff


def test_a_place_on_the_screen_is_that_of_the_grid_less_what_is_scrolled(view):
    view.verticalScrollBar().setValue(150)
    assert view.verticalOffset() == 150
    box = view.grid.box(7)
    place = QRect(box.left, box.top - 150, box.width, box.height)
    assert view.visualRect(view.model().index(7, 0)) == place
    assert view.on_screen(Box(1, 200, 3, 4)) == QRect(1, 50, 3, 4)
    assert view.around(7) == place.adjusted(-2, -2, 2, 2)
    assert view.indexAt(place.center()).row() == 7
    assert not view.indexAt(QPoint(1, 60)).isValid()
    assert view.visualRect(QModelIndex()) == QRect()


def test_what_is_in_view_comes_first_then_what_is_near(view):
    rows = view.rows_in_view()
    grid, height = view.grid, view.viewport().height()
    wanted = [row for row in range(47) if grid.box(row).top < height]
    assert rows == wanted
    view.verticalScrollBar().setValue(400)
    seen = view.rows_in_view()
    more = view.rows_in_view(1.0)
    assert more[: len(seen)] == seen
    near = [
        row
        for row in range(47)
        if grid.box(row).top < 400 + 2 * height
        and grid.box(row).top + grid.pitch_px > 400 - height
    ]
    assert sorted(more) == near
    assert len(more) == len(set(more))


def test_the_first_row_is_one_that_is_wholly_seen(view, qtbot):
    assert view.top_row() == 0
    second = view.grid.box(3).top
    view.verticalScrollBar().setValue(second)
    assert view.top_row() == 3
    view.verticalScrollBar().setValue(second + 1)
    assert view.top_row() == 6
    empty = shown(qtbot, ("none", 0))
    assert empty.top_row() is None
    # Cells higher than the view: the one that is partly seen.
    low = shown(qtbot, ("", 9), size=(320, 90), edge_px=190)
    low.verticalScrollBar().setValue(20)
    assert low.top_row() == 0


def test_cells_of_another_size_leave_the_first_row_where_it_was(view, qtbot):
    view.bring_to_top(12)
    assert view.verticalOffset() == view.grid.box(12).top - header_px(view)
    with qtbot.waitSignal(view.edge_changed) as heard:
        view.set_edge(60)
    assert heard.args == [60]
    assert view.edge_px == view.grid.edge_px == 60
    assert view.verticalOffset() == view.grid.box(12).top - header_px(view)
    with qtbot.assertNotEmitted(view.edge_changed):
        view.set_edge(60)
    for asked, edge in ((10, 48), (500, 192)):
        view.set_edge(asked)
        assert view.edge_px == edge
    before = view.verticalOffset()
    view.bring_to_top(None)
    view.bring_to_top(47)
    assert view.verticalOffset() == before


def test_a_broader_view_leaves_the_first_row_where_it_was(view):
    view.bring_to_top(12)
    view.resize(600, 200)
    assert view.grid.width_px == view.viewport().width()
    assert view.grid.columns == 6
    assert view.verticalOffset() == view.grid.box(12).top - header_px(view)


def test_scrolling_to_a_row_moves_as_little_as_can_be(view):
    bar, height = view.verticalScrollBar(), view.viewport().height()
    view.scrollTo(view.model().index(20, 0))
    box = view.grid.box(20)
    assert bar.value() == box.top + box.height - height + 2
    # What is seen stays where it is.
    view.scrollTo(view.model().index(20, 0))
    assert bar.value() == box.top + box.height - height + 2
    view.scrollTo(view.model().index(1, 0))
    assert bar.value() == view.grid.box(1).top - header_px(view)
    view.scrollTo(QModelIndex())
    assert bar.value() == view.grid.box(1).top - header_px(view)


@pytest.mark.parametrize(
    ("key", "begun", "row"),
    [
        (K.Key_Right, 4, 5), (K.Key_Left, 4, 3), (K.Key_Up, 4, 1), (K.Key_Down, 4, 7),
        (K.Key_Home, 20, 0), (K.Key_End, 20, 46), (K.Key_Left, 0, 0),
        (K.Key_Right, 46, 46), (K.Key_Down, 39, 40),
    ],
)  # fmt: skip
def test_keys_lead_along_the_grid(view, qtbot, key, begun, row):
    view.setCurrentIndex(view.model().index(begun, 0))
    qtbot.keyClick(view, key)
    assert view.currentIndex().row() == row


def test_pages_are_the_whole_lines_in_sight_less_one(qtbot):
    view = shown(qtbot, ("", 90), size=(320, 420))
    lines = view.viewport().height() // view.grid.pitch_px - 1
    assert lines == 3
    view.setCurrentIndex(view.model().index(31, 0))
    qtbot.keyClick(view, K.Key_PageDown)
    assert view.currentIndex().row() == 31 + 3 * lines
    qtbot.keyClick(view, K.Key_PageUp)
    assert view.currentIndex().row() == 31


def test_a_first_key_begins_with_the_first_row_in_sight(view, qtbot):
    view.selectionModel().clear()
    view.bring_to_top(12)
    action = QAbstractItemView.CursorAction.MoveDown
    assert view.moveCursor(action, Qt.KeyboardModifier.NoModifier).row() == 12
    empty = shown(qtbot, ("none", 0))
    assert not empty.moveCursor(action, Qt.KeyboardModifier.NoModifier).isValid()


def chosen(view):
    return sorted(index.row() for index in view.selectionModel().selectedIndexes())


def test_clicks_choose_one_more_or_a_run(view, qtbot):
    def click(row, modifier=Qt.KeyboardModifier.NoModifier):
        place = view.visualRect(view.model().index(row, 0)).center()
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifier, place)

    click(1)
    assert chosen(view) == [1]
    click(3, Qt.KeyboardModifier.ControlModifier)
    assert chosen(view) == [1, 3]
    click(5, Qt.KeyboardModifier.ShiftModifier)
    assert chosen(view) == [1, 3, 4, 5]
    click(0, Qt.KeyboardModifier.ShiftModifier)
    assert chosen(view) == [0, 1, 2, 3]


def test_a_selection_has_one_range_for_each_run(view):
    found = view.selection_of([2, 3, 4, 9, 11, 12])
    ranges = [(part.top(), part.bottom()) for part in found]
    assert ranges == [(2, 4), (9, 9), (11, 12)]
    assert len(view.selection_of([])) == 0


def test_the_region_of_a_selection_is_that_of_its_cells_in_sight(view):
    region = view.visualRegionForSelection(view.selection_of([1, 2, 30]))
    assert region.boundingRect() == view.around(1).united(view.around(2))
    assert region.contains(view.around(2).center())
    assert not region.contains(view.around(0).center())


def test_a_model_that_begins_anew_is_laid_out_anew(view):
    view.verticalScrollBar().setValue(300)
    view.model().beginResetModel()
    view.model()._sections = (("one", 2),)
    view.model().endResetModel()
    assert view.grid.lengths == (2,)
    assert view.verticalScrollBar().maximum() == 0
