"""A line dragged over the micrograph, with a measured value beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Shapes
from qtpy.QtCore import QObject, Signal

from napari_cdse.gui.canvas.particles.shapes_style import OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.utils.events import Event
    from numpy.typing import NDArray

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session

_COLOUR = "#b6ff3c"
_WIDTH_SCREEN_PX = 2.0
_CAP_SCREEN_PX = 12.0
_SLIP_SCREEN_PX = 4.0
_LOCKED = np.pi / 4
_SAYS = "says"


@dataclass(frozen=True, slots=True)
class Line:
    """A dragged line.

    Attributes
    ----------
    start_px, end_px : tuple of float
        Row and column.
    screen_px : float
        Edge of a pixel of the screen, in pixels of the micrograph: as exactly as
        the hand could place each end.
    """

    start_px: tuple[float, float]
    end_px: tuple[float, float]
    screen_px: float

    @property
    def length_px(self) -> float:
        """Distance of the ends."""
        return float(np.hypot(*np.subtract(self.end_px, self.start_px)))

    @property
    def meant(self) -> bool:
        """Whether it is longer than a click that slipped."""
        return self.length_px >= _SLIP_SCREEN_PX * self.screen_px


def outline(line: Line) -> NDArray[np.float64]:
    """Corners of a line with a bar across each end, shape (6, 2)."""
    start, end = np.array(line.start_px), np.array(line.end_px)
    along = (end - start) / max(line.length_px, 1e-9)
    across = np.array([-along[1], along[0]]) * _CAP_SCREEN_PX * line.screen_px / 2
    return np.array(
        [start - across, start + across, start, end, end + across, end - across]
    )


def locked(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn a line about its start to the nearest eighth of a full turn."""
    row, col = end - start
    turn = round(float(np.arctan2(row, col)) / _LOCKED) * _LOCKED
    along = np.array([np.sin(turn), np.cos(turn)])
    return start + along * float((end - start) @ along)


class LineTool(QObject):
    """A tool: drag a line, read what it says, Escape to leave.

    Its layer is a bare view that goes with the tool; nothing of it is stored. The
    tool ends when another layer becomes the active one.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        It must show a micrograph.
    name : str
        Of the tool and its layer.
    says : callable
        What to write beside the line.
    """

    drawn = Signal(object)
    ended = Signal()

    def __init__(
        self,
        session: Session,
        canvas: MicrographView,
        name: str,
        says: Callable[[Line], str],
    ) -> None:
        super().__init__(canvas)
        self._session = session
        self._layers = canvas.layers
        self.name = name
        self._says = says
        self._over = False
        self.line: Line | None = None
        viewer = session.open_viewer
        self._before = viewer.layers.selection.active
        self.layer = Shapes(
            ndim=2,
            name=name,
            **canvas.layers.placement,
            opacity=1.0,
            features={_SAYS: np.zeros(0, dtype=object)},
            text={
                "string": f"{{{_SAYS}}}",
                "size": 13,
                "color": _COLOUR,
                "anchor": "upper_left",
            },
        )
        self.layer.metadata[OURS] = name
        viewer.add_layer(self.layer)
        self.layer.editable = False
        self.layer.mouse_pan = False
        self.layer.cursor = "cross"
        self.layer.mouse_drag_callbacks.append(self._on_drag)
        canvas.layer_added.emit(self.layer)
        self.layer.bind_key("Escape", lambda _layer: self.end(), overwrite=True)
        viewer.layers.selection.events.active.connect(self._on_active)

    def end(self) -> None:
        """Take the line away and go back to the layer that was active before."""
        if self._over:
            return
        self._over = True
        viewer = self._session.viewer
        if viewer is not None:
            viewer.layers.selection.events.active.disconnect(self._on_active)
            mine_is_active = viewer.layers.selection.active is self.layer
            if self.layer in viewer.layers:
                viewer.layers.remove(self.layer)
            if mine_is_active and self._before in viewer.layers:
                viewer.layers.selection.active = self._before
        self.ended.emit()
        self.deleteLater()

    def _on_active(self) -> None:
        viewer = self._session.viewer
        if viewer is not None and viewer.layers.selection.active is not self.layer:
            self.end()

    def _on_drag(self, _layer: Shapes, event: Event) -> Iterator[None]:
        start = self._pixel(event)
        yield
        while event.type == "mouse_move":
            end = self._pixel(event)
            if "Shift" in event.modifiers:
                end = locked(start, end)
            screen_px = self._layers.camera.screen_px
            self._show(Line(tuple(start), tuple(end), screen_px))
            yield
        if self.line is not None and self.line.meant and not self._over:
            self.drawn.emit(self.line)

    def _show(self, line: Line) -> None:
        if self._over:
            return
        self.line = line
        layer, corners = self.layer, outline(line)
        width = _WIDTH_SCREEN_PX * line.screen_px
        if layer.nshapes:
            layer.data = [(corners, "path")]
            layer.edge_width = [width]
            # Other shapes let napari's tools at the layer again.
            layer.editable = False
        else:
            layer.add(corners, shape_type="path", edge_width=width, edge_color=_COLOUR)
        text = self._says(line)
        layer.features = {_SAYS: [text]}
        layer.text.translation = (-1.5 * _CAP_SCREEN_PX * line.screen_px, 0)
        self._session.say(text)

    def _pixel(self, event: Event) -> NDArray[np.float64]:
        return np.array(self._layers.camera.pixel_at(event.position), dtype=np.float64)
