"""Compare detection methods on the same labelled micrographs.

Differences are paired by micrograph: what makes a micrograph difficult affects both
methods, and does not widen the interval of their difference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.evaluation.detection_tally import (
    LOOSE_IOU,
    STRICT_IOU,
    TOUCHING_GROUP,
)
from napari_cdse.core.records import CLASSES
from napari_cdse.core.statistics.intervals import (
    MIN_MICROGRAPHS,
    jackknife,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.evaluation.detection_tally import DetectionTally
    from napari_cdse.core.statistics.intervals import Interval

    Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_DRAWS = 2000
"""Draws of micrographs for the interval of a median, whose jackknife is not consistent
(B. Efron, The Jackknife, the Bootstrap and Other Resampling Plans, SIAM 1982, 3.4);
the ends of an interval of 95 % rest on 50 of them each."""
_ROUNDING = 1e-12
"""Width of an interval up to which rounding makes it, of shares and radii alike."""
_SEED = 0
"""Seed of these draws: the same scores give the same interval."""


@dataclass(frozen=True, slots=True)
class MethodFigure:
    """One number of a method.

    Attributes
    ----------
    name : str
    value : float
        NaN where there is nothing to count.
    interval_95 : tuple of float or None
        Over micrographs; None with fewer than five, or where all say the same.
    difference : float
        To the method that all are compared with, NaN for that method itself.
    difference_95 : tuple of float or None
        Of pairs of micrographs; None with fewer than five, or where they all differ
        by the same.
    """

    name: str
    value: float
    interval_95: Interval | None = None
    difference: float = float("nan")
    difference_95: Interval | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MethodRun:
    """Results of one method in all micrographs, with its cost.

    Attributes
    ----------
    name : str
    tallies : tuple of DetectionTally
        One for each micrograph, in the order of all methods.
    seconds : tuple of float
        Processor time of detection in each, without classification.
    peak_bytes : tuple of int
        Most memory above what the process held before.
    """

    name: str
    tallies: tuple[DetectionTally, ...]
    seconds: tuple[float, ...]
    peak_bytes: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MethodScores:
    """How good one method is.

    Attributes
    ----------
    name : str
    figures : tuple of MethodFigure
        The same names in the same order for all methods.
    seconds : float
        Median over micrographs.
    peak_bytes : int
        Largest of all micrographs.
    """

    name: str
    figures: tuple[MethodFigure, ...]
    seconds: float
    peak_bytes: int


def compare_methods(runs: Sequence[MethodRun], standard: str) -> list[MethodScores]:
    """Compute all figures of each method, and their differences to one method's.

    Parameters
    ----------
    runs : sequence of MethodRun
        Of the same micrographs.
    standard : str
        Name of the method that the others are compared with; one of the runs.

    Returns
    -------
    list of MethodScores
        In the order of the runs.

    Raises
    ------
    ValueError
        If runs differ in their number of micrographs.
    """
    if len({len(run.tallies) for run in runs}) != 1:
        raise ValueError("the methods were not run on the same micrographs")
    groups = _group_names(runs)
    columns = {run.name: _columns(run.tallies, groups) for run in runs}
    errors = {run.name: [each.radius_errors for each in run.tallies] for run in runs}
    return [
        MethodScores(
            run.name,
            (
                *_ratios(
                    columns[run.name],
                    columns[standard],
                    groups,
                    run.name == standard,
                ),
                _radius(errors[run.name], errors[standard], run.name == standard),
            ),
            float(np.median(run.seconds)),
            max(run.peak_bytes),
        )
        for run in runs
    ]


def _group_names(runs: Sequence[MethodRun]) -> list[str]:
    """Name classes, touching ones, then structures in the order of their number."""
    numbers: dict[str, float] = {}
    for tally in runs[0].tallies:
        for name, (asked, _) in tally.groups.items():
            numbers[name] = numbers.get(name, 0) + asked
    first = [name for name in (*CLASSES, TOUCHING_GROUP) if name in numbers]
    others = sorted(set(numbers) - set(first), key=lambda name: -numbers[name])
    return first + others


# Columns before those of the groups.
_ASKED, _FOUND, _FALSE, _LOOSE_FOUND, _LOOSE_FALSE = range(5)
_CLEAR_ASKED, _CLEAR_FOUND, _RIGHT = range(5, 8)
_COMMON, _LABELLED, _AREA, _ONE, _EMPTY, _EMPTY_FALSE = range(8, 14)
_N_COLUMNS = 14


def _columns(
    tallies: Sequence[DetectionTally], groups: Sequence[str]
) -> NDArray[np.float64]:
    """Collect the counts of each micrograph, shape (n, columns)."""
    rows = []
    for one in tallies:
        fixed = [
            one.asked,
            one.found[STRICT_IOU],
            one.false[STRICT_IOU],
            one.found[LOOSE_IOU],
            one.false[LOOSE_IOU],
            one.clear_asked,
            one.clear_found,
            one.right,
            one.common_px,
            one.labelled_px,
            one.found_px,
            1.0,
            float(one.is_empty),
            one.is_empty * one.false[STRICT_IOU],
        ]
        by_group = [one.groups.get(name, (0.0, 0.0)) for name in groups]
        rows.append([*fixed, *(each for pair in by_group for each in pair)])
    return np.array(rows, np.float64)


@dataclass(frozen=True, slots=True)
class _Ratio:
    """A ratio of two counts, as functions of sums of columns.

    Attributes
    ----------
    above, below : callable
        Numerator and denominator: from sums, shape (n, columns), to shape (n,).
    is_share : bool
        Whether the ratio stays between 0 and 1.
    is_counted : bool
        Whether ``below`` is a number of particles, from which a share of all or none
        has an interval by itself.
    """

    above: Statistic
    below: Statistic
    is_share: bool = True
    is_counted: bool = True

    def __call__(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        below = self.below(sums)
        return np.asarray(self.above(sums) / np.where(below > 0, below, np.nan))


def _weighted(*weights: tuple[int, float]) -> Statistic:
    """Sum of some columns."""

    def total(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        parts = [weight * sums[:, column] for column, weight in weights]
        return np.asarray(np.sum(parts, axis=0))

    return total


def _precision(found: int, false: int) -> _Ratio:
    return _Ratio(_weighted((found, 1)), _weighted((found, 1), (false, 1)))


def _recall(asked: int, found: int) -> _Ratio:
    return _Ratio(_weighted((found, 1)), _weighted((asked, 1)))


def _f1(found: int, false: int) -> _Ratio:
    below = _weighted((found, 0.5), (false, 0.5), (_ASKED, 0.5))
    return _Ratio(_weighted((found, 1)), below)


def _rate(of: int, number: int) -> _Ratio:
    return _Ratio(_weighted((of, 1)), _weighted((number, 1)), is_share=False)


def _clear_circles(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half the particles and circles of a clear class.

    Of the false circles as many count as of the particles asked for are clear.
    """
    asked = np.maximum(sums[:, _ASKED], 1)
    false = sums[:, _FALSE] * sums[:, _CLEAR_ASKED] / asked
    return np.asarray((sums[:, _CLEAR_ASKED] + sums[:, _CLEAR_FOUND] + false) / 2)


_ALL: dict[str, _Ratio] = {
    "F1 at IoU 0.5": _f1(_FOUND, _FALSE),
    "precision at IoU 0.5": _precision(_FOUND, _FALSE),
    "recall at IoU 0.5": _recall(_ASKED, _FOUND),
    "F1 at IoU 0.3": _f1(_LOOSE_FOUND, _LOOSE_FALSE),
    "precision at IoU 0.3": _precision(_LOOSE_FOUND, _LOOSE_FALSE),
    "recall at IoU 0.3": _recall(_ASKED, _LOOSE_FOUND),
    "right circle and class (F1)": _Ratio(_weighted((_RIGHT, 1)), _clear_circles),
    "Dice of the areas": _Ratio(
        _weighted((_COMMON, 1)),
        _weighted((_LABELLED, 0.5), (_AREA, 0.5)),
        is_counted=False,
    ),
    "false circles a micrograph": _rate(_FALSE, _ONE),
    "false circles an empty field": _rate(_EMPTY_FALSE, _EMPTY),
}
RADIUS_ERROR = "radius error, median"
"""Name of the one figure that is no ratio of counts."""


def _ratios(
    own: NDArray[np.float64],
    other: NDArray[np.float64],
    groups: Sequence[str],
    same: bool,
) -> list[MethodFigure]:
    by_group = {
        f"recall, {name}": _recall(column, column + 1)
        for column, name in zip(range(_N_COLUMNS, own.shape[1], 2), groups, strict=True)
    }
    told = []
    for name, ratio in {**_ALL, **by_group}.items():
        figure = MethodFigure(name, *_with_interval(ratio, own))
        if not same:
            pairs = jackknife(partial(_difference, ratio), np.hstack([own, other]))
            ends = pairs.interval_95
            if ends is not None and ratio.is_share:
                ends = max(ends[0], -1.0), min(ends[1], 1.0)
            figure = replace(figure, difference=pairs.value, difference_95=ends)
        told.append(figure)
    return told


def _difference(ratio: _Ratio, sums: NDArray[np.float64]) -> NDArray[np.float64]:
    half = sums.shape[1] // 2
    return np.asarray(ratio(sums[:, :half]) - ratio(sums[:, half:]))


def _with_interval(
    ratio: _Ratio, tallies: NDArray[np.float64]
) -> tuple[float, Interval | None]:
    found = jackknife(ratio, tallies)
    if not ratio.is_share:
        ends = found.interval_95 if found.varies else None
        return found.value, None if ends is None else (max(ends[0], 0.0), ends[1])
    if not ratio.is_counted:
        return found.value, found.share_interval_95
    number = float(ratio.below(tallies.sum(axis=0)[None])[0])
    return found.value, found.share_interval_of(number)


def _radius(
    own: Sequence[Sequence[float]], other: Sequence[Sequence[float]], same: bool
) -> MethodFigure:
    """Median over particles, with a bootstrap interval over micrographs."""
    value, reference = _median(own), _median(other)
    draws = _draws(len(own))
    ours = [_median([own[i] for i in draw]) for draw in draws]
    figure = MethodFigure(RADIUS_ERROR, value, _middle(ours))
    if same:
        return figure
    theirs = [_median([other[i] for i in draw]) for draw in draws]
    apart = [a - b for a, b in zip(ours, theirs, strict=True)]
    return replace(figure, difference=value - reference, difference_95=_middle(apart))


def _draws(n_micrographs: int) -> NDArray[np.intp]:
    """Bootstrap draws of micrographs, shape (draws, n); none if they are too few."""
    count = _DRAWS if n_micrographs >= MIN_MICROGRAPHS else 0
    rng = np.random.default_rng(_SEED)
    return rng.integers(n_micrographs, size=(count, n_micrographs))


def _median(errors: Sequence[Sequence[float]]) -> float:
    every = [error for one in errors for error in one]
    return float(np.median(every)) if every else float("nan")


def _middle(values: Sequence[float]) -> Interval | None:
    """Middle 95 % of the values; None if any draw has none, or none differs."""
    if not values or not np.isfinite(values).all():
        return None
    low, high = (float(each) for each in np.quantile(values, [0.025, 0.975]))
    # Where all micrographs say the same, nothing tells how far that holds.
    return (low, high) if high - low > _ROUNDING else None
