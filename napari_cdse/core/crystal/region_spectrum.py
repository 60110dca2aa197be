"""The power spectrum of any square of a micrograph, and the peaks that stand out of it.

A particle's own spectrum (`napari_cdse.core.crystal.particle_analysis`) is that of a
disk over the background of its micrograph. Here nothing is known but the square: it is
tapered by a Hann window (Harris, Proc. IEEE 66, 1978), and the background is what the
same frequency has in other directions.
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
"""Least edge of a square. A choice: a few fringes with the rings to compare them to."""
LARGEST_PX = 1024
"""Most. A choice: its spectrum still follows the hand."""
MOST_PEAKS = 8
"""Families told at most; a choice, as many as the card's table holds."""
_LOWEST = 3.0
"""Lowest frequency of a peak in samples of the spectrum: the window's main lobe ends at
2, so that what is nearer to 0 is uneven illumination."""
_APART = 3
"""Samples within which only the highest counts: two peaks of a Hann window that are
nearer are not resolved."""
_FALSE = 0.01
"""Chance that noise alone shows a peak somewhere in the square. A choice."""
_MEDIAN = math.log(2)
"""Median over mean of an exponential distribution, which the power of noise has."""
_RING = 1.5
"""Width of the rings of equal frequency, in samples. A choice: the innermost that count
still have some 20 samples, so that few peaks leave their median alone."""
_SMOOTH = 5
"""Rings over which the background is averaged. A choice: it changes slowly with
frequency, and one ring's median is known to some 6 % only."""
_STEPS = 5
"""Newton steps to a peak's top, which squares the error each time."""
_LONGEST = 0.8
"""Longest step on the way, in samples, and farthest from the highest one in all."""
_CLEAR = 3.0
"""Amplitude over that of a side lobe from which a peak counts. A choice: lobes of two
peaks may add up."""
_SAMPLED = 512
"""Samples of a ring of which the median is taken. It is known to 6 % then; more cost
the time in which the spectrum shall follow the hand."""
_INCLINED_DEG = 15.0
"""Least angle of two families that span a lattice. A choice: nearer ones tell the
direction between them badly, their error grows with 1 / sin."""
_TINY = 1e-12
"""Least power that is divided by, or has a logarithm taken; guards flat squares."""


@dataclass(frozen=True, eq=False)
class RegionSpectrum:
    """What frequencies a square holds.

    Attributes
    ----------
    ratio : ndarray of float32, shape (n, n)
        Power over the background's mean at that frequency; frequency 0 is at
        ``[n // 2, n // 2]``.
    background : ndarray of float64, shape (rings,)
        Mean power of the background, from ring to ring outwards.
    radial : ndarray of float64, shape (rings,)
        Mean power of all samples of each ring, peaks too.
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
        return np.asarray(rings * _RING * self.step_per_px)


def region_spectrum(
    square: NDArray[np.float32], highest_per_px: float = 0.5
) -> RegionSpectrum:
    """Look at the frequencies of a square.

    Parameters
    ----------
    square : ndarray of float32, shape (n, n)
        Its pixels, all finite; n is `SMALLEST_PX` at least.
    highest_per_px : float
        Frequency in cycles per pixel up to which peaks are looked for.
    """
    number = len(square)
    tapered = _tapered(square)
    half = fft.rfft2(tapered)
    power = np.asarray(half.real**2 + half.imag**2, np.float32)
    rings, counts = _rings(number)
    medians = _medians(power, number) / _MEDIAN
    background = np.maximum(_smoothed(medians), _TINY)
    ratio = np.asarray(power / background[rings], np.float32)
    radial = np.bincount(rings.ravel(), power.ravel(), len(background)) / counts
    peaks = _peaks(tapered, ratio, background, highest_per_px)
    return RegionSpectrum(_whole(ratio, number), background, radial, peaks)


def _tapered(square: NDArray[np.float32]) -> NDArray[np.float32]:
    window = _window(len(square))
    both = window[:, None] * window
    mean = float((square * both).sum() / both.sum())
    return np.asarray((square - mean) * both, np.float32)


@lru_cache(maxsize=8)
def _window(number: int) -> NDArray[np.float32]:
    """Hann window whose ends are half a sample off the square, shape (number,)."""
    place = (np.arange(number) + 0.5) / number
    return np.asarray(np.sin(np.pi * place) ** 2, np.float32)


@lru_cache(maxsize=8)
def _places(number: int) -> NDArray[np.float32]:
    """Place of each pixel from the square's middle, shape (number,)."""
    return np.asarray(np.arange(number) - (number - 1) / 2, np.float32)


@lru_cache(maxsize=4)
def _rings(number: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the ring of each sample of the half spectrum, and how many each has."""
    rows, cols = np.rint(fft.fftfreq(number) * number), np.arange(number // 2 + 1)
    last = int(number / 2 / _RING)
    ring = np.minimum(np.hypot(rows[:, None], cols) / _RING, last).astype(np.intp)
    return ring, np.bincount(ring.ravel(), minlength=last + 1)


@lru_cache(maxsize=4)
def _order(number: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the samples ring by ring, and where each ring begins."""
    rings, counts = _rings(number)
    order = np.argsort(rings.ravel(), kind="stable")
    return order, np.concatenate([[0], np.cumsum(counts)])


def _medians(power: NDArray[np.float32], number: int) -> NDArray[np.float64]:
    """Return the median power of each ring: peaks are few in it."""
    order, starts = _order(number)
    flat = power.ravel()
    found = np.empty(len(starts) - 1)
    for ring, (first, stop) in enumerate(pairwise(starts)):
        step = max(1, (stop - first) // _SAMPLED)
        values = flat[order[first:stop:step]]
        middle = len(values) // 2
        found[ring] = np.partition(values, middle)[middle]
    return found


def _smoothed(medians: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over neighbouring rings, by logarithms since the power falls steeply."""
    level = np.log(np.maximum(medians, _TINY))
    padded = np.pad(level, _SMOOTH // 2, mode="edge")
    return np.asarray(np.exp(np.convolve(padded, np.ones(_SMOOTH) / _SMOOTH, "valid")))


def _whole(half: NDArray[np.float32], number: int) -> NDArray[np.float32]:
    """Add the half that is the same turned round; frequency 0 goes to the middle."""
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
    starts = places[_beyond_leaks(places, power)][:MOST_PEAKS] / number
    found = [_measured(tapered, row, col, background) for row, col in starts]
    return tuple(sorted(found, key=lambda peak: -peak.strength))


def _candidates(
    ratio: NDArray[np.float32], highest_per_px: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the samples that are the highest around, and too high for noise."""
    number = len(ratio)
    rows = fft.fftfreq(number)[:, None] * number
    cols = np.arange(number // 2 + 1)
    off = np.hypot(rows, cols)
    least = math.log(ratio.size / _FALSE)
    high = (ratio > least) & (off >= _LOWEST) & (off <= highest_per_px * number)
    # Each family has a twin on the other side; of those at column 0 one is taken.
    high[:, 0] &= rows[:, 0] > 0
    if number % 2 == 0:
        high[:, -1] = False
    if not high.any():
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    # Rows wrap round; a peak near column 0 has its twin's slope beside it.
    highest = maximum_filter(ratio, 2 * _APART + 1, mode=("wrap", "nearest"))
    found = np.nonzero(high & (ratio == highest))
    return found[0], found[1]


def _beyond_leaks(
    places: NDArray[np.float64], power: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which samples are higher than what the window lets leak of another one.

    The amplitude of a Hann window falls as 1 / (pi d (d^2 - 1)) with the distance d in
    samples along each axis; where noise is weak, these side lobes stand out of it.
    """
    amplitude = np.sqrt(power)
    kept = np.ones(len(places), bool)
    for sign in (1, -1):
        off = np.abs(places[:, None] - sign * places[None])
        lobe = 1 / (np.pi * np.maximum(off * (off**2 - 1), 1 / np.pi))
        leak = _CLEAR * lobe.prod(axis=2) * amplitude
        higher = amplitude[None] > amplitude[:, None]
        kept &= ~(higher & (leak > amplitude[:, None])).any(axis=1)
    return kept


def _measured(
    tapered: NDArray[np.float32],
    k_row: float,
    k_col: float,
    background: NDArray[np.float64],
) -> BraggPeak:
    """Bring a frequency to the top of its peak, and tell how sure it is.

    The top is the maximum-likelihood estimate (Rife and Boorstyn, IEEE Trans. Inf.
    Theory 20, 1974). At the top of a tapered wave in noise of mean power N the variance
    along each axis is

        sigma(k)^2 = (sum w^2 x^2 / sum w^2) / (2 strength M^2) / (2 pi)^2,

    with M = sum w x^2 / sum w, x from the square's middle and the strength over N.
    """
    number = len(tapered)
    start = np.array([k_row, k_col])
    k = start.copy()
    for _ in range(_STEPS):
        total, first, second = _moments(tapered, k)
        slope = (np.conj(total) * first).imag
        bend = (np.conj(total) * second - np.outer(np.conj(first), first)).real
        # Of the logarithm, which is more like a parabola than the power is.
        bend = bend + 2 * np.outer(slope, slope) / max(abs(total) ** 2, _TINY)
        k = k + _step(slope, bend) / (2 * np.pi)
        k = start + np.clip(k - start, -_LONGEST / number, _LONGEST / number)
    total = _moments(tapered, k)[0]
    ring = int(min(np.hypot(*k) * number / _RING, len(background) - 1))
    strength = abs(total) ** 2 / background[ring]
    variance = _spread(number) / (2 * max(strength, 1.0)) / (2 * np.pi) ** 2
    weight = float((_window(number) ** 2).sum() ** 2)
    noise = math.sqrt(float(background.mean()) / weight)
    amplitude = 2 * abs(total) / float(_window(number).sum() ** 2)
    contrast = amplitude / math.sqrt(2) / max(noise, _TINY)
    return BraggPeak(
        float(k[0]), float(k[1]), variance * np.eye(2), float(strength), contrast
    )


def _step(slope: NDArray[np.float64], bend: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Newton step uphill; none where the top is not curved downwards."""
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
def _spread(number: int) -> float:
    """Return the window's part in the variance of a frequency, in 1 / px^2."""
    window, place = _window(number).astype(float), _places(number).astype(float)
    lever = (window**2 * place**2).sum() / (window**2).sum()
    moment = (window * place**2).sum() / window.sum()
    return float(lever / moment**2)


def two_families(peaks: Sequence[BraggPeak]) -> tuple[BraggPeak, BraggPeak] | None:
    """Choose the strongest family, and the strongest that is no multiple of it.

    Returns
    -------
    tuple of BraggPeak or None
        None where there are no two: a lattice needs them.
    """
    for other in peaks[1:]:
        if peaks[0].angle_to(other) > _INCLINED_DEG:
            return peaks[0], other
    return None
