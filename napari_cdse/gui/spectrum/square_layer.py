"""Show the square on the micrograph, and a picture computed from it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from napari.layers import Image, Shapes
from qtpy.QtCore import QObject, Signal

from napari_cdse.gui.canvas.particles.shapes_style import OURS
from napari_cdse.gui.spectrum.square import Square
from napari_cdse.gui.spectrum.square_mouse import SquareMouse

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer
    from napari.utils.events import Event
    from numpy.typing import NDArray

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.spectrum.overlay_pictures import OverlayPicture

AnyLayer = TypeVar("AnyLayer", bound="Layer")

NAME = "square of the spectrum"
_KIND = "spectrum"
_COLOUR = "#b6ff3c"
_WIDTH_SCREEN_PX = 2.0
_CROSS = 0.04
"""Length of the cross's arms in the middle, over the square's edge. A choice."""
_FIRST_PX = 256
"""Edge of the first square in pixels. A choice: 10 nm at 0.04 nm per pixel."""


class SquareLayer(QObject):
    """A square of the open micrograph that the user can drag (`SquareMouse`).

    Its layer is never the active one, and has no keys: circles are drawn, selected and
    labelled as without it. Nothing of it is stored.

    Signals
    -------
    changed()
        The square was moved or sized; `place` shows it there.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    parent : QObject

    Attributes
    ----------
    square : Square or None
        None before the first micrograph.
    layer : Shapes or None
        Shows the square's outline.
    """

    changed = Signal()

    def __init__(
        self, session: Session, canvas: MicrographView, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._shown = False
        self.square: Square | None = None
        self.layer: Shapes | None = None
        self._overlay: Image | None = None
        viewer = session.open_viewer
        self._viewer = weakref.ref(viewer)
        self._mouse = SquareMouse(viewer, canvas, self)
        viewer.scene.camera.events.zoom.connect(self._on_zoom)

    def close(self) -> None:
        """Remove its layers, and disconnect from the viewer."""
        viewer = self._viewer()
        if viewer is None:
            return
        self._mouse.close()
        viewer.scene.camera.events.zoom.disconnect(self._on_zoom)
        for layer in (self.layer, self._overlay):
            if layer is not None and layer in viewer.layers:
                viewer.layers.remove(layer)
        self.layer = self._overlay = None

    # --- state ----------------------------------------------------------------

    @property
    def pixels(self) -> NDArray[np.float32] | None:
        """Pixels of the square; None while no micrograph is shown."""
        micrograph = self._micrograph
        if self.square is None or micrograph is None:
            return None
        return self.square.cut(micrograph)

    @property
    def _micrograph(self) -> NDArray[np.float32] | None:
        if not self._session.is_open or self._session.micrograph is None:
            return None
        return self._session.micrograph.pixels

    @property
    def micrograph_shape(self) -> tuple[int, int] | None:
        """Rows and columns of the open micrograph; None while there is none."""
        micrograph = self._micrograph
        if micrograph is None:
            return None
        return micrograph.shape[0], micrograph.shape[1]

    @property
    def is_visible(self) -> bool:
        """Whether the square can be seen."""
        layer = self._present(self.layer)
        return self._shown and layer is not None and layer.visible

    def set_square(self, square: Square) -> None:
        """Move the square; `changed` is emitted if it is another one."""
        before, self.square = self.square, square
        if square != before:
            self.changed.emit()

    # --- the outline ----------------------------------------------------------

    def show(self, square: Square | None = None) -> None:
        """Show a square, by default the last one, on the open micrograph."""
        self.want(square)
        self.place()

    def want(self, square: Square | None = None) -> None:
        """Prepare to show a square; no layer is added before `place`.

        Qt shows docks while it lays out the window, and napari's list of layers must
        not get a layer then: its view would be painted with rows that are gone, and has
        crashed.
        """
        shape = self.micrograph_shape
        if shape is None:
            return
        self._shown = True
        wanted = square or self.square or Square.in_the_middle(shape, _FIRST_PX)
        self.set_square(wanted.within(shape))

    def hide(self) -> None:
        """Hide the square, and the picture over the micrograph."""
        self._shown = False
        self.hide_overlay()
        self._mouse.release_picture()
        layer = self._present(self.layer)
        if layer is not None:
            layer.visible = False

    def place(self) -> None:
        """Move the layer to where the square is.

        napari takes some milliseconds for that. So the listener to `changed` calls this
        once for several moves.
        """
        square = self.square
        if square is None or not self._shown:
            return
        layer = self._present(self.layer)
        if layer is None:
            layer = self.layer = self._new_layer()
        drawn_px = len(layer.data) and float(np.ptp(layer.data[0][:, 0]))
        if drawn_px != square.size_px:
            layer.data = []
            layer.add(
                _outline(square.size_px),
                shape_type=["rectangle", "line", "line"],
                edge_width=self._width_px,
                edge_color=_COLOUR,
            )
            # After shapes are added, the layer is editable again.
            layer.editable = False
        layer.scale = self._placement["scale"]
        layer.translate = self._world(square.row_px, square.col_px)
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
        layer = self._present(self.layer)
        if self._shown and layer is not None and layer.nshapes:
            layer.edge_width = [self._width_px] * layer.nshapes

    # --- the picture over the micrograph --------------------------------------

    def show_overlay(self, picture: OverlayPicture, name: str) -> None:
        """Lay a picture over the square.

        Parameters
        ----------
        picture : OverlayPicture
            With as many pixels as the square.
        name : str
            Name of the layer.
        """
        if self.square is None:
            return
        layer = self._present(self._overlay)
        if layer is None:
            values = picture.values
            layer = Image(values, name=name, metadata={OURS: _KIND}, **self._placement)
            self._overlay = layer
            self._add(layer)
        layer.data = picture.values
        layer.name = name
        layer.colormap = picture.colormap
        layer.contrast_limits_range = layer.contrast_limits = picture.limits
        layer.scale = self._placement["scale"]
        layer.translate = self._world(self.square.row_px, self.square.col_px)
        layer.visible = True

    def hide_overlay(self) -> None:
        """Hide the picture."""
        layer = self._present(self._overlay)
        if layer is not None:
            layer.visible = False

    # --- layers ---------------------------------------------------------------

    @property
    def _placement(self) -> dict[str, Any]:
        return dict(self._canvas.layers.placement)

    def _present(self, layer: AnyLayer | None) -> AnyLayer | None:
        """Return a layer if it is still in the viewer."""
        viewer = self._viewer()
        return layer if viewer is not None and layer in viewer.layers else None

    def _add(self, layer: Layer) -> None:
        """Insert a layer below square and circles; the active one stays active."""
        viewer: ViewerModel = self._session.open_viewer
        active = viewer.layers.selection.active
        above = (self.layer, self._canvas.layers.particles)
        places = [viewer.layers.index(each) for each in above if each in viewer.layers]
        viewer.layers.insert(min(places, default=len(viewer.layers)), layer)
        if active is not None and active in viewer.layers:
            viewer.layers.selection.active = active

    def _world(self, row_px: float, col_px: float) -> tuple[float, float]:
        """Return the world position of a pixel."""
        per_px = self._placement["scale"][0]
        return row_px * per_px, col_px * per_px


def _outline(size_px: int) -> list[NDArray[np.float64]]:
    """Return the square's corners from its first pixel, and a cross in its middle."""
    low, high, middle = -0.5, size_px - 0.5, (size_px - 1) / 2
    arm = _CROSS * size_px
    corners = [(low, low), (low, high), (high, high), (high, low)]
    across = [(middle, middle - arm), (middle, middle + arm)]
    down = [(middle - arm, middle), (middle + arm, middle)]
    return [np.array(each, float) for each in (corners, across, down)]
