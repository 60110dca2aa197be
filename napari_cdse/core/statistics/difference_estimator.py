"""The difference estimator: what a forest says of all, corrected by what was judged.

Sums of forest plus weighed corrections over each micrograph, their ratio, and its
variance by linearisation over micrographs: the difference estimator of survey sampling
(Saerndal, Swensson, Wretman, Model Assisted Survey Sampling (1992), chapters 5.5 to 5.7
and 6.3). It is right on average whatever the forest is worth (Robins, Rotnitzky, Zhao,
J. Am. Stat. Assoc. 89, 846 (1994)), and the narrower the better the forest is; lately
such estimates are called prediction-powered (Angelopoulos and others, Science 382, 669
(2023)), and with unequal chances active inference (Zrnic, Candes, ICML 2024, arXiv
2403.03208).

Three corrections for small numbers, each measured by ``python -m tests.benchmarks
coverage``:

* The variance rests on few micrographs where few draws carry most of it. Its degrees of
  freedom follow from the fourth moment of the micrographs' contributions
  (Satterthwaite, Biometrics Bull. 2, 110 (1946)), M - 1 at most.
* Where hardly any of the judged particles shows a defect (or hardly any shows none), an
  error of the forest of that kind may not have turned up at all, and its variance looks
  too small. As in the interval of Agresti and Coull, Am. Stat. 52, 119 (1998), draws
  are added that nobody made.
* At a fraction of 0 or 1, where there is no variance, Wilson's interval takes over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.statistics.intervals import (
    Interval,
    logit_interval,
    t_quantile,
    wilson_interval,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.statistics.sample import Sample

FEW = 5
"""Judged particles of a class from which on the errors of that class have been seen. A
choice: with more, `ADDED` widens intervals that need it no longer; with fewer,
mistakes that no draw met go uncounted."""

_ROUNDING = 1e-12
"""Share of the resolved particles below which a sum is what rounding left of 0 (some
1e-16). Taken for a number, it would give an interval without any width."""

_NO_PARTICLE = 1e-12
"""Resolved particles put in place of 0, so that no division fails."""

ADDED = 2.5
"""Draws added where none of a class was seen; fewer in proportion up to `FEW`. Agresti
and Coull add two on either side; with two, coverage still fell to 0.92 where a biased
forest overlooks 5 % of defects in 50 micrographs and 60 draws."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A share, and where its variance comes from.

    Attributes
    ----------
    share : float
        Ratio of the corrected sums; NaN where nothing is resolved. Few draws can put
        it a little below 0 or above 1.
    variance : float
        Of the share, what was added for rare classes included.
    by_draws : float
        That part of it that more draws would make smaller.
    degrees : float
        Of freedom.
    resolved : float
        Estimated number of resolved particles.
    n_micrographs : int
        Those with a share in it.
    n_witnesses : float
        Judged particles that are resolved.
    size : float
        Resolved particles in the micrograph of a resolved particle, on average.
    """

    share: float
    variance: float
    by_draws: float
    degrees: float
    resolved: float
    n_micrographs: int
    n_witnesses: float
    size: float

    @property
    def interval_95(self) -> Interval:
        """By Student's t on the logit scale, or Wilson's at its ends."""
        if 0 < self.share < 1 and self.variance > 0:
            return logit_interval(self.share, self.variance, self.degrees)
        end = min(max(self.share, 0.0), 1.0)
        n = max(self.n_witnesses, 1.0)
        return wilson_interval(end * n, n, t_quantile(self.degrees))

    @property
    def design_effect(self) -> float | None:
        """Variance between micrographs over that of as many independent particles.

        What the draws add is no part of it. None where that is not defined.
        """
        alone = self.share * (1 - self.share) / max(self.resolved, _NO_PARTICLE)
        if not alone > 0:
            return None
        return max(self.variance - self.by_draws, 0.0) / alone

    @property
    def correlation(self) -> float | None:
        """Intra-cluster correlation that the design effect comes from (Kish 1965).

        From 0 to 1; None with one resolved particle in each micrograph.
        """
        effect = self.design_effect
        if effect is None or self.size <= 1 + _ROUNDING:
            return None
        return min(max((effect - 1) / (self.size - 1), 0.0), 1.0)


def difference(sample: Sample) -> Difference:
    """Estimate the share of resolved particles that show a defect.

    Parameters
    ----------
    sample : Sample
        Of at least one particle.

    Returns
    -------
    Difference
    """
    corrected = sample.corrected
    n = int(sample.micrograph.max()) + 1
    defects, resolved = (
        np.bincount(sample.micrograph, corrected[:, at], n) for at in (0, 1)
    )
    total = float(resolved.sum())
    # Labels may take away all that the forest said; rounding leaves some of it.
    least = _ROUNDING * float((sample.predicted + np.abs(corrected)).sum())
    if not total > least:
        return _nothing()
    share = _whole(float(defects.sum()) / total)
    parts = defects - share * resolved
    parts[np.abs(parts) < _ROUNDING * total] = 0
    there = np.maximum(np.abs(defects), np.abs(resolved)) > least
    n_with = int(np.count_nonzero(there))
    scale = n_with / (n_with - 1) if n_with > 1 else math.nan
    added = _unseen(sample, total)
    return Difference(
        share=share,
        variance=(scale * float(parts @ parts) + added) / total**2,
        by_draws=(_of_draws(sample, share) + added) / total**2,
        degrees=_degrees(parts, n_with),
        resolved=total,
        n_micrographs=n_with,
        n_witnesses=float(sample.labelled[sample.weight > 0, 1].sum()),
        size=float(resolved @ resolved) / total,
    )


def _whole(share: float) -> float:
    """Take a share for 0 or 1 where only rounding parts it from that."""
    nearest = round(share)
    return float(nearest) if abs(share - nearest) < _ROUNDING else share


def _of_draws(sample: Sample, share: float) -> float:
    """Variance of the numerator that comes from the lots."""
    off = (sample.labelled - sample.predicted) @ (1, -share)
    weight = np.where(sample.drawn, sample.weight, 1.0)
    return float(np.sum(np.maximum(weight * (weight - 1), 0) * off**2))


def _unseen(sample: Sample, total: float) -> float:
    """Variance of the numerator from errors that are too rare to have been drawn.

    `ADDED` draws of mean weight, whose class is as uncertain as the judged particles
    of either class leave it; none where there are `FEW` of both, or no draws.
    """
    n_drawn = int(sample.drawn.sum())
    if not n_drawn:
        return 0.0
    yes, resolved = sample.labelled[sample.drawn].sum(axis=0)
    rarity = max(1 - min(yes, resolved - yes) / FEW, 0.0)
    rate = (yes + ADDED) / (resolved + 2 * ADDED)
    unjudged = float(np.count_nonzero(sample.weight == 0))
    weight = (unjudged + n_drawn) / n_drawn
    spread = rate * (1 - rate) * total / len(sample.weight)
    return float(rarity * ADDED * weight * (weight - 1) * spread)


def _degrees(parts: NDArray[np.float64], n_micrographs: int) -> float:
    """Degrees of freedom of a sum of squares, by its fourth moment.

    For normal contributions the mean fourth power is three times the square of the
    mean square, and M - 1 comes out.
    """
    fourth = float(np.sum(parts**4))
    if n_micrographs < 2 or fourth == 0:
        return max(n_micrographs - 1, 1)
    by_moment = 3 * float(parts @ parts) ** 2 / fourth - 1
    return float(max(min(n_micrographs - 1, by_moment), 1.0))


def _nothing() -> Difference:
    nan = math.nan
    return Difference(nan, nan, nan, 1.0, 0.0, 0, 0.0, 0.0)
