"""Counts of what one method found in one labelled micrograph, which add up over many.

A particle is *asked for* if a detector can be expected to find it. One that is not (cut
by the border, covered by another, or too faint to be labelled) is not counted as
missed, and one circle whose centre lies in it is not counted as false.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.matching import match

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle, Label

STRICT_IOU, LOOSE_IOU = 0.5, 0.3
"""Least overlaps (intersection over union) of a circle that found a particle. 0.5 is
the convention of object detection (see `match`); 0.3 depends less on the radius."""
TOUCHING = 1.15
"""Distance of two centres, in the sum of their radii, below which particles touch: the
gap is then at most 0.15 of that sum, which an error of a tenth of the radii closes."""
TOUCHING_GROUP = "touching"
"""Name of the group of particles that touch another one."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledParticles:
    """The particles of a labelled micrograph.

    Attributes
    ----------
    circles : tuple of Circle
        The labelled particles, ``empty`` left out.
    labels : tuple of str
        Their classes.
    asked : tuple of bool
        Whether a detector is asked for each.
    clear : tuple of bool
        Whether its class is beyond doubt.
    defects : tuple of str
        Structure of each, "perfect", "twin" and so on; empty where it is not known.
    unlisted : tuple of Circle
        Particles too faint to be labelled.
    """

    circles: tuple[Circle, ...]
    labels: tuple[Label, ...]
    asked: tuple[bool, ...]
    clear: tuple[bool, ...]
    defects: tuple[str, ...]
    unlisted: tuple[Circle, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class DetectionTally:
    """Counts of one micrograph.

    Attributes
    ----------
    asked : float
        Particles asked for.
    found, false : dict of float to float
        Particles asked for that were found, and false circles, by the least overlap.
    groups : dict of str to (float, float)
        Numbers asked for and found at `STRICT_IOU`, by class, by structure, and for
        `TOUCHING_GROUP`.
    clear_asked, clear_found, right : float
        Particles of a clear class: asked for, found, and found with the right class.
    radius_errors : tuple of float
        ``|r - truth| / truth`` of those found.
    common_px, labelled_px, found_px : float
        Areas of the intersection of labelled and found circles, of the labelled, and of
        the found ones. Pixels of particles too faint to be labelled do not count.
    is_empty : bool
        Whether there is no particle at all, labelled or not.
    """

    asked: float
    found: dict[float, float]
    false: dict[float, float]
    groups: dict[str, tuple[float, float]]
    clear_asked: float
    clear_found: float
    right: float
    common_px: float
    labelled_px: float
    found_px: float
    is_empty: bool
    radius_errors: tuple[float, ...] = field(default=())


def count(
    truth: LabelledParticles,
    circles: Sequence[Circle],
    labels: Sequence[Label],
    shape: tuple[int, int],
) -> DetectionTally:
    """Count found, missed and false circles of a micrograph.

    Parameters
    ----------
    truth : LabelledParticles
        Of the micrograph.
    circles : sequence of Circle
        What was found, circles that the forest calls ``empty`` left out.
    labels : sequence of str
        The forest's classes of them.
    shape : tuple of int
        Rows and columns of the micrograph.
    """
    found: dict[float, float] = {}
    false: dict[float, float] = {}
    for limit in (LOOSE_IOU, STRICT_IOU):
        pairs = match(truth.circles, circles, limit).pairs
        found[limit] = float(sum(truth.asked[i] for i, _ in pairs))
        false[limit] = float(_false(truth, circles, {j for _, j in pairs}))
    # The loop ends with the pairs at `STRICT_IOU`.
    asked_pairs = [(i, j) for i, j in pairs if truth.asked[i]]
    clear_pairs = [(i, j) for i, j in asked_pairs if truth.clear[i]]
    common, labelled, area = _areas(truth, circles, shape)
    return DetectionTally(
        asked=float(sum(truth.asked)),
        found=found,
        false=false,
        groups=_groups(truth, {i for i, _ in asked_pairs}),
        clear_asked=float(
            sum(a and b for a, b in zip(truth.asked, truth.clear, strict=True))
        ),
        clear_found=float(len(clear_pairs)),
        right=float(sum(truth.labels[i] == labels[j] for i, j in clear_pairs)),
        common_px=common,
        labelled_px=labelled,
        found_px=area,
        is_empty=not truth.circles and not truth.unlisted,
        radius_errors=tuple(
            _relative(circles[j].radius_px, truth.circles[i].radius_px)
            for i, j in asked_pairs
        ),
    )


def _relative(radius: float, true: float) -> float:
    return abs(radius - true) / true


def _groups(
    truth: LabelledParticles, found: set[int]
) -> dict[str, tuple[float, float]]:
    asked: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    touching = _touching(truth.circles)
    for i, wanted in enumerate(truth.asked):
        if not wanted:
            continue
        names = [truth.labels[i], truth.defects[i]]
        names += [TOUCHING_GROUP] * touching[i]
        asked.update(filter(None, names))
        if i in found:
            seen.update(filter(None, names))
    return {name: (float(asked[name]), float(seen[name])) for name in asked}


def _touching(circles: Sequence[Circle]) -> list[bool]:
    """Tell which circles have another one so near that they touch."""
    places = np.array([(c.row_px, c.col_px) for c in circles]).reshape(-1, 2)
    radii = np.array([c.radius_px for c in circles])
    apart = np.hypot(*(places[:, None] - places).transpose(2, 0, 1))
    gaps = apart / (radii[:, None] + radii)
    np.fill_diagonal(gaps, np.inf)
    near: list[bool] = (gaps.min(axis=1, initial=np.inf) < TOUCHING).tolist()
    return near


def _false(
    truth: LabelledParticles, circles: Sequence[Circle], matched: set[int]
) -> int:
    used = set(matched)
    not_asked = [
        circle
        for circle, wanted in zip(truth.circles, truth.asked, strict=True)
        if not wanted
    ]
    for particle in (*truth.unlisted, *not_asked):
        near = [
            (_distance(circle, particle), j)
            for j, circle in enumerate(circles)
            if j not in used
        ]
        if near and min(near)[0] < particle.radius_px:
            used.add(min(near)[1])
    return len(circles) - len(used)


def _distance(one: Circle, other: Circle) -> float:
    return float(np.hypot(one.row_px - other.row_px, one.col_px - other.col_px))


def _areas(
    truth: LabelledParticles, circles: Sequence[Circle], shape: tuple[int, int]
) -> tuple[float, float, float]:
    labelled = _under(truth.circles, shape)
    # Where a faint particle lies below a labelled one, the label counts.
    counted = labelled | ~_under(truth.unlisted, shape)
    found = _under(circles, shape) & counted
    return (
        float((labelled & found).sum()),
        float(labelled.sum()),
        float(found.sum()),
    )


def _under(circles: Sequence[Circle], shape: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    for circle in circles:
        rows, cols = (
            slice(
                max(0, int(centre - circle.radius_px)),
                max(0, int(centre + circle.radius_px) + 2),
            )
            for centre in (circle.row_px, circle.col_px)
        )
        row, col = np.ogrid[: shape[0], : shape[1]]
        down, right = row[rows] - circle.row_px, col[:, cols] - circle.col_px
        mask[rows, cols] |= down**2 + right**2 <= circle.radius_px**2
    return mask
