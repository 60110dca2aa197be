"""Qt view of cells in sections: layout, scrolling, selection.

Qt's own icon view stores the place of every cell and knows no sections; here a place is
computed when it is asked for, and only what is visible costs anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from qtpy.QtGui import QRegion
from qtpy.QtWidgets import QAbstractItemView

from napari_cdse.gui.thumbnails.grid_geometry import Box, CellShape, Grid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtpy.QtGui import QResizeEvent

SMALLEST_PX, LARGEST_PX = 48, 192
_START_PX = 88
_HEADER_LINES = 1.6
_OUTLINE_PX = 2
_Cursor = QAbstractItemView.CursorAction
_Hint = QAbstractItemView.ScrollHint
_Flag = QItemSelectionModel.SelectionFlag


class SectionsModel(QAbstractListModel):
    """A list whose rows lie in sections.

    Attributes
    ----------
    sections : tuple of (str, int)
        Name and number of rows of each, in order; an empty name has no line.
    """

    @property
    def sections(self) -> tuple[tuple[str, int], ...]:
        """Name and number of rows of each section."""
        raise NotImplementedError


class GridView(QAbstractItemView):
    """Lays out what lies in sections.

    Parameters
    ----------
    model : SectionsModel
    edge_px : int
        Wanted width of a cell.
    """

    edge_changed = Signal(int)

    def __init__(self, model: SectionsModel, edge_px: int = _START_PX) -> None:
        super().__init__()
        self._edge_px = edge_px
        self._grid: Grid | None = None
        self._model = model
        self.setModel(model)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setMinimumSize(120, 90)

    def model(self) -> SectionsModel:
        """Give the model that is laid out."""
        return self._model

    def cell_shape(self) -> CellShape:
        """Say how high a cell is; square unless a view says otherwise."""
        return CellShape()

    # --- what is where --------------------------------------------------------

    @property
    def grid(self) -> Grid:
        """Where each row lies now."""
        if self._grid is None:
            sections = self.model().sections
            named = any(name for name, _ in sections)
            header = round(_HEADER_LINES * self.fontMetrics().height())
            self._grid = Grid(
                tuple(length for _, length in sections),
                self.viewport().width(),
                self._edge_px,
                header if named else 0,
                self.cell_shape(),
            )
        return self._grid

    @property
    def edge_px(self) -> int:
        """Wanted width of a cell."""
        return self._edge_px

    def set_edge(self, edge_px: int) -> None:
        """Make the cells about that large; what is at the top stays there."""
        edge_px = min(LARGEST_PX, max(SMALLEST_PX, edge_px))
        if edge_px != self._edge_px:
            row = self.top_row()
            self._edge_px = edge_px
            self.lay_out()
            self.bring_to_top(row)
            self.edge_changed.emit(edge_px)

    def rows_in_view(self, beyond: float = 0.0) -> list[int]:
        """Return the visible rows, and after them those some views above and below."""
        top, height = self.verticalOffset(), self.viewport().height()
        seen = [row for rows in self.grid.rows(top, top + height) for row in rows]
        more = round(beyond * height)
        near = self.grid.rows(top - more, top + height + more)
        known = set(seen)
        return seen + [row for rows in near for row in rows if row not in known]

    def top_row(self) -> int | None:
        """Return the first row that is wholly visible."""
        top = self.verticalOffset()
        rows = self.rows_in_view()
        whole = (row for row in rows if self.grid.box(row).top >= top)
        return next(whole, rows[0] if rows else None)

    def bring_to_top(self, row: int | None) -> None:
        """Scroll so that a row comes first, below its section's name."""
        if row is not None and row < self.model().rowCount():
            top = self.grid.box(row).top - self.grid.header_px
            self.verticalScrollBar().setValue(top)

    def lay_out(self) -> None:
        """Find out anew where everything is."""
        self._grid = None
        self.updateGeometries()
        self.viewport().update()

    def updateGeometries(self) -> None:
        """Set the scroll bar to what there is."""
        super().updateGeometries()
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self.grid.height_px - height))
        bar.setPageStep(height)
        bar.setSingleStep(self.grid.pitch_px // 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fill the new width; what is at the top stays there."""
        row = self.top_row() if event.oldSize().isValid() else None
        super().resizeEvent(event)
        self.lay_out()
        self.bring_to_top(row)

    def reset(self) -> None:
        """Begin with other rows."""
        super().reset()
        self.lay_out()

    # --- what Qt asks of a view -----------------------------------------------

    def visualRect(self, index: QModelIndex) -> QRect:
        """Give the place of an item in the viewport."""
        if not index.isValid() or index.row() >= self.model().rowCount():
            return QRect()
        return self.on_screen(self.grid.box(index.row()))

    def indexAt(self, point: QPoint) -> QModelIndex:
        """Give the item at a place in the viewport."""
        row = self.grid.at(point.x(), point.y() + self.verticalOffset())
        return QModelIndex() if row is None else self.model().index(row, 0)

    def scrollTo(self, index: QModelIndex, _hint: _Hint = _Hint.EnsureVisible) -> None:
        """Scroll as little as makes an item visible, below its section's name."""
        if not index.isValid():
            return
        box = self.grid.box(index.row())
        bar, height = self.verticalScrollBar(), self.viewport().height()
        top, bottom = box.top - self.grid.header_px, box.top + box.height
        if bar.value() > top:
            bar.setValue(top)
        elif bar.value() + height < bottom:
            bar.setValue(bottom - height + _OUTLINE_PX)

    def horizontalOffset(self) -> int:
        """Never scrolled sideways."""
        return 0

    def verticalOffset(self) -> int:
        """How far it is scrolled."""
        return self.verticalScrollBar().value()

    def isIndexHidden(self, _index: QModelIndex) -> bool:
        """Nothing is hidden; what is not wanted is not in the model."""
        return False

    def moveCursor(
        self, action: _Cursor, _modifiers: Qt.KeyboardModifiers | Qt.KeyboardModifier
    ) -> QModelIndex:
        """Say where a key leads to."""
        rows = self.model().rowCount()
        if not rows:
            return QModelIndex()
        index = self.currentIndex()
        if not index.isValid():
            return self.model().index(self.top_row() or 0, 0)
        to = min(rows - 1, max(0, self._way(action, index.row(), rows)))
        return self.model().index(to, 0)

    def _way(self, action: _Cursor, row: int, rows: int) -> int:
        page = max(1, self.viewport().height() // self.grid.pitch_px - 1)
        upwards = {
            _Cursor.MoveUp: 1,
            _Cursor.MoveDown: -1,
            _Cursor.MovePageUp: page,
            _Cursor.MovePageDown: -page,
        }
        along = {
            _Cursor.MoveLeft: row - 1,
            _Cursor.MovePrevious: row - 1,
            _Cursor.MoveHome: 0,
            _Cursor.MoveEnd: rows - 1,
        }
        if action in upwards:
            return self.grid.above(row, upwards[action])
        return along.get(action, row + 1)

    def setSelection(
        self, rect: QRect, flags: QItemSelectionModel.SelectionFlags | _Flag
    ) -> None:
        """Select the item where a rectangle ends, with Shift all from its start on."""
        ends = [self.indexAt(rect.bottomRight())]
        if flags & _Flag.Current:
            ends.append(self.indexAt(rect.topLeft()))
        rows = sorted(index.row() for index in ends if index.isValid())
        chosen = range(rows[0], rows[-1] + 1) if rows else ()
        self.selectionModel().select(self.selection_of(chosen), flags)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """Give the places of selected items, as far as they are visible."""
        region = QRegion()
        visible = self.rows_in_view()
        for part in selection:  # type: ignore[attr-defined]  # it is a list
            span = range(part.top(), part.bottom() + 1)
            for row in visible:
                if row in span:
                    region = region.united(QRegion(self.around(row)))
        return region

    def selection_of(self, rows: Iterable[int]) -> QItemSelection:
        """Make a selection of sorted rows, with one range for each run of them."""
        selection = QItemSelection()
        run: list[int] = []
        for row in rows:
            if run and row != run[-1] + 1:
                self._add(selection, run)
                run = []
            run.append(row)
        if run:
            self._add(selection, run)
        return selection

    def _add(self, selection: QItemSelection, run: list[int]) -> None:
        model = self.model()
        selection.select(model.index(run[0], 0), model.index(run[-1], 0))

    def on_screen(self, box: Box) -> QRect:
        """Turn a place in the grid into one in the viewport."""
        return QRect(box.left, box.top - self.verticalOffset(), box.width, box.height)

    def around(self, row: int) -> QRect:
        """Give the place of a cell in the viewport, with the cursor's outline."""
        out = _OUTLINE_PX
        return self.on_screen(self.grid.box(row)).adjusted(-out, -out, out, out)
