"""Abundances: the share of each endmember in each window.

Non-negative least squares (Lawson and Hanson, Solving Least Squares Problems, 1974), or
fully constrained ones, whose abundances also add up to one (Heinz, Chang, IEEE Trans.
Geosci. Remote Sens. 39, 2001). With a few endmembers every set of them that may take
part can be tried: the best of the solutions without a negative share is the exact one.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_RIDGE = 1e-10
"""Added to the diagonal of the normal equations, in their trace: keeps two endmembers
that are nearly the same from making them singular; far below any abundance."""
_LEAST_RIDGE = 1e-30
"""The same where all spectra are 0."""
_BELOW_ZERO = 1e-9
"""How far rounding may put a share of nothing below 0."""


def abundances(
    spectra: NDArray[np.float32],
    endmembers: NDArray[np.float32],
    *,
    sum_to_one: bool = False,
) -> NDArray[np.float32]:
    """Explain all windows by endmembers.

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
        None below 0.
    """
    basis = endmembers.astype(np.float64)
    gram = basis @ basis.T
    gram += np.eye(len(gram)) * (_RIDGE * np.trace(gram) + _LEAST_RIDGE)
    projected = np.asarray(spectra @ endmembers.T, dtype=np.float64)
    best = np.zeros((len(spectra), len(basis)))
    # Half the squared distance, less that of a window explained by nothing.
    lowest = np.full(len(spectra), np.inf if sum_to_one else 0.0)
    solve = _solved_to_one if sum_to_one else _solved
    for active in _sets(len(basis)):
        inner = gram[np.ix_(active, active)]
        part = projected[:, active]
        shares = solve(inner, part)
        cost = ((shares @ inner) * shares).sum(axis=1) / 2 - (shares * part).sum(axis=1)
        better = (shares >= -_BELOW_ZERO).all(axis=1) & (cost < lowest)
        lowest[better] = cost[better]
        best[better] = 0
        best[np.ix_(better, active)] = np.maximum(shares[better], 0)
    return best.astype(np.float32)


def _sets(number: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, number + 1):
        yield from combinations(range(number), size)


def _solved(
    gram: NDArray[np.float64], projected: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(np.linalg.solve(gram, projected.T).T)


def _solved_to_one(
    gram: NDArray[np.float64], projected: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Solve with a Lagrange multiplier for the sum."""
    free = np.linalg.solve(gram, projected.T)
    ones = np.linalg.solve(gram, np.ones(len(gram)))
    missing = (1 - free.sum(axis=0)) / ones.sum()
    return np.asarray((free + np.outer(ones, missing)).T)
