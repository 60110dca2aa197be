"""Compute how each particle looks in the Shapes layer, and what has to be changed.

Pure functions, without Qt and napari.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.gui.canvas.class_colours import class_name, letter, rgba
from napari_cdse.gui.canvas.particles.geometry import circle_vertices
from napari_cdse.gui.canvas.particles.layer_diff import TOLERANCE_PX, Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cdse.core.records import Circle, Label

_WIDTH_PERSON = 2.4
_WIDTH_FOREST = 1.6
"""Width of rings labelled by a person or by the forest alone, in pixels of a micrograph
of `_REFERENCE_PX`. Chosen by eye: both are visible in speckle, and differ at a
glance."""
_SELECTED = 2.5
"""Factor of the selected ring's width. A choice: it stands out among hundreds."""
_BROADEST = 0.08
"""Greatest width of a ring over its radius. A choice: the ring must not cover the edge
of a small particle."""
_REFERENCE_PX = 1024
"""Size of the micrograph for which the widths above hold."""
_LATER = " later"


@dataclass(frozen=True, slots=True)
class ParticleStyle:
    """Everything that is visible of one particle.

    Attributes
    ----------
    particle_id : str
    circle : Circle
    name : str
        Class name.
    letter : str
        Text at the circle.
    by_person : bool
        Whether a person gave the class.
    rgba : tuple of float
        Colour of the ring, 0 to 1.
    width : float
        Of the ring in pixels.
    """

    particle_id: str
    circle: Circle
    name: str
    letter: str
    by_person: bool
    rgba: tuple[float, float, float, float]
    width: float

    def row(self) -> Row:
        """Return the shape that shows the particle."""
        return Row(self.particle_id, "ellipse", circle_vertices(self.circle), self.name)

    def features(self) -> tuple[str, str, str, bool]:
        """Return the values of the feature columns, in the order of `COLUMNS`."""
        return self.particle_id, self.name, self.letter, self.by_person


COLUMNS = ("particle_id", "class", "letter", "by_person")
"""Feature columns of the layer."""


def style_of(
    particle_id: str,
    circle: Circle,
    label: Label | None,
    *,
    by_person: bool,
    selected: bool,
    image_size_px: int,
    deferred: bool = False,
) -> ParticleStyle:
    """Return a particle's style: opaque and broad if a person gave the class.

    Widths scale with the micrograph, so that they look alike at any number of pixels.

    Parameters
    ----------
    particle_id : str
        Its id.
    circle : Circle
        Its outline.
    label : Label or None
        Class shown.
    by_person : bool
        Whether a person gave it; otherwise the ring is paler and thinner.
    selected : bool
        Whether it is the current particle.
    image_size_px : int
        Longer side of the micrograph.
    deferred : bool
        Whether it was left for later, which is written beside the letter.
    """
    width = _WIDTH_PERSON if by_person else _WIDTH_FOREST
    width *= (_SELECTED if selected else 1.0) * image_size_px / _REFERENCE_PX
    return ParticleStyle(
        particle_id=particle_id,
        circle=circle,
        name=class_name(label),
        letter=letter(label, by_person) + (_LATER if deferred else ""),
        by_person=by_person,
        # The selected particle is opaque, to stand out from the speckle.
        rgba=rgba(label, by_person or selected),
        width=min(width, _BROADEST * circle.radius_px),
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be changed in the layer, by index of its present shapes.

    Attributes
    ----------
    remove : tuple of int
        Shapes to remove first.
    reshape, restyle : tuple of (int, ParticleStyle)
        Shapes to move and to recolour, by the indices that hold after the removal.
    add : tuple of ParticleStyle
        Shapes to append.
    """

    remove: tuple[int, ...]
    reshape: tuple[tuple[int, ParticleStyle], ...]
    restyle: tuple[tuple[int, ParticleStyle], ...]
    add: tuple[ParticleStyle, ...]

    @property
    def structural(self) -> bool:
        """Whether the number of shapes changes; then all feature rows are set."""
        return bool(self.remove or self.add)

    def __bool__(self) -> bool:
        """Whether anything has to be changed."""
        return bool(self.remove or self.reshape or self.restyle or self.add)


def plan(
    rows: Sequence[Row],
    shown: Mapping[str, ParticleStyle],
    wanted: Mapping[str, ParticleStyle],
    only: frozenset[str] | None = None,
) -> Plan:
    """Find the smallest change that makes the layer show the wanted styles.

    Parameters
    ----------
    rows : sequence of Row
        Shapes of the layer.
    shown : mapping of particle id to ParticleStyle
        Styles as they were last written to the layer.
    wanted : mapping of particle id to ParticleStyle
        Styles to be shown.
    only : frozenset of str, optional
        Ids that may differ; all other shapes stay, and need not be in ``wanted``.
    """
    keep: list[int] = []
    remove: list[int] = []
    kept_ids: set[str] = set()
    for index, row in enumerate(rows):
        is_other = only is not None and row.particle_id not in only
        keeps = (
            (row.particle_id in wanted or is_other)
            and row.particle_id not in kept_ids
            and row.kind == "ellipse"
        )
        (keep if keeps else remove).append(index)
        if keeps:
            kept_ids.add(row.particle_id)
    reshape, restyle = _differences([rows[i] for i in keep], shown, wanted, only)
    add = tuple(one for key, one in wanted.items() if key not in kept_ids)
    return Plan(tuple(remove), tuple(reshape), tuple(restyle), add)


def plan_reuse(kinds: Sequence[str], styles: Sequence[ParticleStyle]) -> Plan:
    """Plan to use the shapes of another micrograph, whatever they showed.

    Parameters
    ----------
    kinds : sequence of str
        napari's types of the present shapes.
    styles : sequence of ParticleStyle
        Styles to be shown.
    """
    kept = min(len(kinds), len(styles)) if set(kinds) <= {"ellipse"} else 0
    reused = tuple(enumerate(styles[:kept]))
    remove = tuple(range(kept, len(kinds)))
    return Plan(remove, reshape=reused, restyle=reused, add=tuple(styles[kept:]))


def _differences(
    rows: Sequence[Row],
    shown: Mapping[str, ParticleStyle],
    wanted: Mapping[str, ParticleStyle],
    only: frozenset[str] | None,
) -> tuple[list[tuple[int, ParticleStyle]], list[tuple[int, ParticleStyle]]]:
    """Return the shapes to move, and those to recolour."""
    reshape: list[tuple[int, ParticleStyle]] = []
    restyle: list[tuple[int, ParticleStyle]] = []
    for index, row in enumerate(rows):
        if only is not None and row.particle_id not in only:
            continue
        want = wanted[row.particle_id]
        if not _lies_at(row, want):
            reshape.append((index, want))
        have = shown.get(row.particle_id)
        if have is None or row.name != want.name or _look(have) != _look(want):
            restyle.append((index, want))
    return reshape, restyle


def _lies_at(row: Row, want: ParticleStyle) -> bool:
    corners = circle_vertices(want.circle)
    return row.vertices.shape == corners.shape and bool(
        np.abs(row.vertices - corners).max() < TOLERANCE_PX
    )


def _look(style: ParticleStyle) -> tuple[object, ...]:
    """Return all of a style but its place."""
    return style.name, style.letter, style.by_person, style.rgba, style.width
