"""Curves over a histogram of diameters: their density, and the log-normal that fits.

Sizes of grown particles spread in proportion to the size, so their logarithm is close
to normally distributed (Soederlund, Kiss, Niklasson, Granqvist, Phys. Rev. Lett. 80,
2386 (1998)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

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
    if not spread > 0:
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


def _bandwidth(logs: NDArray[np.float64]) -> float:
    first, third = np.percentile(logs, (25, 75))
    spread = float(logs.std(ddof=1))
    # Half of them may be the same to the digit; the bandwidth must not be 0.
    inner = float(third - first) / 1.34 or spread
    return float(0.9 * min(spread, inner) * logs.size ** (-1 / 5))
