"""Read particles from the Shapes layer, and write particles to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.gui.canvas.class_colours import UNLABELLED
from napari_cdse.gui.canvas.napari_private.particles_visual import refresh_letters
from napari_cdse.gui.canvas.napari_private.shapes import change_shapes
from napari_cdse.gui.canvas.particles.geometry import circle_vertices
from napari_cdse.gui.canvas.particles.layer_diff import TOLERANCE_PX, Row, read_rows
from napari_cdse.gui.canvas.particles.particle_style import (
    COLUMNS,
    ParticleStyle,
    Plan,
)
from napari_cdse.gui.canvas.particles.shapes_style import set_features

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari.layers import Shapes
    from numpy.typing import NDArray

    from napari_cdse.gui.canvas.particles.layer_diff import Changes

_SAME_COLOUR = 0.01
"""Difference up to which parts of a colour, from 0 to 1, count as the same. A choice:
the layer holds them as float32."""


# --- reading --------------------------------------------------------------------------


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


def is_unchanged(layer: Shapes, rows: Sequence[Row]) -> bool:
    """Tell quickly whether the layer still holds what was last read or written.

    Parameters
    ----------
    layer : Shapes
        Layer of particles.
    rows : sequence of Row
        Shapes that were read or written last.

    Returns
    -------
    bool
        False also if only a full reading can tell.
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


def restyled_ids(
    layer: Shapes, rows: Sequence[Row], shown: Mapping[str, ParticleStyle]
) -> list[str]:
    """Return the particles whose feature row or colour the user has changed.

    Parameters
    ----------
    layer : Shapes
        Layer of particles.
    rows : sequence of Row
        Shapes of the layer.
    shown : mapping of particle id to ParticleStyle
        Styles as last written. If one is missing, or the feature rows are out of order,
        no particle is returned, since everything is written again then.
    """
    styles = [shown[row.particle_id] for row in rows if row.particle_id in shown]
    features, edges = layer.features, layer.edge_color
    if not len(styles) == len(rows) == len(features) > 0:
        return []
    if not set(COLUMNS) <= set(features):
        return [one.particle_id for one in styles]
    is_recoloured = np.zeros(len(styles), dtype=bool)
    # After a drawing that was given up, napari has more colours than shapes.
    if len(edges) == len(styles):
        off = np.abs(edges - edge_colours(styles)).max(axis=1)
        is_recoloured = off > _SAME_COLOUR
    cells = zip(*(features[name] for name in COLUMNS), strict=True)
    return [
        one.particle_id
        for one, row, recoloured in zip(styles, cells, is_recoloured, strict=True)
        if recoloured or row != one.features()
    ]


# --- writing --------------------------------------------------------------------------


def assign_ids(
    layer: Shapes, rows: tuple[Row, ...], changes: Changes, new_ids: tuple[str, ...]
) -> tuple[Row, ...]:
    """Give shapes their ids, also in the layer if its feature rows are in order.

    Parameters
    ----------
    layer : Shapes
        Changed in place.
    rows : tuple of Row
        Shapes as read from the layer.
    changes : Changes
        The changes found in them.
    new_ids : tuple of str
        Ids of the shapes drawn, in the order of ``changes.drawn``.

    Returns
    -------
    tuple of Row
        Without shapes that will be removed.
    """
    ids = dict(changes.misnamed)
    ids |= {one.index: i for one, i in zip(changes.drawn, new_ids, strict=True)}
    in_order = len(layer.features) == len(rows)
    named = list(rows)
    for index, particle_id in ids.items():
        named[index] = replace(rows[index], particle_id=particle_id)
        if in_order:
            set_feature(layer, index, "particle_id", particle_id)
    for one in changes.drawn:
        named[one.index] = replace(named[one.index], name=UNLABELLED)
        if in_order:
            set_feature(layer, one.index, "class", UNLABELLED)
    dropped = {*changes.slipped, *changes.refused}
    return tuple(row for at, row in enumerate(named) if at not in dropped)


def rebuild(layer: Shapes, update: Plan, styles: Sequence[ParticleStyle]) -> None:
    """Remove and add shapes, then set all feature rows and colours.

    Parameters
    ----------
    layer : Shapes
        Changed in place.
    update : Plan
        Changes, by index of the present shapes.
    styles : sequence of ParticleStyle
        Styles of all shapes, in the order in which the layer has them afterwards.
    """
    if update.remove:
        layer.remove(sorted(update.remove))
    change_shapes(layer, _corners(update), {}, {})
    if update.add:
        add_shapes(layer, update.add)
    set_features(layer, styles)
    layer.edge_color = edge_colours(styles)
    change_shapes(layer, {}, {index: one.width for index, one in update.restyle}, {})
    refresh_letters(layer)
    layer.refresh()


def update_in_place(
    layer: Shapes, update: Plan, shown: Mapping[str, ParticleStyle]
) -> None:
    """Change only the shapes that differ, so that hundreds of others are not drawn.

    Parameters
    ----------
    layer : Shapes
        Changed in place.
    update : Plan
        Neither removes nor adds shapes.
    shown : mapping of particle id to ParticleStyle
        Styles as last written.
    """
    widths, rgba = {}, {}
    for index, one in update.restyle:
        before = shown.get(one.particle_id)
        if before is None or before.width != one.width:
            widths[index] = one.width
        rgba[index] = np.array(one.rgba, dtype=np.float32)
        for column, value in zip(COLUMNS, one.features(), strict=True):
            set_feature(layer, index, column, value)
    change_shapes(layer, _corners(update), widths, rgba)
    refresh_letters(layer)
    # This single event draws outlines and letters.
    layer.events.edge_color()


def set_feature(layer: Shapes, index: int, column: str, value: object) -> None:
    """Set one cell of the features, without an event."""
    features = layer.features
    features.iat[index, features.columns.get_loc(column)] = value


def _corners(update: Plan) -> dict[int, NDArray[np.float32]]:
    return {index: circle_vertices(one.circle) for index, one in update.reshape}


def add_shapes(layer: Shapes, styles: tuple[ParticleStyle, ...]) -> None:
    """Append circles; the caller sets their feature rows afterwards."""
    layer.add(
        [circle_vertices(one.circle) for one in styles],
        shape_type="ellipse",
        edge_color=edge_colours(styles),
        face_color=np.zeros((len(styles), 4)),
        edge_width=[one.width for one in styles],
    )


def edge_colours(styles: Iterable[ParticleStyle]) -> np.ndarray:
    """Return the colours of rings, shape (n, 4), RGBA from 0 to 1."""
    return np.array([one.rgba for one in styles], dtype=np.float32).reshape(-1, 4)
