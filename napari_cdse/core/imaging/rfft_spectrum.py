"""Power spectra of real images, held as the half plane that ``rfft2`` gives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from napari_cdse.core.arrays import bilinear

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ARCS = 72
"""Angles of the polar grid, 5 degrees apart. A choice: more take time, fewer make steps
visible at high frequencies, where arcs are longest."""

_ARC_SIGMA = 3.0
"""Standard deviation of the Gaussian along arcs, in steps of `_ARCS`: 15 degrees. A
choice: it keeps 87 % of a twofold astigmatism (exp(-2 sigma**2)) and averages over some
50 degrees. A larger one attenuates astigmatism, a smaller one leaves more scatter."""

_CORNER = 0.72
"""Radius of the polar grid in cycles per pixel. The corner of a spectrum is at
sqrt(1/2) = 0.707; interpolation there needs a neighbour beyond."""

_SMEAR_BINS = 0.85
"""Standard deviation, in bins, of the smearing across arcs. The power of the Hann
window has a variance of 1/3 bin**2; interpolation adds 1/6 to the polar grid, 1/24 back
from it at half bins, and 1/6 in `at_frequencies`: together 0.71, or 0.84**2."""

_SHARPEN_ROUNDS = 3
"""Iterations of the deconvolution. A choice: each resolves narrower zeros of the
contrast transfer, and amplifies scatter."""


def at_frequencies(
    half: NDArray[np.float32], rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Interpolate a spectrum at frequencies in cycles per pixel.

    Parameters
    ----------
    half : ndarray of float32, shape (n, n // 2 + 1)
        In the order of ``rfft2``.
    rows, cols : ndarray of float64
        Frequencies of the result's rows and columns.

    Returns
    -------
    ndarray of float32, shape (rows, cols)
    """
    size = len(half)
    plane = _centred(half)
    return bilinear(plane, rows * size + size // 2, cols * size + size // 2)


def along_arcs(halves: NDArray[np.float32], per_bin: int = 2) -> NDArray[np.float32]:
    """Smooth one or more spectra along arcs around frequency 0.

    They are interpolated to polar coordinates, smoothed over the angle, and
    interpolated back.

    Parameters
    ----------
    halves : ndarray of float32, shape (..., n, n // 2 + 1)
        In the order of ``rfft2``.
    per_bin : int
        Radii of the polar grid per bin.
    """
    size, count = halves.shape[-2:]
    to_polar, back = _polar_grid(size, per_bin)
    planes = np.stack([_centred(half) for half in halves.reshape(-1, size, count)])
    polar = (
        to_polar.interpolate(planes).reshape(len(planes), -1, _ARCS) @ _arc_weights()
    )
    smooth = back.interpolate(polar)
    return np.asarray(smooth.reshape(halves.shape))


@dataclass(frozen=True, slots=True, eq=False)
class _Bilinear:
    """Bilinear interpolation of planes of one shape, always at the same places.

    Attributes
    ----------
    corners : ndarray of int, shape (4, n)
        Flat indices of the four samples around each place.
    shares : ndarray of float32, shape (4, n)
        Their weights.
    """

    corners: NDArray[np.intp]
    shares: NDArray[np.float32]

    @classmethod
    def at(
        cls, rows: NDArray[np.float64], cols: NDArray[np.float64], width: int
    ) -> _Bilinear:
        """Compute indices and weights for places in planes of ``width`` columns.

        Places on the last row or column give a weight of 0 to samples beyond it.
        """
        above, left = rows.astype(np.intp), cols.astype(np.intp)
        down, right = (rows - above).ravel(), (cols - left).ravel()
        first = (above * width + left).ravel()
        shares = (1 - down) * (1 - right), (1 - down) * right, down * (1 - right)
        return cls(
            np.stack([first, first + 1, first + width, first + width + 1]),
            np.stack([*shares, down * right]).astype(np.float32),
        )

    def interpolate(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Interpolate each plane, shape (planes, n)."""
        flat = planes.reshape(len(planes), -1)
        found = np.zeros((len(flat), self.corners.shape[1]), np.float32)
        for corner, share in zip(self.corners, self.shares, strict=True):
            found += np.take(flat, corner, axis=1, mode="clip") * share
        return found


@lru_cache(maxsize=8)
def _polar_grid(size: int, per_bin: int) -> tuple[_Bilinear, _Bilinear]:
    """Return the interpolations from the whole plane to polar coordinates and back.

    The second one gives the half plane.
    """
    radii = np.arange(per_bin * size * _CORNER) / per_bin
    angles = np.arange(_ARCS) * (2 * np.pi / _ARCS)
    down, right = (
        np.clip(radii[:, None] * each + size // 2, 0, size - 1)
        for each in (np.sin(angles), np.cos(angles))
    )
    rows, cols = np.fft.fftfreq(size)[:, None] * size, np.arange(size // 2 + 1)
    angle = np.arctan2(rows, cols) % (2 * np.pi) * (_ARCS / (2 * np.pi))
    radius = np.minimum(per_bin * np.hypot(rows, cols), len(radii) - 1)
    back = _Bilinear.at(radius, angle, _ARCS + 1)
    return _Bilinear.at(down, right, size), back


@lru_cache(maxsize=1)
def _arc_weights() -> NDArray[np.float32]:
    """Return the smoothing matrix over angles; its first column is repeated at the end.

    The repetition is for interpolation between the last angle and the first.
    """
    means = gaussian_filter1d(np.eye(_ARCS), _ARC_SIGMA, axis=0, mode="wrap")
    return np.concatenate([means, means[:, :1]], axis=1).astype(np.float32)


def sharpened(half: NDArray[np.float32]) -> NDArray[np.float32]:
    """Deconvolve the smearing by the Hann window, `along_arcs` and `at_frequencies`.

    By Richardson's and Lucy's iterations: W. H. Richardson, J. Opt. Soc. Am. 62, 55
    (1972).
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
    """Return the whole plane of a half spectrum, with frequency 0 in the middle."""
    size = half.shape[0]
    mirrored = half[-np.arange(size) % size][:, 1 : (size + 1) // 2][:, ::-1]
    return np.fft.fftshift(np.concatenate([half, mirrored], axis=1))
