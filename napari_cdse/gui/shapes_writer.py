"""Writing particles into the Shapes layer: all of them, or only what differs.

napari has no public way to touch one shape of many, and its setters for all of them
take a tenth of a second at 500 shapes; the layer's data view does it in a thousandth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.gui.geometry import circle_vertices
from napari_cdse.gui.looks import COLUMNS, Look, Plan
from napari_cdse.gui.shapes_style import set_features

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari.layers import Shapes


def rebuild(layer: Shapes, todo: Plan, looks: Sequence[Look]) -> None:
    """Remove and add shapes, then set all feature rows and colours anew.

    Parameters
    ----------
    layer : Shapes
        To be changed.
    todo : Plan
        By index into its present shapes.
    looks : sequence of Look
        Of all shapes, in the order in which the layer holds them afterwards.
    """
    if todo.remove:
        layer.remove(sorted(todo.remove))
    with layer._data_view.batched_updates():
        for index, one in todo.reshape:
            layer._data_view.edit(index, circle_vertices(one.circle))
    if todo.add:
        add_shapes(layer, todo.add)
    set_features(layer, looks)
    layer.edge_color = colours(looks)
    with layer._data_view.batched_updates():
        for index, one in todo.restyle:
            layer._data_view.update_edge_width(index, one.width)
    layer.refresh()


def touch(layer: Shapes, todo: Plan, shown: Mapping[str, Look]) -> None:
    """Touch only what differs: 500 others must not be drawn anew for one."""
    with layer._data_view.batched_updates():
        for index, one in todo.reshape:
            layer._data_view.edit(index, circle_vertices(one.circle))
        for index, one in todo.restyle:
            _dress(layer, index, one, shown.get(one.particle_id))
    # This one event draws outlines and letters.
    layer.events.edge_color()


def set_feature(layer: Shapes, index: int, column: str, value: object) -> None:
    """Set one cell of the features, which tells nobody."""
    features = layer.features
    features.iat[index, features.columns.get_loc(column)] = value


def _dress(layer: Shapes, index: int, one: Look, before: Look | None) -> None:
    view = layer._data_view
    view.update_edge_color(index, np.array(one.rgba, dtype=np.float32))
    if before is None or before.width != one.width:
        view.update_edge_width(index, one.width)
    for column, value in zip(COLUMNS, one.features(), strict=True):
        set_feature(layer, index, column, value)


def add_shapes(layer: Shapes, looks: tuple[Look, ...]) -> None:
    """Append circles; their feature rows are set afterwards."""
    layer.add(
        [circle_vertices(one.circle) for one in looks],
        shape_type="ellipse",
        edge_color=colours(looks),
        face_color=np.zeros((len(looks), 4)),
        edge_width=[one.width for one in looks],
    )


def colours(looks: Iterable[Look]) -> np.ndarray:
    """Edge colours, shape (n, 4)."""
    return np.array([one.rgba for one in looks], dtype=np.float32).reshape(-1, 4)
