"""Pixels made fit for Fourier transforms: no spikes, no burned-in marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import (
    binary_dilation,
    gaussian_filter,
    label,
    maximum_filter,
    minimum_filter,
    uniform_filter,
)

from napari_cdse.core.errors import MicrographError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SPIKE_SIGMA = 9.0
_FLAT_PX = 40
_FLAT_MARGIN_PX = 3
_FILL_SIGMA_PX = 12.0


def prepare(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take out hot pixels and flat areas (scale bars, letters, saturation).

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Finite gray values.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        Mean 0, standard deviation 1.

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
    image = (pixels / np.float32(max(abs(low), abs(high)))).astype(np.float32)
    image -= image.mean()
    image = _without_flat_areas(_without_spikes(image))
    spread = float(image.std())
    if spread == 0:
        raise MicrographError(
            "This picture has flat areas only; open a micrograph with contrast."
        )
    image /= np.float32(spread)
    return image


def _without_spikes(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Replace what stands far out of its eight neighbours by their median."""
    if min(image.shape) < 3:
        return image
    around = (uniform_filter(image, 3) * 9 - image) / 8
    excess = np.abs(image - around)
    sample = excess[:: max(1, len(excess) // 512)]
    sigma = float(np.median(sample)) / 0.6745
    rows, cols = np.nonzero(excess > _SPIKE_SIGMA * max(sigma, 1e-7))
    if not 0 < len(rows) < image.size // 100:
        return image
    padded = np.pad(image, 1, mode="reflect")
    ring = [(r, c) for r in range(3) for c in range(3) if (r, c) != (1, 1)]
    near = np.stack([padded[rows + r, cols + c] for r, c in ring])
    image[rows, cols] = np.median(near, axis=0)
    return image


def _without_flat_areas(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fill areas of one gray value smoothly from their surroundings."""
    flat = maximum_filter(image, 3) == minimum_filter(image, 3)
    if not flat.any():
        return image
    regions, count = label(flat)
    sizes = np.bincount(regions.ravel(), minlength=count + 1)
    sizes[0] = 0
    marks = binary_dilation(
        (sizes >= _FLAT_PX)[regions], np.ones((3, 3), bool), _FLAT_MARGIN_PX
    )
    if not marks.any() or marks.all():
        return image
    weight = np.where(marks, np.float32(0), np.float32(1))
    total = gaussian_filter(weight, _FILL_SIGMA_PX)
    smooth = gaussian_filter(image * weight, _FILL_SIGMA_PX)
    fill = np.where(total > 1e-3, smooth / np.maximum(total, 1e-3), 0)
    return np.where(marks, fill, image).astype(np.float32)
