"""Power spectra of real images, held as the half plane that ``rfft2`` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates

from napari_cdse.core.arrays import bilinear

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ARCS = 72
_ARC_SIGMA = 3.0
_CORNER = 0.72
_SMEAR_BINS = 0.85
_SHARPEN_ROUNDS = 3


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
