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
_Flag = QItemSelectionModel.SelectionFlag


class Band(QObject):
    """Follows one drag over a view; scrolls when the mouse leaves it above or below.

    Parameters
    ----------
    view : GridView
    """

    def __init__(self, view: GridView) -> None:
        super().__init__(view)
        self._view = view
        self._start: QPoint | None = None
        self._end = QPoint()
        self._before = QItemSelection()
        self.drawn = False
        self._timer = QTimer(self)
        self._timer.setInterval(_SCROLL_MS)
        self._timer.timeout.connect(self._scroll)

    @property
    def rect(self) -> QRect:
        """Where it lies in the viewport; empty when there is none."""
        if self._start is None or not self.drawn:
            return QRect()
        down = QPoint(0, self._view.verticalOffset())
        return QRect(self._start - down, self._end).normalized()

    def begin(self, place: QPoint, keep: bool) -> None:
        """Note where the mouse went down, and whether what is chosen stays so."""
        self._start = place + QPoint(0, self._view.verticalOffset())
        self._end = place
        self.drawn = False
        self._before = QItemSelection()
        if keep:
            self._before = self._view.selectionModel().selection()

    def pull(self, place: QPoint) -> bool:
        """Follow the mouse; True once it is a drag and no click any more."""
        if self._start is None:
            return False
        self._end = place
        way = place + QPoint(0, self._view.verticalOffset()) - self._start
        if way.manhattanLength() >= QApplication.startDragDistance():
            self.drawn = True
        if self.drawn:
            self._choose()
            self._follow()
        return self.drawn

    def end(self) -> bool:
        """Let go; True if it was a drag."""
        was_drawn, self._start, self.drawn = self.drawn, None, False
        self._timer.stop()
        self._view.viewport().update()
        return was_drawn

    def _choose(self) -> None:
        view, rect = self._view, self.rect
        top = rect.top() + view.verticalOffset()
        rows = view.grid.touched(Box(rect.left(), top, rect.width(), rect.height()))
        selection = view.selection_of(rows)
        selection.merge(self._before, _Flag.Select)
        view.selectionModel().select(selection, _Flag.ClearAndSelect)
        view.viewport().update()

    def _follow(self) -> None:
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
        self._choose()
