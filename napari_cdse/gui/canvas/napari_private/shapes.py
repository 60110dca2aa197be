"""Change single shapes of a layer, or several properties of a layer at once."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.gui.canvas.napari_private.parts import private_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari.components import ViewerModel
    from napari.layers import Layer, Shapes
    from numpy.typing import NDArray


def change_shapes(
    layer: Shapes,
    corners: Mapping[int, NDArray[np.floating]],
    widths: Mapping[int, float],
    colours: Mapping[int, NDArray[np.floating]],
) -> None:
    """Change some shapes of a layer; the caller has the layer drawn afterwards.

    ``Shapes.data``, ``edge_width`` and ``edge_color`` set all shapes at once, and
    triangulate or colour each of them: with 500 circles, the user would wait for that
    after each key. ``Shapes._data_view`` (a ``ShapeList``) changes one shape. Seen in
    napari 0.9.2.

    Parameters
    ----------
    layer : Shapes
        Changed in place.
    corners : mapping of int to ndarray, shape (n, 2)
        New vertices in pixels, by index of the shape.
    widths : mapping of int to float
        New edge widths in pixels.
    colours : mapping of int to ndarray, shape (4,)
        New edge colours, RGBA from 0 to 1.
    """
    batched = private_part(layer, "_data_view.batched_updates")
    edit = private_part(layer, "_data_view.edit")
    set_width = private_part(layer, "_data_view.update_edge_width")
    set_colour = private_part(layer, "_data_view.update_edge_color")
    if None in (batched, edit, set_width, set_colour):
        _set_all(layer, corners, widths, colours)
        return
    with batched():
        for index, vertices in corners.items():
            edit(index, vertices)
        for index, colour in colours.items():
            set_colour(index, colour)
        for index, width in widths.items():
            set_width(index, width)


def _set_all(
    layer: Shapes,
    corners: Mapping[int, NDArray[np.floating]],
    widths: Mapping[int, float],
    colours: Mapping[int, NDArray[np.floating]],
) -> None:
    """Do the same through the layer's public properties."""
    if corners:
        vertices = [corners.get(at, old) for at, old in enumerate(layer.data)]
        layer.data = list(zip(vertices, layer.shape_type, strict=True))
    if widths:
        layer.edge_width = [widths.get(at, w) for at, w in enumerate(layer.edge_width)]
    if colours:
        edges = np.array(layer.edge_color)
        for index, colour in colours.items():
            edges[index] = colour
        layer.edge_color = edges


@contextmanager
def changed_at_once(viewer: ViewerModel, layer: Layer) -> Iterator[None]:
    """Let napari process new data, scale and translation of a layer only once.

    After each of them napari refreshes the layer and computes the extent of all layers,
    which takes as long as showing the data. ``Layer._block_refresh`` and
    ``ViewerModel._on_layers_change``: seen in napari 0.9.2.

    Parameters
    ----------
    viewer : ViewerModel
        Its sliders follow the extent of its layers.
    layer : Layer
        May also be a layer that is not in the viewer yet; then nothing has to be
        blocked.
    """
    refresh_blocked = private_part(layer, "_block_refresh")
    on_layers_change = private_part(viewer, "_on_layers_change")
    if (
        refresh_blocked is None
        or on_layers_change is None
        or layer not in viewer.layers
    ):
        yield
        return
    with ExitStack() as stack:
        stack.enter_context(refresh_blocked())
        for name in ("data", "scale", "translate"):
            stack.enter_context(layer.events[name].blocker(on_layers_change))
        yield
    layer.refresh()
    on_layers_change()
