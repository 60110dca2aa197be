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
"""Rounds of exchanging corners at most; it ends when none is exchanged, mostly after
three to five."""
_GAIN = 1e-9
"""Relative gain of volume from which a corner is exchanged: above the rounding of the
determinants, so that equal volumes don't take turns for ever."""
MOST_ENDMEMBERS = 8
"""Endmembers at most. A choice: all their sets are tried for the abundances, and more
are not told apart by eye."""
_LEAST_LENGTH = 1e-12
"""Length below which a spectrum is nothing but rounding."""


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


def residual_shares(spectra: NDArray[np.float32]) -> NDArray[np.float64]:
    """Tell how much of the variance is left after 0, 1, ... principal components.

    Parameters
    ----------
    spectra : ndarray of float32
        Shape (windows, frequencies).

    Returns
    -------
    ndarray of float64, shape (MOST_ENDMEMBERS + 1,)
        From 1 falling.
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
    """Choose the number at the elbow of the residual.

    That is where it lies furthest below the straight line between its ends (Satopaa
    and others, ICDCS Workshops 2011): from there on a further component explains no
    more than the one before it. So many components span one endmember more.

    Parameters
    ----------
    residual : ndarray
        From `residual_shares`.
    """
    line = np.linspace(residual[0], residual[-1], len(residual))
    components = int((line - residual).argmax())
    return min(max(components + 1, 2), MOST_ENDMEMBERS)


def targets(scores: NDArray[np.float64], number: int) -> list[int]:
    """Choose windows one after another, each the least explained by those before.

    Parameters
    ----------
    scores : ndarray of float64
        Shape (windows, components).
    number : int
        How many, at most one more than there are components.

    Returns
    -------
    list of int
        Row numbers.
    """
    # Like the ones in a simplex's determinant: the first target is far from the mean.
    scale = np.sqrt((scores**2).sum(axis=1).mean()) or 1.0
    left = np.concatenate([np.full((len(scores), 1), scale), scores], axis=1)
    chosen: list[int] = []
    for _ in range(number):
        lengths = np.linalg.norm(left, axis=1)
        # What is explained is never chosen again, alike as the windows may be.
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
