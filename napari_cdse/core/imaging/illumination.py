"""Uneven light taken out, and areas found in which there is nothing to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.arrays import bilinear

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELL_PX = 32
"""Edge in pixels of the cells whose mean and deviation are taken. A choice: 1.2 nm at
0.037 nm. Smaller ones hold too few grains of speckle for a deviation, larger ones blur
the border of a dark area."""

_LEAST_CELLS = 4
"""Cells along the shorter side below which nothing is marked or levelled: too few for a
median, or for a surface of six terms."""


@dataclass(frozen=True, slots=True)
class _DeadAreaLimits:
    """What counts as a cell in which there is nothing to see. All are choices.

    Attributes
    ----------
    noise_share : float
        Deviation of a cell, in the median of all, below which it is dead. Higher marks
        clean support beside thick, lower leaves areas behind an aperture.
    saturated_share : float
        Share of a cell's pixels at the lowest or highest gray value from which it is
        dead. Lower marks strong fringes that are clipped (half of them at one end at
        most), higher leaves burnt cells with some noise.
    looked_at : float
        Share of such pixels in the whole picture below which no cell is looked at:
        there is no saturated area worth the time.
    sampled : int
        Of how many rows and columns one is looked at for that share; more save time.
    """

    noise_share: float = 0.12
    saturated_share: float = 0.6
    looked_at: float = 0.01
    sampled: int = 4


@dataclass(frozen=True, slots=True)
class _LevellingSettings:
    """When and how contrast is levelled. All are choices.

    Attributes
    ----------
    uneven : float
        Logarithm of the ratio of strongest to weakest contrast from which it is: a
        factor of two, four in power. Lower touches micrographs for the scatter of
        their cells, higher hides particles where the light is weak.
    marked_share : float
        Share of marked pixels from which a cell does not count. More lets what was
        filled lower its deviation, less leaves few cells beside letters.
    """

    uneven: float = float(np.log(2.0))
    marked_share: float = 0.2


@dataclass(frozen=True, slots=True)
class _SurfaceSettings:
    """How the surface with the least absolute deviations is sought.

    Attributes
    ----------
    rounds : int
        Weighted least squares solved in turn. A choice: more come nearer to the
        least deviations, each at the cost of a solution.
    least_deviation : float
        Deviation, in units of the level (2 % for logarithms), below which a weight
        rises no further. A choice: smaller is nearer to the least deviations and lets
        a few cells fix the surface, larger is nearer to least squares.
    cells_per_term : int
        Fewest values for each of the six terms; with fewer, a constant is taken. A
        choice: fewer fit their own scatter, more leave slopes in small pictures.
    """

    rounds: int = 8
    least_deviation: float = 0.02
    cells_per_term: int = 4


_DEAD = _DeadAreaLimits()
_LEVELLING = _LevellingSettings()
_SURFACE = _SurfaceSettings()


def dead_areas(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Cells with hardly any noise, as beside an aperture, or mostly saturated ones."""
    if min(image.shape) < _LEAST_CELLS * _CELL_PX:
        return np.zeros(image.shape, bool)
    deviation = _deviations(image)[1]
    dead = deviation < _DEAD.noise_share * np.median(deviation)
    sample = image[:: _DEAD.sampled, :: _DEAD.sampled]
    for extreme in (image.min(), image.max()):
        if np.mean(sample == extreme) > _DEAD.looked_at:
            dead |= _cell_means(image == extreme) > _DEAD.saturated_share
    if not dead.any():
        return np.zeros(image.shape, bool)
    rows, cols = (
        np.minimum(np.arange(length) // _CELL_PX, count - 1)
        for length, count in zip(image.shape, dead.shape, strict=True)
    )
    return np.asarray(dead[rows[:, None], cols])


def levelled(
    image: NDArray[np.float32], marks: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Give speckle the same contrast everywhere, where it differs by a factor of two.

    The contrast follows a quadratic surface, which no particle moves much.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        Gray values.
    marks : ndarray of bool, shape (rows, columns)
        Pixels that do not count.
    """
    if min(image.shape) < _LEAST_CELLS * _CELL_PX:
        return image
    mean, deviation = _deviations(image)
    seen = (_cell_means(marks) < _LEVELLING.marked_share) & (deviation > 0)
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
    """Quadratic surface with the least absolute deviations: uneven light, say.

    A local median near the border sees one side of a slope only, so this goes first.

    Parameters
    ----------
    level : ndarray, shape (rows, columns)
        Logarithms, say.
    seen : ndarray of bool, shape (rows, columns)
        Which of them count.
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
    mean, square = _cell_means(image), _cell_means(np.square(image))
    return mean, np.sqrt(np.maximum(square - mean**2, 0))


def _cell_means(
    values: NDArray[np.float32] | NDArray[np.bool_],
) -> NDArray[np.float32]:
    rows, cols = (length // _CELL_PX for length in values.shape)
    cut = values[: rows * _CELL_PX, : cols * _CELL_PX]
    down = cut.reshape(rows, _CELL_PX, -1).mean(axis=1, dtype=np.float32)
    return np.asarray(down.reshape(rows, cols, _CELL_PX).mean(axis=2))
