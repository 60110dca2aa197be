"""Show and drag the square on the micrograph, whichever layer is active."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from napari.layers import Image, Shapes
from qtpy.QtCore import QObject, Signal

from napari_cdse.gui.canvas.particles.shapes_style import OURS
from napari_cdse.gui.spectrum.square import Square

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.components import ViewerModel
    from napari.layers import Layer
    from napari.utils.events import Event
    from numpy.typing import NDArray

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session

AnyLayer = TypeVar("AnyLayer", bound="Layer")

NAME = "square of the spectrum"
_KIND = "spectrum"
_COLOUR = "#b6ff3c"
_WIDTH_SCREEN_PX = 2.0
_SLACK_SCREEN_PX = 8.0
"""How far off an edge the mouse still takes it; a choice, half a pointer's size."""
_CROSS = 0.04
"""Arm of the cross in the middle over the square's edge."""
_FIRST_PX = 256
"""Edge of the first square; a choice, it shows some 10 nm at 0.04 nm per pixel."""


class SquareLayer(QObject):
    """A square of the open micrograph that the mouse moves by its edges.

    Its layer is never the active one, and takes no key: circles are drawn, chosen and
    labelled as without it. Nothing of it is stored.

    Signals
    -------
    changed()
        It lies elsewhere or is of another size; `place` shows it there.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    """

    changed = Signal()

    def __init__(
        self, session: Session, canvas: MicrographView, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._near = False
        self._shown = False
        self.square: Square | None = None
        self.layer: Shapes | None = None
        self._over: Image | None = None
        viewer = session.open_viewer
        self._viewer = weakref.ref(viewer)
        # napari's lists would keep this from going with its dock.
        self._hover, self._press = _weakly(self._on_hover), _weakly(self._on_press)
        viewer.mouse_move_callbacks.append(self._hover)
        viewer.mouse_drag_callbacks.append(self._press)
        viewer.scene.camera.events.zoom.connect(self._on_zoom)

    @property
    def pixels(self) -> NDArray[np.float32] | None:
        """Those of the square; None while no micrograph is shown."""
        micrograph = self._micrograph
        if self.square is None or micrograph is None:
            return None
        return self.square.cut(micrograph)

    @property
    def _micrograph(self) -> NDArray[np.float32] | None:
        if not self._session.is_open or self._session.micrograph is None:
            return None
        return self._session.micrograph.pixels

    # --- showing --------------------------------------------------------------

    def show(self, square: Square | None = None) -> None:
        """Show it, at a place or where it was, on the open micrograph."""
        self.want(square)
        self.place()

    def want(self, square: Square | None = None) -> None:
        """Prepare to show it; no layer comes or goes before `place`.

        Qt shows docks in the midst of laying out the window, and napari's list of
        layers takes no layer meanwhile: its view would be painted with rows that are
        gone, and has crashed.
        """
        micrograph = self._micrograph
        if micrograph is None:
            return
        self._shown = True
        shape = (micrograph.shape[0], micrograph.shape[1])
        wanted = square or self.square or _in_the_middle(shape)
        self._put(wanted.within(shape))

    def hide(self) -> None:
        """Take it out of sight, with what lies over the micrograph."""
        self._shown = False
        self.lay_over(None)
        self._let_go()
        layer = self._there(self.layer)
        if layer is not None:
            layer.visible = False

    def close(self) -> None:
        """Take its layers away, and let go of the mouse."""
        viewer = self._viewer()
        if viewer is None:
            return
        self._let_go()
        for callbacks, ours in (
            (viewer.mouse_move_callbacks, self._hover),
            (viewer.mouse_drag_callbacks, self._press),
        ):
            if ours in callbacks:
                callbacks.remove(ours)
        viewer.scene.camera.events.zoom.disconnect(self._on_zoom)
        for layer in (self.layer, self._over):
            if layer is not None and layer in viewer.layers:
                viewer.layers.remove(layer)
        self.layer = self._over = None

    def lay_over(
        self,
        values: NDArray[np.float32] | None,
        name: str = "",
        colormap: str = "gray",
        limits: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        """Lay a picture over the square; None for none."""
        over = self._there(self._over)
        if values is None or self.square is None:
            if over is not None:
                over.visible = False
            return
        if over is None:
            over = Image(values, name=name, metadata={OURS: _KIND}, **self._placement)
            self._over = over
            self._add(over)
        over.data = values
        over.name = name
        over.colormap = colormap
        over.contrast_limits_range = over.contrast_limits = limits
        over.scale = self._placement["scale"]
        over.translate = self._at(self.square.row_px, self.square.col_px)
        over.visible = True

    @property
    def _placement(self) -> dict[str, Any]:
        return dict(self._canvas.layers.placement)

    def _there(self, layer: AnyLayer | None) -> AnyLayer | None:
        """Return a layer, if the user left it in the viewer."""
        viewer = self._viewer()
        return layer if viewer is not None and layer in viewer.layers else None

    def _add(self, layer: Layer) -> None:
        """Put a layer below the square and the circles; the active one stays active."""
        viewer: ViewerModel = self._session.open_viewer
        active = viewer.layers.selection.active
        over = (self.layer, self._canvas.layers.particles)
        places = [viewer.layers.index(each) for each in over if each in viewer.layers]
        viewer.layers.insert(min(places, default=len(viewer.layers)), layer)
        if active is not None and active in viewer.layers:
            viewer.layers.selection.active = active

    def _at(self, row: float, col: float) -> tuple[float, float]:
        scale = self._placement["scale"][0]
        return row * scale, col * scale

    def _put(self, square: Square) -> None:
        before, self.square = self.square, square
        if square != before:
            self.changed.emit()

    def place(self) -> None:
        """Bring the layer to where the square is.

        napari takes some milliseconds for it, so that moves that come meanwhile are
        one: whoever hears of a change calls this once for all of them.
        """
        square = self.square
        if square is None or not self._shown:
            return
        layer = self._there(self.layer)
        if layer is None:
            layer = self.layer = self._new_layer()
        drawn = len(layer.data) and float(np.ptp(layer.data[0][:, 0]))
        if drawn != square.size_px:
            layer.data = []
            layer.add(
                _outline(square.size_px),
                shape_type=["rectangle", "line", "line"],
                edge_width=self._width_px,
                edge_color=_COLOUR,
            )
            # Other shapes let napari's tools at the layer again.
            layer.editable = False
        layer.scale = self._placement["scale"]
        layer.translate = self._at(square.row_px, square.col_px)
        layer.visible = True

    def _new_layer(self) -> Shapes:
        layer = Shapes(
            ndim=2,
            name=NAME,
            face_color="transparent",
            edge_color=_COLOUR,
            opacity=1.0,
            metadata={OURS: _KIND},
            **self._placement,
        )
        self._add(layer)
        return layer

    @property
    def _width_px(self) -> float:
        return _WIDTH_SCREEN_PX * self._canvas.layers.camera.screen_px

    def _on_zoom(self, _event: Event) -> None:
        layer = self._there(self.layer)
        if self._shown and layer is not None and layer.nshapes:
            layer.edge_width = [self._width_px] * layer.nshapes

    # --- the mouse ------------------------------------------------------------

    def _grip(self, event: Event) -> str | None:
        """Say what dragging from here does; nothing while circles are drawn."""
        free = self._canvas.at_rest and not self._canvas.draws
        if not self._shown or self.square is None or not free:
            return None
        layer = self._there(self.layer)
        if layer is None or not layer.visible:
            return None
        row, col = self._canvas.layers.camera.pixel_at(event.position)
        slack = _SLACK_SCREEN_PX * self._canvas.layers.camera.screen_px
        return self.square.grip(row, col, min(slack, self.square.size_px / 6))

    def _on_hover(self, viewer: ViewerModel, event: Event) -> None:
        """Keep the picture in place where a drag would move the square."""
        if self._grip(event) is None:
            self._let_go()
        else:
            self._hold(viewer)

    def _hold(self, viewer: ViewerModel) -> None:
        if not self._near:
            viewer.scene.camera.mouse_pan = False
            viewer.cursor.style = "pointing"
            self._near = True

    def _let_go(self) -> None:
        viewer = self._viewer()
        if not self._near or viewer is None:
            return
        active = viewer.layers.selection.active
        viewer.scene.camera.mouse_pan = active is None or bool(active.mouse_pan)
        viewer.cursor.style = "standard"
        self._near = False

    def _on_press(self, viewer: ViewerModel, event: Event) -> Iterator[None]:
        grip, start, micrograph = self._grip(event), self.square, self._micrograph
        if grip is None or start is None or micrograph is None:
            return
        shape = (micrograph.shape[0], micrograph.shape[1])
        begun = self._canvas.layers.camera.pixel_at(event.position)
        # The mouse may have come here without a move that was told.
        self._hold(viewer)
        yield
        while event.type == "mouse_move":
            row, col = self._canvas.layers.camera.pixel_at(event.position)
            if grip == "move":
                self._put(start.moved((row - begun[0], col - begun[1]), shape))
            else:
                self._put(start.sized(begun, (row, col), shape))
            event.handled = True
            yield


def _weakly(method: Callable[..., Any]) -> Callable[..., Any]:
    """Call a method for as long as its object is there."""
    there = weakref.WeakMethod(method)

    def call(*args: object) -> object:
        found = there()
        return None if found is None else found(*args)

    return call


def _in_the_middle(shape: tuple[int, int]) -> Square:
    size = min(_FIRST_PX, *shape)
    return Square((shape[0] - size) // 2, (shape[1] - size) // 2, size)


def _outline(size_px: int) -> list[NDArray[np.float64]]:
    """Corners of the square from its first pixel, and the cross in its middle."""
    low, high, middle = -0.5, size_px - 0.5, (size_px - 1) / 2
    arm = _CROSS * size_px
    corners = [(low, low), (low, high), (high, high), (high, low)]
    across = [(middle, middle - arm), (middle, middle + arm)]
    down = [(middle - arm, middle), (middle + arm, middle)]
    return [np.array(each, float) for each in (corners, across, down)]
