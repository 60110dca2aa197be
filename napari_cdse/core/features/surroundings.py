"""Measure a micrograph's amorphous background, the reference for all its particles.

Detection has a finer one, `core.imaging.background`. This one is radial and quick. A
change of it changes the features, whose version must then be raised (`BRAGG`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from napari_cdse.core.arrays import medians, power_of
from napari_cdse.core.features.sampling import BAND_PER_NM
from napari_cdse.core.picture.frame_lines import without_frame
from napari_cdse.core.picture.repeated_pixels import as_recorded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.records import Micrograph

_WINDOW_NM = 4.0
"""Edge of a window on the background, in nm. A choice: about a particle wide. Larger
ones more often hold a particle, smaller ones smear the falling spectrum."""
_WINDOWS = 7
"""Windows along each axis at most. The median of 49 exponential powers scatters by
21 % of itself, and the mean of a ring of hundreds by a few per cent; more cost time."""
_OVERLAP = 1.5
"""Number of windows along an axis over that of windows side by side. A choice: the Hann
window suppresses edges, so that some overlap uses all pixels; more cost time."""
_RADIAL_BINS = 64
"""Radial bins up to the corner of the spectrum. A choice: more hold few samples each,
fewer smear the falling spectrum."""
_FEWEST_PX = 4
"""Fewest pixels along a window: fewer have hardly any frequency."""
_LEAST_POWER = 1e-12
"""Least power, over the largest, for constant micrographs, which have none."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """A micrograph with the mean power of its amorphous background.

    Attributes
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Without a frame, if the picture has one.
    pixel_size_nm : float
    rms : float
        Standard deviation of the background's gray values. The corners of the spectrum
        beyond 0.5 cycles per pixel are taken to have the mean power of all below; if
        they have none, the value is 13 % too high.
    frequencies_per_px : ndarray, shape (n_bins,)
        Centres of the radial bins, in cycles per pixel.
    power : ndarray, shape (n_bins,)
        Mean power per pixel at these frequencies, in ``rms**2``: a window w of noise
        has ``|FFT(w * noise / rms)|**2`` of ``power * sum(w**2)`` on average.
    origin_px : tuple of int
        Row and column of the first of the pixels in the picture.
    band_per_nm : tuple of float
        Spatial frequencies in which lattice fringes are looked for, in 1/nm.
    """

    pixels: NDArray[np.float32]
    pixel_size_nm: float
    rms: float
    frequencies_per_px: NDArray[np.float64]
    power: NDArray[np.float64]
    origin_px: tuple[int, int] = (0, 0)
    band_per_nm: tuple[float, float] = BAND_PER_NM

    @classmethod
    def of(
        cls,
        micrograph: Micrograph,
        pixel_size_nm: float,
        band_per_nm: tuple[float, float] = BAND_PER_NM,
    ) -> Surroundings:
        """Measure the background of a micrograph.

        Parameters
        ----------
        micrograph : Micrograph
            The picture.
        pixel_size_nm : float
            Edge of a pixel.
        band_per_nm : tuple of float
            Where lattice fringes are sought; by default that of CdSe, which the
            forest's features are made for.
        """
        recorded, _ = as_recorded(micrograph.pixels)
        inner = without_frame(recorded)
        pixels = inner.pixels
        size = _window_px(pixels.shape, pixel_size_nm)
        power = _radial_mean(_median_power(pixels, size))
        centres = (np.arange(_RADIAL_BINS) + 0.5) / _RADIAL_BINS * np.sqrt(0.5)
        # Weighted by the area of each ring, up to the edges of the spectrum.
        weight = centres * (centres < 0.5)
        variance = float((power * weight).sum() / weight.sum())
        rms = float(np.sqrt(variance))
        relative = power / variance
        origin = inner.origin_px
        return cls(pixels, pixel_size_nm, rms, centres, relative, origin, band_per_nm)

    @cached_property
    def _log_power(self) -> NDArray[np.float64]:
        return np.log(self.power)

    def power_at(self, k_per_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Background power at radial frequencies in cycles per pixel."""
        level = np.interp(k_per_px, self.frequencies_per_px, self._log_power)
        return np.asarray(np.exp(level))


def _window_px(shape: tuple[int, ...], pixel_size_nm: float) -> int:
    wanted = fft.next_fast_len(round(_WINDOW_NM / pixel_size_nm), real=True)
    return int(np.clip(wanted, _FEWEST_PX, max(_FEWEST_PX, min(shape))))


def _median_power(pixels: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Mean power of the background, as the median over windows divided by ln 2.

    The power of speckle is exponentially distributed, and its median is ln 2 times its
    mean. Crystals in a minority of the windows hardly change the median.
    """
    lack = [(0, max(0, size - n)) for n in pixels.shape]
    padded = np.pad(pixels, lack, "symmetric") if np.any(lack) else pixels
    starts = [_starts(n, size) for n in padded.shape]
    side = np.hanning(size + 2)[1:-1]
    taper = np.outer(side, side).astype(np.float32)
    windows = np.stack(
        [padded[r : r + size, c : c + size] for r in starts[0] for c in starts[1]]
    ).astype(np.float32)
    windows -= windows.mean(axis=(1, 2), keepdims=True)
    windows *= taper / np.float32(np.sqrt((taper**2).sum()))
    power = power_of(fft.rfft2(windows)).reshape(len(windows), -1)
    # Faster by several times if the values of each median are adjacent in memory.
    median = medians(power.T.copy())
    return np.asarray(median / np.log(2), np.float32).reshape(size, -1)


def _starts(length: int, size: int) -> NDArray[np.intp]:
    number = int(np.clip(round(_OVERLAP * length / size), 1, _WINDOWS))
    return np.linspace(0, length - size, number).round().astype(np.intp)


def _radial_mean(power: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean by distance from frequency zero; ``power`` in the order of ``rfft2``."""
    size = len(power)
    radius = np.hypot(fft.fftfreq(size)[:, None], fft.rfftfreq(size)).ravel()
    bins = np.minimum(radius / np.sqrt(0.5) * _RADIAL_BINS, _RADIAL_BINS - 1)
    bins = bins.astype(np.intp)
    # All columns but the first, and the last of an even transform, also stand for
    # their mirror images. They count twice, so that rotation changes nothing.
    twice = np.full(power.shape, 2.0)
    twice[:, 0] = 1.0
    twice[:, size // 2 + size % 2 :] = 1.0
    counts = np.bincount(bins, twice.ravel(), minlength=_RADIAL_BINS)
    sums = np.bincount(bins, (power * twice).ravel(), minlength=_RADIAL_BINS)
    filled = np.flatnonzero(counts)
    mean = np.interp(np.arange(_RADIAL_BINS), filled, sums[filled] / counts[filled])
    # A constant micrograph has no power; the floor keeps ratios finite.
    return np.maximum(mean, _LEAST_POWER * max(float(mean.max()), _LEAST_POWER))
