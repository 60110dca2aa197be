"""An annotator's decision limit on the forest's scale, and its sharpness.

A logistic curve of "yes" against "no" over the forest's logit, log(p_yes / p_no). An
annotator whom the forest's chances suit has the slope 1 and says yes from the chance
0.5 on. A forest that learnt from simulated truth sees what people see where the slope
is clearly above 0; where the limit lies elsewhere, they draw the line elsewhere.

The curve is fitted by maximum likelihood (calibration in the sense of D. R. Cox,
Biometrika 45, 562 (1958)). Its variance is the sandwich over micrographs, with
Student's t (K.-Y. Liang, S. L. Zeger, Biometrika 73, 13 (1986)); the limit has the
interval of E. C. Fieller, J. R. Stat. Soc. B 16, 175 (1954).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from napari_cdse.core.statistics.intervals import MIN_MICROGRAPHS, t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.statistics.intervals import Interval

MIN_OF_EACH = 10
"""Fewest labels of yes, and of no. A choice: ten events for each number that is fitted
beside the mean (P. Peduzzi and others, J. Clin. Epidemiol. 49, 1373 (1996))."""

_LEAST_CHANCE = 1e-3
"""Chances are kept as far from 0 and 1; some hundred trees know no finer."""

_STEPS, _ENOUGH = 50, 1e-9
"""Steps of Newton's method at most, and the change at which it stops; from 0 it takes
about six where the two classes overlap."""

_ROUNDING = 1e-9
"""Standard error over the slope up to which rounding makes it: about Newton's last
step."""

_STEEPEST = 50.0
"""Slope above which the classes are taken for separated: the fit has no end then."""


@dataclass(frozen=True, slots=True)
class AnnotatorCurve:
    """One annotator's yes against no, over the forest's logit.

    Attributes
    ----------
    annotator : str
    n_yes, n_no, n_micrographs : int
        Labels given with neither the forest's word nor another's label in view.
    slope, limit : float or None
        Of the curve, and the forest's chance of a defect, given that the particle is
        resolved, from which on the annotator says yes more often than no.
    slope_95, limit_95 : tuple of float or None
    note : str
        Why something is missing; empty if nothing is.
    """

    annotator: str
    n_yes: int
    n_no: int
    n_micrographs: int
    slope: float | None = None
    slope_95: Interval | None = None
    limit: float | None = None
    limit_95: Interval | None = None
    note: str = ""

    @property
    def sentence(self) -> str:
        """Say it in words."""
        who = f"{self.annotator} ({self.n_yes} yes, {self.n_no} no)"
        if self.slope is None:
            return f"{who}: {self.note}"
        told = f"{who}: slope {_told(self.slope, self.slope_95)}, {self._sharpness}"
        if self.limit is not None:
            told += (
                f"; yes from the forest's chance {_told(self.limit, self.limit_95)} "
                f"on, {self._strictness}"
            )
        return f"{told}. {self.note}".strip()

    @property
    def _sharpness(self) -> str:
        if self.slope_95 is None:
            return "how surely, nobody knows"
        low, high = self.slope_95
        if low <= 0 <= high:
            return "so the forest may not see what they see"
        if high < 0:
            return "so the forest sees the opposite of what they see"
        if high < 1:
            return "so they are less sure than the forest"
        return "so they are surer than the forest" if low > 1 else "as the forest's own"

    @property
    def _strictness(self) -> str:
        if self.limit_95 is None:
            return "how surely, nobody knows"
        if self.limit_95[0] > 0.5:
            return "a stricter limit than the forest's"
        if self.limit_95[1] < 0.5:
            return "a looser limit than the forest's"
        return "as the forest may"


def annotator_curve(
    annotator: str,
    probabilities: Sequence[tuple[float, float, float, float]],
    yes: Sequence[bool],
    micrographs: Sequence[str],
) -> AnnotatorCurve:
    """Fit the curve of one annotator.

    Parameters
    ----------
    annotator : str
        Name.
    probabilities : sequence of tuple of float
        Of a forest, in the order of `CLASSES`.
    yes : sequence of bool
        Whether the annotator said yes to each of these particles, or no.
    micrographs : sequence of str
        Of each particle, by an id that no other one has.

    Returns
    -------
    AnnotatorCurve
    """
    said = np.asarray(yes, float)
    names, of = np.unique(list(micrographs), return_inverse=True)
    n_yes, n = int(said.sum()), len(said)
    bare = AnnotatorCurve(annotator, n_yes, n - n_yes, len(names))
    if min(n_yes, n - n_yes) < MIN_OF_EACH:
        return _noted(
            bare,
            f"a curve takes {MIN_OF_EACH} labels each of yes and no, given with "
            "neither the forest's word nor another's label in view.",
        )
    logits = _logits(probabilities)
    if np.ptp(logits) == 0:
        return _noted(bare, "the forest gives all of these particles the same chance.")
    design = np.stack([np.ones(n), logits], axis=1)
    fitted = _fit(design, said)
    if fitted is None:
        return _noted(bare, "the forest parts their yes and no without a mistake.")
    return _with_intervals(bare, fitted, _covariance(design, said, fitted, of))


def _noted(bare: AnnotatorCurve, note: str) -> AnnotatorCurve:
    return AnnotatorCurve(
        bare.annotator, bare.n_yes, bare.n_no, bare.n_micrographs, note=note
    )


def _logits(
    probabilities: Sequence[tuple[float, float, float, float]],
) -> NDArray[np.float64]:
    told = np.asarray(probabilities, float)
    chances = np.maximum(told[:, :2], _LEAST_CHANCE)
    return np.asarray(np.log(chances[:, 0] / chances[:, 1]))


def _fit(
    design: NDArray[np.float64], said: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return intercept and slope by Newton's method; None where there is no end."""
    beta = np.zeros(2)
    for _ in range(_STEPS):
        chance = expit(design @ beta)
        bread = _bread(design, chance)
        if np.linalg.cond(bread) > 1 / _ENOUGH:
            return None
        step = np.linalg.solve(bread, design.T @ (said - chance))
        beta = beta + step
        if abs(beta[1]) > _STEEPEST:
            return None
        if np.abs(step).max() < _ENOUGH:
            return beta
    return None


def _bread(
    design: NDArray[np.float64], chance: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray((design * (chance * (1 - chance))[:, None]).T @ design)


def _covariance(
    design: NDArray[np.float64],
    said: NDArray[np.float64],
    beta: NDArray[np.float64],
    of: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Sandwich over micrographs, with its usual correction for few of them."""
    chance = expit(design @ beta)
    scores = design * (said - chance)[:, None]
    n = int(of.max()) + 1
    sums = np.stack([np.bincount(of, column, n) for column in scores.T], axis=1)
    inverse = np.linalg.inv(_bread(design, chance))
    scale = n / max(n - 1, 1)
    return np.asarray(scale * inverse @ (sums.T @ sums) @ inverse)


def _with_intervals(
    bare: AnnotatorCurve,
    beta: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> AnnotatorCurve:
    start, slope = (float(each) for each in beta)
    limit = float(expit(-start / slope)) if slope > 0 else None
    note = ""
    if bare.n_micrographs < MIN_MICROGRAPHS:
        note = f"An interval takes {MIN_MICROGRAPHS} micrographs."
    elif math.sqrt(covariance[1, 1]) <= _ROUNDING * abs(slope):
        note = "All micrographs give the same curve, so there is no interval."
    t = math.nan if note else t_quantile(bare.n_micrographs - 1)
    spread = t * math.sqrt(covariance[1, 1])
    return AnnotatorCurve(
        bare.annotator,
        bare.n_yes,
        bare.n_no,
        bare.n_micrographs,
        slope=slope,
        slope_95=None if note else (slope - spread, slope + spread),
        limit=limit,
        limit_95=None if note or limit is None else _fieller(beta, covariance, t),
        note=note,
    )


def _fieller(
    beta: NDArray[np.float64], covariance: NDArray[np.float64], t: float
) -> Interval | None:
    """Chances between which the curve may pass 0.5; None where the slope may be 0."""
    start, slope = beta
    square = slope**2 - t**2 * covariance[1, 1]
    if square <= 0:
        return None
    middle = start * slope - t**2 * covariance[0, 1]
    rest = start**2 - t**2 * covariance[0, 0]
    root = math.sqrt(max(middle**2 - square * rest, 0.0))
    low, high = (-middle - root) / square, (-middle + root) / square
    return float(expit(low)), float(expit(high))


def _told(value: float, interval: Interval | None) -> str:
    if interval is None:
        return f"{value:.2f} (no interval)"
    return f"{value:.2f} ({interval[0]:.2f} to {interval[1]:.2f}, 95 %)"
