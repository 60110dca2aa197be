"""Find a micrograph's fringes: strong peaks of window spectra, each counted once."""

from __future__ import annotations

from dataclasses import dataclass
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
    """Which peaks of the windows' spectra are fringes, and which are one and the same.

    Attributes
    ----------
    lowest_bin : float
        Lowest frequency that counts, in bins of a window: the Hann window spreads the
        thickness of the support over the 2 lowest. Higher loses coarse fringes.
    least_ratio : float
        Least power of a peak, in mean powers of the speckle there. Speckle reaches 14
        with a chance of exp(-14) = 8e-7 for each frequency, once in 250 windows of 96
        px. A choice: lower lets speckle speak, higher leaves too few fringes.
    strongest_share : float
        Least power of a peak in its window's strongest. A choice: lower counts side
        lobes of a strong peak, higher drops its second family.
    floors : float
        Least background at which peaks count, in `power_floor`. A choice: where
        smoothing left less, ratios are those of rounding; more loses fine fringes.
    least_share : float
        Power over the background put in place of less where a peak's place is
        interpolated in the logarithm, as a share of the background. Speckle beside a
        faint peak can fall below it; a choice, far below a peak's neighbours.
    least_bend : float
        Least curvature of a peak, in nats per bin**2, so that flat ones divide by no
        zero; far below that of a fringe, from which the Hann window's power falls by
        1.4 nats to the next bin.
    noise_per_px : tuple of float
        Frequencies, in cycles per px, at which shot noise rather than the support
        makes the background, so that its fall is the camera's. A choice: lower meets
        the support's contrast where pixels are coarse, higher the corners' artefacts.
    widest_transfer : float
        Least standard deviation of the camera's power transfer that is believed, in
        cycles per px. A choice: below it a picture was blurred or enlarged by
        software, and its noise tells of that alone.
    same_bins : float
        Distance of two peaks, in bins of the window and with angles doubled, up to
        which they are one fringe seen in overlapping windows. A choice: the strongest
        peaks scatter by 0.2 bins; a larger one joins families of one particle.
    same_windows : float
        The same for the windows' centres, in windows; they lie half a window apart.
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


_PEAKS = _PeakSettings()
_NEIGHBOURS = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
"""A peak and the pixels above, below, left and right of it: steps down and right, in
bins. A parabola through three of them has the peak's place along an axis."""


@dataclass(frozen=True, slots=True, eq=False)
class Fringes:
    """Fringes of one micrograph, those seen in several windows once.

    Attributes
    ----------
    k_per_px : ndarray of float64, shape (n, 2)
        Frequency along rows and columns, in cycles per px.
    strength : ndarray of float64, shape (n,)
        Logarithm of the highest power over the least that counts, so from 0.
    centre_px : ndarray of float64, shape (n, 2)
        Row and column, as well as windows tell.
    window_px : int
        Edge of the windows.
    """

    k_per_px: NDArray[np.float64]
    strength: NDArray[np.float64]
    centre_px: NDArray[np.float64]
    window_px: int

    def places(self, chosen: NDArray[np.bool_], apart_px: float) -> int:
        """Count places with fringes that are at least a window and so much apart.

        Windows overlap, and a dot or two in a rare orientation show one wrong
        reflection only; what is seen in places far apart is seen in particles of
        their own.

        Parameters
        ----------
        chosen : ndarray of bool, shape (n,)
            Fringes to look at, strongest first.
        apart_px : float
            What lies between the windows of two places, at least.
        """
        left = self.centre_px[chosen][np.argsort(-self.strength[chosen], kind="stable")]
        count = 0
        while len(left):
            far = np.hypot(*(left - left[0]).T) >= self.window_px + apart_px
            left, count = left[far], count + 1
        return count


def find_fringes(prepared: Prepared, window_px: int) -> Fringes:
    """Find all fringes in windows of one size.

    Whether a peak is a fringe is told by its power over the background. Where it lies
    is told by its power alone, less the background below it: over a background that
    falls, a quotient has its maximum at too high a frequency (by 0.9 % in windows of
    3.2 nm). Only the camera's fall is divided out, as its noise has it.

    Parameters
    ----------
    prepared : Prepared
        From `prepare`; the background that is measured on the way is kept in it.
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
    gain = _over_background(measured.power)
    at, row, col = _peaks(spectra, gain)
    if not prepared.usable.all():
        # Edges of what was filled look like fringes.
        counted = usable_windows(prepared.usable, grid)[at]
        at, row, col = at[counted], row[counted], col[counted]
    peak_k = _places(spectra, measured.power, at, row, col)
    power = spectra[at, row, col] * gain[row, col]
    return _joined(peak_k, power, _centres(grid, at), window)


def _over_background(background: NDArray[np.float32]) -> NDArray[np.float32]:
    """Factor that turns power into that over the background, 0 where none counts."""
    window = len(background)
    usable = frequencies(window) >= _PEAKS.lowest_bin / window
    usable[:, [0, -1]] = False
    floor = _PEAKS.floors * power_floor(background[usable])
    gain = (usable & (background > floor)) / np.maximum(background, floor)
    return gain.astype(np.float32)


def _peaks(
    spectra: NDArray[np.float32], gain: NDArray[np.float32]
) -> tuple[NDArray[np.intp], ...]:
    """Windows, rows and columns of the strongest peaks of each window."""
    found = []
    for batch in strips(len(spectra), BATCH):
        at, row, col = _maxima(spectra[batch] * gain)
        found.append((at + batch.start, row, col))
    at, row, col = (np.concatenate(each) for each in zip(*found, strict=True))
    return at, row, col


def _maxima(ratio: NDArray[np.float32]) -> tuple[NDArray[np.intp], ...]:
    """Windows, rows and columns of the strongest peaks of each window."""
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


def _places(
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
    """How fast the camera's power transfer falls, in nats per (cycles per px)**2."""
    radius = frequencies(len(background))
    low, high = _PEAKS.noise_per_px
    noise = (radius > low) & (radius < high)
    power = np.maximum(background[noise], np.finfo(np.float32).tiny)
    slope, _ = np.polyfit(radius[noise] ** 2, np.log(power), 1)
    return float(np.clip(-slope, 0, _PEAKS.widest_transfer**-2))


def _vertex(
    before: NDArray[np.float64], here: NDArray[np.float64], after: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where a parabola through three values is highest, in steps from the middle."""
    bend = np.minimum(before - 2 * here + after, -_PEAKS.least_bend)
    return np.asarray(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def _centres(grid: WindowGrid, at: NDArray[np.intp]) -> NDArray[np.float64]:
    strip, across = np.divmod(at, len(grid.cols_px))
    return np.stack([grid.rows_px[strip], grid.cols_px[across]], axis=1)


def _joined(
    k_bins: NDArray[np.float64],
    power: NDArray[np.float32],
    centres_px: NDArray[np.float64],
    window_px: int,
) -> Fringes:
    """Join peaks that overlapping windows show of one fringe, stronger ones heavier."""
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
    """Give points one number that a chain of near neighbours joins."""
    count = len(points)
    if count == 0:
        return np.zeros(0, np.int32)
    # The window stands before anything is joined, and does not wait for the imports.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    first, second = KDTree(points).query_pairs(reach, output_type="ndarray").T
    near = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    _, numbers = connected_components(near, directed=False)
    return np.asarray(numbers, np.int32)
