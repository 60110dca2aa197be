"""The tool that drags a line over the micrograph, with a measured value beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Shapes
from qtpy.QtCore import QObject, Signal

from napari_cdse.gui.tools.tool_layer import ToolLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from napari.utils.events import Event
    from numpy.typing import NDArray

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session

_COLOUR = "#b6ff3c"
_WIDTH_SCREEN_PX = 2.0
_CAP_SCREEN_PX = 12.0
"""Length of the bars across the ends, in screen pixels. A choice."""
_SLIP_SCREEN_PX = 4.0
"""Length in screen pixels below which a line was a click. A choice: more than a hand
trembles."""
_LOCKED = np.pi / 4
"""Angle in rad to whose multiples Shift turns a line."""
_TEXT = "text"
"""Feature column with the text at the line."""


@dataclass(frozen=True, slots=True)
class Line:
    """A dragged line.

    Attributes
    ----------
    start_px, end_px : tuple of float
        Row and column.
    screen_px : float
        Edge of a screen pixel, in pixels of the micrograph: the precision with which
        each end was placed.
    """

    start_px: tuple[float, float]
    end_px: tuple[float, float]
    screen_px: float

    @property
    def length_px(self) -> float:
        """Distance between the ends."""
        return float(np.hypot(*np.subtract(self.end_px, self.start_px)))

    @property
    def is_intended(self) -> bool:
        """Whether the line is longer than a click with a trembling hand."""
        return self.length_px >= _SLIP_SCREEN_PX * self.screen_px


def outline(line: Line) -> NDArray[np.float64]:
    """Return the corners of a line with a bar across each end, shape (6, 2)."""
    start, end = np.array(line.start_px), np.array(line.end_px)
    along = (end - start) / max(line.length_px, 1e-9)
    across = np.array([-along[1], along[0]]) * _CAP_SCREEN_PX * line.screen_px / 2
    return np.array(
        [start - across, start + across, start, end, end + across, end - across]
    )


def locked(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the end of a line turned to the nearest multiple of 45 degrees."""
    row, col = end - start
    turn = round(float(np.arctan2(row, col)) / _LOCKED) * _LOCKED
    along = np.array([np.sin(turn), np.cos(turn)])
    return start + along * float((end - start) @ along)


class LineTool(QObject):
    """Draws a line with a text beside it; Escape ends.

    Nothing of it is stored.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        Shows a micrograph.
    name : str
        Name of the tool and its layer.
    text_of : callable
        Returns the text for a line; called while it is dragged.

    Attributes
    ----------
    name : str
    layer : Shapes
    line : Line or None
        The line that was drawn last.

    Signals
    -------
    drawn(line)
        The mouse was released at the end of a line.
    ended()
        The tool was put away.
    """

    drawn = Signal(object)
    ended = Signal()

    def __init__(
        self,
        session: Session,
        canvas: MicrographView,
        name: str,
        text_of: Callable[[Line], str],
    ) -> None:
        super().__init__(canvas)
        self._session = session
        self._camera = canvas.layers.camera
        self.name = name
        self._text_of = text_of
        self.line: Line | None = None
        self.layer = _line_layer(name, canvas.layers.placement)
        self._tool_layer = ToolLayer(session, canvas, self.layer, self.end)
        self._tool_layer.ended.connect(self._on_ended)
        self.layer.editable = False
        self.layer.mouse_pan = False
        self.layer.cursor = "cross"
        self.layer.mouse_drag_callbacks.append(self._on_drag)

    def end(self) -> None:
        """Put the tool away."""
        self._tool_layer.end()

    def _on_ended(self) -> None:
        self.ended.emit()
        self.deleteLater()

    def _on_drag(self, _layer: Shapes, event: Event) -> Iterator[None]:
        start = self._pixel(event)
        yield
        while event.type == "mouse_move":
            end = self._pixel(event)
            if "Shift" in event.modifiers:
                end = locked(start, end)
            self._show(Line(tuple(start), tuple(end), self._camera.screen_px))
            yield
        is_over = self._tool_layer.is_over
        if self.line is not None and self.line.is_intended and not is_over:
            self.drawn.emit(self.line)

    def _show(self, line: Line) -> None:
        if self._tool_layer.is_over:
            return
        self.line = line
        layer, corners = self.layer, outline(line)
        width = _WIDTH_SCREEN_PX * line.screen_px
        if layer.nshapes:
            layer.data = [(corners, "path")]
            layer.edge_width = [width]
            # After shapes are added, the layer is editable again.
            layer.editable = False
        else:
            layer.add(corners, shape_type="path", edge_width=width, edge_color=_COLOUR)
        text = self._text_of(line)
        layer.features = {_TEXT: [text]}
        layer.text.translation = (-1.5 * _CAP_SCREEN_PX * line.screen_px, 0)
        self._session.say(text)

    def _pixel(self, event: Event) -> NDArray[np.float64]:
        return np.array(self._camera.pixel_at(event.position), dtype=np.float64)


def _line_layer(name: str, placement: Mapping[str, Any]) -> Shapes:
    """Return a layer for a line with a text, without shapes."""
    return Shapes(
        ndim=2,
        name=name,
        **placement,
        opacity=1.0,
        features={_TEXT: np.zeros(0, dtype=object)},
        text={
            "string": f"{{{_TEXT}}}",
            "size": 13,
            "color": _COLOUR,
            "anchor": "upper_left",
        },
    )
