"""A particle's patch: its pixels under a soft disk, and their spectrum.

The spectrum is divided by the micrograph's own amorphous background, so that 1 is
what bare support gives on average, whatever dose, defocus and grey scale are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle, Micrograph

BAND_PER_NM = (1.8, 6.2)
"""Spatial frequencies in which lattice fringes are looked for, in 1/nm."""
_BACKGROUND_NM = 4.0
_RADIAL_BINS = 64
_EDGE = 0.25
_OVERSAMPLING = 2.0
_MIN_RADIUS_PX = 6.0


@dataclass(frozen=True, eq=False)
class Surroundings:
    """A micrograph with the mean power of its amorphous background.

    Attributes
    ----------
    pixels : ndarray of float32, shape (rows, columns)
    pixel_size_nm : float
    frequencies_per_px : ndarray, shape (n_bins,)
        Centres of the radial bins, in cycles per pixel.
    power : ndarray, shape (n_bins,)
        Mean power per pixel at these frequencies: a window w of noise has
        ``|FFT(w * noise)|**2`` of ``power * sum(w**2)`` on average.
    """

    pixels: NDArray[np.float32]
    pixel_size_nm: float
    frequencies_per_px: NDArray[np.float64]
    power: NDArray[np.float64]

    @classmethod
    def of(cls, micrograph: Micrograph, pixel_size_nm: float) -> Surroundings:
        """Measure the background of a micrograph."""
        size = _window_px(micrograph.shape, pixel_size_nm)
        power = _median_power(micrograph.pixels, size)
        k_row, k_col = fft.fftfreq(size), fft.rfftfreq(size)
        radius = np.hypot(k_row[:, None], k_col)
        centres = (np.arange(_RADIAL_BINS) + 0.5) / _RADIAL_BINS * np.sqrt(0.5)
        return cls(
            micrograph.pixels, pixel_size_nm, centres, _radial_mean(power, radius)
        )

    @property
    def rms(self) -> float:
        """Standard deviation of the background's gray values."""
        # Each ring of the frequency plane counts by its area; the corners hardly do.
        weight = self.frequencies_per_px * (self.frequencies_per_px < 0.5)
        return float(np.sqrt((self.power * weight).sum() / weight.sum()))

    def power_at(self, k_per_px: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Background power at radial frequencies in cycles per pixel."""
        level = np.interp(k_per_px, self.frequencies_per_px, np.log(self.power))
        return np.asarray(np.exp(level))


def _window_px(shape: tuple[int, int], pixel_size_nm: float) -> int:
    wanted = round(_BACKGROUND_NM / pixel_size_nm)
    return int(np.clip(wanted, 4, max(4, min(shape))))


def _median_power(pixels: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    """Median over windows; of exponentially distributed power ln 2 of the mean."""
    lack = [(0, max(0, size - n)) for n in pixels.shape]
    padded = np.pad(pixels, lack, "symmetric") if np.any(lack) else pixels
    starts = [_starts(n, size) for n in padded.shape]
    taper = np.outer(np.hanning(size + 2)[1:-1], np.hanning(size + 2)[1:-1])
    windows = np.stack(
        [padded[r : r + size, c : c + size] for r in starts[0] for c in starts[1]]
    ).astype(np.float32)
    windows -= windows.mean(axis=(1, 2), keepdims=True)
    spectra = fft.rfft2(windows * taper.astype(np.float32))
    power = np.median(np.abs(spectra) ** 2, axis=0) / np.log(2)
    return np.asarray(power / (taper**2).sum(), dtype=np.float64)


def _starts(length: int, size: int) -> NDArray[np.intp]:
    number = int(np.clip(round(1.5 * length / size), 1, 24))
    return np.linspace(0, length - size, number).round().astype(np.intp)


def _radial_mean(
    power: NDArray[np.float64], radius: NDArray[np.float64]
) -> NDArray[np.float64]:
    bins = np.minimum(radius / np.sqrt(0.5) * _RADIAL_BINS, _RADIAL_BINS - 1).astype(
        int
    )
    counts = np.bincount(bins.ravel(), minlength=_RADIAL_BINS)
    sums = np.bincount(bins.ravel(), power.ravel(), minlength=_RADIAL_BINS)
    filled = np.flatnonzero(counts)
    mean = np.interp(np.arange(_RADIAL_BINS), filled, sums[filled] / counts[filled])
    # A constant micrograph has no power; the floor keeps ratios finite.
    return np.maximum(mean, 1e-12 * max(float(mean.max()), 1e-12))


@dataclass(frozen=True, eq=False)
class Patch:
    """Pixels around a circle under a soft disk.

    Attributes
    ----------
    around : Surroundings
    pixels : ndarray of float64, shape (n, n)
        Less their weighted mean; 0 outside the micrograph.
    window : ndarray of float64, shape (n, n)
        1 inside the circle, falling to 0 across its edge, 0 outside the micrograph.
    radius_px : float
    inside : float
        Share of the disk that lies in the micrograph.
    """

    around: Surroundings
    pixels: NDArray[np.float64]
    window: NDArray[np.float64]
    radius_px: float
    inside: float

    @property
    def radius_nm(self) -> float:
        """Radius of the circle."""
        return self.radius_px * self.around.pixel_size_nm

    @cached_property
    def window_sum(self) -> float:
        """Sum of the window."""
        return max(float(self.window.sum()), 1e-9)

    @cached_property
    def window_energy(self) -> float:
        """Sum of the squared window."""
        return max(float((self.window**2).sum()), 1e-9)

    @cached_property
    def transform(self) -> NDArray[np.complex128]:
        """Oversampled real FFT of the windowed pixels, shape (m, m // 2 + 1)."""
        size = fft.next_fast_len(int(_OVERSAMPLING * len(self.pixels)), real=True)
        return fft.rfft2(self.pixels * self.window, s=(size, size))

    @cached_property
    def frequencies(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Row and column frequencies of `transform`, in cycles per pixel."""
        size = len(self.transform)
        return fft.fftfreq(size), fft.rfftfreq(size)

    @cached_property
    def ratio(self) -> NDArray[np.float64]:
        """Power over the background's mean power, shape of `transform`."""
        k_row, k_col = self.frequencies
        expected = self.around.power_at(np.hypot(k_row[:, None], k_col))
        return np.asarray(np.abs(self.transform) ** 2 / (expected * self.window_energy))


def cut(around: Surroundings, circle: Circle, scale: float = 1.0) -> Patch:
    """Cut a circle, or one `scale` times as large, out of its micrograph."""
    radius = max(circle.radius_px * scale, _MIN_RADIUS_PX)
    half = int(np.ceil(radius * (1 + _EDGE / 2))) + 1
    row, col = round(circle.row_px), round(circle.col_px)
    offset = np.arange(-half, half + 1)
    distance = np.hypot(
        (offset + row - circle.row_px)[:, None], offset + col - circle.col_px
    )
    window = _soft_disk(distance / radius)
    full = float((window**2).sum())
    pixels, valid = _window(around.pixels, row, col, half)
    window = window * valid
    share = float((window**2).sum()) / full
    mean = float((pixels * window).sum()) / max(float(window.sum()), 1e-9)
    return Patch(around, (pixels - mean) * valid, window, radius, share)


def _soft_disk(relative: NDArray[np.float64]) -> NDArray[np.float64]:
    inner, outer = 1 - _EDGE / 2, 1 + _EDGE / 2
    phase = np.clip((relative - inner) / (outer - inner), 0, 1)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * phase))


def _window(
    pixels: NDArray[np.float32], row: int, col: int, half: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    rows, cols = (np.arange(-half, half + 1) + centre for centre in (row, col))
    inside_rows = (rows >= 0) & (rows < pixels.shape[0])
    inside_cols = (cols >= 0) & (cols < pixels.shape[1])
    valid = np.outer(inside_rows, inside_cols)
    result = np.zeros(valid.shape)
    result[valid] = pixels[np.ix_(rows[inside_rows], cols[inside_cols])].ravel()
    return result, valid
