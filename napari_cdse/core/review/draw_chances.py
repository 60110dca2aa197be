"""Chances with which particles are drawn for the audit, larger for doubtful ones.

A draw corrects the forest, and where the forest is sure and right there is little to
correct. For a sum, the variance is least when chances go with the standard deviation of
what a label can change (Neyman, J. R. Stat. Soc. 97, 558 (1934)): for a resolved
particle sqrt(q (1 - q)), q being the forest's chance of a defect. A floor shared by all
keeps a forest that is sure and wrong from going unnoticed, and no draw from standing
for too many.

How it goes: work out `draw_chances` once for all particles whose predictions were never
in view, keep each particle's chance, and draw those whose lot
(`napari_cdse.core.review.blind_audit.draw`) lies below it. The kept chance is what
stands in `Annotation.selection_chance`; another forest does not change it.

What it is worth, beside as many even draws (medians over simulated reviews, ``python
-m tests.benchmarks coverage``): the part of the standard deviation that draws can make
smaller falls to about 0.7 with a forest that is right or biased. What micrographs
differ by stays, so that intervals narrow to 0.87, to 0.77 where defects are rare. A
forest that knows nothing gains nothing. Neyman's chances for the ratio's linearisation,
which count doubt about being resolved as well, a floor of 0.15, and systematic lots in
place of independent ones were tried, and came within 0.03 of the same widths. Nor would
a better rule do much more: with Neyman's chances from what the forest's numbers are
truly worth, which nobody knows, intervals narrow to 0.82.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.records import CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

FLOOR = 0.3
"""Share of the draws that is distributed evenly over all particles. It limits a draw's
weight to 1 / 0.3 of that at equal chances. In simulations, with less the intervals were
too narrow if a forest was sure and wrong; with more the gain by unequal chances was
lost (``python -m tests.benchmarks coverage``)."""

_STEPS = 60
"""Bisections of the scale; a double has 53 bits."""


def doubt(probabilities: Sequence[float]) -> float:
    """Return how much a label on a particle may change the visible-defect fraction.

    Parameters
    ----------
    probabilities : sequence of float
        Of a forest, in the order of `CLASSES`.

    Returns
    -------
    float
        0 to 0.5: the probability of being resolved times the standard deviation
        sqrt(q (1 - q)), with q the probability of a defect if resolved.
    """
    yes, no = (probabilities[CLASSES.index(name)] for name in ("yes", "no"))
    # (yes + no) sqrt(q (1 - q)) with q = yes / (yes + no).
    return float(np.sqrt(yes * no))


def draw_chances(
    doubts: ArrayLike, expected: float, *, floor: float = FLOOR
) -> NDArray[np.float64]:
    """Return each particle's chance, for an expected number of draws.

    Parameters
    ----------
    doubts : array-like of float, shape (n,)
        Of each particle, see `doubt`; 0 without a prediction.
    expected : float
        Number of draws to expect.
    floor : float
        Share of the draws that is distributed evenly, above 0 and up to 1.

    Returns
    -------
    ndarray, shape (n,)
        Chances from 0 to 1 whose sum is `expected`, or n if that is less.

    Raises
    ------
    ValueError
        For doubts below 0, or a floor out of its range.
    """
    if not 0 < floor <= 1:
        raise ValueError(f"a floor lies above 0 and up to 1, not at {floor}")
    doubts = np.asarray(doubts, np.float64)
    if (doubts < 0).any():
        raise ValueError("chances need doubts of 0 or more")
    if not doubts.size or expected <= 0:
        return np.zeros_like(doubts)
    return _scaled(_mixed(doubts, floor), min(expected, doubts.size))


def _mixed(doubts: NDArray[np.float64], floor: float) -> NDArray[np.float64]:
    """Mix equal shares (a total of ``floor``) with shares by doubt; the sum is 1."""
    n, total = doubts.size, doubts.sum()
    if total == 0:
        return np.full(n, 1 / n)
    return np.asarray(floor / n + (1 - floor) * doubts / total)


def _scaled(shares: NDArray[np.float64], expected: float) -> NDArray[np.float64]:
    """Scale shares to chances of at most 1 whose sum is ``expected``, by bisection."""
    low, high = 0.0, 1 / shares.min()
    for _ in range(_STEPS):
        middle = (low + high) / 2
        total = np.minimum(middle * shares, 1.0).sum()
        low, high = (middle, high) if total < expected else (low, middle)
    return np.asarray(np.minimum(high * shares, 1.0))
