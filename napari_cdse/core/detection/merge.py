"""Merge the circles of two methods, Bragg contrast and the U-Net.

Their errors have different causes: a template of one lattice is too small for a
particle of two domains, while the network goes by the visible edge. The rules are:

- Found by both: the weighted mean of the circles, which is nearer to the particle than
  either. The network's circle weighs less where its strength is low, as it then often
  covers only a part of the particle.
- Found by Bragg contrast alone: kept. The forest calls wrong circles ``empty`` later
  (all of 15 among 31 single ones on 68 simulated micrographs, ``python -m
  tests.benchmarks.merge``), but nothing could bring back a lost particle.
- Found by the network alone: kept if the Bragg contrast within the circle is high, and
  not that of another particle. Otherwise the surroundings of a film's edge would pass.
- Larger than what the network was trained on: its circles are ignored, since it splits
  such particles.
- At the end, a circle that lies mostly in a stronger one is a part of that particle,
  and is dropped.
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
    from napari_cdse.core.detection.bragg_contrast import SearchSpace


@dataclass(frozen=True, slots=True)
class MergeSettings:
    """Numbers of the merge.

    ``python -m tests.benchmarks.merge FOLDER...`` measures what they rest on.

    Attributes
    ----------
    same_iou : float
        Least overlap (intersection over union) of two circles that are one particle. A
        choice: circles of touching particles overlap less, a circle and another that
        covers a part of the same particle more.
    weight : float
        Largest weight of the U-Net's circle in the mean. Half: the errors of both are
        about the same, and their mean errors differ from one microscope, or simulator,
        to the next by some 5 % either way.
    sure : float
        Strength of the U-Net, in log odds, from which its circle has that weight;
        below, the weight is in proportion to the strength. Least squares over 605 pairs
        of 92 simulated micrographs gave a weight of 0.125 per unit of strength, and no
        constant; from 3 to 6 the mean overlap with the particle is the same within
        0.001.
    least_contrast : float
        Least Bragg contrast within a circle that only the U-Net found, in detection
        thresholds. A choice: below it there is no evidence of a lattice.
    reach : float
        Width of the zone around each circle of Bragg contrast where contrast is taken
        to be that particle's own, in sliding windows: contrast spreads by half a
        window.
    largest_nm : float
        Largest diameter of a circle of the U-Net that counts: it was trained on 2.5 to
        6 nm (`napari_cdse.simulate.params`), with scales off by up to a fifth.
    most_covered : float
        Largest share of a circle that may lie in a stronger one. In 158 simulated
        micrographs seven circles had 0.48 or more, each a part of the particle below
        it; the next ones, 0.29 and less, were neighbours that touch.
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
class MethodResult:
    """Circles and map of one method.

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
    bragg: MethodResult,
    unet: MethodResult,
    threshold: float,
    space: SearchSpace,
    settings: MergeSettings = SETTINGS,
) -> tuple[list[Circle], list[float]]:
    """Merge the circles of both methods.

    Parameters
    ----------
    bragg, unet : MethodResult
        Of the same picture.
    threshold : float
        Strength that a particle of Bragg contrast must reach.
    space : SearchSpace
        Tells the edges of a pixel and of the windows.
    settings : MergeSettings, optional
        Numbers of the merge.

    Returns
    -------
    circles, strengths : list
        Strongest first; strengths are in units of Bragg contrast.
    """
    largest_px = settings.largest_nm / 2 / space.prior.pixel_nm
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
            mean_circle(
                bragg.circles[i],
                unet.circles[j],
                _weight(unet.strengths[j], settings),
            ),
        )
        for i, j in pairs
    ]
    alone = set(range(len(bragg.circles))) - {i for i, _ in pairs}
    found += [(bragg.strengths[i], bragg.circles[i]) for i in sorted(alone)]
    reach_px = settings.reach * space.window_px
    around = [replace(c, radius_px=c.radius_px + reach_px) for c in bragg.circles]
    taken = {j for _, j in pairs}
    for j, circle in enumerate(unet.circles):
        if j in taken or circle.radius_px > largest_px:
            continue
        contrast = _contrast_within(bragg.map, circle, around)
        if contrast >= settings.least_contrast * threshold:
            found.append((contrast, circle))
    return _without_parts(found, settings.most_covered)


def _outside(
    result: MethodResult, circles: Sequence[Circle], most_covered: float
) -> MethodResult:
    """Drop the circles that others cover."""
    kept = [
        (circle, strength)
        for circle, strength in zip(result.circles, result.strengths, strict=True)
        if _covered(circle, circles) <= most_covered
    ]
    return MethodResult(
        [each for each, _ in kept], [each for _, each in kept], result.map
    )


def _without_parts(
    found: list[tuple[float, Circle]], most_covered: float
) -> tuple[list[Circle], list[float]]:
    """Drop the circles that a stronger one covers; strongest first."""
    kept: list[tuple[float, Circle]] = []
    for strength, circle in sorted(found, key=lambda pair: -pair[0]):
        if _covered(circle, [other for _, other in kept]) <= most_covered:
            kept.append((strength, circle))
    return [circle for _, circle in kept], [strength for strength, _ in kept]


def _weight(strength: float, settings: MergeSettings) -> float:
    """Weight of the U-Net's circle in the mean, by its strength in log odds."""
    return settings.weight * min(max(strength / settings.sure, 0.0), 1.0)


def _covered(circle: Circle, others: Sequence[Circle]) -> float:
    """Share of a circle's area that lies in another circle; the largest of all."""
    overlaps = circle_iou([circle], others)[0]
    # The intersection is IoU / (1 + IoU) times the sum of both areas.
    sums = (
        1 + np.array([other.radius_px for other in others]) ** 2 / circle.radius_px**2
    )
    return float((overlaps / (1 + overlaps) * sums).max(initial=0.0))


def mean_circle(one: Circle, other: Circle, weight: float) -> Circle:
    """Average two circles; ``weight``, from 0 to 1, is that of the second one."""
    return Circle(
        (1 - weight) * one.row_px + weight * other.row_px,
        (1 - weight) * one.col_px + weight * other.col_px,
        (1 - weight) * one.radius_px + weight * other.radius_px,
    )


def _contrast_within(
    chosen: AccumulationMap, circle: Circle, others: Sequence[Circle]
) -> float:
    """Highest value of a map within a circle and outside others; 0 if there is none."""
    down, right = (
        origin + step * np.arange(count)
        for origin, step, count in zip(
            chosen.origin_px, chosen.step_px, chosen.values.shape, strict=True
        )
    )
    rows = np.abs(down - circle.row_px) <= circle.radius_px
    cols = np.abs(right - circle.col_px) <= circle.radius_px
    own = _inside(circle, down[rows], right[cols])
    for other in others:
        own &= ~_inside(other, down[rows], right[cols])
    values: NDArray[np.float32] = chosen.values[np.ix_(rows, cols)][own]
    return float(values.max(initial=0.0))


def _inside(
    circle: Circle, rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which points of the grid ``rows x cols`` lie in a circle."""
    square = (rows[:, None] - circle.row_px) ** 2 + (cols - circle.col_px) ** 2
    return np.asarray(square <= circle.radius_px**2)
