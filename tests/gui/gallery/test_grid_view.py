"""What the gallery shows: order, filters, pictures, and what happens elsewhere."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication

from napari_cdse.core.records import Circle
from napari_cdse.gui.app import window
from napari_cdse.gui.workspace import workspace_for
from tests.gui.conftest import (
    SIGNAL_MS,
    open_folder,
    particle_ids,
    press,
    put_circles,
    settle,
    wait_for_pixels,
)
from tests.gui.gallery.galleries import (
    CTRL,
    LEFT,
    PLAIN,
    analysed_elsewhere,
    click,
    key,
    ready,
    shown,
)
from tests.gui.paints import Count, all_drawn, wait_until_drawn
from tests.project_tools import write_folder


@pytest.fixture
def gallery(workspace, qtbot):
    """The gallery of a project of five particles, in front and with its pictures."""
    dock = window.add_dock(workspace.viewer, "Gallery").view
    ready(dock, workspace, qtbot)
    return dock


def test_all_particles_by_class_the_surest_first(gallery, workspace):
    ids = particle_ids(workspace)
    assert shown(gallery) == [ids[0], ids[3], ids[1], ids[2], ids[4]]
    assert [name for name, _ in gallery.model.arrangement.sections] == [
        "yes",
        "no",
        "null",
        "empty",
    ]
    texts = {n: b.text() for n, b in gallery.filters.classes.items()}
    assert texts["yes"] == "Y 2"
    assert texts["unlabelled"] == "? 0"


def test_what_is_selected_elsewhere_is_followed(gallery, workspace, qtbot):
    press(workspace, qtbot, Qt.Key.Key_Period)
    first = workspace.project.selection.particle_id
    assert gallery.view.chosen == (first,)
    # And a key of the canvas works from within the gallery.
    key(gallery, qtbot, Qt.Key.Key_Period)
    assert workspace.project.selection.particle_id not in (None, first)
    assert gallery.view.chosen == (workspace.project.selection.particle_id,)


def test_filters(gallery, workspace, qtbot):
    ids = particle_ids(workspace)
    qtbot.mouseClick(gallery.filters.classes["yes"], LEFT)
    assert shown(gallery) == [ids[1], ids[2], ids[4]]
    qtbot.mouseClick(gallery.filters.classes["yes"], LEFT)
    workspace.project.edits.label([ids[1]], "yes")
    gallery.filters.who.setCurrentText("against the forest")
    assert shown(gallery) == [ids[1]]
    gallery.filters.who.setCurrentText("left for later")
    assert gallery.pages.currentWidget() is gallery.hint
    assert "everyone" in gallery.hint.text()


def test_only_the_open_micrograph(gallery, workspace, qtbot):
    (other,) = analysed_elsewhere(workspace, qtbot)
    assert len(shown(gallery)) == 6
    qtbot.mouseClick(gallery.filters.this_one, LEFT)
    assert other not in shown(gallery)
    workspace.navigation.open_micrograph(1)
    wait_for_pixels(workspace, qtbot)
    assert shown(gallery) == [other]


def test_a_picture_is_of_the_circle_as_it_is_now(gallery, workspace, qtbot):
    ids = particle_ids(workspace)
    old = gallery.thumbnails.picture(gallery.model.arrangement.present[ids[0]])
    workspace.project.edits.reshape({ids[0]: Circle(90.0, 90.0, 20.0)})
    ready(gallery, workspace, qtbot)
    new = gallery.thumbnails.picture(gallery.model.arrangement.present[ids[0]])
    assert new != old


def test_pictures_are_drawn_when_they_come(gallery, qtbot):
    """Cells are drawn without them before."""
    paints = Count(gallery.view.viewport(), QEvent.Type.Paint)
    # Pictures that were asked for when it was opened may still be on their way.
    wait_until_drawn(qtbot, paints, gallery.thumbnails.came.emit)


def test_a_missing_file_says_that_there_is_no_picture(
    viewer, folder, qtbot, forest, tmp_path
):
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    put_circles(workspace, forest)
    ids = particle_ids(workspace)
    workspace.navigation.open_micrograph(1)
    wait_for_pixels(workspace, qtbot)
    (folder / "dots_0.png").unlink()
    dock = window.add_dock(viewer, "Gallery").view
    item = dock.model.arrangement.present[ids[0]]
    qtbot.waitUntil(lambda: dock.thumbnails.is_missing(item), timeout=SIGNAL_MS)
    settle(workspace, qtbot)
    assert dock.thumbnails.picture(item) is None


def test_behind_another_tab_it_reads_nothing_and_comes_back_sorted(
    gallery, workspace, qtbot
):
    ids = particle_ids(workspace)
    click(gallery, qtbot, ids[0])
    key(gallery, qtbot, Qt.Key.Key_O)
    assert gallery.model.arrangement.misplaced == 1
    window.add_dock(workspace.viewer, "Micrographs")
    qtbot.waitUntil(lambda: not gallery.in_sight, timeout=SIGNAL_MS)
    workspace.project.edits.label([ids[1]], "empty")
    window.add_dock(workspace.viewer, "Gallery")
    ready(gallery, workspace, qtbot)
    assert gallery.model.arrangement.misplaced == 0
    assert gallery.model.arrangement.sections[-1] == ("empty", 3)


def test_the_cells_fill_the_width_and_their_size_can_be_changed(gallery, qtbot):
    view = gallery.view
    for edge in (48, 100, 150):
        gallery.edge.setValue(edge)
        assert view.grid.cell_px >= edge
        used = view.grid.columns * view.grid.pitch_px
        assert view.viewport().width() - used < view.grid.columns + 8


def test_pictures_are_asked_for_whatever_brings_cells_into_view(gallery, qtbot):
    view = gallery.view
    gallery.edge.setValue(150)
    all_drawn()
    view.verticalScrollBar().setValue(0)
    for act in (
        lambda: view.set_edge(60),
        lambda: view.set_edge(150),
        lambda: view.verticalScrollBar().setValue(30),
        lambda: gallery.filters.classes["yes"].click(),
        view.reset,
    ):
        with qtbot.waitSignal(view.in_view_changed, timeout=SIGNAL_MS):
            act()


def wheel(view, up: int, modifier) -> QWheelEvent:
    """Turn the wheel over a view."""
    place = QPointF(view.viewport().rect().center())
    event = QWheelEvent(
        place,
        QPointF(view.viewport().mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(0, up),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)
    return event


def test_ctrl_and_the_wheel_change_the_size_the_wheel_alone_scrolls(gallery, qtbot):
    view, bar = gallery.view, gallery.view.verticalScrollBar()
    gallery.edge.setValue(150)
    for up, edge in ((120, 158), (-120, 150), (-120, 142)):
        assert wheel(view, up, CTRL).isAccepted()
        assert view.edge_px == edge
    all_drawn()
    bar.setValue(0)
    all_drawn()
    assert bar.value() == 0
    wheel(view, -120, PLAIN)
    assert bar.value() > 0
    assert view.edge_px == 142


def test_another_project_leaves_nothing_of_the_first(
    gallery, workspace, qtbot, tmp_path
):
    workspace.open_project(write_folder(tmp_path / "other"))
    wait_for_pixels(workspace, qtbot)
    assert not shown(gallery)
    assert "Detect in all" in gallery.hint.text()
