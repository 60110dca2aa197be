"""The micrograph's own amorphous background, and the micrograph whitened by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter, map_coordinates, median_filter

from napari_cdse.core.sliding_fft import frequencies, power_spectra, window_grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WINDOWS = 1600
_CRYSTAL_CAP = 2.5
_DEAD_SHARE = 1e-3
_CLIP_SIGMA = 7.0


@dataclass(frozen=True, slots=True, eq=False)
class AmorphousBackground:
    """Mean power of the support's speckle at each spatial frequency.

    Attributes
    ----------
    window_px : int
        Edge of the windows it was measured in.
    power : ndarray of float32, shape (window_px, window_px // 2 + 1)
        In the order of ``rfft2``, scaled so that white noise of unit variance
        has a power of one.
    """

    window_px: int
    power: NDArray[np.float32]

    def radial(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Radius in cycles per pixel, and the median power on its ring."""
        ring = np.rint(frequencies(self.window_px) * self.window_px).astype(int)
        count = self.window_px // 2 + 1
        power = [np.median(self.power[ring == index]) for index in range(count)]
        return np.arange(count) / self.window_px, np.array(power)

    def at(
        self, rows: NDArray[np.float64], cols: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Power at frequencies in cycles per pixel, on the grid ``rows x cols``."""
        size = self.window_px
        plane = np.fft.fftshift(_full_plane(self.power))
        where = np.meshgrid(rows * size + size // 2, cols * size + size // 2)
        found = map_coordinates(plane, [w.T for w in where], order=1, mode="nearest")
        return np.asarray(found, dtype=np.float32)


def estimate_background(
    image: NDArray[np.float32], window_px: int
) -> AmorphousBackground:
    """Median over windows, which no particle that covers less than half can move.

    Speckle power is exponentially distributed, so its mean is the median over
    ln 2. Where a crystal fills the view, its own peaks are capped at a small
    multiple of the ring's median, so that they still stand out.

    Parameters
    ----------
    image : ndarray of float32
        Shape (rows, columns).
    window_px : int
        Edge of the windows.

    Raises
    ------
    MicrographError
        If the micrograph is smaller than one window.
    """
    spread = int(np.sqrt(image.shape[0] * image.shape[1] / _WINDOWS))
    grid = window_grid(image.shape, window_px, max(window_px // 2, spread, 1))
    strips = [power for _, power in power_spectra(image, grid)]
    spectra = np.concatenate(strips).reshape(-1, *strips[0].shape[2:])
    power = np.median(spectra, axis=0) / np.float32(np.log(2))
    measured = AmorphousBackground(window_px, power)
    radius, ring = measured.radial()
    cap = np.interp(frequencies(window_px), radius, ring) * _CRYSTAL_CAP
    plane = _full_plane(np.minimum(power, cap))
    smooth = gaussian_filter(plane, 0.5, mode="wrap")[:, : power.shape[1]]
    return AmorphousBackground(window_px, smooth.astype(np.float32))


def dead_below(power: NDArray[np.float32]) -> float:
    """Power that is not raised further: nothing was recorded at such frequencies.

    A picture that was enlarged or blurred has them; shot noise keeps every camera's
    own spectrum well above.
    """
    if power.size == 0:
        return 1.0
    return max(_DEAD_SHARE * float(np.quantile(power, 0.9)), 1e-30)


@dataclass(frozen=True, slots=True, eq=False)
class Whitened:
    """A micrograph whose speckle is white noise of unit power, limited to a band.

    Attributes
    ----------
    values : ndarray of float32, shape (rows, columns)
        Zero outside the micrograph.
    step_px : tuple of float
        Distance between samples in pixels of the micrograph.
    origin_px : tuple of float
        Place of sample ``[0, 0]`` in the micrograph; negative, as it is padded.
    shape_px : tuple of int
        Rows and columns of the micrograph.
    """

    values: NDArray[np.float32]
    step_px: tuple[float, float]
    origin_px: tuple[float, float]
    shape_px: tuple[int, int]

    def valid(self) -> NDArray[np.bool_]:
        """Tell which samples lie on the micrograph."""
        rows, cols = (
            (origin + step * np.arange(count) > -0.5)
            & (origin + step * np.arange(count) < length - 0.5)
            for origin, step, count, length in zip(
                self.origin_px,
                self.step_px,
                self.values.shape,
                self.shape_px,
                strict=True,
            )
        )
        return rows[:, None] & cols


def whiten(
    image: NDArray[np.float32],
    background: AmorphousBackground,
    band_per_px: tuple[float, float],
    pad_px: int,
) -> Whitened:
    """Divide the spectrum by the background's amplitude and keep a band.

    The result is sampled as coarsely as the band allows. Values beyond 7 standard
    deviations (edges, scale bars, dirt) are clipped: they would ring as fringes.

    Parameters
    ----------
    image : ndarray of float32
        Shape (rows, columns).
    background : AmorphousBackground
        Of the same image.
    band_per_px : tuple of float
        Lowest and highest spatial frequency in cycles per pixel.
    pad_px : int
        Margin of zeros around the micrograph.
    """
    full = [fft.next_fast_len(length + 2 * pad_px, real=True) for length in image.shape]
    margins = [
        (pad_px, total - length - pad_px)
        for total, length in zip(full, image.shape, strict=True)
    ]
    padded = np.pad(image - image.mean(), margins, mode="reflect")
    coarse = [_coarse_length(total, band_per_px[1]) for total in full]
    spectrum = _cropped_spectrum(padded, coarse)
    gain = _whitening_gain(background, full, coarse, band_per_px)
    spectrum *= gain
    values = fft.irfft2(spectrum, s=coarse)
    step = (full[0] / coarse[0], full[1] / coarse[1])
    origin = (-float(pad_px), -float(pad_px))
    white = Whitened(values, step, origin, (image.shape[0], image.shape[1]))
    share = float(np.mean(gain > 0))
    _even_out(values, max(4, round(background.window_px / step[0])), share)
    np.multiply(values, white.valid(), out=values)
    np.clip(values, -_CLIP_SIGMA, _CLIP_SIGMA, out=values)
    return white


def _even_out(values: NDArray[np.float32], cell: int, share: float) -> None:
    """Bring the noise to unit power within the passed share of the spectrum, in place.

    The local level is a median over cells of one window, so that particles, which
    cover less than half of any neighbourhood, do not move it.
    """
    rows, cols = (max(1, length // cell) for length in values.shape)
    cells = values[: rows * cell, : cols * cell].reshape(rows, cell, cols, cell)
    power = np.square(cells).mean(axis=(1, 3))
    level = gaussian_filter(median_filter(power, 7, mode="nearest"), 1.0)
    level = np.maximum(level, 0.05 * np.median(level) + np.finfo(np.float32).tiny)
    where = [(np.arange(length) + 0.5) / cell - 0.5 for length in values.shape]
    grid = np.meshgrid(*where, indexing="ij")
    values /= np.sqrt(map_coordinates(level, grid, order=1, mode="nearest") / share)


def _full_plane(half: NDArray[np.float32]) -> NDArray[np.float32]:
    """Both halves of a real image's power spectrum, from the ``rfft2`` half."""
    size = half.shape[0]
    mirrored = half[-np.arange(size) % size][:, 1 : (size + 1) // 2][:, ::-1]
    return np.concatenate([half, mirrored], axis=1)


def _coarse_length(total: int, highest_per_px: float) -> int:
    wanted = int(np.ceil(2 * highest_per_px * total))
    return min(total, fft.next_fast_len(wanted + wanted % 2, real=True))


def _cropped_spectrum(
    padded: NDArray[np.float32], coarse: list[int]
) -> NDArray[np.complex64]:
    spectrum = fft.rfft2(padded)[:, : coarse[1] // 2 + 1]
    upper = (coarse[0] + 1) // 2
    lower = coarse[0] - upper
    return np.concatenate([spectrum[:upper], spectrum[len(spectrum) - lower :]])


def _whitening_gain(
    background: AmorphousBackground,
    full: list[int],
    coarse: list[int],
    band_per_px: tuple[float, float],
) -> NDArray[np.float32]:
    rows = np.fft.fftfreq(coarse[0]) * coarse[0] / full[0]
    cols = np.fft.rfftfreq(coarse[1]) * coarse[1] / full[1]
    radius = np.hypot(rows[:, None], cols)
    inside = (radius >= band_per_px[0]) & (radius <= band_per_px[1])
    power = background.at(rows, cols)
    floor = dead_below(power[inside])
    return np.where(inside, 1 / np.sqrt(np.maximum(power, floor)), 0).astype(np.float32)
