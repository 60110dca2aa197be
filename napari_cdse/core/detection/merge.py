"""Two ways to circles taken together: Bragg contrast and the U-Net.

Their errors have other causes: a template of one lattice shrinks on a particle with
two, the network rests on the edge that it sees. Where both found a particle, the mean
of their circles is nearer to it than either; where the network doubts, its circle often
covers a part of the particle only, and counts for less. What Bragg contrast found alone
is kept: the forest takes wrong circles away again (all of 15 among 31 single ones on 68
simulated micrographs, ``python -m tests.benchmarks.merge``), and nothing brings a lost
particle back. What the network found alone needs some lattice, and one that is not that
of another particle: it takes the surroundings of a film's edge for particles. Of those
larger than it learnt from it shows pieces: there it is not asked. In the end, what lies
in another circle, which may have grown in the mean, is a part of that particle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.matching import circle_iou, match
from napari_cdse.core.records import Circle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.detection.accumulation_map import AccumulationMap
    from napari_cdse.core.detection.bragg_contrast import Scene


@dataclass(frozen=True, slots=True)
class MergeSettings:
    """Numbers of the merge.

    ``python -m tests.benchmarks.merge FOLDER...`` measures what they rest on.

    Attributes
    ----------
    same_iou : float
        Overlap from which two circles are one particle. A choice: circles of touching
        particles overlap less, those that cover a part of a particle more.
    weight : float
        Of the U-Net's circle in the mean, at most. Half: the errors of both are about
        the same, and what each is off by at edges on the average differs from one
        microscope, or simulator, to the next by some 5 % either way.
    sure : float
        Strength of the U-Net, in log odds, from which it has that weight; below it has
        less in proportion. Least squares over 605 pairs of 92 simulated micrographs
        gave a weight of 0.125 for each unit of strength and none beside; from 3 to 6
        the mean overlap with the particle is the same within 0.001.
    least_contrast : float
        Bragg contrast, in thresholds, under a single circle of the U-Net. A choice:
        with less, no lattice speaks for it.
    reach : float
        How far the contrast of a particle shows beyond its circle, where it speaks for
        no other one: half a window, in edges of the windows that tell it.
    largest_nm : float
        Diameter from which the network knows no particle: it learnt from 2.5 to 6 nm
        (`napari_cdse.simulate.params`), with scales off by up to a fifth.
    most_covered : float
        Share of a circle that may lie in a stronger one. Of 158 simulated micrographs
        seven circles had 0.48 or more there, each a part of the particle below it; the
        next ones, 0.29 and less, were neighbours that touch.
    """

    same_iou: float = 0.2
    weight: float = 0.5
    sure: float = 4.0
    least_contrast: float = 0.8
    reach: float = 0.5
    largest_nm: float = 7.2
    most_covered: float = 0.4


SETTINGS = MergeSettings()


@dataclass(frozen=True, slots=True, eq=False)
class Finds:
    """What one way found.

    Attributes
    ----------
    circles : sequence of Circle
    strengths : sequence of float
    map : AccumulationMap
        Bragg contrast, or the U-Net's probability.
    """

    circles: Sequence[Circle]
    strengths: Sequence[float]
    map: AccumulationMap


def merge(
    bragg: Finds,
    unet: Finds,
    threshold: float,
    where: Scene,
    settings: MergeSettings = SETTINGS,
) -> tuple[list[Circle], list[float]]:
    """Put the circles of both ways together.

    Parameters
    ----------
    bragg, unet : Finds
        In the same picture.
    threshold : float
        Strength that a particle of Bragg contrast must reach.
    where : Scene
        Tells the edges of a pixel and of the windows.
    settings : MergeSettings, optional
        Numbers of the merge.

    Returns
    -------
    circles, strengths : list
        Strongest first, in units of Bragg contrast.
    """
    largest_px = settings.largest_nm / 2 / where.prior.pixel_nm
    large = [each for each in bragg.circles if each.radius_px > largest_px]
    unet = _outside(unet, large, settings.most_covered)
    pairs = [
        (i, j)
        for i, j in match(bragg.circles, unet.circles, settings.same_iou).pairs
        if bragg.circles[i] not in large
    ]
    found = [
        (
            bragg.strengths[i],
            between(
                bragg.circles[i],
                unet.circles[j],
                _weight(unet.strengths[j], settings),
            ),
        )
        for i, j in pairs
    ]
    alone = set(range(len(bragg.circles))) - {i for i, _ in pairs}
    found += [(bragg.strengths[i], bragg.circles[i]) for i in sorted(alone)]
    reach_px = settings.reach * where.window_px
    around = [replace(c, radius_px=c.radius_px + reach_px) for c in bragg.circles]
    taken = {j for _, j in pairs}
    for j, circle in enumerate(unet.circles):
        if j in taken or circle.radius_px > largest_px:
            continue
        contrast = _contrast_within(bragg.map, circle, around)
        if contrast >= settings.least_contrast * threshold:
            found.append((contrast, circle))
    return _without_parts(found, settings.most_covered)


def _outside(finds: Finds, circles: Sequence[Circle], most_covered: float) -> Finds:
    """Leave out what others cover."""
    kept = [
        (circle, strength)
        for circle, strength in zip(finds.circles, finds.strengths, strict=True)
        if _covered(circle, circles) <= most_covered
    ]
    return Finds([each for each, _ in kept], [each for _, each in kept], finds.map)


def _without_parts(
    found: list[tuple[float, Circle]], most_covered: float
) -> tuple[list[Circle], list[float]]:
    """Leave out what a stronger circle covers, and put the strongest first."""
    kept: list[tuple[float, Circle]] = []
    for strength, circle in sorted(found, key=lambda pair: -pair[0]):
        if _covered(circle, [other for _, other in kept]) <= most_covered:
            kept.append((strength, circle))
    return [circle for _, circle in kept], [strength for strength, _ in kept]


def _weight(strength: float, settings: MergeSettings) -> float:
    """Weight of a circle of the U-Net: it doubts most where it sees a part only."""
    return settings.weight * min(max(strength / settings.sure, 0.0), 1.0)


def _covered(circle: Circle, others: Sequence[Circle]) -> float:
    """Largest share of a circle that lies in one of others."""
    overlaps = circle_iou([circle], others)[0]
    # Of both areas together a share of IoU / (1 + IoU) is common.
    sums = (
        1 + np.array([other.radius_px for other in others]) ** 2 / circle.radius_px**2
    )
    return float((overlaps / (1 + overlaps) * sums).max(initial=0.0))


def between(one: Circle, other: Circle, weight: float) -> Circle:
    """Take the weighted mean of two circles; ``weight`` is the other's."""
    return Circle(
        (1 - weight) * one.row_px + weight * other.row_px,
        (1 - weight) * one.col_px + weight * other.col_px,
        (1 - weight) * one.radius_px + weight * other.radius_px,
    )


def _contrast_within(
    chosen: AccumulationMap, circle: Circle, others: Sequence[Circle]
) -> float:
    """Highest value of a map within a circle, where no other one lies."""
    down, right = (
        origin + step * np.arange(count)
        for origin, step, count in zip(
            chosen.origin_px, chosen.step_px, chosen.values.shape, strict=True
        )
    )
    rows = np.abs(down - circle.row_px) <= circle.radius_px
    cols = np.abs(right - circle.col_px) <= circle.radius_px
    own = _is_in(circle, down[rows], right[cols])
    for other in others:
        own &= ~_is_in(other, down[rows], right[cols])
    values: NDArray[np.float32] = chosen.values[np.ix_(rows, cols)][own]
    return float(values.max(initial=0.0))


def _is_in(
    circle: Circle, rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether places on a grid lie in a circle."""
    square = (rows[:, None] - circle.row_px) ** 2 + (cols - circle.col_px) ** 2
    return np.asarray(square <= circle.radius_px**2)
