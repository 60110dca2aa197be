"""Uneven light taken out, and areas found in which there is nothing to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.arrays import bilinear

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELL_PX = 32
_DEAD_SHARE = 0.12
_SATURATED_SHARE = 0.6
_UNEVEN = np.log(2.0)
_ROUNDS = 8


def dead_areas(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Cells with hardly any noise, as beside an aperture, or mostly saturated ones."""
    if min(image.shape) < 4 * _CELL_PX:
        return np.zeros(image.shape, bool)
    deviation = _deviations(image)[1]
    dead = deviation < _DEAD_SHARE * np.median(deviation)
    for extreme in (image.min(), image.max()):
        if np.mean(image[::4, ::4] == extreme) > 0.01:
            dead |= _cell_means(image == extreme) > _SATURATED_SHARE
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
    if min(image.shape) < 4 * _CELL_PX:
        return image
    mean, deviation = _deviations(image)
    seen = (_cell_means(marks) < 0.2) & (deviation > 0)
    if not seen.any():
        return image
    least = float(deviation[seen].min())
    trend = robust_surface(np.log(np.maximum(deviation, least)), seen)
    if np.ptp(trend[seen]) < _UNEVEN:
        return image
    rows, cols = ((np.arange(n) + 0.5) / _CELL_PX - 0.5 for n in image.shape)
    flat = image - bilinear(mean, rows, cols)
    flat *= bilinear(np.exp(-trend).astype(np.float32), rows, cols)
    return flat


def robust_surface(
    level: NDArray[np.floating], seen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Quadratic surface with the least absolute deviations: uneven light, say.

    A median near the border sees one side of a slope only, so the slope goes first.

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
    if np.count_nonzero(seen) < 4 * len(terms):
        return np.full(level.shape, np.median(level[seen]) if seen.any() else 0.0)
    weight = np.ones(np.count_nonzero(seen))
    for _ in range(_ROUNDS):
        scaled = np.sqrt(weight)
        fitted = np.linalg.lstsq(
            basis[seen] * scaled[:, None], level[seen] * scaled, rcond=None
        )[0]
        weight = 1 / np.maximum(np.abs(level[seen] - basis[seen] @ fitted), 0.02)
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
