"""Tell from a layer's public events whether the user is drawing a shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.layers import Shapes
    from napari.utils.events import Event


class DrawingState:
    """Follows one layer's `data` events.

    napari says "adding" when a drawing begins and "added" when it ends: at once for a
    shape that a program adds, with the last corner for one that is drawn.

    Parameters
    ----------
    layer : Shapes
        Whoever listens to its `data` events passes each of them on first.
    """

    def __init__(self, layer: Shapes) -> None:
        self._layer = layer
        self._begun = False

    @property
    def active(self) -> bool:
        """Whether a shape is being drawn now."""
        # A program that adds nonsense is told so and "added" never comes.
        return self._begun and str(self._layer.mode).startswith("add_")

    def follow(self, event: Event) -> bool:
        """Take note of an event; True if something in the layer is others now."""
        action = str(event.action).lower()
        if action.endswith("adding"):
            self._begun = True
        elif action.endswith("added"):
            self._begun = False
        # The "-ING" halves come before anything changed.
        return not (self.active or action.endswith("ing"))
