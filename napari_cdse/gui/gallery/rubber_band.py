"""Rubber band: select all pictures within a dragged rectangle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QObject,
    QPoint,
    QRect,
    QTimer,
)
from qtpy.QtWidgets import QApplication

from napari_cdse.gui.thumbnails.grid_geometry import Box

if TYPE_CHECKING:
    from napari_cdse.gui.thumbnails.grid_view import GridView

_SCROLL_MS = 40
"""Milliseconds between steps of scrolling while the mouse is outside. A choice: smooth
to the eye."""
_Flag = QItemSelectionModel.SelectionFlag


class RubberBand(QObject):
    """A rectangle dragged over a view, which scrolls when the mouse leaves it.

    Parameters
    ----------
    view : GridView
    """

    def __init__(self, view: GridView) -> None:
        super().__init__(view)
        self._view = view
        self._start: QPoint | None = None
        self._end = QPoint()
        self._kept = QItemSelection()
        self.drawn = False
        self._timer = QTimer(self)
        self._timer.setInterval(_SCROLL_MS)
        self._timer.timeout.connect(self._scroll)

    @property
    def rect(self) -> QRect:
        """Rectangle in the viewport; empty if nothing is dragged."""
        if self._start is None or not self.drawn:
            return QRect()
        down = QPoint(0, self._view.verticalOffset())
        return QRect(self._start - down, self._end).normalized()

    def begin(self, place: QPoint, keep: bool) -> None:
        """Begin where the mouse was pressed; ``keep`` keeps the present selection."""
        self._start = place + QPoint(0, self._view.verticalOffset())
        self._end = place
        self.drawn = False
        self._kept = QItemSelection()
        if keep:
            self._kept = self._view.selectionModel().selection()

    def pull(self, place: QPoint) -> bool:
        """Follow the mouse; True once it was moved farther than in a click."""
        if self._start is None:
            return False
        self._end = place
        moved = place + QPoint(0, self._view.verticalOffset()) - self._start
        if moved.manhattanLength() >= QApplication.startDragDistance():
            self.drawn = True
        if self.drawn:
            self._select()
            self._scroll_if_outside()
        return self.drawn

    def end(self) -> bool:
        """End dragging; True if it was a drag and not a click."""
        was_drawn, self._start, self.drawn = self.drawn, None, False
        self._timer.stop()
        self._view.viewport().update()
        return was_drawn

    def _select(self) -> None:
        view, rect = self._view, self.rect
        top = rect.top() + view.verticalOffset()
        rows = view.grid.touched(Box(rect.left(), top, rect.width(), rect.height()))
        selection = view.selection_of(rows)
        selection.merge(self._kept, _Flag.Select)
        view.selectionModel().select(selection, _Flag.ClearAndSelect)
        view.viewport().update()

    def _scroll_if_outside(self) -> None:
        inside = 0 <= self._end.y() < self._view.viewport().height()
        if inside:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def _scroll(self) -> None:
        height = self._view.viewport().height()
        beyond = self._end.y() - (height if self._end.y() >= height else 0)
        bar = self._view.verticalScrollBar()
        bar.setValue(bar.value() + beyond // 2)
        self._select()
