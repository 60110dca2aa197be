"""Abundances: the share of each endmember in each window.

Non-negative least squares (Lawson and Hanson, Solving Least Squares Problems, 1974), or
fully constrained ones, whose abundances also add up to one (Heinz, Chang, IEEE Trans.
Geosci. Remote Sens. 39, 2001). With a few endmembers, all subsets of them can be tried:
of the unconstrained solutions without a negative abundance, the best one is the exact
constrained solution.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_RIDGE = 1e-10
"""Added to the diagonal of the normal equations, relative to their trace, so that they
are not singular if two endmembers are nearly equal; its effect on abundances is
negligible."""
_LEAST_RIDGE = 1e-30
"""Least value added, for spectra that are all 0."""
_ROUNDING = 1e-9
"""Negative abundance that still counts as 0, within rounding errors."""


def abundances(
    spectra: NDArray[np.float32],
    endmembers: NDArray[np.float32],
    *,
    sum_to_one: bool = False,
) -> NDArray[np.float32]:
    """Compute the abundances of endmembers in all windows.

    Parameters
    ----------
    spectra : ndarray of float32
        Shape (windows, frequencies).
    endmembers : ndarray of float32
        Shape (n, frequencies), n up to 8.
    sum_to_one : bool
        Whether the abundances of each window add up to one.

    Returns
    -------
    ndarray of float32, shape (windows, n)
        Not negative.
    """
    basis = endmembers.astype(np.float64)
    gram = basis @ basis.T
    gram += np.eye(len(gram)) * (_RIDGE * np.trace(gram) + _LEAST_RIDGE)
    projected = np.asarray(spectra @ endmembers.T, dtype=np.float64)
    best = np.zeros((len(spectra), len(basis)))
    # Half the squared residual, minus that with all abundances 0.
    lowest = np.full(len(spectra), np.inf if sum_to_one else 0.0)
    solve = _solve_with_sum_one if sum_to_one else _solve
    for active in _subsets(len(basis)):
        inner = gram[np.ix_(active, active)]
        part = projected[:, active]
        shares = solve(inner, part)
        cost = ((shares @ inner) * shares).sum(axis=1) / 2 - (shares * part).sum(axis=1)
        better = (shares >= -_ROUNDING).all(axis=1) & (cost < lowest)
        lowest[better] = cost[better]
        best[better] = 0
        best[np.ix_(better, active)] = np.maximum(shares[better], 0)
    return best.astype(np.float32)


def _subsets(number: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, number + 1):
        yield from combinations(range(number), size)


def _solve(
    gram: NDArray[np.float64], projected: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(np.linalg.solve(gram, projected.T).T)


def _solve_with_sum_one(
    gram: NDArray[np.float64], projected: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Solve with the constraint of a sum of 1, by a Lagrange multiplier."""
    free = np.linalg.solve(gram, projected.T)
    ones = np.linalg.solve(gram, np.ones(len(gram)))
    missing = (1 - free.sum(axis=0)) / ones.sum()
    return np.asarray((free + np.outer(ones, missing)).T)
