"""Size distributions by class: summaries, histograms and curves of diameters.

Sizes of one micrograph are alike, because they share focus, magnification and growth,
so intervals come from how much micrographs differ. What the pixel size of a file or a
person is off by is the same for all micrographs at one magnification; no number of them
averages it out, so it stands beside the interval.

An estimate of the pixel size errs otherwise. What the speckle of a micrograph does to
the places of its fringes moves all diameters of that micrograph alike, and has nothing
to do with the next micrograph's. So it is one more way in which micrographs differ: the
sizes scatter by it over micrographs, and an interval from that scatter holds it already
(to add it again would count it twice). Where there are too few micrographs for an
interval, it stands beside the mean, as the root of the summed squares of what each
micrograph adds. What is common to all estimates is the lattice that they go by
(`REFERENCE_ERROR`), which no number of micrographs averages out.

Sizes of grown particles spread in proportion to the size, so their logarithm is close
to normally distributed (Soederlund, Kiss, Niklasson, Granqvist, Phys. Rev. Lett. 80,
2386 (1998)); the log-normal distribution that fits stands beside their density.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_cdse.core.statistics.intervals import MIN_MICROGRAPHS, jackknife

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.records import Label
    from napari_cdse.core.statistics.intervals import Interval

Unit = Literal["nm", "px"]

BY_ESTIMATE = "by pixel sizes estimated from the lattice"
"""What is said of diameters in nm that rest on such."""

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

MIN_SIZES = 10
"""Fewest diameters for a curve. A choice: with fewer, the shape of one is that of the
kernel, and the standard deviation of the logarithms is known to no better than a
quarter."""

_POINTS = 200
"""Of a drawn curve: finer than a pixel of a figure one column wide shows."""

_BEYOND = 3.0
"""Bandwidths beyond the outermost diameters to which a curve is drawn; a normal kernel
has 0.1 % of its weight beyond."""


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
    fit_systematic : float
        The same for what the disk fit may be off by, of the circles that it fitted.
    mean_by_estimates : float
        Standard uncertainty of the mean by what the pixel sizes of single micrographs
        were estimated wrong, each for itself. ``mean_95`` holds it already; 0 where
        none was estimated.
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
    fit_systematic: float = 0.0
    mean_by_estimates: float = 0.0

    def mean_words(self, unit: str) -> str:
        """Say the mean and all that it may be off by.

        Parameters
        ----------
        unit : str
            Of the diameters.
        """
        told = f"{self.mean:.3g} {unit}"
        if self.mean_95 is not None:
            low, high = self.mean_95
            told += f" ({low:.3g} to {high:.3g}, 95 %)"
        else:
            told += f" ({self._why_none})"
            if self.mean_by_estimates:
                # An interval over micrographs would hold it.
                told += f" \u00b1 {self.mean_by_estimates:.2g} by the estimates"
        alike = math.hypot(self.fit_systematic, self.mean_systematic)
        if alike:
            told += f" \u00b1 {alike:.2g} systematic"
        return told

    @property
    def _why_none(self) -> str:
        if self.n_micrographs < MIN_MICROGRAPHS:
            return "no interval"
        return "no interval: the same in all micrographs"


@dataclass(frozen=True, slots=True)
class SizeHistogram:
    """Particles per class and bin of diameter.

    ``edges`` has one more entry than each of the ``counts``; the last bin is closed.
    """

    edges: tuple[float, ...]
    counts: Mapping[Label, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class EstimatedSizes:
    """Diameters by pixel sizes that were estimated from the lattice.

    Attributes
    ----------
    nm : sequence of float or None
        Of each particle; None where the pixel size is known otherwise, or not at all.
    own_errors : mapping of str to float
        By micrograph, the relative standard uncertainty that it shares with none.
    common_error : float
        That of the lattice, which all share.
    """

    nm: Sequence[float | None]
    own_errors: Mapping[str, float]
    common_error: float


@dataclass(frozen=True, slots=True)
class LogNormal:
    """A log-normal distribution fitted to diameters by maximum likelihood.

    Attributes
    ----------
    n : int
        Diameters.
    median : float
        Geometric mean of the diameters, in their unit.
    geometric_deviation : float
        Factor by which two thirds of them lie around the median; 1 and above.
    """

    n: int
    median: float
    geometric_deviation: float

    def density(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability density at diameters above 0, per unit."""
        spread = math.log(self.geometric_deviation)
        off = (np.log(at) - math.log(self.median)) / spread
        return np.exp(-(off**2) / 2) / (at * spread * math.sqrt(2 * math.pi))


@dataclass(frozen=True, slots=True, eq=False)
class SizeCurves:
    """Density and fit at the same diameters, per unit of diameter.

    Attributes
    ----------
    at, density, fit : ndarray, shape (200,)
    log_normal : LogNormal
    """

    at: NDArray[np.float64]
    density: NDArray[np.float64]
    fit: NDArray[np.float64]
    log_normal: LogNormal


@dataclass(frozen=True, slots=True)
class ClassSizes:
    """Diameters of the particles of each class.

    Attributes
    ----------
    unit : {"nm", "px"}
        nm where the pixel size of any particle is known or estimated.
    sizes : mapping of str to tuple of float
        Diameters by class, those of unknown size left out.
    summaries : tuple of SizeSummary
        Of each class that has any, and of all.
    n_unknown : int
        Particles without a size in this unit.
    by_estimate : bool
        Whether nm are by pixel sizes that were estimated from the lattice.
    """

    unit: Unit
    sizes: Mapping[Label, tuple[float, ...]]
    summaries: tuple[SizeSummary, ...]
    n_unknown: int
    by_estimate: bool = False

    @property
    def n(self) -> int:
        """Particles of known size."""
        return sum(len(each) for each in self.sizes.values())

    @property
    def n_micrographs(self) -> int:
        """Micrographs in which these lie."""
        return max((each.n_micrographs for each in self.summaries), default=0)


def size_distribution(
    sizes: Sequence[float | None],
    labels: Sequence[Label | None],
    micrographs: Sequence[str] | None = None,
    *,
    relative_error: float = 0.0,
    fit_errors: Sequence[float] | None = None,
    estimate_errors: Mapping[str, float] | None = None,
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
        Standard uncertainty of the pixel size over the pixel size, common to all.
    fit_errors : sequence of float, optional
        Relative uncertainty of each particle's diameter by the fit, common to all; 0
        where a person set the circle.
    estimate_errors : mapping of str to float, optional
        Relative standard uncertainty of a micrograph's pixel size that no other
        micrograph shares.

    Returns
    -------
    tuple of SizeSummary
        Classes without a known size are missing.
    """
    where = [""] * len(sizes) if micrographs is None else micrographs
    errors = [0.0] * len(sizes) if fit_errors is None else fit_errors
    known = list(zip(sizes, labels, where, errors, strict=True))
    groups: dict[str, list[_Size]] = {}
    for name in (*PARTICLES, "all"):
        wanted = PARTICLES if name == "all" else (name,)
        groups[name] = [
            (size, m, error)
            for size, label, m, error in known
            if size is not None and label in wanted
        ]
    return tuple(
        _summary(name, found, relative_error, estimate_errors or {})
        for name, found in groups.items()
        if found
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


def class_sizes(
    sizes_nm: Sequence[float | None],
    sizes_px: Sequence[float | None],
    labels: Sequence[Label | None],
    micrographs: Sequence[str],
    *,
    relative_error: float = 0.0,
    fit_errors: Sequence[float] | None = None,
    estimated: EstimatedSizes | None = None,
) -> ClassSizes:
    """Sort diameters by class, in nm where any is known and else in px.

    Where none is known but some were estimated, those are taken: pixels of micrographs
    whose scales differ are no unit.

    Parameters
    ----------
    sizes_nm, sizes_px : sequence of float or None
        Diameters; None where it is not known.
    labels : sequence of {"yes", "no", "null", "empty"} or None
        ``empty`` and None are no particles.
    micrographs : sequence of str
        Of each, by an id that no other micrograph has.
    relative_error, fit_errors : optional
        See `size_distribution`; the pixel size has no part in px.
    estimated : EstimatedSizes, optional
        Of the same particles.
    """
    known = _any_known(sizes_nm, labels)
    by_estimate = (
        not known and estimated is not None and _any_known(estimated.nm, labels)
    )
    sizes = sizes_nm if known else sizes_px
    error, own_errors = relative_error if known else 0.0, None
    if by_estimate and estimated is not None:
        sizes, own_errors = estimated.nm, estimated.own_errors
        error = estimated.common_error
    by_class: dict[Label, tuple[float, ...]] = {
        label: tuple(
            size
            for size, of in zip(sizes, labels, strict=True)
            if of == label and size is not None
        )
        for label in PARTICLES
    }
    n_particles = sum(label in PARTICLES for label in labels)
    return ClassSizes(
        "nm" if known or by_estimate else "px",
        by_class,
        size_distribution(
            sizes,
            labels,
            micrographs,
            relative_error=error,
            fit_errors=fit_errors,
            estimate_errors=own_errors,
        ),
        n_particles - sum(len(each) for each in by_class.values()),
        by_estimate,
    )


def _any_known(sizes: Sequence[float | None], labels: Sequence[Label | None]) -> bool:
    """Whether the size of any particle is known."""
    pairs = zip(sizes, labels, strict=True)
    return any(size is not None and label in PARTICLES for size, label in pairs)


def log_normal(sizes: Sequence[float]) -> LogNormal | None:
    """Fit a log-normal distribution.

    Parameters
    ----------
    sizes : sequence of float
        Diameters above 0.

    Returns
    -------
    LogNormal or None
        None with fewer than ten, or where all are the same.
    """
    if len(sizes) < MIN_SIZES:
        return None
    logs = np.log(np.asarray(sizes, float))
    spread = float(logs.std())
    if not spread > _ROUNDING:
        return None
    return LogNormal(len(sizes), math.exp(float(logs.mean())), math.exp(spread))


def size_curves(sizes: Sequence[float]) -> SizeCurves | None:
    """Estimate the density by normal kernels on the logarithm, beside the fit.

    The bandwidth is Silverman's, 0.9 min(s, IQR / 1.34) n^(-1/5) (B. W. Silverman,
    Density Estimation (1986), equation 3.31).

    Parameters
    ----------
    sizes : sequence of float
        Diameters above 0.

    Returns
    -------
    SizeCurves or None
        None where `log_normal` is.
    """
    fitted = log_normal(sizes)
    if fitted is None:
        return None
    logs = np.log(np.asarray(sizes, float))
    width = _bandwidth(logs)
    ends = logs.min() - _BEYOND * width, logs.max() + _BEYOND * width
    at = np.linspace(*ends, _POINTS)
    off = (at[:, None] - logs[None, :]) / width
    kernels = np.exp(-(off**2) / 2) / (width * math.sqrt(2 * math.pi))
    places = np.exp(at)
    return SizeCurves(
        places, kernels.mean(axis=1) / places, fitted.density(places), fitted
    )


def _sizes_by_class(
    sizes: Sequence[float | None], labels: Sequence[Label | None]
) -> dict[Label, NDArray[np.float64]]:
    pairs = list(zip(sizes, labels, strict=True))
    return {
        label: np.array([s for s, of in pairs if of == label and s is not None], float)
        for label in PARTICLES
    }


_Size = tuple[float, str, float]
"""A diameter, its micrograph, and how far its fit may be off."""


def _summary(
    label: str,
    found: Sequence[_Size],
    relative_error: float,
    estimate_errors: Mapping[str, float],
) -> SizeSummary:
    values = np.array([size for size, *_ in found], float)
    names, of = np.unique([name for _, name, _ in found], return_inverse=True)
    first, middle, third = (float(q) for q in np.percentile(values, (25, 50, 75)))
    spread = float(values.std(ddof=1)) if values.size > 1 else None
    mean = float(values.mean())
    if np.ptp(values) <= _ROUNDING * middle:
        # All of one size: what is left of the sums is rounding.
        mean, spread = middle, None if spread is None else 0.0
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
        fit_systematic=float(np.mean([size * error for size, _, error in found])),
        mean_by_estimates=_by_estimates(values, of, names.tolist(), estimate_errors),
    )


def _by_estimates(
    values: NDArray[np.float64],
    of: NDArray[np.intp],
    names: Sequence[str],
    errors: Mapping[str, float],
) -> float:
    """Add up what each micrograph's own scale does to the mean, independently."""
    sums = np.bincount(of, values)
    error = np.array([errors.get(name, 0.0) for name in names])
    return float(np.linalg.norm(sums * error)) / values.size


def _mean_interval(
    values: NDArray[np.float64], of: NDArray[np.intp]
) -> Interval | None:
    # About the mean, so that squares lose no digits.
    centre = float(values.mean())
    scale = float(np.abs(values).max())
    found = jackknife(_mean, _moments(values - centre, of), scale).interval_95
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
    # Where all micrographs say one share, what so many particles leave open.
    share = found.share_interval_of(float(values.size)) if found.all_alike else None
    share = share or found.interval_95
    if share is None:
        return None
    spread = max(found.value - share[0], share[1] - found.value)
    ends = np.quantile(values, np.clip([0.5 - spread, 0.5 + spread], 0, 1))
    low, high = (float(each) for each in ends)
    return (low, high) if high - low > _ROUNDING * high else None


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
    edges = np.asarray(width * (start + np.arange(n_bins + 1)), np.float64)
    # 39 * 0.2 lies above 7.8 by rounding; a size at an end must not fall out.
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)
    return edges


def _round_up(width: float) -> float:
    """Next of 1, 2, 5, 10, ... times a power of ten."""
    unit = 10.0 ** math.floor(math.log10(width))
    return next(step * unit for step in _NICE if step * unit >= width * (1 - _ROUNDING))


def _bandwidth(logs: NDArray[np.float64]) -> float:
    first, third = np.percentile(logs, (25, 75))
    spread = float(logs.std(ddof=1))
    # Half of them may be the same to the digit; the bandwidth must not be 0.
    inner = float(third - first) / 1.34 or spread
    return float(0.9 * min(spread, inner) * logs.size ** (-1 / 5))
