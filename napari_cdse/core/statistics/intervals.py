"""Intervals of 95 %: of a binomial share, and of what micrographs say together.

Particles of one micrograph are no independent witnesses, because they share focus,
thickness and growth. Whatever is worked out from several micrographs has its variance
from how much these differ, and Student's t in place of the normal quantile, because
few of them know their own variance badly (Cameron, Gelbach, Miller, Rev. Econ. Stat.
90, 414 (2008)).
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
"""Share of such intervals that hold the truth."""

Z_95 = 1.959963984540054
"""Quantile of the normal distribution that leaves 2.5 % on either side."""

MIN_MICROGRAPHS = 5
"""Fewest micrographs for an interval. With four, Student's t is 3.18 and rests on a
variance that is itself known to within a factor of four only; simulated coverage at
three lies well below 95 % whatever the method (``python -m tests.benchmarks
coverage``)."""

_ROUNDING = 1e-14
"""Standard error of a share, or of a number over its scale, up to which rounding makes
it. Two micrographs of a million particles each that differ in one of them give a
hundred times as much."""

MIN_DRAWS = 10
"""Fewest judged draws for an interval, or for what the program distrusts to enter. With
fewer, not one draw may have met a mistake of a forest that makes one in four (with
nine, a chance of 8 %)."""


def t_quantile(degrees: float, level: float = LEVEL) -> float:
    """Return Student's t that leaves half of what is beyond the level on either side.

    Parameters
    ----------
    degrees : float
        Degrees of freedom, above 0; need not be a whole number.
    level : float, optional
        0.95 for 95 %.
    """
    return float(stdtrit(degrees, (1 + level) / 2))


def wilson_interval(successes: float, n: float, z: float = Z_95) -> Interval:
    """Score interval of a binomial proportion.

    E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927). It stays within 0 to 1 and is
    sound for few particles, which the textbook interval is not (Brown, Cai, DasGupta,
    Stat. Sci. 16, 101 (2001)).

    Parameters
    ----------
    successes, n : float
        0 <= successes <= n, and n above 0. Whole numbers, or an effective number and
        its share where the particles weigh differently.
    z : float, optional
        Normal quantile, 1.96 for 95 %.

    Raises
    ------
    ValueError
        If that is no proportion.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"{successes} of {n} is no proportion")
    share = successes / n
    shrink = 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / shrink
    spread = z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) / shrink
    # At the ends, rounding would leave a little beyond.
    low = 0.0 if successes == 0 else max(centre - spread, 0.0)
    high = 1.0 if successes == n else min(centre + spread, 1.0)
    return low, high


def paired_interval(gained: float, lost: float, n: float, z: float = Z_95) -> Interval:
    """Interval of the difference of two shares of the same particles.

    Wald's with one particle more of each kind that differs (D. G. Bonett, R. M. Price,
    J. Educ. Behav. Stat. 37, 479 (2012)): it has a width also where none differs, and
    covers 93 % at least for ten particles and more (``tests``, by enumeration).

    Parameters
    ----------
    gained, lost : float
        Particles that count in the first share alone, and in the second alone.
    n : float
        All, above 0. Whole numbers, or effective ones where particles weigh
        differently.
    z : float, optional
        Normal quantile, 1.96 for 95 %.
    """
    more, fewer = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    spread = z * math.sqrt((more + fewer - (more - fewer) ** 2) / (n + 2))
    value = more - fewer
    return max(value - spread, -1.0), min(value + spread, 1.0)


def logit_interval(share: float, variance: float, degrees: float) -> Interval:
    """Interval of a share by Student's t on the logit scale.

    The scale keeps it within 0 to 1 and lets it be longer towards the middle, as the
    scatter of a share near its end is (Korn, Graubard, Survey Methodology 24, 193
    (1998), compare it with others for survey data).

    Parameters
    ----------
    share : float
        Above 0 and below 1.
    variance : float
        Of the share.
    degrees : float
        Of freedom, of the variance.
    """
    middle = math.log(share / (1 - share))
    slope = 1 / (share * (1 - share))
    spread = t_quantile(degrees) * math.sqrt(variance) * slope
    return float(expit(middle - spread)), float(expit(middle + spread))


@dataclass(frozen=True, slots=True)
class Jackknife:
    """What leaving out one micrograph at a time says of a number.

    Attributes
    ----------
    value : float
        From all micrographs.
    variance : float
        By the delete-one jackknife (Efron, Stein, Ann. Stat. 9, 586 (1981)).
    n_micrographs : int
    scale : float
        Size of what it was worked out from, which rounding goes with.
    """

    value: float
    variance: float
    n_micrographs: int
    scale: float = 1.0

    @property
    def interval_95(self) -> Interval | None:
        """By Student's t; None with fewer than `MIN_MICROGRAPHS`.

        None, too, where the variance is not defined, and where nothing varies: an
        interval without any width would hold hardly ever.
        """
        if self.n_micrographs < MIN_MICROGRAPHS or not math.isfinite(self.variance):
            return None
        if not self.varies:
            return None
        spread = t_quantile(self.n_micrographs - 1) * math.sqrt(self.variance)
        return self.value - spread, self.value + spread

    @property
    def varies(self) -> bool:
        """Whether leaving a micrograph out changes the number, beyond rounding."""
        return not self.variance <= (_ROUNDING * self.scale) ** 2

    @property
    def all_alike(self) -> bool:
        """Whether there are micrographs enough, and none of them changes the number."""
        return self.n_micrographs >= MIN_MICROGRAPHS and not self.varies

    @property
    def share_interval_95(self) -> Interval | None:
        """As `interval_95`, on the logit scale: for a number between 0 and 1.

        At 0 and 1 the scale ends. None there, and where nothing varies: micrographs
        that all say one share do not say how far it holds.
        """
        if self.n_micrographs < MIN_MICROGRAPHS or not math.isfinite(self.variance):
            return None
        if not (0 < self.value < 1 and self.varies):
            return None
        return logit_interval(self.value, self.variance, self.n_micrographs - 1)

    @property
    def is_silent(self) -> bool:
        """Whether there are micrographs enough, and all of them say one share."""
        at_an_end = self.n_micrographs >= MIN_MICROGRAPHS and self.value in (0, 1)
        return at_an_end or self.all_alike

    def share_interval_of(self, counted: float) -> Interval | None:
        """As `share_interval_95`; where nothing varies, what counts leave open.

        That is Wilson's interval, with Student's t as elsewhere.

        Parameters
        ----------
        counted : float
            Particles that the number is a share of, above 0.
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
    """Leave out one micrograph at a time.

    Parameters
    ----------
    statistic : callable
        Takes sums over micrographs, shape (n, ...), and returns a number for each,
        shape (n,).
    by_micrograph : ndarray, shape (n_micrographs, ...)
        What is summed, one entry for each micrograph.
    scale : float, optional
        Size of what the number is worked out from, above 0; 1 for shares.

    Returns
    -------
    Jackknife
        Its variance is NaN where the number is not defined without some micrograph,
        or there is one micrograph only.
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
