"""Power spectra of real images, held as the half plane that ``rfft2`` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates

from napari_cdse.core.arrays import bilinear

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ARCS = 72
"""Angles of the polar grid, 5 degrees apart. A choice: more take time, fewer leave
steps at high frequencies, where arcs are longest."""

_ARC_SIGMA = 3.0
"""Standard deviation of the Gaussian along arcs, in steps of `_ARCS`: 15 degrees. A
choice: it keeps 87 % of a twofold astigmatism (exp(-2 sigma**2)) and averages over some
50 degrees. A larger one rounds off astigmatism, a smaller one leaves scatter."""

_CORNER = 0.72
"""Radius of the polar grid in cycles per pixel. The corner of a spectrum lies at
sqrt(1/2) = 0.707; the rest gives interpolation there a neighbour."""

_SMEAR_BINS = 0.85
"""Standard deviation, in bins, of what smeared the power across arcs. The Hann window's
own power has a variance of 1/3 bin**2; interpolation adds 1/6 onto the polar grid, 1/24
back from it at half bins, and 1/6 in `at_frequencies`: together 0.71, or 0.84**2."""

_SHARPEN_ROUNDS = 3
"""Rounds of the deconvolution. A choice: each brings out narrower zeros of the contrast
transfer, and raises scatter with them."""


def at_frequencies(
    half: NDArray[np.float32], rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Interpolate at frequencies in cycles per pixel, on the grid ``rows x cols``."""
    size = len(half)
    plane = _centred(half)
    return bilinear(plane, rows * size + size // 2, cols * size + size // 2)


def along_arcs(half: NDArray[np.float32], per_bin: int = 2) -> NDArray[np.float32]:
    """Smooth along arcs, by way of ``per_bin`` radii for each bin."""
    size, count = half.shape
    radii = np.arange(per_bin * size * _CORNER) / per_bin
    angles = np.arange(_ARCS) * (2 * np.pi / _ARCS)
    places = radii[:, None] * np.stack([np.sin(angles), np.cos(angles)])[:, None]
    polar = map_coordinates(_centred(half), places + size // 2, order=1, mode="nearest")
    polar = gaussian_filter1d(polar, _ARC_SIGMA, axis=1, mode="wrap")
    polar = np.concatenate([polar, polar[:, :1]], axis=1)
    rows, cols = np.fft.fftfreq(size)[:, None] * size, np.arange(count)
    angle = np.arctan2(rows, cols) % (2 * np.pi)
    where = [per_bin * np.hypot(rows, cols), angle * (_ARCS / (2 * np.pi))]
    smooth = map_coordinates(polar, where, order=1, mode="nearest")
    return np.asarray(smooth, dtype=np.float32)


def sharpened(half: NDArray[np.float32]) -> NDArray[np.float32]:
    """Undo the smear of a Hann window and of `along_arcs` and `at_frequencies`.

    After Richardson, J. Opt. Soc. Am. 62, 55 (1972).
    """
    plane = _centred(half)
    sharp = plane
    for _ in range(_SHARPEN_ROUNDS):
        smeared = gaussian_filter(sharp, _SMEAR_BINS, mode="wrap")
        sharp = np.multiply(
            sharp, plane / np.maximum(smeared, np.finfo(np.float32).tiny)
        )
    back = np.fft.ifftshift(sharp)[:, : half.shape[1]]
    return np.asarray(back, dtype=np.float32)


def _centred(half: NDArray[np.float32]) -> NDArray[np.float32]:
    """Both halves, frequency 0 in the middle."""
    size = half.shape[0]
    mirrored = half[-np.arange(size) % size][:, 1 : (size + 1) // 2][:, ::-1]
    return np.fft.fftshift(np.concatenate([half, mirrored], axis=1))
