"""Tell from a layer's public events whether the user is drawing a shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.layers import Shapes
    from napari.utils.events import Event


class DrawingState:
    """Follows the ``data`` events of one layer.

    napari emits "adding" when a drawing begins and "added" when it ends: at once for a
    shape that a program adds, with the last corner for one that is drawn.

    Parameters
    ----------
    layer : Shapes
        Its listener passes each ``data`` event to `follow` first.
    """

    def __init__(self, layer: Shapes) -> None:
        self._layer = layer
        self._begun = False

    @property
    def active(self) -> bool:
        """Whether a shape is being drawn now."""
        # After an error in a program that adds shapes, "added" is never emitted.
        return self._begun and str(self._layer.mode).startswith("add_")

    def follow(self, event: Event) -> bool:
        """Follow an event; return whether the layer has changed with it."""
        action = str(event.action).lower()
        if action.endswith("adding"):
            self._begun = True
        elif action.endswith("added"):
            self._begun = False
        # Events that end in "ing" are emitted before the change.
        return not (self.active or action.endswith("ing"))
