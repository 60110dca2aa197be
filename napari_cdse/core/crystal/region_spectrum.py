"""Power spectrum and Bragg peaks of any square region of a micrograph.

The spectrum of a particle (`napari_cdse.core.crystal.particle_analysis`) is that of a
disk, over the background measured in the whole micrograph. Here only the square is
given: it is tapered by a Hann window (Harris, Proc. IEEE 66, 1978), and the background
is the median power of all directions at the same frequency.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft
from scipy.ndimage import maximum_filter

from napari_cdse.core.crystal.bragg_peaks import BraggPeak

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SMALLEST_PX = 16
"""Least edge of a square in pixels. A choice: it holds a few fringes, and enough
samples for a background."""
LARGEST_PX = 1024
"""Largest edge of a square in pixels. A choice: its spectrum is computed fast enough to
follow while the square is dragged."""
MOST_PEAKS = 8
"""Most families that are returned; a choice, as many as the table of peaks shows."""
_LOWEST_SAMPLES = 3.0
"""Lowest frequency of a peak, in samples of the spectrum. The main lobe of the window
ends at 2, so that lower peaks are uneven illumination."""
_APART_SAMPLES = 3
"""Distance in samples within which only the highest peak counts: a Hann window does not
resolve nearer ones."""
_FALSE_PEAKS = 0.01
"""Expected number of peaks in the spectrum of noise alone. A choice."""
_MEDIAN_OVER_MEAN = math.log(2)
"""Ratio of median to mean of an exponential distribution, as noise power has it."""
_RING_WIDTH = 1.5
"""Width of the rings of equal frequency, in samples. A choice: the innermost ring that
is used has some 20 samples, so that a few peaks hardly change its median."""
_SMOOTHED_RINGS = 5
"""Number of neighbouring rings over which the background is averaged. A choice: it
varies slowly with frequency, and the median of one ring is only known to some 6 %."""
_NEWTON_STEPS = 5
"""Newton steps to a peak's maximum; each squares the error."""
_LONGEST_STEP = 0.8
"""Largest distance of a peak's maximum from its highest sample, in samples."""
_LOBES = 3.0
"""Least amplitude of a peak, in amplitudes of a stronger peak's side lobe at its place.
A choice: side lobes of two peaks may add up."""
_SAMPLES_PER_RING = 512
"""Most samples of a ring of which the median is taken. It is known to 6 % with these;
more cost time while a square is dragged."""
_INCLINED_DEG = 15.0
"""Least angle, in degrees, of two families that span a lattice. A choice: the error of
the strain grows with 1 / sin of the angle."""
_TINY = 1e-12
"""Least power that is divided by, or of which a logarithm is taken, for flat
squares."""


@dataclass(frozen=True, eq=False)
class RegionSpectrum:
    """Power spectrum of a square, with background and peaks.

    Attributes
    ----------
    ratio : ndarray of float32, shape (n, n)
        Power over the background's mean at that frequency; frequency 0 is at
        ``[n // 2, n // 2]``.
    background : ndarray of float64, shape (rings,)
        Mean power of the background on each ring of frequency, outwards.
    radial : ndarray of float64, shape (rings,)
        Mean power of all samples of each ring, peaks included.
    peaks : tuple of BraggPeak
        Families of fringes, strongest first.
    """

    ratio: NDArray[np.float32]
    background: NDArray[np.float64]
    radial: NDArray[np.float64]
    peaks: tuple[BraggPeak, ...]

    @property
    def step_per_px(self) -> float:
        """Distance of two samples, in cycles per pixel."""
        return 1 / len(self.ratio)

    @property
    def ring_frequencies(self) -> NDArray[np.float64]:
        """Frequency of each ring in cycles per pixel, shape (rings,)."""
        rings = np.arange(len(self.radial)) + 0.5
        return np.asarray(rings * _RING_WIDTH * self.step_per_px)


def region_spectrum(
    square: NDArray[np.float32], highest_per_px: float = 0.5
) -> RegionSpectrum:
    """Compute the spectrum of a square, and find its Bragg peaks.

    Parameters
    ----------
    square : ndarray of float32, shape (n, n)
        Its pixels, all finite; n is `SMALLEST_PX` at least.
    highest_per_px : float
        Highest frequency of a peak, in cycles per pixel.
    """
    number = len(square)
    tapered = _tapered(square)
    half = fft.rfft2(tapered)
    power = np.asarray(half.real**2 + half.imag**2, np.float32)
    rings, counts = _rings(number)
    medians = _medians(power, number) / _MEDIAN_OVER_MEAN
    background = np.maximum(_smoothed(medians), _TINY)
    ratio = np.asarray(power / background[rings], np.float32)
    radial = np.bincount(rings.ravel(), power.ravel(), len(background)) / counts
    peaks = _peaks(tapered, ratio, background, highest_per_px)
    return RegionSpectrum(_both_halves(ratio, number), background, radial, peaks)


def _tapered(square: NDArray[np.float32]) -> NDArray[np.float32]:
    window = _window(len(square))
    both = window[:, None] * window
    mean = float((square * both).sum() / both.sum())
    return np.asarray((square - mean) * both, np.float32)


@lru_cache(maxsize=8)
def _window(number: int) -> NDArray[np.float32]:
    """Hann window that is 0 half a sample outside the square, shape (number,)."""
    place = (np.arange(number) + 0.5) / number
    return np.asarray(np.sin(np.pi * place) ** 2, np.float32)


@lru_cache(maxsize=8)
def _places(number: int) -> NDArray[np.float32]:
    """Distance of each pixel from the square's middle, shape (number,)."""
    return np.asarray(np.arange(number) - (number - 1) / 2, np.float32)


@lru_cache(maxsize=4)
def _rings(number: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the ring number of each sample of ``rfft2``, and the samples per ring."""
    rows, cols = np.rint(fft.fftfreq(number) * number), np.arange(number // 2 + 1)
    last = int(number / 2 / _RING_WIDTH)
    ring = np.minimum(np.hypot(rows[:, None], cols) / _RING_WIDTH, last).astype(np.intp)
    return ring, np.bincount(ring.ravel(), minlength=last + 1)


@lru_cache(maxsize=4)
def _order(number: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the flat indices of samples sorted by ring, and where each ring begins."""
    rings, counts = _rings(number)
    order = np.argsort(rings.ravel(), kind="stable")
    return order, np.concatenate([[0], np.cumsum(counts)])


def _medians(power: NDArray[np.float32], number: int) -> NDArray[np.float64]:
    """Median power of each ring, which a few peaks hardly change."""
    order, starts = _order(number)
    flat = power.ravel()
    found = np.empty(len(starts) - 1)
    for ring, (first, stop) in enumerate(pairwise(starts)):
        step = max(1, (stop - first) // _SAMPLES_PER_RING)
        values = flat[order[first:stop:step]]
        middle = len(values) // 2
        found[ring] = np.partition(values, middle)[middle]
    return found


def _smoothed(medians: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average logarithms over neighbouring rings, as the power falls steeply."""
    level = np.log(np.maximum(medians, _TINY))
    padded = np.pad(level, _SMOOTHED_RINGS // 2, mode="edge")
    return np.asarray(
        np.exp(np.convolve(padded, np.ones(_SMOOTHED_RINGS) / _SMOOTHED_RINGS, "valid"))
    )


def _both_halves(half: NDArray[np.float32], number: int) -> NDArray[np.float32]:
    """Whole spectrum from that of ``rfft2``, with frequency 0 in the middle."""
    middle = number // 2
    whole = np.empty((number, number), np.float32)
    rows = np.arange(number) - middle
    right = half[rows % number]
    whole[:, middle:] = right[:, : number - middle]
    whole[:, :middle] = half[-rows % number][:, middle:0:-1]
    return whole


# --- peaks --------------------------------------------------------------------


def _peaks(
    tapered: NDArray[np.float32],
    ratio: NDArray[np.float32],
    background: NDArray[np.float64],
    highest_per_px: float,
) -> tuple[BraggPeak, ...]:
    number = len(tapered)
    rows, cols = _candidates(ratio, highest_per_px)
    best = np.argsort(ratio[rows, cols])[::-1]
    power = (ratio * background[_rings(number)[0]])[rows, cols][best]
    places = np.array([fft.fftfreq(number)[rows] * number, cols]).T[best]
    starts = places[_beyond_side_lobes(places, power)][:MOST_PEAKS] / number
    found = [_measured(tapered, row, col, background) for row, col in starts]
    return tuple(sorted(found, key=lambda peak: -peak.strength))


def _candidates(
    ratio: NDArray[np.float32], highest_per_px: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find local maxima that are too high for noise."""
    number = len(ratio)
    rows = fft.fftfreq(number)[:, None] * number
    cols = np.arange(number // 2 + 1)
    off = np.hypot(rows, cols)
    least = math.log(ratio.size / _FALSE_PEAKS)
    high = (ratio > least) & (off >= _LOWEST_SAMPLES) & (off <= highest_per_px * number)
    # Column 0 holds both k and -k of a family: only one is taken.
    high[:, 0] &= rows[:, 0] > 0
    if number % 2 == 0:
        high[:, -1] = False
    if not high.any():
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    # Rows are periodic. Beyond column 0 lies the mirror image of the peaks, which the
    # repeated border value stands for.
    highest = maximum_filter(ratio, 2 * _APART_SAMPLES + 1, mode=("wrap", "nearest"))
    found = np.nonzero(high & (ratio == highest))
    return found[0], found[1]


def _beyond_side_lobes(
    places: NDArray[np.float64], power: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which peaks are higher than the side lobes of stronger ones.

    The side lobes of a Hann window fall as 1 / (pi d (d^2 - 1)) with the distance d in
    samples along each axis; where noise is weak, they exceed it.
    """
    amplitude = np.sqrt(power)
    kept = np.ones(len(places), bool)
    for sign in (1, -1):
        off = np.abs(places[:, None] - sign * places[None])
        lobe = 1 / (np.pi * np.maximum(off * (off**2 - 1), 1 / np.pi))
        leak = _LOBES * lobe.prod(axis=2) * amplitude
        higher = amplitude[None] > amplitude[:, None]
        kept &= ~(higher & (leak > amplitude[:, None])).any(axis=1)
    return kept


def _measured(
    tapered: NDArray[np.float32],
    k_row: float,
    k_col: float,
    background: NDArray[np.float64],
) -> BraggPeak:
    """Measure a peak: the frequency of its maximum, with its uncertainty.

    The maximum is the maximum-likelihood estimate (Rife and Boorstyn, IEEE Trans. Inf.
    Theory 20, 1974). For a tapered wave in noise of mean power N the variance along
    each axis is

        sigma(k)^2 = (sum w^2 x^2 / sum w^2) / (2 strength M^2) / (2 pi)^2,

    with the window w, M = sum w x^2 / sum w, x from the square's middle, and the
    strength in units of N.
    """
    number = len(tapered)
    start = np.array([k_row, k_col])
    k = start.copy()
    for _ in range(_NEWTON_STEPS):
        total, first, second = _moments(tapered, k)
        slope = (np.conj(total) * first).imag
        bend = (np.conj(total) * second - np.outer(np.conj(first), first)).real
        # Curvature of the logarithm, which is closer to a parabola than the power.
        bend = bend + 2 * np.outer(slope, slope) / max(abs(total) ** 2, _TINY)
        k = k + _newton_step(slope, bend) / (2 * np.pi)
        k = start + np.clip(k - start, -_LONGEST_STEP / number, _LONGEST_STEP / number)
    total = _moments(tapered, k)[0]
    ring = int(min(np.hypot(*k) * number / _RING_WIDTH, len(background) - 1))
    strength = abs(total) ** 2 / background[ring]
    variance = _window_factor(number) / (2 * max(strength, 1.0)) / (2 * np.pi) ** 2
    weight = float((_window(number) ** 2).sum() ** 2)
    noise = math.sqrt(float(background.mean()) / weight)
    amplitude = 2 * abs(total) / float(_window(number).sum() ** 2)
    contrast = amplitude / math.sqrt(2) / max(noise, _TINY)
    return BraggPeak(
        float(k[0]), float(k[1]), variance * np.eye(2), float(strength), contrast
    )


def _newton_step(
    slope: NDArray[np.float64], bend: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Newton step to the maximum; 0 where the curvature is not that of one."""
    values, axes = np.linalg.eigh(bend)
    if values[0] <= 0:
        return np.zeros(2)
    return np.asarray(axes @ ((axes.T @ slope) / values))


def _moments(
    tapered: NDArray[np.float32], k: NDArray[np.float64]
) -> tuple[complex, NDArray[np.complexfloating], NDArray[np.complexfloating]]:
    """Sum the demodulated pixels times 1, place, and place squared."""
    place = _places(len(tapered))
    down, right = (np.exp(-2j * np.pi * each * place) for each in k)
    powers = np.array([np.ones_like(place), place, place**2])
    sums = (powers * down) @ tapered @ (powers * right).T
    first = np.array([sums[1, 0], sums[0, 1]])
    second = np.array([[sums[2, 0], sums[1, 1]], [sums[1, 1], sums[0, 2]]])
    return complex(sums[0, 0]), first, second


@lru_cache(maxsize=8)
def _window_factor(number: int) -> float:
    """Factor of the variance of a frequency that depends on the window, in 1 / px^2."""
    window, place = _window(number).astype(float), _places(number).astype(float)
    lever = (window**2 * place**2).sum() / (window**2).sum()
    moment = (window * place**2).sum() / window.sum()
    return float(lever / moment**2)


def two_families(peaks: Sequence[BraggPeak]) -> tuple[BraggPeak, BraggPeak] | None:
    """Choose two families that span a lattice: the strongest and the next inclined one.

    Returns
    -------
    tuple of BraggPeak or None
        None if no family is inclined to the strongest.
    """
    for other in peaks[1:]:
        if peaks[0].angle_to(other) > _INCLINED_DEG:
            return peaks[0], other
    return None
