"""Base of the views that draw particles' pictures in a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QItemSelectionModel, Signal

from napari_cdse.gui.thumbnails.grid_view import START_PX, GridView, SectionsModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QImage

    from napari_cdse.gui.thumbnails.item import Item

    Picture = Callable[[Item], QImage | None]
    Missing = Callable[[Item], bool]

_Flag = QItemSelectionModel.SelectionFlag
_NEAR = 1.0
"""Heights of the view above and below it for which pictures are fetched ahead. A
choice: scrolling by a page finds them."""


class PictureGrid(GridView):
    """A grid that draws only what comes into view, and reports that.

    Parameters
    ----------
    model : SectionsModel
    picture : callable
        Returns an item's picture, or None while it is not available.
    missing : callable
        Tells whether an item's picture could not be made.
    edge_px : int
        Wanted width of a cell.

    Signals
    -------
    in_view_changed()
        Other items are visible, or may be.
    """

    in_view_changed = Signal()

    def __init__(
        self,
        model: SectionsModel,
        picture: Picture,
        missing: Missing,
        edge_px: int = START_PX,
    ) -> None:
        super().__init__(model, edge_px)
        self._picture, self._missing = picture, missing
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    def rows_near_view(self) -> list[int]:
        """Return the rows whose pictures are fetched: in view, and a page beyond."""
        return self.rows_in_view(_NEAR)

    def choose(self, row: int) -> None:
        """Select one row alone, and scroll to it."""
        index = self.model().index(row, 0)
        self.selectionModel().setCurrentIndex(index, _Flag.ClearAndSelect)
        self.scrollTo(index)

    def reset(self) -> None:
        """Show other rows."""
        super().reset()
        self.in_view_changed.emit()

    def lay_out(self) -> None:
        """Compute the places of all cells."""
        super().lay_out()
        self.in_view_changed.emit()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move what is drawn; Qt has only the rest drawn."""
        self.viewport().scroll(dx, dy)

    def _on_scrolled(self, _value: int) -> None:
        self.in_view_changed.emit()
