"""Endmembers: how many there are, and which windows are the purest.

N-FINDR (Winter, Proc. SPIE 3753, 1999) exchanges windows until their spectra span the
largest simplex. It starts from those that automatic target generation (Ren, Chang, IEEE
Trans. Aerosp. Electron. Syst. 39, 2003) chooses: each is the one that the ones before
explain least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SWEEPS = 50
"""Largest number of rounds of exchanging corners; usually none is exchanged any more
after three to five."""
_GAIN = 1e-9
"""Least relative gain of volume for an exchange; above the rounding errors of the
determinants, so that corners of equal volume are not exchanged forever."""
MOST_ENDMEMBERS = 8
"""Largest number of endmembers. A choice: all their subsets are tried for the
abundances, and more can't be distinguished by eye."""
_LEAST_LENGTH = 1e-12
"""Norm below which a spectrum is only rounding error."""


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
    # The sign of an eigenvector is arbitrary; fixed here, so that runs agree.
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(count)])
    return np.asarray(centred @ axes, dtype=np.float64)


def residual_shares(spectra: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the share of the variance left by the first 0, 1, ... components.

    Parameters
    ----------
    spectra : ndarray of float32
        Shape (windows, frequencies).

    Returns
    -------
    ndarray of float64, shape (MOST_ENDMEMBERS + 1,)
        Descending from 1.
    """
    centred = spectra - spectra.mean(axis=0)
    values = np.linalg.eigvalsh((centred.T @ centred).astype(np.float64))[::-1]
    values = np.maximum(values, 0)
    total = float(values.sum())
    if total == 0:
        return np.zeros(MOST_ENDMEMBERS + 1)
    taken = np.concatenate([[0], np.cumsum(values)])
    number = np.minimum(np.arange(MOST_ENDMEMBERS + 1), len(values))
    return np.asarray(1 - taken[number] / total)


def number_of_endmembers(residual: NDArray[np.float64]) -> int:
    """Choose the number of endmembers by the elbow of the residual.

    The elbow is the point furthest below the straight line between the curve's ends
    (V. Satopaa and others, ICDCS Workshops 166 (2011)). That number of components spans
    a simplex with one endmember more.

    Parameters
    ----------
    residual : ndarray
        From `residual_shares`.
    """
    line = np.linspace(residual[0], residual[-1], len(residual))
    components = int((line - residual).argmax())
    return min(max(components + 1, 2), MOST_ENDMEMBERS)


def targets(scores: NDArray[np.float64], number: int) -> list[int]:
    """Choose windows one by one, each the least explained by those before (ATGP).

    Parameters
    ----------
    scores : ndarray of float64
        Shape (windows, components).
    number : int
        Number of windows, at most one more than there are components.

    Returns
    -------
    list of int
        Row numbers.
    """
    # The constant stands for the row of ones in the determinant of a simplex; with it,
    # the first target is a window far from the mean.
    scale = np.sqrt((scores**2).sum(axis=1).mean()) or 1.0
    left = np.concatenate([np.full((len(scores), 1), scale), scores], axis=1)
    chosen: list[int] = []
    for _ in range(number):
        lengths = np.linalg.norm(left, axis=1)
        # Excluded, since with equal windows one could be chosen twice.
        lengths[chosen] = -1
        chosen.append(int(lengths.argmax()))
        unit = left[chosen[-1]] / max(float(lengths.max()), _LEAST_LENGTH)
        left -= np.outer(left @ unit, unit)
    return chosen


def n_findr(scores: NDArray[np.float64], start: Sequence[int]) -> list[int]:
    """Exchange windows until they span the largest simplex.

    Parameters
    ----------
    scores : ndarray of float64
        Shape (windows, endmembers - 1).
    start : sequence of int
        Row numbers of the first corners, as many as endmembers.

    Returns
    -------
    list of int
        Row numbers, ascending.
    """
    chosen = list(start)
    points = np.concatenate([np.ones((len(scores), 1)), scores], axis=1)
    for _ in range(_SWEEPS):
        before = list(chosen)
        for corner in range(len(chosen)):
            chosen[corner] = _better_corner(points, chosen, corner)
        if chosen == before:
            break
    return sorted(chosen)


def _better_corner(points: NDArray[np.float64], chosen: list[int], corner: int) -> int:
    """Return the row that makes the simplex largest when it replaces one corner.

    The volume is linear in the coordinates of a corner, so that the cofactors of the
    others give the volumes for all candidates at once.
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
