"""Do probabilities mean what they say? Temperature scaling, and the reliability curve.

A forest that averages its trees is less sure than it could be where all of them saw
the same, and a weighted training set tilts it further. One number, fitted on held-out
micrographs, mends most of that: every probability is raised to the power ``1 / T`` and
all are scaled to add up to 1 (Guo, Pleiss, Sun, Weinberger, Proc. ICML 70 (2017)
1321). It never changes which class is the most probable one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_PARTICLES = 50
"""Held-out particles below which no temperature is fitted. A choice: with fewer, one
sure mistake moves it much; with more, young projects keep modest probabilities."""

BINS = 10
"""Bins of the reliability curve, each 0.1 wide in confidence. A choice: more hold too
few particles for a share, fewer hide where the curve leaves the diagonal."""

_LIMITS = (0.2, 5.0)
"""Lowest and highest temperature. A choice, five times either way: an averaged forest
needs less; without limits a set without mistakes would drive it to 0, and one that is
called at random to infinity."""

_FLOOR = 1e-4
"""Least probability: no forest of some hundred trees can be surer. A choice: a lower
one lets a single mistake rule the likelihood, a higher one forgives sure ones."""


class ReliabilityBin(NamedTuple):
    """Particles whose most probable class has about the same probability.

    Attributes
    ----------
    confidence : float
        Mean probability of the most probable class.
    right : float
        Share of the particles that are of that class.
    number : int
    """

    confidence: float
    right: float
    number: int


def fit_temperature(
    probabilities: NDArray[np.float64], truth: NDArray[np.intp]
) -> float:
    """Find the temperature under which the truth is most likely.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, 4)
        Held-out answers. Single ones, to misplaced copies too, leave averaged answers
        a little modest, which other microscopes then use up.
    truth : ndarray of int, shape (n,)
        Number of the true class of each.

    Returns
    -------
    float
        Between 0.2 and 5; 1 where there are fewer than `MIN_PARTICLES`.
    """
    if len(truth) < MIN_PARTICLES:
        return 1.0

    def loss(log_temperature: float) -> float:
        told = sharpened(probabilities, float(np.exp(log_temperature)))
        return -float(np.log(told[np.arange(len(truth)), truth] + _FLOOR).mean())

    # Only who trains waits for it.
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(loss, bounds=tuple(np.log(_LIMITS)), method="bounded")
    return float(np.exp(found.x))


def sharpened(
    probabilities: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    """Raise to the power of one over a temperature; rows still add up to 1.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, 4)
        Rows that add up to 1.
    temperature : float
        Below 1 sharpens, above 1 blurs, 1 leaves all as it is.
    """
    if temperature == 1:
        return probabilities
    powers = np.maximum(probabilities, _FLOOR) ** (1 / temperature)
    powers[probabilities == 0] = 0
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def reliability(
    probabilities: NDArray[np.float64], truth: NDArray[np.intp]
) -> tuple[ReliabilityBin, ...]:
    """Compare how sure a forest is with how often it is right.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, 4)
        Held-out answers.
    truth : ndarray of int, shape (n,)
        Number of the true class of each.

    Returns
    -------
    tuple of ReliabilityBin
        Up to `BINS`, of equal width in confidence, empty ones left out.
    """
    if not len(truth):
        return ()
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return tuple(
        ReliabilityBin(
            float(confidence[place == each].mean()),
            float(right[place == each].mean()),
            int(np.count_nonzero(place == each)),
        )
        for each in np.unique(place)
    )


def calibration_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """Mean distance of confidence and share right, weighted by particles.

    Expected calibration error (Naeini, Cooper, Hauskrecht, Proc. AAAI 29 (2015)).
    """
    total = sum(each.number for each in bins)
    if not total:
        return float("nan")
    apart = sum(each.number * abs(each.confidence - each.right) for each in bins)
    return apart / total
