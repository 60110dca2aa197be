"""Correct uneven illumination, and find areas without signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.arrays import bilinear, block_means, spread_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELL_PX = 32
"""Edge in pixels of the cells whose mean and standard deviation are taken. A choice:
1.2 nm at 0.037 nm per pixel. Smaller ones hold too few grains of speckle for a standard
deviation, larger ones blur the border of a dark area."""

_LEAST_CELLS = 4
"""Fewest cells along the shorter side of a picture that is corrected: fewer are too few
for a median, or for a surface of six terms."""


@dataclass(frozen=True, slots=True)
class _DeadAreaLimits:
    """What counts as a dead cell, one without signal. All are choices.

    Attributes
    ----------
    noise_share : float
        Standard deviation of a cell, in medians over all cells, below which it is dead.
        Higher marks thin clean support beside thick, lower leaves areas behind an
        aperture.
    saturated_share : float
        Share of a cell's pixels at the lowest or highest gray value from which it is
        dead. Lower marks strong fringes that are clipped (half of them at one end at
        most), higher leaves burnt cells with some noise.
    looked_at : float
        Share of such pixels in the whole picture below which saturated cells are not
        sought, to save time.
    sampled : int
        Every how many-th row and column is examined for that share.
    """

    noise_share: float = 0.12
    saturated_share: float = 0.6
    looked_at: float = 0.01
    sampled: int = 4


@dataclass(frozen=True, slots=True)
class _LevellingSettings:
    """When and how the contrast is made even. All are choices.

    Attributes
    ----------
    uneven : float
        Least ln(strongest over weakest contrast) that is corrected: a factor of two in
        contrast, four in power. Lower changes micrographs because their cells scatter,
        higher hides particles where the light is weak.
    marked_share : float
        Share of marked (filled) pixels from which a cell does not count. More lets
        filled pixels lower its standard deviation, less leaves few cells beside
        letters.
    """

    uneven: float = float(np.log(2.0))
    marked_share: float = 0.2


@dataclass(frozen=True, slots=True)
class _SurfaceSettings:
    """Numbers of the fit by iteratively reweighted least squares.

    Attributes
    ----------
    rounds : int
        Number of iterations. A choice: more come nearer to the least absolute
        deviations, each at the cost of one solution.
    least_deviation : float
        Absolute deviation below which a weight rises no further, in units of the fitted
        values (2 % for logarithms). A choice: smaller is nearer to least absolute
        deviations, but lets a few cells fix the surface; larger is nearer to least
        squares.
    cells_per_term : int
        Fewest values per term of the surface, which has six; with fewer, a constant is
        fitted. A choice: fewer fit their own scatter, more leave slopes in small
        pictures.
    """

    rounds: int = 8
    least_deviation: float = 0.02
    cells_per_term: int = 4


_DEAD = _DeadAreaLimits()
_LEVELLING = _LevellingSettings()
_SURFACE = _SurfaceSettings()


def dead_areas(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark cells with hardly any noise (behind an aperture), or mostly saturated.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        Gray values.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
    """
    if min(image.shape) < _LEAST_CELLS * _CELL_PX:
        return np.zeros(image.shape, bool)
    deviation = _deviations(image)[1]
    dead = deviation < _DEAD.noise_share * np.median(deviation)
    sample = image[:: _DEAD.sampled, :: _DEAD.sampled]
    for extreme in (image.min(), image.max()):
        if np.mean(sample == extreme) > _DEAD.looked_at:
            dead |= block_means(image == extreme, _CELL_PX) > _DEAD.saturated_share
    if not dead.any():
        return np.zeros(image.shape, bool)
    return spread_blocks(dead, _CELL_PX, image.shape)


def levelled(
    image: NDArray[np.float32], marks: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Make the contrast of the speckle even, if it varies by more than a factor of two.

    The contrast is modelled as a quadratic surface, which particles hardly affect. The
    image is returned unchanged if the contrast varies less.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        Gray values.
    marks : ndarray of bool, shape (rows, columns)
        Pixels that do not count, as they were filled.
    """
    if min(image.shape) < _LEAST_CELLS * _CELL_PX:
        return image
    mean, deviation = _deviations(image)
    marked = block_means(marks, _CELL_PX)
    seen = (marked < _LEVELLING.marked_share) & (deviation > 0)
    if not seen.any():
        return image
    least = float(deviation[seen].min())
    trend = robust_surface(np.log(np.maximum(deviation, least)), seen)
    if np.ptp(trend[seen]) < _LEVELLING.uneven:
        return image
    rows, cols = ((np.arange(n) + 0.5) / _CELL_PX - 0.5 for n in image.shape)
    flat = image - bilinear(mean, rows, cols)
    flat *= bilinear(np.exp(-trend).astype(np.float32), rows, cols)
    return flat


def robust_surface(
    level: NDArray[np.floating], seen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Fit a quadratic surface with the least absolute deviations.

    It models uneven illumination. Callers subtract it before they take local medians,
    which near the border would see one side of a slope only.

    Parameters
    ----------
    level : ndarray, shape (rows, columns)
        Values to fit, such as logarithms of contrast.
    seen : ndarray of bool, shape (rows, columns)
        Which of them count.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
        The surface, clipped to the range of the values that count.
    """
    rows, cols = np.indices(level.shape) / max(level.shape)
    terms = [np.ones_like(rows), rows, cols, rows**2, rows * cols, cols**2]
    basis = np.stack(terms, axis=-1)
    if np.count_nonzero(seen) < _SURFACE.cells_per_term * len(terms):
        return np.full(level.shape, np.median(level[seen]) if seen.any() else 0.0)
    weight = np.ones(np.count_nonzero(seen))
    for _ in range(_SURFACE.rounds):
        scaled = np.sqrt(weight)
        fitted = np.linalg.lstsq(
            basis[seen] * scaled[:, None], level[seen] * scaled, rcond=None
        )[0]
        deviation = np.abs(level[seen] - basis[seen] @ fitted)
        weight = 1 / np.maximum(deviation, _SURFACE.least_deviation)
    surface = basis @ fitted
    return np.asarray(np.clip(surface, level[seen].min(), level[seen].max()))


def _deviations(
    image: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each cell."""
    mean = block_means(image, _CELL_PX)
    square = block_means(np.square(image), _CELL_PX)
    return mean, np.sqrt(np.maximum(square - mean**2, 0))
