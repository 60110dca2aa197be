"""Size distributions by class: summaries and histograms of diameters.

Sizes of one micrograph are alike, because they share focus, magnification and growth,
so intervals come from how much micrographs differ. An error of the pixel size is the
same for all; no number of particles averages it out, so it stands beside the interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.statistics.intervals import jackknife, t_quantile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.records import Label
    from napari_cdse.core.statistics.intervals import Interval

PARTICLES: tuple[Label, ...] = ("yes", "no", "null")
"""Classes that are particles; ``empty`` is none."""

_BINS = (5, 30)
"""About the fewest and the most bins of a histogram. A choice: fewer hide a second
peak, more leave single particles in bins that are too thin to read."""

_NICE = (1.0, 2.0, 5.0, 10.0)
"""Widths of bins over a power of ten, so that edges are numbers that one reads."""

_ROUNDING = 1e-9
"""Share by which a width may exceed such a number and still take it: what arithmetic
leaves (some 1e-16), and far less than anyone sees."""


@dataclass(frozen=True, slots=True)
class SizeSummary:
    """Diameters of the particles of one class.

    Attributes
    ----------
    label : str
        A class, or ``"all"``.
    n : int
        Particles of known size.
    mean, median, quartile_1, quartile_3 : float
    standard_deviation : float or None
        Of the sample (n - 1); None for a single particle.
    n_micrographs : int
        In which they lie.
    mean_95, standard_deviation_95, median_95 : tuple of float or None
        Intervals over micrographs, by Student's t: of the mean, of the logarithm of
        the standard deviation, and Woodruff's of the median. None with fewer than
        five micrographs. The pixel size's error is no part of them.
    mean_systematic : float
        What the pixel size's relative error may move the mean by, and median and
        standard deviation in proportion; 0 where none was told.
    """

    label: str
    n: int
    mean: float
    standard_deviation: float | None
    median: float
    quartile_1: float
    quartile_3: float
    n_micrographs: int = 1
    mean_95: Interval | None = None
    standard_deviation_95: Interval | None = None
    median_95: Interval | None = None
    mean_systematic: float = 0.0


@dataclass(frozen=True, slots=True)
class SizeHistogram:
    """Particles per class and bin of diameter.

    ``edges`` has one more entry than each of the ``counts``; the last bin is closed.
    """

    edges: tuple[float, ...]
    counts: Mapping[Label, tuple[int, ...]]


def size_distribution(
    sizes: Sequence[float | None],
    labels: Sequence[Label | None],
    micrographs: Sequence[str] | None = None,
    *,
    relative_error: float = 0.0,
) -> tuple[SizeSummary, ...]:
    """Summarise diameters by class, and of all classes that are particles.

    Parameters
    ----------
    sizes : sequence of float or None
        Diameters in one unit; None where it is not known, which is left out.
    labels : sequence of {"yes", "no", "null", "empty"} or None
        One per particle; ``empty`` and None are left out.
    micrographs : sequence of str, optional
        Of each particle, by an id that no other one has; without them there are no
        intervals.
    relative_error : float, optional
        Standard uncertainty of the pixel size over the pixel size.

    Returns
    -------
    tuple of SizeSummary
        Classes without a known size are missing.
    """
    where = [""] * len(sizes) if micrographs is None else micrographs
    triples = list(zip(sizes, labels, where, strict=True))
    groups: dict[str, list[tuple[float, str]]] = {}
    for name in (*PARTICLES, "all"):
        wanted = PARTICLES if name == "all" else (name,)
        groups[name] = [
            (size, m)
            for size, label, m in triples
            if size is not None and label in wanted
        ]
    return tuple(
        _summary(name, found, relative_error) for name, found in groups.items() if found
    )


def size_histogram(
    sizes: Sequence[float | None], labels: Sequence[Label | None]
) -> SizeHistogram | None:
    """Count diameters by class in bins of a round width.

    The width follows Freedman and Diaconis, Z. Wahrscheinlichkeit 57, 453 (1981),
    within 5 to 30 bins.

    Returns
    -------
    SizeHistogram or None
        None where no size is known.
    """
    by_class = _sizes_by_class(sizes, labels)
    everything = np.concatenate(list(by_class.values()))
    if not everything.size:
        return None
    edges = _edges(everything)
    counts = {
        label: tuple(int(n) for n in np.histogram(values, edges)[0])
        for label, values in by_class.items()
    }
    return SizeHistogram(tuple(float(edge) for edge in edges), counts)


def _sizes_by_class(
    sizes: Sequence[float | None], labels: Sequence[Label | None]
) -> dict[Label, NDArray[np.float64]]:
    pairs = list(zip(sizes, labels, strict=True))
    return {
        label: np.array([s for s, of in pairs if of == label and s is not None], float)
        for label in PARTICLES
    }


def _summary(
    label: str, found: Sequence[tuple[float, str]], relative_error: float
) -> SizeSummary:
    values = np.array([size for size, _ in found], float)
    names, of = np.unique([name for _, name in found], return_inverse=True)
    first, middle, third = (float(q) for q in np.percentile(values, (25, 50, 75)))
    spread = float(values.std(ddof=1)) if values.size > 1 else None
    mean = float(values.mean())
    return SizeSummary(
        label,
        int(values.size),
        mean,
        spread,
        middle,
        first,
        third,
        n_micrographs=len(names),
        mean_95=_mean_interval(values, of),
        standard_deviation_95=_spread_interval(values, of) if spread else None,
        median_95=_median_interval(values, of),
        mean_systematic=relative_error * mean,
    )


def _mean_interval(
    values: NDArray[np.float64], of: NDArray[np.intp]
) -> Interval | None:
    # About the mean, so that squares lose no digits.
    centre = float(values.mean())
    found = jackknife(_mean, _moments(values - centre, of)).interval_95
    return None if found is None else (centre + found[0], centre + found[1])


def _spread_interval(
    values: NDArray[np.float64], of: NDArray[np.intp]
) -> Interval | None:
    """On the logarithm's scale: a standard deviation is above 0."""
    found = jackknife(_log_spread, _moments(values - values.mean(), of)).interval_95
    return None if found is None else (math.exp(found[0]), math.exp(found[1]))


def _median_interval(
    values: NDArray[np.float64], of: NDArray[np.intp]
) -> Interval | None:
    """Return the sizes below which the share of particles may be a half.

    R. S. Woodruff, J. Am. Stat. Assoc. 47, 635 (1952): the interval of that share,
    read off the distribution. A jackknife of the median itself goes astray.
    """
    below = (values <= np.median(values)).astype(float)
    found = jackknife(_mean, _moments(below, of))
    if found.interval_95 is None:
        return None
    spread = t_quantile(found.n_micrographs - 1) * math.sqrt(found.variance)
    low, high = np.quantile(values, np.clip([0.5 - spread, 0.5 + spread], 0, 1))
    return float(low), float(high)


def _moments(values: NDArray[np.float64], of: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return number, sum and sum of squares by micrograph, shape (n, 3)."""
    return np.stack([np.bincount(of, values**power) for power in (0, 1, 2)], axis=1)


def _mean(moments: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(moments[:, 1] / np.maximum(moments[:, 0], 1))


def _log_spread(moments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithm of the sample's standard deviation; NaN where it is 0."""
    number, total, squares = moments.T
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (squares - total**2 / number) / (number - 1)
        return np.asarray(np.where(variance > 0, np.log(variance) / 2, np.nan))


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    first, third = np.percentile(values, (25, 75))
    wanted = 2 * (third - first) / values.size ** (1 / 3)
    span = (high - low) or abs(high) or 1.0
    width = _round_up(min(max(wanted, span / _BINS[1]), span / _BINS[0]))
    start = math.floor(low / width)
    n_bins = max(1, math.ceil(high / width) - start)
    return np.asarray(width * (start + np.arange(n_bins + 1)), np.float64)


def _round_up(width: float) -> float:
    """Next of 1, 2, 5, 10, ... times a power of ten."""
    unit = 10.0 ** math.floor(math.log10(width))
    return next(step * unit for step in _NICE if step * unit >= width * (1 - _ROUNDING))
