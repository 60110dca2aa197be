"""Intervals of 95 %: of a binomial proportion, and of numbers from several micrographs.

Particles of one micrograph are not independent, since they share focus, thickness and
growth. The variance of a number from several micrographs is therefore that between
micrographs. With few of them the variance is itself uncertain, so that Student's t is
used instead of the normal quantile (Cameron, Gelbach, Miller, Rev. Econ. Stat. 90, 414
(2008)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, stdtrit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Interval = tuple[float, float]

LEVEL = 0.95
"""Nominal coverage of intervals."""

Z_95 = 1.959963984540054
"""Quantile of the normal distribution that leaves 2.5 % on either side."""

MIN_MICROGRAPHS = 5
"""Fewest micrographs for an interval. With four, Student's t is 3.18 with a variance
that is known to within a factor of four only; with three, simulated coverage is well
below 95 % with any method (``python -m tests.benchmarks coverage``)."""

_ROUNDING = 1e-14
"""Standard error of a fraction, or of a number over its scale, that counts as rounding.
Two micrographs of a million particles each that differ in one of them give a hundred
times as much."""

MIN_DRAWS = 10
"""Fewest judged draws for an interval, and for counting in what the program distrusts.
With fewer, it is not improbable that no draw meets an error of a forest that is wrong
in one of four cases (with nine, 8 %)."""


def t_quantile(degrees: float, level: float = LEVEL) -> float:
    """Return the two-sided quantile of Student's t distribution.

    Parameters
    ----------
    degrees : float
        Degrees of freedom, above 0; need not be an integer.
    level : float, optional
        Coverage, 0.95 for 95 %.
    """
    return float(stdtrit(degrees, (1 + level) / 2))


def wilson_interval(successes: float, n: float, z: float = Z_95) -> Interval:
    """Return Wilson's score interval of a binomial proportion.

    E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927). It is within 0 to 1, and has
    nearly nominal coverage for small numbers too, unlike Wald's interval (Brown, Cai,
    DasGupta, Stat. Sci. 16, 101 (2001)).

    Parameters
    ----------
    successes, n : float
        0 <= successes <= n, and n above 0. Integers, or effective numbers of particles
        of different weights.
    z : float, optional
        Normal quantile, 1.96 for 95 %.

    Raises
    ------
    ValueError
        If these are no numbers of a proportion.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"{successes} of {n} is no proportion")
    share = successes / n
    shrink = 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / shrink
    spread = z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) / shrink
    # At 0 and 1, rounding could exceed the limits.
    low = 0.0 if successes == 0 else max(centre - spread, 0.0)
    high = 1.0 if successes == n else min(centre + spread, 1.0)
    return low, high


def paired_interval(gained: float, lost: float, n: float, z: float = Z_95) -> Interval:
    """Return the interval of the difference of two proportions of the same particles.

    Wald's interval with one more particle of each kind that differs (D. G. Bonett, R.
    M. Price, J. Educ. Behav. Stat. 37, 479 (2012)). It has a width even if none
    differs; its coverage is at least 93 % from ten particles on (``tests``, by
    enumeration).

    Parameters
    ----------
    gained, lost : float
        Particles that count in the first proportion alone, and in the second alone.
    n : float
        Number of all particles, above 0. All are integers, or effective numbers of
        particles of different weights.
    z : float, optional
        Normal quantile, 1.96 for 95 %.
    """
    more, fewer = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    spread = z * math.sqrt((more + fewer - (more - fewer) ** 2) / (n + 2))
    value = more - fewer
    return max(value - spread, -1.0), min(value + spread, 1.0)


def logit_interval(share: float, variance: float, degrees: float) -> Interval:
    """Return the interval of a fraction by Student's t on the logit scale.

    It is within 0 to 1, and longer towards the middle, as is the scatter of a fraction
    near 0 or 1. (Korn, Graubard, Survey Methodology 24, 193 (1998), compare it with
    others for survey data.)

    Parameters
    ----------
    share : float
        The fraction, above 0 and below 1.
    variance : float
        Its variance.
    degrees : float
        Degrees of freedom of the variance.
    """
    middle = math.log(share / (1 - share))
    slope = 1 / (share * (1 - share))
    spread = t_quantile(degrees) * math.sqrt(variance) * slope
    return float(expit(middle - spread)), float(expit(middle + spread))


@dataclass(frozen=True, slots=True)
class Jackknife:
    """A number with its variance by leaving out one micrograph at a time.

    Attributes
    ----------
    value : float
        The number, from all micrographs.
    variance : float
        By the delete-one jackknife (Efron, Stein, Ann. Stat. 9, 586 (1981)).
    n_micrographs : int
        Number of micrographs.
    scale : float
        Magnitude of the numbers it was computed from, to which rounding is
        proportional.
    """

    value: float
    variance: float
    n_micrographs: int
    scale: float = 1.0

    @property
    def interval_95(self) -> Interval | None:
        """Interval by Student's t; None with fewer than `MIN_MICROGRAPHS`.

        Also None if the variance is not defined, or 0: an interval without width would
        hardly ever contain the truth.
        """
        if self.n_micrographs < MIN_MICROGRAPHS or not math.isfinite(self.variance):
            return None
        if not self.varies:
            return None
        spread = t_quantile(self.n_micrographs - 1) * math.sqrt(self.variance)
        return self.value - spread, self.value + spread

    @property
    def varies(self) -> bool:
        """Whether leaving out a micrograph changes the number by more than rounding."""
        return not self.variance <= (_ROUNDING * self.scale) ** 2

    @property
    def all_alike(self) -> bool:
        """Whether there are enough micrographs, and none of them changes the number."""
        return self.n_micrographs >= MIN_MICROGRAPHS and not self.varies

    @property
    def share_interval_95(self) -> Interval | None:
        """Interval on the logit scale, for a number between 0 and 1.

        None as for `interval_95`, and at 0 and 1, where the logit is infinite.
        """
        if self.n_micrographs < MIN_MICROGRAPHS or not math.isfinite(self.variance):
            return None
        if not (0 < self.value < 1 and self.varies):
            return None
        return logit_interval(self.value, self.variance, self.n_micrographs - 1)

    @property
    def is_silent(self) -> bool:
        """Whether there are enough micrographs, and all give the same fraction."""
        at_an_end = self.n_micrographs >= MIN_MICROGRAPHS and self.value in (0, 1)
        return at_an_end or self.all_alike

    def share_interval_of(self, counted: float) -> Interval | None:
        """Return `share_interval_95`, or Wilson's interval if nothing varies.

        The latter is computed with the quantile of Student's t.

        Parameters
        ----------
        counted : float
            Number of particles in the denominator of the fraction, above 0.
        """
        if not self.is_silent:
            return self.share_interval_95
        quantile = t_quantile(self.n_micrographs - 1)
        return wilson_interval(self.value * counted, counted, quantile)


def jackknife(
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    by_micrograph: NDArray[np.floating | np.integer],
    scale: float = 1.0,
) -> Jackknife:
    """Compute a number and its variance by the delete-one jackknife.

    Parameters
    ----------
    statistic : callable
        From sums over micrographs, shape (n, ...), to a number for each, shape (n,).
    by_micrograph : ndarray, shape (n_micrographs, ...)
        Contribution of each micrograph to the sums.
    scale : float, optional
        Magnitude of the numbers it is computed from, above 0; 1 for fractions.

    Returns
    -------
    Jackknife
        Its variance is NaN if the number is not defined without some micrograph, or if
        there is only one.
    """
    tallies = np.asarray(by_micrograph, np.float64)
    whole = tallies.sum(axis=0)
    n = len(tallies)
    value = float(statistic(whole[None])[0])
    if n < 2:
        return Jackknife(value, float("nan"), n, scale)
    without = statistic(whole[None] - tallies)
    if not np.isfinite(without).all():
        return Jackknife(value, float("nan"), n, scale)
    variance = (n - 1) / n * float(np.sum((without - without.mean()) ** 2))
    return Jackknife(value, variance, n, scale)
