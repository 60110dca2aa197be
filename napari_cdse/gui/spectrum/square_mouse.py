"""Drag a square over the micrograph with the mouse, whichever layer is active."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.components import ViewerModel
    from napari.utils.events import Event

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.spectrum.square import Square

_SLACK_SCREEN_PX = 8.0
"""Distance from an edge within which the mouse takes it, in screen pixels. A choice:
half the size of a pointer."""
_MOST_SLACK = 1 / 6
"""The same at most, over the square's edge, so that there is room inside for clicks."""


class Draggable(Protocol):
    """A square that is shown on a micrograph.

    `SquareLayer` is one; its module imports this one, which so can't import it.
    """

    @property
    def square(self) -> Square | None:
        """The square; None if there is none."""

    @property
    def is_visible(self) -> bool:
        """Whether it can be seen."""

    @property
    def micrograph_shape(self) -> tuple[int, int] | None:
        """Rows and columns of the open micrograph; None while there is none."""

    def set_square(self, square: Square) -> None:
        """Move it."""


class SquareMouse:
    """Moves and sizes a square by its edges, corners and middle.

    Near them, napari does not move the picture with the mouse.

    Parameters
    ----------
    viewer : ViewerModel
    canvas : MicrographView
        While circles are drawn there, the square stays where it is.
    layer : Draggable
        Shows the square.
    """

    def __init__(
        self, viewer: ViewerModel, canvas: MicrographView, layer: Draggable
    ) -> None:
        self._viewer = weakref.ref(viewer)
        self._canvas = canvas
        self._layer = layer
        self._holds_picture = False
        # The lists of napari must not keep this object after its dock is gone.
        self._hover = _weak_callback(self._on_hover)
        self._press = _weak_callback(self._on_press)
        viewer.mouse_move_callbacks.append(self._hover)
        viewer.mouse_drag_callbacks.append(self._press)

    def close(self) -> None:
        """Disconnect from the mouse."""
        viewer = self._viewer()
        if viewer is None:
            return
        self.release_picture()
        for callbacks, ours in (
            (viewer.mouse_move_callbacks, self._hover),
            (viewer.mouse_drag_callbacks, self._press),
        ):
            if ours in callbacks:
                callbacks.remove(ours)

    def release_picture(self) -> None:
        """Let napari move the picture with the mouse again."""
        viewer = self._viewer()
        if not self._holds_picture or viewer is None:
            return
        active = viewer.layers.selection.active
        viewer.scene.camera.mouse_pan = active is None or bool(active.mouse_pan)
        viewer.cursor.style = "standard"
        self._holds_picture = False

    def _hold_picture(self, viewer: ViewerModel) -> None:
        if not self._holds_picture:
            viewer.scene.camera.mouse_pan = False
            viewer.cursor.style = "pointing"
            self._holds_picture = True

    def _grip(self, event: Event) -> str | None:
        """Return what dragging from here does; None while circles are drawn."""
        is_free = self._canvas.at_rest and not self._canvas.draws
        square = self._layer.square
        if square is None or not is_free or not self._layer.is_visible:
            return None
        camera = self._canvas.layers.camera
        row, col = camera.pixel_at(event.position)
        slack = _SLACK_SCREEN_PX * camera.screen_px
        return square.grip(row, col, min(slack, _MOST_SLACK * square.size_px))

    def _on_hover(self, viewer: ViewerModel, event: Event) -> None:
        """Hold the picture where dragging would move the square."""
        if self._grip(event) is None:
            self.release_picture()
        else:
            self._hold_picture(viewer)

    def _on_press(self, viewer: ViewerModel, event: Event) -> Iterator[None]:
        grip, start = self._grip(event), self._layer.square
        shape = self._layer.micrograph_shape
        if grip is None or start is None or shape is None:
            return
        pixel_at = self._canvas.layers.camera.pixel_at
        begun = pixel_at(event.position)
        # napari need not have reported that the mouse moved here.
        self._hold_picture(viewer)
        yield
        while event.type == "mouse_move":
            row, col = pixel_at(event.position)
            if grip == "move":
                moved = start.moved((row - begun[0], col - begun[1]), shape)
            else:
                moved = start.sized(begun, (row, col), shape)
            self._layer.set_square(moved)
            event.handled = True
            yield


def _weak_callback(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls a method as long as its object exists."""
    reference = weakref.WeakMethod(method)

    def call(*args: object) -> object:
        method = reference()
        return None if method is None else method(*args)

    return call
