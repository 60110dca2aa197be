"""Find a micrograph's fringes: strong peaks of window spectra, each counted once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.arrays import strips
from napari_cdse.core.imaging.background import (
    BATCH,
    background_grid,
    background_of,
    power_floor,
    usable_windows,
    window_spectra,
)
from napari_cdse.core.imaging.sliding_fft import frequencies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.imaging.sliding_fft import WindowGrid


@dataclass(frozen=True, slots=True)
class _PeakSettings:
    """Criteria for peaks of window spectra to be fringes, and to be the same fringe.

    Attributes
    ----------
    lowest_bin : float
        Lowest frequency of a fringe, in bins of a window: the Hann window spreads the
        support's thickness over the 2 lowest bins. A higher one loses coarse fringes.
    least_ratio : float
        Least power of a peak, in mean powers of the speckle at its frequency. Speckle
        exceeds 14 with a probability of exp(-14) = 8e-7 per frequency, once in 250
        windows of 96 px. A choice: with a lower one speckle counts as fringes, with a
        higher one too few fringes are left.
    strongest_share : float
        Least power of a peak relative to the strongest in its window. A choice: a lower
        one counts side lobes of a strong peak, a higher one drops second families.
    floors : float
        Least background for peaks to count, in units of `power_floor`. A choice: with
        less, in smoothed pictures, ratios are between rounding errors; a higher one
        loses fine fringes.
    least_share : float
        Lower limit of the power above the background, as a share of the background, in
        the interpolation of a peak, which takes logarithms. Beside a faint peak the
        power can be less. A choice, far below the usual power beside a peak.
    least_bend : float
        Least curvature of a peak in nats per bin**2, against division by zero; far
        below that of a fringe, whose power in a Hann window falls by 1.4 nats in one
        bin.
    noise_per_px : tuple of float
        Range of frequencies, in cycles per px, where the background is shot noise, so
        that its slope is that of the camera's transfer. A choice: lower frequencies
        contain the support's contrast if pixels are coarse, higher ones artefacts.
    widest_transfer : float
        Least standard deviation, in cycles per px, that the camera's power transfer can
        have. A choice: a lower value means that software blurred or enlarged the
        picture, so that its noise does not show the camera's transfer.
    same_bins : float
        Distance of two peaks, in bins of the window and with doubled angles, up to
        which they are the same fringe in overlapping windows. A choice: the strongest
        peaks scatter by 0.2 bins; a larger one joins different families of a particle.
    same_windows : float
        The same for the windows' centres, in windows; they lie half a window apart.
    sum_terms : int
        Most frequencies in a sum that explains another one. A choice: two leave third
        harmonics, which a clipped gray scale makes too; with more, sums lie so close
        that one is found near any frequency.
    diagonal : float
        Ratio to the coarsest frequency of a place up to which a sum counts all the
        same: a square pattern's diagonal, 1.41 times its side, tells {200} of rock salt
        from {111}. A choice: from 1.7 on, three of eight simulated micrographs whose
        contrast was clipped by 15 % at either end had a wrong pixel size, not one.
    most_generators : int
        Generators in one place whose sums are formed, the coarsest ones, so that a
        picture of many peaks does not take minutes. Particles have two or three.
    """

    lowest_bin: float = 2.5
    least_ratio: float = 14.0
    strongest_share: float = 0.25
    floors: float = 5.0
    least_share: float = 0.05
    least_bend: float = 1e-6
    noise_per_px: tuple[float, float] = (0.3, 0.48)
    widest_transfer: float = 0.15
    same_bins: float = 1.2
    same_windows: float = 1.0
    sum_terms: int = 3
    diagonal: float = 1.5
    most_generators: int = 12


_PEAKS = _PeakSettings()
_NEIGHBOURS = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
"""Offsets in bins (row, column) of a peak and of the bins above, below, left and right
of it. A parabola through three of them gives the peak's place along an axis."""


@dataclass(frozen=True, slots=True, eq=False)
class Fringes:
    """Fringes of one micrograph; one seen in several windows is counted once.

    Attributes
    ----------
    k_per_px : ndarray of float64, shape (n, 2)
        Frequency along rows and columns, in cycles per px.
    strength : ndarray of float64, shape (n,)
        Natural logarithm of the highest power, relative to the least that counts; at
        least 0.
    centre_px : ndarray of float64, shape (n, 2)
        Row and column: mean of the centres of its windows, weighted by power.
    window_px : int
        Edge of the windows.
    """

    k_per_px: NDArray[np.float64]
    strength: NDArray[np.float64]
    centre_px: NDArray[np.float64]
    window_px: int

    def places(self, chosen: NDArray[np.bool_], apart_px: float) -> int:
        """Count distant places with fringes, as a lower bound for that of particles.

        Windows overlap, so that several fringes may belong to one particle. Fringes
        farther apart than a window belong to different ones.

        Parameters
        ----------
        chosen : ndarray of bool, shape (n,)
            Fringes to look at, strongest first.
        apart_px : float
            Least gap between the windows of two places.
        """
        left = self.centre_px[chosen][np.argsort(-self.strength[chosen], kind="stable")]
        count = 0
        while len(left):
            far = np.hypot(*(left - left[0]).T) >= self.window_px + apart_px
            left, count = left[far], count + 1
        return count

    def without_overtones(self) -> Fringes:
        """Leave out frequencies that gray values alone may have made.

        Gray values that are no linear measure of the image, as after its contrast was
        clipped or its histogram equalised, contain sums of the lattice's frequencies,
        their inverses and multiples, finer than any that the lens passed. A crystal's
        reflections are sums of two or three of them as well, its generators. So a sum
        of coarser frequencies in the same place is left out, unless it is hardly finer
        than the coarsest one: it tells the angle between these, and overtones are
        finer.

        Returns
        -------
        Fringes
            Those left, in the same order.
        """
        if not len(self.strength):
            return self
        # The window stands before any fringe is sought: it does not wait for this.
        from scipy.spatial import KDTree

        k_bins = self.k_per_px * self.window_px
        length = np.hypot(*k_bins.T)
        reach = _PEAKS.same_windows * self.window_px
        beside = KDTree(self.centre_px).query_ball_point(self.centre_px, reach)
        generates = np.zeros(len(length), bool)
        kept = np.ones(len(length), bool)
        for one in np.argsort(length, kind="stable").tolist():
            coarser = np.array(beside[one])
            coarser = coarser[generates[coarser]]
            coarser = coarser[np.argsort(length[coarser], kind="stable")]
            known = k_bins[coarser[: _PEAKS.most_generators]]
            generates[one] = not _is_sum(k_bins[one], known)
            if not generates[one]:
                kept[one] = length[one] < _PEAKS.diagonal * length[coarser[0]]
        return replace(
            self,
            k_per_px=self.k_per_px[kept],
            strength=self.strength[kept],
            centre_px=self.centre_px[kept],
        )


def _is_sum(k_bins: NDArray[np.float64], known: NDArray[np.float64]) -> bool:
    """Whether a frequency is a sum of known ones, or of their inverses.

    Parameters
    ----------
    k_bins : ndarray of float64, shape (2,)
        Frequency in bins of the window.
    known : ndarray of float64, shape (n, 2)
        The known ones.
    """
    terms = np.concatenate([known, -known])
    for number in range(2, _PEAKS.sum_terms + 1):
        rows, cols = (
            sum(axis[chosen] for chosen in _choices(len(terms), number)) - own
            for axis, own in zip(terms.T, k_bins, strict=True)
        )
        if (rows * rows + cols * cols < _PEAKS.same_bins**2).any():
            return True
    return False


@lru_cache(maxsize=64)
def _choices(count: int, number: int) -> NDArray[np.intp]:
    """Return all ways to take a number of terms, each any number of times, by column.

    Shape (number, ways); the order of the terms does not count.
    """
    chosen = list(combinations_with_replacement(range(count), number))
    return np.array(chosen, np.intp).reshape(-1, number).T.copy()


def find_fringes(prepared: Prepared, window_px: int) -> Fringes:
    """Find all fringes in windows of one size.

    Peaks are detected in the ratio of power to background. Their frequencies are
    interpolated in the power minus the background instead, since over a falling
    background the maximum of the ratio is at too high a frequency (by 0.9 % in windows
    of 3.2 nm). Only the fall of the camera's transfer is divided out, as measured on
    its noise.

    Parameters
    ----------
    prepared : Prepared
        From `prepare`; the background measured here is stored in it.
    window_px : int
        Edge of the windows.

    Raises
    ------
    MicrographError
        If the micrograph is smaller than one window.
    """
    image = prepared.pixels
    window = min(window_px, min(image.shape) // 2 * 2)
    grid = background_grid(image.shape, window)
    spectra = window_spectra(image, grid)
    measured = background_of(spectra, grid, prepared.usable)
    prepared.backgrounds[window] = measured
    gain = _background_gain(measured.power)
    at, row, col = _peaks(spectra, gain)
    if not prepared.usable.all():
        # Edges of filled areas look like fringes.
        counted = usable_windows(prepared.usable, grid)[at]
        at, row, col = at[counted], row[counted], col[counted]
    peak_k = _peak_frequencies(spectra, measured.power, at, row, col)
    power = spectra[at, row, col] * gain[row, col]
    return _join_peaks(peak_k, power, _centres(grid, at), window)


def _background_gain(background: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the reciprocal background; 0 at frequencies where no peak counts."""
    window = len(background)
    usable = frequencies(window) >= _PEAKS.lowest_bin / window
    usable[:, [0, -1]] = False
    floor = _PEAKS.floors * power_floor(background[usable])
    gain = (usable & (background > floor)) / np.maximum(background, floor)
    return gain.astype(np.float32)


def _peaks(
    spectra: NDArray[np.float32], gain: NDArray[np.float32]
) -> tuple[NDArray[np.intp], ...]:
    """Return window, row and column of the strong peaks of all windows."""
    found = []
    for batch in strips(len(spectra), BATCH):
        at, row, col = _maxima(spectra[batch] * gain)
        found.append((at + batch.start, row, col))
    at, row, col = (np.concatenate(each) for each in zip(*found, strict=True))
    return at, row, col


def _maxima(ratio: NDArray[np.float32]) -> tuple[NDArray[np.intp], ...]:
    """Return window, row and column of the strong local maxima of each window."""
    size = ratio.shape[1]
    strongest = ratio.max(axis=(1, 2), keepdims=True)
    least = np.maximum(_PEAKS.strongest_share * strongest, _PEAKS.least_ratio)
    high = np.flatnonzero(ratio > least)
    at, row, col = np.unravel_index(high, ratio.shape)
    here = ratio[at, row, col]
    local = np.ones(len(at), bool)
    for down, right in ((-1, -1), (-1, 0), (-1, 1), (0, -1)):
        for sign in (-1, 1):
            beside = ratio[at, (row + sign * down) % size, col + sign * right]
            local &= here >= beside
    return at[local], row[local], col[local]


def _peak_frequencies(
    spectra: NDArray[np.float32],
    background: NDArray[np.float32],
    at: NDArray[np.intp],
    row: NDArray[np.intp],
    col: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Interpolate the peaks' frequencies, in bins, shape (n, 2)."""
    size = len(background)
    fall = _camera_fall(background) * frequencies(size) ** 2
    log = []
    for down, right in _NEIGHBOURS:
        there = (row + down) % size, col + right
        under = background[there]
        power = np.maximum(spectra[(at, *there)] - under, _PEAKS.least_share * under)
        log.append(np.log(np.maximum(power, np.finfo(np.float32).tiny)) + fall[there])
    k_row = (row + _vertex(log[1], log[0], log[2]) + size / 2) % size - size / 2
    return np.stack([k_row, col + _vertex(log[3], log[0], log[4])], axis=1)


def _camera_fall(background: NDArray[np.float32]) -> float:
    """Return the fall of the camera's power transfer in nats per (cycles per px)**2."""
    radius = frequencies(len(background))
    low, high = _PEAKS.noise_per_px
    noise = (radius > low) & (radius < high)
    power = np.maximum(background[noise], np.finfo(np.float32).tiny)
    slope, _ = np.polyfit(radius[noise] ** 2, np.log(power), 1)
    return float(np.clip(-slope, 0, _PEAKS.widest_transfer**-2))


def _vertex(
    before: NDArray[np.float64], here: NDArray[np.float64], after: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the maximum of the parabola through three values, in steps from here."""
    bend = np.minimum(before - 2 * here + after, -_PEAKS.least_bend)
    return np.asarray(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def _centres(grid: WindowGrid, at: NDArray[np.intp]) -> NDArray[np.float64]:
    strip, across = np.divmod(at, len(grid.cols_px))
    return np.stack([grid.rows_px[strip], grid.cols_px[across]], axis=1)


def _join_peaks(
    k_bins: NDArray[np.float64],
    power: NDArray[np.float32],
    centres_px: NDArray[np.float64],
    window_px: int,
) -> Fringes:
    """Join the peaks of each fringe in overlapping windows; means weighted by power."""
    length = np.hypot(*k_bins.T)
    # k and -k are one fringe: at twice the angle they are one point.
    twice = 2 * np.arctan2(*k_bins.T)
    doubled = length[:, None] * np.stack([np.cos(twice), np.sin(twice)], axis=1)
    apart = [
        centres_px / (_PEAKS.same_windows * window_px),
        doubled / _PEAKS.same_bins,
    ]
    one = _groups(np.concatenate(apart, axis=1), 1.0)
    weight = np.bincount(one, power)
    angle = 0.5 * np.arctan2(*(np.bincount(one, power * v) for v in doubled.T[::-1]))
    mean = np.bincount(one, power * length) / weight / window_px
    highest = np.zeros(len(weight))
    np.maximum.at(highest, one, power)
    centre = [np.bincount(one, power * place) / weight for place in centres_px.T]
    return Fringes(
        np.stack([mean * np.sin(angle), mean * np.cos(angle)], axis=1),
        np.log(np.maximum(highest / _PEAKS.least_ratio, 1.0)),
        np.stack(centre, axis=1),
        window_px,
    )


def _groups(points: NDArray[np.float64], reach: float) -> NDArray[np.int32]:
    """Return a cluster's number for each point: single linkage up to ``reach``."""
    count = len(points)
    if count == 0:
        return np.zeros(0, np.int32)
    # Imported here, so that the window opens sooner.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    first, second = KDTree(points).query_pairs(reach, output_type="ndarray").T
    near = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    _, numbers = connected_components(near, directed=False)
    return np.asarray(numbers, np.int32)
