"""The unmixing of 2018: window spectra as mixtures of a few endmembers.

N-FINDR (Winter, Proc. SPIE 3753, 1999) finds the spectra that span the largest
simplex; non-negative least squares (Lawson and Hanson, 1974) says how much of each
is in every window. Spectra are compressed as the logarithm of the power over the
amorphous background, so that one bright particle does not fix all endmembers.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SWEEPS = 50
"""Rounds of exchanging corners at most; it ends when none is exchanged, mostly after
three to five."""
_GAIN = 1e-9
"""Relative gain of volume from which a corner is exchanged: above the rounding of the
determinants, so that equal volumes don't take turns for ever."""
_RIDGE = 1e-10
"""Added to the diagonal of the normal equations, in their trace: keeps two endmembers
that are nearly the same from making them singular; far below any abundance."""
_LEAST_RIDGE = 1e-30
"""The same where all spectra are 0."""


def principal_components(
    spectra: NDArray[np.float32], count: int
) -> NDArray[np.float64]:
    """Scores of the first principal components.

    Parameters
    ----------
    spectra : ndarray of float32
        Shape (windows, frequencies).
    count : int
        Number of components.

    Returns
    -------
    ndarray of float64, shape (windows, count)
    """
    centred = spectra - spectra.mean(axis=0)
    covariance = (centred.T @ centred).astype(np.float64)
    _, vectors = np.linalg.eigh(covariance)
    axes = vectors[:, ::-1][:, :count]
    # Eigenvectors have no sign of their own; fix one, so that runs are alike.
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(count)])
    return np.asarray(centred @ axes, dtype=np.float64)


def n_findr(scores: NDArray[np.float64], endmembers: int, seed: int) -> list[int]:
    """Choose the windows that span the largest simplex.

    Parameters
    ----------
    scores : ndarray of float64
        Shape (windows, endmembers - 1).
    endmembers : int
        Number of corners.
    seed : int
        Start of the random choice of first corners.

    Returns
    -------
    list of int
        Row numbers, ascending.
    """
    rng = np.random.default_rng(seed)
    chosen = [int(i) for i in rng.choice(len(scores), endmembers, replace=False)]
    points = np.concatenate([np.ones((len(scores), 1)), scores], axis=1)
    for _ in range(_SWEEPS):
        before = list(chosen)
        for corner in range(endmembers):
            chosen[corner] = _better_corner(points, chosen, corner)
        if chosen == before:
            break
    return sorted(chosen)


def _better_corner(points: NDArray[np.float64], chosen: list[int], corner: int) -> int:
    """Row that makes the simplex largest when it replaces one corner.

    The volume is linear in one corner: its cofactors give all candidates at once.
    """
    others = np.delete(points[chosen], corner, axis=0)
    columns = range(points.shape[1])
    cofactors = np.array(
        [(-1) ** c * np.linalg.det(np.delete(others, c, axis=1)) for c in columns]
    )
    volumes = np.abs(points @ cofactors)
    best = int(volumes.argmax())
    gained = volumes[best] > volumes[chosen[corner]] * (1 + _GAIN)
    return best if gained else chosen[corner]


def abundances(
    spectra: NDArray[np.float32], endmembers: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Non-negative least squares of all windows at once.

    With a few endmembers every active set can be tried: the best of those whose
    solution is non-negative is the exact answer.

    Parameters
    ----------
    spectra : ndarray of float32
        Shape (windows, frequencies).
    endmembers : ndarray of float32
        Shape (n, frequencies), n up to 8.

    Returns
    -------
    ndarray of float32, shape (windows, n)
    """
    basis = endmembers.astype(np.float64)
    gram = basis @ basis.T
    gram += np.eye(len(gram)) * (_RIDGE * np.trace(gram) + _LEAST_RIDGE)
    projected = np.asarray(spectra @ endmembers.T, dtype=np.float64)
    best = np.zeros((len(spectra), len(basis)))
    gain = np.zeros(len(spectra))
    for size in range(1, len(basis) + 1):
        for active in combinations(range(len(basis)), size):
            part = projected[:, active]
            solution = np.linalg.solve(gram[np.ix_(active, active)], part.T).T
            won = (solution * part).sum(axis=1)
            better = (solution >= 0).all(axis=1) & (won > gain)
            gain[better] = won[better]
            best[better] = 0
            best[np.ix_(better, active)] = solution[better]
    return best.astype(np.float32)
