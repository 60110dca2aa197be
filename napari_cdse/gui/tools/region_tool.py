"""The tool that draws a region to leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Shapes
from qtpy.QtCore import QObject, QTimer, Signal

from napari_cdse.gui.canvas.particles.drawing_state import DrawingState
from napari_cdse.gui.canvas.particles.geometry import ellipse_outline
from napari_cdse.gui.tools.tool_layer import ToolLayer

if TYPE_CHECKING:
    from napari.utils.events import Event

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session

DRAWING = "leave out"
"""Name of the tool and its layer."""
_COLOUR = "#e6e6e6"
_FACE = "#8080804d"
_WIDTH_SCREEN_PX = 2.0
_SLIP_SCREEN_PX = 6.0
"""Height or width in screen pixels below which a region was drawn by accident. A
choice: more than a hand trembles in a click."""


class RegionTool(QObject):
    """Draws a region: drag a rectangle, or draw a polygon; Escape ends.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        Shows a micrograph.

    Attributes
    ----------
    name : str
    layer : Shapes

    Signals
    -------
    drawn(corners)
        A region was drawn; (row, column) of each corner in pixels.
    ended()
        The tool was put away.
    """

    drawn = Signal(object)
    ended = Signal()

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__(canvas)
        self.name = DRAWING
        self._camera = canvas.layers.camera
        self.layer = Shapes(
            ndim=2,
            name=DRAWING,
            **canvas.layers.placement,
            face_color=_FACE,
            edge_color=_COLOUR,
            opacity=1.0,
        )
        self._drawing = DrawingState(self.layer)
        self.layer.current_edge_width = _WIDTH_SCREEN_PX * self._camera.screen_px
        self._tool_layer = ToolLayer(session, canvas, self.layer, self._escape)
        self._tool_layer.ended.connect(self._on_ended)
        self.layer.mode = "add_rectangle"
        self.layer.events.data.connect(self._on_data)

    def end(self) -> None:
        """Put the tool away."""
        self._tool_layer.end()

    def _on_ended(self) -> None:
        self.layer.events.data.disconnect(self._on_data)
        self.ended.emit()
        self.deleteLater()

    def clear(self) -> None:
        """Remove what was drawn."""
        if not self._tool_layer.is_over and self.layer.nshapes:
            self.layer.remove(list(range(self.layer.nshapes)))

    def _escape(self) -> None:
        """Finish a polygon first, as napari does; otherwise put the tool away."""
        if self._drawing.active:
            # Leaving the mode is the public way to finish a drawing.
            mode, self.layer.mode = self.layer.mode, "pan_zoom"
            self.layer.mode = mode
        else:
            self.end()

    def _on_data(self, event: Event) -> None:
        # While a polygon is drawn, and while napari handles the event, the layer must
        # not be changed.
        if self._drawing.follow(event):
            QTimer.singleShot(0, self._read)

    def _read(self) -> None:
        layer = self.layer
        if self._tool_layer.is_over or self._drawing.active or not layer.nshapes:
            return
        corners = layer.data[-1][:, -2:]
        kind = layer.shape_type[-1]
        slip_px = _SLIP_SCREEN_PX * self._camera.screen_px
        extent_px = corners.max(0) - corners.min(0)
        if kind in ("line", "path") or min(extent_px) < slip_px:
            self.clear()
            return
        if kind == "ellipse":
            corners = ellipse_outline(corners)
        self.drawn.emit([(float(row), float(col)) for row, col in corners])
