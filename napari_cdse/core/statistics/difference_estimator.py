"""The difference estimator: predictions for all particles, corrected by labels of some.

Predictions and weighted corrections are summed for each micrograph. The estimate is the
ratio of two such sums, its variance follows by linearisation over micrographs: the
difference estimator of survey sampling (Saerndal, Swensson, Wretman, Model Assisted
Survey Sampling (1992), chapters 5.5 to 5.7 and 6.3). It is unbiased however good the
forest is (Robins, Rotnitzky, Zhao, J. Am. Stat. Assoc. 89, 846 (1994)), and more
precise with a better forest. Such estimates are also called prediction-powered
(Angelopoulos and others, Science 382, 669 (2023)), and with unequal chances active
inference (Zrnic, Candes, ICML 2024, arXiv 2403.03208).

There are three corrections for small numbers, each measured by ``python -m
tests.benchmarks coverage``:

* If few micrographs contribute most of the variance, it is known badly. Its degrees of
  freedom follow from the fourth moment of the micrographs' contributions
  (Satterthwaite, Biometrics Bull. 2, 110 (1946)), and are M - 1 at most.
* If hardly any judged particle shows a defect, or hardly any shows none, errors of the
  forest of that kind may not be among the draws at all, and the variance is too small.
  As in the interval of Agresti and Coull, Am. Stat. 52, 119 (1998), fictitious draws
  are added.
* At a fraction of 0 or 1, where the variance is 0, Wilson's interval is used.
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
"""Number of judged particles of a class from which on no draws are added for it.
Chosen: with a larger one, intervals are widened without need; with a smaller one,
errors of the forest that no draw met are not counted."""

_ROUNDING = 1e-12
"""Fraction of the resolved particles below which a sum counts as 0. Rounding leaves
some 1e-16, which would give an interval without width."""

_NO_PARTICLE = 1e-12
"""Replaces 0 resolved particles in a denominator."""

ADDED = 2.5
"""Draws added if none of a class was judged; proportionally fewer up to `FEW`. Agresti
and Coull add two on either side; with two, coverage still fell to 0.92 for a biased
forest that overlooks 5 % of defects in 50 micrographs and 60 draws."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A fraction, and the parts of its variance.

    Attributes
    ----------
    share : float
        Ratio of the corrected sums; NaN if nothing is resolved. With few draws it may
        be slightly below 0 or above 1.
    variance : float
        Variance of the fraction, including what was added for rare classes.
    by_draws : float
        Part of it that more draws would reduce.
    degrees : float
        Degrees of freedom.
    resolved : float
        Estimated number of resolved particles.
    n_micrographs : int
        Number of micrographs that contribute.
    n_witnesses : float
        Number of judged particles that are resolved.
    size : float
        Mean number of resolved particles in the micrograph of a resolved particle.
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
        """Interval by Student's t on the logit scale, or Wilson's at 0 and 1."""
        if 0 < self.share < 1 and self.variance > 0:
            return logit_interval(self.share, self.variance, self.degrees)
        end = min(max(self.share, 0.0), 1.0)
        n = max(self.n_witnesses, 1.0)
        return wilson_interval(end * n, n, t_quantile(self.degrees))

    @property
    def design_effect(self) -> float | None:
        """Variance between micrographs over that of as many independent particles.

        Without the part due to draws. None if it is not defined.
        """
        independent = self.share * (1 - self.share) / max(self.resolved, _NO_PARTICLE)
        if not independent > 0:
            return None
        return max(self.variance - self.by_draws, 0.0) / independent

    @property
    def correlation(self) -> float | None:
        """Intra-cluster correlation that explains the design effect (Kish 1965).

        From 0 to 1; None if each micrograph has one resolved particle.
        """
        effect = self.design_effect
        if effect is None or self.size <= 1 + _ROUNDING:
            return None
        return min(max((effect - 1) / (self.size - 1), 0.0), 1.0)


def difference(sample: Sample) -> Difference:
    """Estimate the fraction of resolved particles that show a defect.

    Parameters
    ----------
    sample : Sample
        At least one particle.

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
    # Labels may correct all predictions to 0, which rounding makes a small number.
    least = _ROUNDING * float((sample.predicted + np.abs(corrected)).sum())
    if not total > least:
        return _nothing()
    share = _without_rounding(float(defects.sum()) / total)
    parts = defects - share * resolved
    parts[np.abs(parts) < _ROUNDING * total] = 0
    contributes = np.maximum(np.abs(defects), np.abs(resolved)) > least
    n_with = int(np.count_nonzero(contributes))
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


def _without_rounding(share: float) -> float:
    """Return 0 or 1 for a fraction that differs from it by rounding only."""
    nearest = round(share)
    return float(nearest) if abs(share - nearest) < _ROUNDING else share


def _of_draws(sample: Sample, share: float) -> float:
    """Return the variance of the numerator due to the random draws."""
    off = (sample.labelled - sample.predicted) @ (1, -share)
    weight = np.where(sample.drawn, sample.weight, 1.0)
    return float(np.sum(np.maximum(weight * (weight - 1), 0) * off**2))


def _unseen(sample: Sample, total: float) -> float:
    """Return the variance of the numerator due to errors too rare to be drawn.

    It is that of `ADDED` draws of mean weight, with a class as uncertain as the judged
    particles leave it; 0 if there are `FEW` judged ones of both classes, or no draws.
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
    """Return the degrees of freedom of a sum of squares, by its fourth moment.

    For normally distributed contributions the mean fourth power is three times the
    square of the mean square, which gives M - 1.
    """
    fourth = float(np.sum(parts**4))
    if n_micrographs < 2 or fourth == 0:
        return max(n_micrographs - 1, 1)
    by_moment = 3 * float(parts @ parts) ** 2 / fourth - 1
    return float(max(min(n_micrographs - 1, by_moment), 1.0))


def _nothing() -> Difference:
    nan = math.nan
    return Difference(nan, nan, nan, 1.0, 0.0, 0, 0.0, 0.0)
