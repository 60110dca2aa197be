"""Pixels made fit for Fourier transforms: no spikes, no burned-in marks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import (
    binary_dilation,
    gaussian_filter,
    label,
    uniform_filter,
)

from napari_cdse.core.errors import MicrographError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.background import AmorphousBackground

_SPIKE_SIGMA = 9.0
_STRIP_ROWS = 64
_FLAT_PX = 40
_STROKE_PX = 8
_STROKE_STEP = 1.5
_FLAT_MARGIN_PX = 3
_FILL_SIGMA_PX = 12.0


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Pixels fit for Fourier transforms.

    Attributes
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Mean 0, standard deviation 1 or a little less.
    usable : ndarray of bool, shape (rows, columns)
        False in flat areas, which were filled smoothly.
    backgrounds : dict
        What was measured of it so far: the amorphous background by edge of window.
    """

    pixels: NDArray[np.float32]
    usable: NDArray[np.bool_]
    backgrounds: dict[int, AmorphousBackground] = field(default_factory=dict)


def prepare(pixels: NDArray[np.float32]) -> Prepared:
    """Take out hot pixels and flat areas (scale bars, letters, saturation).

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Finite gray values.

    Returns
    -------
    Prepared

    Raises
    ------
    MicrographError
        If all pixels are alike.
    """
    low, high = float(pixels.min()), float(pixels.max())
    if not high > low:
        raise MicrographError(
            "All pixels have the same gray value; open a micrograph with contrast."
        )
    image = pixels.astype(np.float32)
    image /= np.float32(max(abs(low), abs(high)))
    image -= image.mean()
    flat = _flat_areas(image)
    if flat.all():
        raise MicrographError(
            "This picture has flat areas only; open a micrograph with contrast."
        )
    image = _without_spikes(image)
    if flat.any():
        image = _filled(image, flat)
    image /= np.float32(image.std())
    return Prepared(image, ~flat)


def _without_spikes(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Replace what stands far out of its eight neighbours by their median."""
    if min(image.shape) < 3:
        return image
    padded = np.pad(image, 1, mode="reflect")
    excess = _excess(padded)
    sample = excess[:: max(1, len(excess) // 512)]
    sigma = float(np.median(sample)) / 0.6745
    limit = _SPIKE_SIGMA * max(sigma, 1e-7)
    rows, cols = np.nonzero(excess > limit)
    if not 0 < len(rows) < image.size // 100:
        return image
    ring = [(r, c) for r in range(3) for c in range(3) if (r, c) != (1, 1)]
    near = np.stack([padded[rows + r, cols + c] for r, c in ring])
    middle = np.median(near, axis=0)
    # The neighbours of a spike were suspected too; their own medians acquit them.
    spike = np.abs(image[rows, cols] - middle) > limit
    image[rows[spike], cols[spike]] = middle[spike]
    return image


def _excess(padded: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far each pixel is from the mean of its eight neighbours.

    In strips, which stay in the cache and keep the memory bounded.
    """
    excess = np.empty((len(padded) - 2, padded.shape[1] - 2), np.float32)
    for first in range(0, len(excess), _STRIP_ROWS):
        strip = padded[first : first + _STRIP_ROWS + 2]
        down = strip[:-2] + strip[1:-1] + strip[2:]
        around = down[:, :-2] + down[:, 1:-1] + down[:, 2:]
        around -= 9 * strip[1:-1, 1:-1]
        np.abs(around, out=excess[first : first + _STRIP_ROWS])
    excess /= 8
    return excess


def _flat_areas(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Areas of one gray value, with a margin."""
    flat = _like_neighbours(image)
    if not flat.any():
        return flat
    regions, count = label(flat)
    sizes = np.bincount(regions.ravel(), minlength=count + 1)
    sizes[0] = 0
    # Strokes of letters are narrow but end in a step; saturated fringes do not.
    step = np.abs(image - uniform_filter(image, 7)) > _STROKE_STEP * image.std()
    strokes = np.unique(regions[flat & step])
    sizes[strokes] *= _FLAT_PX // _STROKE_PX
    large = (sizes >= _FLAT_PX)[regions]
    if not large.any():
        return large
    return binary_dilation(large, np.ones((3, 3), bool), _FLAT_MARGIN_PX)


def _like_neighbours(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Pixels whose eight neighbours have their gray value; fewer at the border."""
    beside = np.ones(image.shape, bool)
    step = image[:, 1:] == image[:, :-1]
    beside[:, 1:] &= step
    beside[:, :-1] &= step
    # Rows that are flat, and equal to each other: the corners follow.
    step = (image[1:] == image[:-1]) & beside[1:] & beside[:-1]
    beside[1:] &= step
    beside[:-1] &= step
    return beside


def _filled(
    image: NDArray[np.float32], marks: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Fill marked areas smoothly from their surroundings."""
    weight = np.where(marks, np.float32(0), np.float32(1))
    total = gaussian_filter(weight, _FILL_SIGMA_PX)
    smooth = gaussian_filter(image * weight, _FILL_SIGMA_PX)
    fill = np.where(total > 1e-3, smooth / np.maximum(total, 1e-3), 0)
    return np.where(marks, fill, image).astype(np.float32)
