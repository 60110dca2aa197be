"""How hundreds of circles with letters are drawn without a wait.

napari hands all letters over again when one circle changes or the view is zoomed, and
vispy then lays each of them out anew: at 500 letters that takes longer than all else in
the picture. There are a handful of different ones, so each is laid out once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from napari._vispy.layers.shapes import VispyShapesLayer
from napari._vispy.utils.visual import layer_to_visual
from napari._vispy.visuals.text import Text
from napari.layers import Shapes
from vispy.gloo import IndexBuffer, VertexBuffer
from vispy.visuals.text.text import _text_to_vbo

from napari_cdse.gui.canvas.class_colours import CLASS_NAMES, rgb

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

_COLOURS = np.array([[*rgb(name), 1.0] for name in CLASS_NAMES], dtype=np.float32)
_CORNERS = 4
_TRIANGLES = np.array([0, 1, 2, 0, 2, 3], dtype=np.uint32)


class ParticleShapes(Shapes):
    """Shapes layer that reads its letters and their colours from the feature rows.

    napari formats and colours each string by itself, and gathers the corners of all
    shapes anew for each of them; here it is one step for all.
    """

    _type_string = "shapes"

    @property
    def _view_text(self) -> NDArray[np.str_]:
        if not self._rows_fit:
            return super()._view_text
        return self.features["letter"].to_numpy(dtype=str)[self._view_indices]

    @property
    def _view_text_color(self) -> NDArray[np.floating]:
        if not self._rows_fit:
            return super()._view_text_color
        # A class that is not known has the code -1, and so the last colour.
        named = pd.Categorical(self.features["class"], categories=CLASS_NAMES)
        return _COLOURS[named.codes][self._view_indices]

    @property
    def _rows_fit(self) -> bool:
        features = self.features
        return {"letter", "class"} <= set(features) and len(features) == self.nshapes

    @property
    def _view_text_coords(self) -> tuple[NDArray[np.floating], str, str]:
        shapes = self._data_view
        corners, first = shapes.displayed_vertices, shapes.displayed_index
        lengths = np.diff(first, append=len(corners))
        grouped: Any = (
            corners.reshape(len(first), lengths[0], -1).swapaxes(0, 1)
            if np.all(lengths == lengths[0])
            else np.split(corners, first[1:])
        )
        return self.text.compute_text_coords(
            grouped, self._slice_input.ndisplay, self._slice_input.order
        )


class Letters(Text):
    """Text that remembers how each of its strings is laid out."""

    def _prepare_draw(self, view: Any) -> object:
        strings = [self.text] if isinstance(self.text, str) else list(self.text)
        if self._vertices is None and strings:
            self._lay_out(strings)
        return super()._prepare_draw(view)

    def _lay_out(self, strings: list[str]) -> None:
        """Give vispy the corners of all letters, as it would have found them."""
        known = {one: self._corners_of(one) for one in set(strings)}
        self._vertices_data = np.concatenate([known[one] for one in strings])
        self._vertices = VertexBuffer(self._vertices_data)
        first = np.arange(0, len(self._vertices_data), _CORNERS, dtype=np.uint32)
        self._index_buffer = IndexBuffer((_TRIANGLES + first[:, np.newaxis]).ravel())
        self.shared_program.bind(self._vertices)
        self._configure_gl_state()

    def _corners_of(self, string: str) -> NDArray[np.void]:
        font = self._font
        return _text_to_vbo(
            string, font, *self._anchors, font._lowres_size, self._line_height
        )


class ParticlesVisual(VispyShapesLayer):
    """Draws a `ParticleShapes` layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # napari makes the node itself and takes no other class for it.
        self.node.text.__class__ = Letters
        self.layer.events.scale_factor.disconnect(self._update_text)
        self.layer.events.scale_factor.connect(self._on_zoom)

    def _on_zoom(self) -> None:
        """Keep the letters as large on the screen; they stay where they are."""
        layer = self.layer
        self.node.text.font_size = layer.text._get_scaled_size(layer.scale_factor)
        self.node.update()


layer_to_visual[ParticleShapes] = ParticlesVisual
