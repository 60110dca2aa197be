"""The Shapes layer of particles: computes the letters of all circles in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Shapes

from napari_cdse.gui.canvas.class_colours import CLASS_NAMES, rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLOURS = np.array([[*rgb(name), 1.0] for name in CLASS_NAMES], dtype=np.float32)


class ParticleShapes(Shapes):  # type: ignore[misc]  # napari has no types
    """Shapes layer that reads its letters and their colours from the feature rows.

    napari formats and colours each string by itself, and collects the corners of all
    shapes again for each of them. Here, one step does it for all. ``_view_text``,
    ``_view_text_color`` and ``_view_text_coords`` are what napari's visual reads; seen
    in napari 0.9.2.
    """

    READS = (
        "_view_text",
        "_view_text_color",
        "_view_indices",
        "_data_view.displayed_vertices",
        "_data_view.displayed_index",
        "_slice_input.ndisplay",
        "_slice_input.order",
    )
    # The type that files of layers name; by default it is the name of the class.
    _type_string = "shapes"

    @property
    def _view_text(self) -> NDArray[np.str_]:
        text: NDArray[np.str_]
        if not self._has_row_for_each_shape:
            text = super()._view_text
            return text
        text = self.features["letter"].to_numpy(dtype=str)[self._view_indices]
        return text

    @property
    def _view_text_color(self) -> NDArray[np.floating]:
        colours: NDArray[np.floating]
        if not self._has_row_for_each_shape:
            colours = super()._view_text_color
            return colours
        # Imported here, as the window opens before the first letter is shown.
        import pandas as pd

        # An unknown class has the code -1, and so the last colour.
        classes = pd.Categorical(self.features["class"], categories=CLASS_NAMES)
        colours = _COLOURS[classes.codes][self._view_indices]
        return colours

    @property
    def _has_row_for_each_shape(self) -> bool:
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
        coords: tuple[NDArray[np.floating], str, str] = self.text.compute_text_coords(
            grouped, self._slice_input.ndisplay, self._slice_input.order
        )
        return coords
