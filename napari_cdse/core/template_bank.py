"""Correlation of a whitened micrograph with fringes inside particle-sized templates.

A dot is a flattened ellipsoid, so the amplitude of its fringes follows its thickness,
``sqrt(1 - (r / R)**2)``: the template. Against white noise, the squared correlation
with template times plane wave is the generalised likelihood ratio for one family of
fringes of unknown amplitude and phase; in speckle alone it is exponentially
distributed with mean 1 (Kay, Fundamentals of Statistical Signal Processing II, 7.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_cdse.core.lattice import FringePrior
    from napari_cdse.core.whitening import Whitened

_PHASE_STEP_RAD = 1.41
_SAMPLES_PER_RADIUS = 2.5
_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """What templates of one radius found.

    Attributes
    ----------
    radius_px : float
        Radius of the template.
    strongest : ndarray of float32, shape (rows, columns)
        Largest power, less penalty, over all fringe frequencies; 0 or more.
    origin_px, step_px : tuple of float
        Place of sample ``[0, 0]`` in the micrograph, and distance of samples.
    peaks : ndarray of float64, shape (n, 5)
        Local maxima in place above the floor: row, column (px of the micrograph),
        k_row, k_col (cycles per px), power.
    """

    radius_px: float
    strongest: NDArray[np.float32]
    origin_px: tuple[float, float]
    step_px: tuple[float, float]
    peaks: NDArray[np.float64]

    def places(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rows and columns of the samples in pixels of the micrograph."""
        rows, cols = (
            origin + step * np.arange(count)
            for origin, step, count in zip(
                self.origin_px, self.step_px, self.strongest.shape, strict=True
            )
        )
        return rows, cols


def dome_transform(
    frequency: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    """Fourier transform of ``sqrt(1 - (r / R)**2)``, one at frequency 0."""
    z = np.maximum(2 * np.pi * frequency * radius, 1e-2)
    return np.asarray(3 * (np.sin(z) - z * np.cos(z)) / z**3)


def respond(
    white: Whitened,
    radius_px: float,
    band_per_px: tuple[float, float],
    prior: FringePrior,
    floor: float,
    progress: Callable[[float], None],
) -> Responses:
    """Correlate with one template radius at all fringe frequencies of the band.

    Parameters
    ----------
    white : Whitened
        Noise of unit power and particles.
    radius_px : float
        Radius of the template in pixels of the micrograph.
    band_per_px : tuple of float
        Lowest and highest spatial frequency in cycles per pixel.
    prior : FringePrior
        Its penalty is taken off the power of each frequency.
    floor : float
        Power, less penalty, from which a local maximum is kept.
    progress : callable
        Called with the share done.
    """
    spectrum = fft.fft2(white.values, norm="ortho")
    extent = _extent(white)
    blocks = _Blocks.of(extent, radius_px)
    centres = _centres(extent, radius_px, band_per_px)
    strongest = np.zeros(blocks.shape, np.float32)
    peaks = [np.zeros((0, 5))]
    penalties = prior.penalty(np.hypot(*(centres / extent).T)).astype(np.float32)
    for first in range(0, len(centres), _BATCH):
        batch = slice(first, first + _BATCH)
        power = blocks.power(spectrum, centres[batch])
        power -= penalties[batch, None, None]
        np.maximum(strongest, power.max(axis=0), out=strongest)
        peaks.append(_local_maxima(power, floor, blocks, centres[batch]))
        progress(first / len(centres))
    step = (extent[0] / blocks.shape[0], extent[1] / blocks.shape[1])
    found = np.concatenate(peaks)
    found[:, :2] = found[:, :2] * step + white.origin_px
    return Responses(radius_px, strongest, white.origin_px, step, found)


@dataclass(frozen=True, slots=True, eq=False)
class _Blocks:
    """Cuts the surroundings of one frequency out of a spectrum and goes back."""

    shape: tuple[int, int]
    offsets: tuple[NDArray[np.intp], NDArray[np.intp]]
    weights: NDArray[np.float32]
    extent: tuple[float, float]

    @classmethod
    def of(cls, extent: tuple[float, float], radius_px: float) -> _Blocks:
        rows, cols = (
            fft.next_fast_len(int(np.ceil(e * _SAMPLES_PER_RADIUS / radius_px)))
            for e in extent
        )
        offsets = tuple(
            np.rint(np.fft.fftfreq(count) * count).astype(np.intp)
            for count in (rows, cols)
        )
        distance = np.hypot(offsets[0][:, None] / extent[0], offsets[1] / extent[1])
        weights = dome_transform(distance, radius_px)
        unit = weights / np.sqrt((weights**2).sum())
        return cls(
            (rows, cols), (offsets[0], offsets[1]), unit.astype(np.float32), extent
        )

    def power(
        self, spectrum: NDArray[np.complex64], centres: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """Squared responses around some frequencies, shape (n, rows, columns)."""
        rows = (centres[:, :1] + self.offsets[0]) % spectrum.shape[0]
        cols = (centres[:, 1:] + self.offsets[1]) % spectrum.shape[1]
        block = spectrum[rows[:, :, None], cols[:, None, :]]
        block *= self.weights
        response = fft.ifft2(block, norm="forward", overwrite_x=True)
        power: NDArray[np.float32] = response.real**2
        power += response.imag**2
        return power


def _extent(white: Whitened) -> tuple[float, float]:
    rows, cols = white.values.shape
    return rows * white.step_px[0], cols * white.step_px[1]


def _centres(
    extent: tuple[float, float], radius_px: float, band_per_px: tuple[float, float]
) -> NDArray[np.intp]:
    """Frequencies of the half plane in whole cycles per extent, shape (n, 2)."""
    step = _PHASE_STEP_RAD / (2 * np.pi * radius_px)
    count = int(np.ceil(band_per_px[1] / step))
    rows, cols = np.mgrid[-count : count + 1, 0 : count + 1] * step
    radius = np.hypot(rows, cols)
    half = (cols > 0) | (rows > 0)
    inside = half & (radius >= band_per_px[0]) & (radius <= band_per_px[1])
    cycles = np.stack([rows[inside] * extent[0], cols[inside] * extent[1]], axis=1)
    return np.asarray(np.rint(cycles), dtype=np.intp)


def _local_maxima(
    power: NDArray[np.float32],
    floor: float,
    blocks: _Blocks,
    centres: NDArray[np.intp],
) -> NDArray[np.float64]:
    at, rows, cols = np.nonzero(power > floor)
    here = power[at, rows, cols]
    keep = np.ones(len(rows), bool)
    for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        beside = (rows + down) % blocks.shape[0], (cols + right) % blocks.shape[1]
        keep &= here >= power[at, beside[0], beside[1]]
    found = np.empty((int(keep.sum()), 5))
    found[:, 0], found[:, 1], found[:, 4] = rows[keep], cols[keep], here[keep]
    found[:, 2:4] = centres[at[keep]] / np.asarray(blocks.extent)
    return found
