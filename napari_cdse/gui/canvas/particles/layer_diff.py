"""Find what the user changed in the Shapes layer, by comparing snapshots.

napari's events do not suffice for this: a paste emits no event on the data, the
features table emits none at all, and some removals leave a feature row behind. So the
whole layer is read and compared with the last snapshot, by particle id. These are pure
functions on arrays, without Qt and napari.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.canvas.class_colours import UNLABELLED
from napari_cdse.gui.canvas.particles.geometry import circle_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle, Label

TOLERANCE_PX = 1e-3
"""Distance below which vertices count as the same; the layer holds them as float32."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One shape as the layer holds it.

    Attributes
    ----------
    particle_id : str
        Empty for a new shape.
    kind : str
        napari's shape type.
    vertices : ndarray, shape (n, 2)
        In pixels.
    name : str
        Class name, see `class_colours.CLASS_NAMES`.
    """

    particle_id: str
    kind: str
    vertices: NDArray[np.floating]
    name: str

    def same_place(self, other: Row) -> bool:
        """Tell whether both shapes have the same vertices."""
        return self.vertices.shape == other.vertices.shape and bool(
            np.abs(self.vertices - other.vertices).max(initial=0.0) < TOLERANCE_PX
        )


@dataclass(frozen=True, slots=True)
class Drawn:
    """A shape that is new in the layer.

    Attributes
    ----------
    index : int
        Index of the shape in the layer.
    circle : Circle
    pasted : bool
        Whether it is a copy that lies exactly over its original.
    """

    index: int
    circle: Circle
    pasted: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What one gesture has changed.

    Attributes
    ----------
    drawn : tuple of Drawn
    reshaped : mapping of particle id to Circle
    relabelled : mapping of particle id to label
    removed : tuple of particle ids
    slipped : tuple of int
        Indices of new shapes that are too small to be intended.
    refused : tuple of int
        Indices of new shapes that have no area: lines, open paths.
    spoilt : tuple of particle ids
        Circles that were shrunk to nothing; they have to be restored.
    misnamed : mapping of int to particle id
        Indices of shapes whose id was overwritten in the features table, and the id
        that each has by its place.
    """

    drawn: tuple[Drawn, ...] = ()
    reshaped: Mapping[str, Circle] = field(default_factory=dict)
    relabelled: Mapping[str, Label | None] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    slipped: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    spoilt: tuple[str, ...] = ()
    misnamed: Mapping[int, str] = field(default_factory=dict)

    @property
    def edits(self) -> bool:
        """Whether there is a change that the project has to store."""
        return bool(self.drawn or self.reshaped or self.relabelled or self.removed)


def read_rows(
    kinds: Sequence[str],
    vertices: Sequence[NDArray[np.floating]],
    ids: Sequence[object],
    names: Sequence[object],
    before: Sequence[Row],
) -> tuple[Row, ...]:
    """Pair shapes with their feature rows.

    If the numbers of feature rows and shapes differ, it is unknown which belong
    together. Then a shape is identified by its place in the last snapshot; a shape at
    another place is new.

    Parameters
    ----------
    kinds : sequence of str
        napari's shape types.
    vertices : sequence of ndarray, shape (n, 2)
        In pixels.
    ids, names : sequence of object
        The columns of particle ids and class names.
    before : sequence of Row
        The last snapshot.
    """
    if len(ids) == len(vertices):
        pairs = zip(kinds, vertices, ids, names, strict=True)
        return tuple(Row(str(i), k, np.array(v), str(n)) for k, v, i, n in pairs)
    return tuple(
        _row_by_place(kind, np.array(corners), before)
        for kind, corners in zip(kinds, vertices, strict=True)
    )


def _row_by_place(
    kind: str, vertices: NDArray[np.floating], before: Sequence[Row]
) -> Row:
    shape = Row("", kind, vertices, UNLABELLED)
    for row in before:
        if row.same_place(shape):
            return Row(row.particle_id, kind, vertices, row.name)
    return shape


def compare(
    before: Sequence[Row], now: Sequence[Row], smallest_diameter_px: float
) -> Changes:
    """Find the changes between two snapshots.

    Parameters
    ----------
    before, now : sequence of Row
        The ids in ``before`` are unique. An id that occurs twice in ``now`` was pasted:
        the shape that stayed in place keeps it.
    smallest_diameter_px : float
        A smaller new shape comes from a click without a drag, and a smaller known one
        was changed by accident.
    """
    known = {row.particle_id: row for row in before}
    owners = _owners(known, now)
    kept = [(known[owners[at]], now[at]) for at in sorted(owners)]
    new = [at for at in range(len(now)) if at not in owners]
    drawn, slipped, refused = _sort_new(known, now, new, smallest_diameter_px)
    reshaped, spoilt = _reshaped(kept, smallest_diameter_px)
    return Changes(
        drawn=tuple(drawn),
        reshaped=reshaped,
        relabelled=_relabelled(kept),
        removed=tuple(known.keys() - set(owners.values())),
        slipped=tuple(slipped),
        refused=tuple(refused),
        spoilt=tuple(spoilt),
        misnamed={at: i for at, i in owners.items() if now[at].particle_id != i},
    )


def _owners(known: Mapping[str, Row], now: Sequence[Row]) -> dict[int, str]:
    """Return the known particle of each shape, by the shape's index.

    Shapes are identified by id, and by place if an id was overwritten.
    """
    owner = _owners_by_id(known, now)
    owned = set(owner.values())
    free = [at for at in range(len(now)) if at not in owned]
    for particle_id in known.keys() - owner.keys():
        row = known[particle_id]
        found = next((at for at in free if row.same_place(now[at])), None)
        if found is not None:
            owner[particle_id] = found
            free.remove(found)
    return {at: particle_id for particle_id, at in owner.items()}


def _owners_by_id(known: Mapping[str, Row], now: Sequence[Row]) -> dict[str, int]:
    owner: dict[str, int] = {}
    for index, row in enumerate(now):
        before = known.get(row.particle_id)
        if before is None:
            continue
        rival = owner.get(row.particle_id)
        if rival is None or (
            before.same_place(row) and not before.same_place(now[rival])
        ):
            owner[row.particle_id] = index
    return owner


def _sort_new(
    known: Mapping[str, Row],
    now: Sequence[Row],
    indices: Iterable[int],
    smallest_diameter_px: float,
) -> tuple[list[Drawn], list[int], list[int]]:
    drawn: list[Drawn] = []
    slipped: list[int] = []
    refused: list[int] = []
    for index in indices:
        row = now[index]
        circle = circle_of(row.kind, row.vertices)
        # A polygon begins as a path with all corners at one point.
        if np.ptp(row.vertices, axis=0).max(initial=0.0) < smallest_diameter_px:
            slipped.append(index)
        elif circle is None:
            refused.append(index)
        elif 2 * circle.radius_px < smallest_diameter_px:
            slipped.append(index)
        else:
            original = known.get(row.particle_id)
            pasted = original is not None and original.same_place(row)
            drawn.append(Drawn(index, circle, pasted))
    return drawn, slipped, refused


def _reshaped(
    kept: Iterable[tuple[Row, Row]], smallest_diameter_px: float
) -> tuple[dict[str, Circle], list[str]]:
    """Return circles that moved or grew, and ids of those shrunk to nothing.

    A rotated circle is the same circle. A particle may stay as small as it was, even if
    it is smaller than the limit, as in a view of a whole micrograph.
    """
    found: dict[str, Circle] = {}
    spoilt: list[str] = []
    for before, now in kept:
        if before.same_place(now):
            continue
        old = circle_of(before.kind, before.vertices)
        new = circle_of(now.kind, now.vertices)
        was = 0.0 if old is None else old.radius_px
        if new is None or 2 * new.radius_px < min(smallest_diameter_px, 2 * was):
            spoilt.append(before.particle_id)
        elif not _same_circle(old, new):
            found[before.particle_id] = new
    return found, spoilt


def _same_circle(old: Circle | None, new: Circle) -> bool:
    return (
        old is not None
        and max(
            abs(old.row_px - new.row_px),
            abs(old.col_px - new.col_px),
            abs(old.radius_px - new.radius_px),
        )
        < 10 * TOLERANCE_PX
    )


def _relabelled(kept: Iterable[tuple[Row, Row]]) -> dict[str, Label | None]:
    """Return classes changed in napari's features table, if they are class names."""
    labels: dict[str, Label | None] = {str(label): label for label in CLASSES}
    labels[UNLABELLED] = None
    return {
        before.particle_id: labels[now.name]
        for before, now in kept
        if now.name != before.name and now.name in labels
    }
