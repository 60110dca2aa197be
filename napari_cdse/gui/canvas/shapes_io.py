"""Read particles out of the Shapes layer: shapes, feature rows, appearance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.gui.canvas._napari_private import change_shapes, refresh_letters
from napari_cdse.gui.canvas.class_colours import UNLABELLED
from napari_cdse.gui.canvas.geometry import circle_vertices
from napari_cdse.gui.canvas.layer_diff import TOLERANCE_PX, Row, read_rows
from napari_cdse.gui.canvas.particle_style import COLUMNS, ParticleStyle, Plan
from napari_cdse.gui.canvas.shapes_style import set_features

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari.layers import Shapes
    from numpy.typing import NDArray

    from napari_cdse.gui.canvas.layer_diff import Changes
    from napari_cdse.gui.canvas.particle_style import ParticleStyle

_SAME_COLOUR = 0.01


def read_layer(layer: Shapes, before: Sequence[Row]) -> tuple[Row, ...]:
    """Take a snapshot of the layer; ``before`` is the last one."""
    features = layer.features
    return read_rows(
        layer.shape_type,
        layer.data,
        list(features["particle_id"]) if "particle_id" in features else [],
        list(features["class"].astype(object)) if "class" in features else [],
        before,
    )


def unchanged(layer: Shapes, rows: Sequence[Row]) -> bool:
    """Tell at a glance whether the layer still holds what was read or written last.

    Parameters
    ----------
    layer : Shapes
        To be looked at.
    rows : sequence of Row
        What it held then.

    Returns
    -------
    bool
        False also where only a full reading can tell.
    """
    features, corners = layer.features, layer.data
    if not len(corners) == len(rows) == len(features) or "class" not in features:
        return False
    if not rows:
        return True
    before = [row.vertices for row in rows]
    if [each.shape for each in corners] != [each.shape for each in before]:
        return False
    moved = np.abs(np.concatenate(corners) - np.concatenate(before)).max()
    return bool(
        moved < TOLERANCE_PX
        and list(layer.shape_type) == [row.kind for row in rows]
        and list(features["particle_id"]) == [row.particle_id for row in rows]
        and list(features["class"]) == [row.name for row in rows]
    )


def named(
    layer: Shapes, rows: tuple[Row, ...], changes: Changes, new_ids: tuple[str, ...]
) -> tuple[Row, ...]:
    """Give shapes their ids, in the layer too, where its feature rows are in order.

    Parameters
    ----------
    layer : Shapes
        To be written to.
    rows : tuple of Row
        As read.
    changes : Changes
        What was found in them.
    new_ids : tuple of str
        Ids of what was drawn, in the order of the changes.

    Returns
    -------
    tuple of Row
        Without those that are to go.
    """
    ids = dict(changes.misnamed)
    ids |= {one.index: i for one, i in zip(changes.drawn, new_ids, strict=True)}
    in_order = len(layer.features) == len(rows)
    found = list(rows)
    for index, particle_id in ids.items():
        found[index] = replace(rows[index], particle_id=particle_id)
        if in_order:
            set_feature(layer, index, "particle_id", particle_id)
    for one in changes.drawn:
        found[one.index] = replace(found[one.index], name=UNLABELLED)
        if in_order:
            set_feature(layer, one.index, "class", UNLABELLED)
    dropped = {*changes.slipped, *changes.refused}
    return tuple(row for at, row in enumerate(found) if at not in dropped)


def badly_dressed(
    layer: Shapes, rows: Sequence[Row], shown: Mapping[str, ParticleStyle]
) -> list[str]:
    """Name the particles whose feature row or colour was changed by hand.

    Parameters
    ----------
    layer : Shapes
        To be looked at.
    rows : sequence of Row
        Its shapes.
    shown : mapping of particle id to ParticleStyle
        How each was dressed last. Where one is missing, or the feature rows are out
        of order, nothing is found: then all is written anew anyway.
    """
    styles = [shown[row.particle_id] for row in rows if row.particle_id in shown]
    features, edges = layer.features, layer.edge_color
    if not len(styles) == len(rows) == len(features) > 0:
        return []
    if not set(COLUMNS) <= set(features):
        return [one.particle_id for one in styles]
    off = np.zeros(len(styles), dtype=bool)
    # A drawing that was given up leaves napari with more colours than shapes.
    if len(edges) == len(styles):
        off = np.abs(edges - colours(styles)).max(axis=1) > _SAME_COLOUR
    cells = zip(*(features[name] for name in COLUMNS), strict=True)
    return [
        one.particle_id
        for one, row, recoloured in zip(styles, cells, off, strict=True)
        if recoloured or row != one.features()
    ]


def rebuild(layer: Shapes, todo: Plan, styles: Sequence[ParticleStyle]) -> None:
    """Remove and add shapes, then set all feature rows and colours anew.

    Parameters
    ----------
    layer : Shapes
        To be changed.
    todo : Plan
        By index into its present shapes.
    styles : sequence of ParticleStyle
        Of all shapes, in the order in which the layer holds them afterwards.
    """
    if todo.remove:
        layer.remove(sorted(todo.remove))
    change_shapes(layer, _corners(todo), {}, {})
    if todo.add:
        add_shapes(layer, todo.add)
    set_features(layer, styles)
    layer.edge_color = colours(styles)
    change_shapes(layer, {}, {index: one.width for index, one in todo.restyle}, {})
    refresh_letters(layer)
    layer.refresh()


def touch(layer: Shapes, todo: Plan, shown: Mapping[str, ParticleStyle]) -> None:
    """Touch only what differs: 500 others must not be drawn anew for one."""
    widths, rgba = {}, {}
    for index, one in todo.restyle:
        before = shown.get(one.particle_id)
        if before is None or before.width != one.width:
            widths[index] = one.width
        rgba[index] = np.array(one.rgba, dtype=np.float32)
        for column, value in zip(COLUMNS, one.features(), strict=True):
            set_feature(layer, index, column, value)
    change_shapes(layer, _corners(todo), widths, rgba)
    refresh_letters(layer)
    # This one event draws outlines and letters.
    layer.events.edge_color()


def set_feature(layer: Shapes, index: int, column: str, value: object) -> None:
    """Set one cell of the features, which tells nobody."""
    features = layer.features
    features.iat[index, features.columns.get_loc(column)] = value


def _corners(todo: Plan) -> dict[int, NDArray[np.float32]]:
    return {index: circle_vertices(one.circle) for index, one in todo.reshape}


def add_shapes(layer: Shapes, styles: tuple[ParticleStyle, ...]) -> None:
    """Append circles; their feature rows are set afterwards."""
    layer.add(
        [circle_vertices(one.circle) for one in styles],
        shape_type="ellipse",
        edge_color=colours(styles),
        face_color=np.zeros((len(styles), 4)),
        edge_width=[one.width for one in styles],
    )


def colours(styles: Iterable[ParticleStyle]) -> np.ndarray:
    """Edge colours, shape (n, 4)."""
    return np.array([one.rgba for one in styles], dtype=np.float32).reshape(-1, 4)
