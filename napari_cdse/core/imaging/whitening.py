"""Whiten a micrograph: turn its speckle into white noise of unit power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter, median_filter

from napari_cdse.core.arrays import bilinear, strips
from napari_cdse.core.imaging.background import power_floor
from napari_cdse.core.imaging.illumination import robust_surface
from napari_cdse.core.imaging.rfft_spectrum import at_frequencies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.imaging.amorphous_background import AmorphousBackground
    from napari_cdse.core.imaging.preprocessing import Prepared

_CLIP_SIGMA = 7.0
"""Absolute value at which whitened pixels are clipped, in standard deviations of the
speckle. A choice: normal noise exceeds 7 with a probability of 3e-12, so that no
speckle is clipped; a lower limit clips strong fringes, with a higher one dirt makes
ringing that looks like fringes."""


@dataclass(frozen=True, slots=True)
class _LevelSettings:
    """Settings of the levelling of the noise's local power. All are choices.

    Attributes
    ----------
    cell_windows : float
        Edge of the cells in which power is averaged, in windows of the background.
        Smaller ones scatter, larger ones hold more than one particle.
    least_cell : int
        Least edge of a cell in samples, so that a mean is over 16 squares or more.
    seen_share : float
        Least share of valid samples in a cell that counts. With more, gaps are left
        along the border; with less, few samples determine a cell's power.
    least_level : float
        Least power of a cell, in medians over all cells. With less, cells without any
        speckle would be amplified until their rounding errors look like it.
    median_cells : int
        Edge of the square, in cells, whose median is the local level. A square of 7
        cells, that is 3.5 windows, is covered by particles to less than half. A larger
        one follows the support less closely, a smaller one attenuates particles.
    smooth_cells : float
        Standard deviation, in cells, of the Gaussian that smooths the steps of that
        median. A larger one blurs the border of a support.
    """

    cell_windows: float = 0.5
    least_cell: int = 4
    seen_share: float = 0.5
    least_level: float = 1e-3
    median_cells: int = 7
    smooth_cells: float = 1.0


_LEVEL = _LevelSettings()


@dataclass(frozen=True, slots=True, eq=False)
class Whitened:
    """A micrograph whose speckle is white noise of unit power, limited to a band.

    Attributes
    ----------
    values : ndarray of float32, shape (rows, columns)
    step_px : tuple of float
        Distance between samples in pixels of the micrograph.
    origin_px : tuple of float
        Row and column of sample ``[0, 0]`` in the micrograph; negative, since the
        micrograph is padded.
    shape_px : tuple of int
        Rows and columns of the micrograph.
    valid : ndarray of bool, shape (rows, columns)
        Samples that lie on usable pixels; the others are zero.
    """

    values: NDArray[np.float32]
    step_px: tuple[float, float]
    origin_px: tuple[float, float]
    shape_px: tuple[int, int]
    valid: NDArray[np.bool_]


def whiten(
    prepared: Prepared,
    background: AmorphousBackground,
    band_per_px: tuple[float, float],
    pad_px: int,
) -> Whitened:
    """Divide the spectrum by the background's amplitude and keep a band.

    The steps:

    1. Transform the padded micrograph, and keep the frequencies up to the band's end,
       so that the result is sampled as coarsely as the band allows.
    2. Multiply by the whitening gain, and transform back. Where the background varies
       over the view, the gain is a sum of patterns, each with its own transform.
    3. Level what is left of variation in the noise's power.
    4. Clip values far beyond speckle (edges, scale bars, dirt), whose ringing would
       look like fringes.

    Parameters
    ----------
    prepared : Prepared
        From `prepare`.
    background : AmorphousBackground
        Of the same image.
    band_per_px : tuple of float
        Lowest and highest spatial frequency in cycles per pixel.
    pad_px : int
        Margin of zeros around the micrograph.
    """
    image = prepared.pixels
    full = [fft.next_fast_len(length + 2 * pad_px, real=True) for length in image.shape]
    coarse = [_coarse_length(total, band_per_px[1]) for total in full]
    spectrum = _cropped_spectrum(image, pad_px, full, coarse)
    step = (full[0] / coarse[0], full[1] / coarse[1])
    bins = _frequencies(full, coarse)
    gain, share = _whitening_gain(background, bins, band_per_px)
    spectrum *= gain
    del gain
    places = [
        np.clip((each * index - pad_px + 0.5) * 2 / length - 1, -1, 1)
        for each, index, length in zip(
            step, map(np.arange, coarse), image.shape, strict=True
        )
    ]
    values = _inverse_transform(spectrum, background, bins, places, band_per_px)
    # Frees as much memory as the picture takes, before more such arrays are made.
    del spectrum
    valid = _usable_samples(prepared.usable, step, pad_px, values.shape)
    cell = round(background.window_px / step[0] * _LEVEL.cell_windows)
    _level_noise(values, valid, max(_LEVEL.least_cell, cell), share)
    np.multiply(values, valid, out=values)
    np.clip(values, -_CLIP_SIGMA, _CLIP_SIGMA, out=values)
    origin = (-float(pad_px), -float(pad_px))
    shape = (image.shape[0], image.shape[1])
    return Whitened(values, step, origin, shape, valid)


def _usable_samples(
    usable: NDArray[np.bool_],
    step_px: tuple[float, float],
    pad_px: int,
    shape: tuple[int, ...],
) -> NDArray[np.bool_]:
    """Tell of each sample whether the nearest pixel is on the micrograph and usable."""
    places = [
        np.rint(step * np.arange(count) - pad_px).astype(int)
        for step, count in zip(step_px, shape, strict=True)
    ]
    on = [
        (place >= 0) & (place < length)
        for place, length in zip(places, usable.shape, strict=True)
    ]
    valid = np.zeros(shape, bool)
    rows, cols = (place[index] for place, index in zip(places, on, strict=True))
    valid[np.ix_(*on)] = np.take(usable[rows], cols, axis=1)
    return valid


def _level_noise(
    values: NDArray[np.float32], valid: NDArray[np.bool_], cell: int, share: float
) -> None:
    """Scale samples in place so that the noise has the power ``share`` everywhere.

    The local level is a robust surface over the cells' powers, plus a median of what
    that leaves, so that particles, which cover less than half of any neighbourhood, do
    not change it.

    Parameters
    ----------
    values : ndarray of float32
        Whitened samples, changed in place.
    valid : ndarray of bool
        Samples that count.
    cell : int
        Edge of a cell in samples.
    share : float
        Mean power of unit white noise after the whitening gain; see `_whitening_gain`.
    """
    rows, cols = (max(1, length // cell) for length in values.shape)
    power = np.concatenate(
        [
            _cell_means(np.square(values[strip]) * valid[strip], 1, cols, cell)
            for strip in strips(rows * cell, cell)
        ]
    )
    counted = _cell_means(valid, rows, cols, cell)
    seen = counted > _LEVEL.seen_share
    level = power / np.maximum(counted, _LEVEL.seen_share)
    typical = float(np.median(level[seen])) if seen.any() else 1.0
    least = _LEVEL.least_level * typical + np.finfo(np.float32).tiny
    level = np.maximum(level, least)
    trend = robust_surface(np.log(level), seen)
    rest = np.where(seen, np.log(level) - trend, 0)
    rest = median_filter(rest, _LEVEL.median_cells, mode="nearest")
    rest = gaussian_filter(rest, _LEVEL.smooth_cells)
    gain = np.exp((trend + rest) / -2).astype(np.float32) * np.float32(share**0.5)
    down, right = ((np.arange(n) + 0.5) / cell - 0.5 for n in values.shape)
    for strip in strips(len(values)):
        values[strip] *= bilinear(gain, down[strip], right)


def _cell_means(
    values: NDArray[np.float32] | NDArray[np.bool_], rows: int, cols: int, cell: int
) -> NDArray[np.float64]:
    cut = values[: rows * cell, : cols * cell].reshape(rows, cell, cols, cell)
    return np.asarray(cut.mean(axis=(1, 3), dtype=np.float64))


def _coarse_length(total: int, highest_per_px: float) -> int:
    # Nyquist: two samples for each cycle of the highest frequency.
    wanted = int(np.ceil(2 * highest_per_px * total))
    return min(total, fft.next_fast_len(wanted + wanted % 2, real=True))


def _cropped_spectrum(
    image: NDArray[np.float32], pad_px: int, full: list[int], coarse: list[int]
) -> NDArray[np.complex64]:
    """Low frequencies of the picture, padded by mirroring and with its mean subtracted.

    Its rows are transformed in strips, so that neither the padded picture nor its whole
    spectrum is held in memory.
    """
    count = coarse[1] // 2 + 1
    spectrum = np.empty((full[0], count), np.complex64)
    for strip, padded in mirrored_strips(image, pad_px, full):
        spectrum[strip] = fft.rfft(padded, axis=1)[:, :count]
    spectrum = fft.fft(spectrum, axis=0, overwrite_x=True)
    upper = (coarse[0] + 1) // 2
    lower = coarse[0] - upper
    return np.concatenate([spectrum[:upper], spectrum[len(spectrum) - lower :]])


def mirrored_strips(
    image: NDArray[np.float32], pad_px: int, full: Sequence[int]
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield strips of rows of the picture, padded by mirroring, its mean subtracted.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        The picture.
    pad_px : int
        Margin above and left of it.
    full : sequence of int
        Rows and columns with the margins.

    Yields
    ------
    strip : slice
        Which rows.
    padded : ndarray of float32, shape (rows of the strip, columns)
    """
    down, right = (
        np.pad(np.arange(length), (pad_px, total - length - pad_px), mode="reflect")
        for length, total in zip(image.shape, full, strict=True)
    )
    mean = image.mean()
    for strip in strips(full[0]):
        padded = np.take(image[down[strip]], right, axis=1)
        padded -= mean
        yield strip, padded


def _frequencies(
    full: list[int], coarse: list[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cycles per pixel of the rows and columns of the cropped spectrum."""
    rows = np.fft.fftfreq(coarse[0]) * coarse[0] / full[0]
    cols = np.fft.rfftfreq(coarse[1]) * coarse[1] / full[1]
    return rows, cols


def _whitening_gain(
    background: AmorphousBackground,
    bins: tuple[NDArray[np.float64], NDArray[np.float64]],
    band_per_px: tuple[float, float],
) -> tuple[NDArray[np.float32], float]:
    """Return the whitening gain, and the mean power of the noise that it whitens.

    The latter, taken over all frequencies, is the share of the spectrum in the band,
    and less if there is hardly any power at some frequencies: those are amplified only
    as far as `power_floor` allows.
    """
    rows, cols = bins
    square = rows[:, None] ** 2 + cols**2
    inside = (square >= band_per_px[0] ** 2) & (square <= band_per_px[1] ** 2)
    power = background.at(rows, cols)
    raised = np.maximum(power, power_floor(power * inside))
    gain = np.asarray(inside / np.sqrt(raised), np.float32)
    power /= raised
    power *= inside
    return gain, float(power.mean())


def _inverse_transform(
    spectrum: NDArray[np.complex64],
    background: AmorphousBackground,
    bins: tuple[NDArray[np.float64], NDArray[np.float64]],
    places: list[NDArray[np.float64]],
    band_per_px: tuple[float, float],
) -> NDArray[np.float32]:
    """Transform back, with the whitening gain of each place.

    Parameters
    ----------
    spectrum : ndarray of complex64
        Already multiplied by the mean gain; overwritten.
    background : AmorphousBackground
        Has the gain's variation over the view.
    bins : tuple of ndarray
        Frequencies of the spectrum's rows and columns, in cycles per pixel.
    places : list of ndarray
        Rows and columns of the result, from -1 to 1 over the view.
    band_per_px : tuple of float
        The band that is kept.
    """
    shape = [len(each) for each in places]
    middle, patterns = background.gain_patterns(band_per_px)
    if not patterns:
        return np.asarray(fft.irfft2(spectrum, s=shape), dtype=np.float32)
    spectrum *= at_frequencies(middle, *bins)
    values: NDArray[np.float32] = fft.irfft2(spectrum, s=shape)
    for pattern in patterns:
        changed = fft.irfft2(
            spectrum * at_frequencies(pattern.over_frequency, *bins), s=shape
        )
        changed *= pattern.over_place(*places)
        values += changed
    return values
