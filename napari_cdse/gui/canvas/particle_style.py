"""Compute how each particle should look in the Shapes layer.

Pure functions: no Qt, no napari.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.gui.canvas.class_colours import class_name, letter, rgba
from napari_cdse.gui.canvas.geometry import circle_vertices
from napari_cdse.gui.canvas.layer_diff import TOLERANCE_PX, Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cdse.core.records import Circle, Label

_WIDTH_PERSON = 2.4
_WIDTH_FOREST = 1.6
_SELECTED = 2.5
_BROADEST = 0.08
"""Of the radius: the ring must not lie over the edge of a small particle."""
_REFERENCE_PX = 1024
_LATER = " later"


@dataclass(frozen=True, slots=True)
class ParticleStyle:
    """Everything that is visible of one particle."""

    particle_id: str
    circle: Circle
    name: str
    letter: str
    by_person: bool
    rgba: tuple[float, float, float, float]
    width: float

    def row(self) -> Row:
        """Give the shape that shows this."""
        return Row(self.particle_id, "ellipse", circle_vertices(self.circle), self.name)

    def features(self) -> tuple[str, str, str, bool]:
        """Values of the layer's feature columns, in the order of `COLUMNS`."""
        return self.particle_id, self.name, self.letter, self.by_person


COLUMNS = ("particle_id", "class", "letter", "by_person")


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
    """Dress a particle: opaque and broad for a person's word, pale and thin else.

    One that was left for later says so beside its letter.

    Widths scale with the image, so that they look alike at any number of pixels.
    """
    width = _WIDTH_PERSON if by_person else _WIDTH_FOREST
    width *= (_SELECTED if selected else 1.0) * image_size_px / _REFERENCE_PX
    return ParticleStyle(
        particle_id=particle_id,
        circle=circle,
        name=class_name(label),
        letter=letter(label, by_person) + (_LATER if deferred else ""),
        by_person=by_person,
        # Whoever said it, the one being looked at must not drown in the speckle.
        rgba=rgba(label, by_person or selected),
        width=min(width, _BROADEST * circle.radius_px),
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do to the layer, by index into its present shapes.

    ``remove`` comes first; ``reshape`` and ``restyle`` use the indices that hold
    after it; ``add`` is appended.
    """

    remove: tuple[int, ...]
    reshape: tuple[tuple[int, ParticleStyle], ...]
    restyle: tuple[tuple[int, ParticleStyle], ...]
    add: tuple[ParticleStyle, ...]

    @property
    def structural(self) -> bool:
        """Whether shapes come or go, so that feature rows have to be set anew."""
        return bool(self.remove or self.add)

    def __bool__(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.remove or self.reshape or self.restyle or self.add)


def plan(
    rows: Sequence[Row],
    shown: Mapping[str, ParticleStyle],
    wanted: Mapping[str, ParticleStyle],
    only: frozenset[str] | None = None,
) -> Plan:
    """Find the least that turns the layer's shapes into the wanted ones.

    Parameters
    ----------
    rows : sequence of Row
        What the layer holds.
    shown : mapping of particle id to ParticleStyle
        How each was dressed when last written.
    wanted : mapping of particle id to ParticleStyle
        How each should be.
    only : frozenset of str, optional
        Ids that may differ; all others are left as they are, and need not be wanted.
    """
    keep: list[int] = []
    remove: list[int] = []
    seen: set[str] = set()
    for index, row in enumerate(rows):
        left_alone = only is not None and row.particle_id not in only
        good = row.particle_id in wanted or left_alone
        good = good and row.particle_id not in seen
        good = good and row.kind == "ellipse"
        (keep if good else remove).append(index)
        if good:
            seen.add(row.particle_id)
    reshape, restyle = _differences([rows[i] for i in keep], shown, wanted, only)
    add = tuple(one for key, one in wanted.items() if key not in seen)
    return Plan(tuple(remove), tuple(reshape), tuple(restyle), add)


def take_over(kinds: Sequence[str], styles: Sequence[ParticleStyle]) -> Plan:
    """Plan to use the shapes of another micrograph, whatever they showed.

    Parameters
    ----------
    kinds : sequence of str
        napari's types of the shapes that are there.
    styles : sequence of ParticleStyle
        What they shall show.
    """
    kept = min(len(kinds), len(styles)) if set(kinds) <= {"ellipse"} else 0
    known = tuple(enumerate(styles[:kept]))
    remove = tuple(range(kept, len(kinds)))
    return Plan(remove, reshape=known, restyle=known, add=tuple(styles[kept:]))


def _differences(
    rows: Sequence[Row],
    shown: Mapping[str, ParticleStyle],
    wanted: Mapping[str, ParticleStyle],
    chosen: frozenset[str] | None,
) -> tuple[list[tuple[int, ParticleStyle]], list[tuple[int, ParticleStyle]]]:
    reshape: list[tuple[int, ParticleStyle]] = []
    restyle: list[tuple[int, ParticleStyle]] = []
    for index, row in enumerate(rows):
        if chosen is not None and row.particle_id not in chosen:
            continue
        want = wanted[row.particle_id]
        if not _lies_at(row, want):
            reshape.append((index, want))
        have = shown.get(row.particle_id)
        if have is None or row.name != want.name or _style(have) != _style(want):
            restyle.append((index, want))
    return reshape, restyle


def _lies_at(row: Row, want: ParticleStyle) -> bool:
    corners = circle_vertices(want.circle)
    return row.vertices.shape == corners.shape and bool(
        np.abs(row.vertices - corners).max() < TOLERANCE_PX
    )


def _style(one: ParticleStyle) -> tuple[object, ...]:
    return one.name, one.letter, one.by_person, one.rgba, one.width
