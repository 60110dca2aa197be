"""Qt view of cells in sections: layout, scrolling, selection.

Qt's own icon view stores the place of every cell, and has no sections. Here, places are
computed when needed, so that only visible cells take time.
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
"""Range of a cell's width in screen pixels. A choice: fringes are visible from the
smallest on, and the largest is one and a half times the stored picture."""
START_PX = 88
"""Width of a cell at first. A choice."""
_HEADER_LINES = 1.6
"""Height of a section's heading in lines of text. A choice."""
_OUTLINE_PX = 2
"""Width of the cursor's outline around a cell."""
_Cursor = QAbstractItemView.CursorAction
_Hint = QAbstractItemView.ScrollHint
_Flag = QItemSelectionModel.SelectionFlag


class SectionsModel(QAbstractListModel):
    """A list whose rows are grouped in sections.

    Attributes
    ----------
    sections : tuple of (str, int)
        Name and number of rows of each, in order; an empty name has no heading.
    """

    @property
    def sections(self) -> tuple[tuple[str, int], ...]:
        """Name and number of rows of each section."""
        raise NotImplementedError


class GridView(QAbstractItemView):
    """A grid of cells in sections.

    Parameters
    ----------
    model : SectionsModel
    edge_px : int
        Wanted width of a cell.
    """

    edge_changed = Signal(int)

    def __init__(self, model: SectionsModel, edge_px: int = START_PX) -> None:
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
        """Return the model that is laid out."""
        return self._model

    def cell_shape(self) -> CellShape:
        """Return the shape of a cell, by default a square."""
        return CellShape()

    # --- layout ---------------------------------------------------------------

    @property
    def grid(self) -> Grid:
        """Places of the rows in the present layout."""
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
        """Set the width of cells; the first visible row stays at the top."""
        edge_px = min(LARGEST_PX, max(SMALLEST_PX, edge_px))
        if edge_px != self._edge_px:
            row = self.top_row()
            self._edge_px = edge_px
            self.lay_out()
            self.bring_to_top(row)
            self.edge_changed.emit(edge_px)

    def rows_in_view(self, beyond: float = 0.0) -> list[int]:
        """Return the visible rows, then those near them.

        Parameters
        ----------
        beyond : float
            How far above and below the view, in heights of the view.
        """
        top, height = self.verticalOffset(), self.viewport().height()
        visible = [row for rows in self.grid.rows(top, top + height) for row in rows]
        more = round(beyond * height)
        near = self.grid.rows(top - more, top + height + more)
        known = set(visible)
        return visible + [row for rows in near for row in rows if row not in known]

    def top_row(self) -> int | None:
        """Return the first row that is completely visible."""
        top = self.verticalOffset()
        rows = self.rows_in_view()
        whole = (row for row in rows if self.grid.box(row).top >= top)
        return next(whole, rows[0] if rows else None)

    def bring_to_top(self, row: int | None) -> None:
        """Scroll so that a row is the first, below its section's heading."""
        if row is not None and row < self.model().rowCount():
            top = self.grid.box(row).top - self.grid.header_px
            self.verticalScrollBar().setValue(top)

    def lay_out(self) -> None:
        """Compute the places of all cells."""
        self._grid = None
        self.updateGeometries()
        self.viewport().update()

    def updateGeometries(self) -> None:
        """Set the range of the scroll bar."""
        super().updateGeometries()
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self.grid.height_px - height))
        bar.setPageStep(height)
        bar.setSingleStep(self.grid.pitch_px // 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fill the new width; the first visible row stays at the top."""
        row = self.top_row() if event.oldSize().isValid() else None
        super().resizeEvent(event)
        self.lay_out()
        self.bring_to_top(row)

    def reset(self) -> None:
        """Show other rows."""
        super().reset()
        self.lay_out()

    # --- methods that Qt requires of a view -----------------------------------

    def visualRect(self, index: QModelIndex) -> QRect:
        """Return the rectangle of an item in the viewport."""
        if not index.isValid() or index.row() >= self.model().rowCount():
            return QRect()
        return self.on_screen(self.grid.box(index.row()))

    def indexAt(self, point: QPoint) -> QModelIndex:
        """Return the item at a point of the viewport."""
        row = self.grid.at(point.x(), point.y() + self.verticalOffset())
        return QModelIndex() if row is None else self.model().index(row, 0)

    def scrollTo(self, index: QModelIndex, _hint: _Hint = _Hint.EnsureVisible) -> None:
        """Scroll as little as needed to show an item, and its section's heading."""
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
        """Return 0: the view does not scroll sideways."""
        return 0

    def verticalOffset(self) -> int:
        """Return how far the view is scrolled."""
        return self.verticalScrollBar().value()

    def isIndexHidden(self, _index: QModelIndex) -> bool:
        """Return False: the model has only items that are shown."""
        return False

    def moveCursor(
        self, action: _Cursor, _modifiers: Qt.KeyboardModifiers | Qt.KeyboardModifier
    ) -> QModelIndex:
        """Return the item to which a key moves the cursor."""
        rows = self.model().rowCount()
        if not rows:
            return QModelIndex()
        index = self.currentIndex()
        if not index.isValid():
            return self.model().index(self.top_row() or 0, 0)
        to = min(rows - 1, max(0, self._target(action, index.row(), rows)))
        return self.model().index(to, 0)

    def _target(self, action: _Cursor, row: int, rows: int) -> int:
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
        """Select the item at a rectangle's end; with Shift, all from its start."""
        ends = [self.indexAt(rect.bottomRight())]
        if flags & _Flag.Current:
            ends.append(self.indexAt(rect.topLeft()))
        rows = sorted(index.row() for index in ends if index.isValid())
        chosen = range(rows[0], rows[-1] + 1) if rows else ()
        self.selectionModel().select(self.selection_of(chosen), flags)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """Return the region of selected items that are visible."""
        region = QRegion()
        visible = self.rows_in_view()
        for part in selection:  # type: ignore[attr-defined]  # it is a list
            span = range(part.top(), part.bottom() + 1)
            for row in visible:
                if row in span:
                    region = region.united(QRegion(self.around(row)))
        return region

    def selection_of(self, rows: Iterable[int]) -> QItemSelection:
        """Return a selection of sorted rows, with one range for each run of rows."""
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
        """Convert a rectangle of the grid to the viewport."""
        return QRect(box.left, box.top - self.verticalOffset(), box.width, box.height)

    def around(self, row: int) -> QRect:
        """Return the rectangle of a cell in the viewport, with the cursor's outline."""
        out = _OUTLINE_PX
        return self.on_screen(self.grid.box(row)).adjusted(-out, -out, out, out)
