"""The micrograph's own amorphous background: the mean power of its speckle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import uniform_filter

from napari_cdse.core.arrays import medians, strips
from napari_cdse.core.imaging.amorphous_background import CLIP, AmorphousBackground
from napari_cdse.core.imaging.background_variation import (
    TERMS,
    no_variation,
    place_terms,
)
from napari_cdse.core.imaging.rfft_spectrum import along_arcs
from napari_cdse.core.imaging.sliding_fft import (
    all_power_spectra,
    frequencies,
    window_grid,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.imaging.sliding_fft import WindowGrid

WINDOWS_PX = (96, 56, 144, 216)
"""Edges in pixels of the windows in which backgrounds are measured; few sizes, so that
different measurements can share them.

Choices: neighbours differ by factors of 1.5 to 1.7, so that a wanted edge within their
range differs from one of them by a factor of 1.31 at most; 96 px at 0.037 nm are 3.6
nm. The order is that in which the pixel size is sought.
"""

MOST_WINDOWS = 1600
"""Approximate number of windows on a large micrograph. A choice: memory and time grow
with it (30 MB of spectra with windows of 96 px), while the scatter of a mean falls with
its square root: 2.5 % for 1600 independent powers."""

USABLE_SHARE = 0.9
"""Least share of usable pixels in a window that counts. A choice: with a lower one the
edges of filled areas look like fringes, with a higher one few windows are left between
scale bar and border."""

FLOOR_SHARE = 1e-3
"""Share of the highest power below which power is taken for rounding error. A choice:
with a higher one fine speckle is not fully whitened where shot noise is low; with a
lower one rounding errors of smoothed micrographs are amplified to unit power."""

LEAST_POWER = 1e-30
"""Power, in units of white noise of unit variance, put in place of 0 so that no
division fails; far below any rounding of float32 and still a float32."""

BATCH = 32
"""Windows processed at a time. A choice: 0.6 MB of spectra with windows of 96 px stay
in the cache; fewer need more calls, more exceed the cache."""


@dataclass(frozen=True, slots=True)
class _SpeckleSettings:
    """Settings of the robust mean of the speckle's power.

    Attributes
    ----------
    first_windows : int
        Windows whose median power sets the limit for clipping. A choice: the median of
        120 independent exponential powers scatters by 13 % (1 / (ln 2 sqrt(n))); more
        take time.
    crystal_peak : float
        A window with a power above this, in medians over windows, counts as crystal. 30
        medians are 20.8 means, which speckle exceeds with a probability of
        exp(-20.8) = 9e-10: 0.007 windows expected in a micrograph of 1600 windows with
        4700 frequencies (96 px). A choice: a lower one removes peaks of speckle and so
        biases its mean, with a higher one fringes remain.
    lowest_bin : float
        Frequency, in bins of a window, below which power does not make a window
        crystal: the Hann window spreads the support's thickness over the 2 lowest bins.
    quiet_share : float
        If no more than this share of the windows is without crystal, a crystal fills
        the view, and all windows are used. A choice: with a higher one the clean part
        of a crowded micrograph is not used, with a lower one the mean is over few
        windows.
    crystal_cap : float
        Factor by which a power may exceed the median on its ring; higher ones are
        capped. Without that, a crystal that fills the view would be part of the
        background and could not stand out from it. A choice: a lower one distorts the
        rings of an astigmatic lens, a higher one hides weak crystals.
    fewest_for_variation : int
        Fewest windows to which the variation over the view is fitted: some 7 for each
        of its 6 terms. A choice: with fewer, scatter is fitted; with more, small
        micrographs of tilted supports get one background.
    ridge : float
        Ridge penalty of the terms that vary, in windows. A choice: it shrinks a slope
        by a quarter in 40 windows and by less than 1 % in 1600; a larger one hides a
        tilt, a smaller one fits scatter.
    """

    first_windows: int = 120
    crystal_peak: float = 30.0
    lowest_bin: float = 3.0
    quiet_share: float = 0.2
    crystal_cap: float = 2.5
    fewest_for_variation: int = 40
    ridge: float = 4.0


_SPECKLE = _SpeckleSettings()


def background_near(prepared: Prepared, window_px: int) -> AmorphousBackground:
    """Return the background in windows of about this size, measured when first needed.

    Parameters
    ----------
    prepared : Prepared
        Keeps the background of each size.
    window_px : int
        Wanted edge of the windows; see `nearest_window`.

    Raises
    ------
    MicrographError
        If the micrograph is smaller than any such window.
    """
    size = min(nearest_window(window_px), min(prepared.pixels.shape) // 2 * 2)
    if size not in prepared.backgrounds:
        prepared.backgrounds[size] = estimate_background(
            prepared.pixels, size, prepared.usable
        )
    return prepared.backgrounds[size]


def nearest_window(window_px: float) -> int:
    """Return the edge in `WINDOWS_PX` with the ratio to ``window_px`` nearest to 1."""
    return min(WINDOWS_PX, key=lambda size: abs(np.log(size / window_px)))


def estimate_background(
    image: NDArray[np.float32],
    window_px: int,
    usable: NDArray[np.bool_] | None = None,
) -> AmorphousBackground:
    """Measure the background as a robust mean over windows.

    Particles in a few windows hardly change it. It is smoothed along arcs only, which
    keeps narrow rings of the contrast transfer and astigmatism. Where a crystal fills
    the view, its peaks are capped at a multiple of the ring's median, so that they
    still stand out from the background.

    Parameters
    ----------
    image : ndarray of float32
        Shape (rows, columns).
    window_px : int
        Edge of the windows.
    usable : ndarray of bool, optional
        Same shape; windows with less than `USABLE_SHARE` of usable pixels don't count.

    Raises
    ------
    MicrographError
        If the micrograph is smaller than one window.
    """
    grid = background_grid(image.shape, window_px)
    return background_of(window_spectra(image, grid), grid, usable)


def background_grid(shape: tuple[int, ...], window_px: int) -> WindowGrid:
    """Place windows over the whole view, overlapping by half unless it is large."""
    spread = int(np.sqrt(shape[0] * shape[1] / MOST_WINDOWS))
    step = max(window_px // 2, spread, 1)
    return window_grid((shape[0], shape[1]), window_px, step)


def window_spectra(image: NDArray[np.float32], grid: WindowGrid) -> NDArray[np.float32]:
    """Power spectra of all windows of a grid, shape (windows, k_row, k_col)."""
    spectra = all_power_spectra(image, grid)
    return spectra.reshape(-1, *spectra.shape[2:])


def background_of(
    spectra: NDArray[np.float32],
    grid: WindowGrid,
    usable: NDArray[np.bool_] | None = None,
) -> AmorphousBackground:
    """Measure the background like `estimate_background`, from given window spectra."""
    places = _half_views(grid)
    if usable is not None and not usable.all():
        counted = usable_windows(usable, grid)
        if counted.any():
            spectra, places = spectra[counted], places[counted]
    window_px = grid.window_px
    power, variation = _speckle_power(spectra, places)
    measured = AmorphousBackground(window_px, power, variation)
    radius, ring = measured.radial()
    cap = np.interp(frequencies(window_px), radius, ring) * _SPECKLE.crystal_cap
    smooth = along_arcs(np.minimum(power, cap))
    return AmorphousBackground(window_px, smooth, variation)


def _half_views(grid: WindowGrid) -> NDArray[np.float64]:
    """Return the windows' rows and columns, -1 to 1 over the view, shape (n, 2)."""
    rows, cols = (
        np.clip(2 * (places + 0.5) / length - 1, -1, 1)
        for places, length in zip((grid.rows_px, grid.cols_px), grid.shape, strict=True)
    )
    return np.stack([np.repeat(rows, len(cols)), np.tile(cols, len(rows))], axis=1)


def _speckle_power(
    spectra: NDArray[np.float32], places: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean power of speckle, and its variation over the view.

    It is the mean over windows without crystal, of powers clipped at `CLIP` means.
    Speckle power is exponentially distributed: its mean is the median divided by ln 2,
    which is computed from some of the windows to set the limit, and clipping at ``c``
    means removes a share of ``exp(-c)``. A clipped mean is as robust as the median and
    scatters less.
    """
    first = spectra[:: max(1, len(spectra) // _SPECKLE.first_windows)]
    # Copied, since medians of contiguous values are several times faster.
    rough = medians(first.reshape(len(first), -1).T.copy()) / np.float32(np.log(2))
    rough = rough.reshape(first.shape[1:])
    quiet = _windows_without_crystal(spectra, rough)
    crystal = quiet.sum() <= _SPECKLE.quiet_share * len(spectra)
    quiet |= crystal
    terms = place_terms(*places[quiet].T)
    sums = _clipped_sums(spectra, quiet, terms, np.float32(CLIP) * rough)
    count = len(terms)
    power = (sums[0] / np.float32(count * (1 - np.exp(-CLIP)))).reshape(rough.shape)
    if crystal or count < _SPECKLE.fewest_for_variation:
        return power, no_variation(rough.shape)
    ridge = np.diag([0.0] + [_SPECKLE.ridge] * (TERMS - 1)).astype(np.float32)
    variation = np.linalg.solve(terms.T @ terms + ridge, sums)
    variation /= np.maximum(sums[0] / count, np.finfo(np.float32).tiny)
    return power, variation.reshape(TERMS, *rough.shape)


def _windows_without_crystal(
    spectra: NDArray[np.float32], rough: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Tell of each window whether it shows no crystal, shape (windows,)."""
    usual = np.maximum(rough, power_floor(rough))
    lowest = frequencies(spectra.shape[1]) < _SPECKLE.lowest_bin / spectra.shape[1]
    peak = np.where(lowest, np.inf, usual * (_SPECKLE.crystal_peak * np.log(2)))
    peak = peak.astype(np.float32)
    return np.concatenate(
        [
            (spectra[batch] < peak).all(axis=(1, 2))
            for batch in strips(len(spectra), BATCH)
        ]
    )


def _clipped_sums(
    spectra: NDArray[np.float32],
    quiet: NDArray[np.bool_],
    terms: NDArray[np.float32],
    clip: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Add up clipped powers times each term, shape (terms, frequencies)."""
    sums = np.zeros((TERMS, clip.size), np.float32)
    done = 0
    for batch in strips(len(spectra), BATCH):
        clipped = np.minimum(spectra[batch][quiet[batch]], clip)
        count = len(clipped)
        sums += terms[done : done + count].T @ clipped.reshape(count, clip.size)
        done += count
    return sums


def usable_windows(usable: NDArray[np.bool_], grid: WindowGrid) -> NDArray[np.bool_]:
    """Tell of each window whether more than `USABLE_SHARE` of its pixels are usable.

    The mask is continued by reflection at the border, like the pixels.
    """
    share = uniform_filter(usable.astype(np.float32), grid.window_px, mode="mirror")
    rows, cols = (
        np.clip(np.rint(places).astype(int), 0, length - 1)
        for places, length in zip(
            (grid.rows_px, grid.cols_px), usable.shape, strict=True
        )
    )
    return np.asarray(share[rows[:, None], cols].ravel() > USABLE_SHARE)


def power_floor(power: NDArray[np.float32]) -> float:
    """Return the power below which a frequency counts as not recorded.

    Pictures that were enlarged or blurred have such frequencies; in a camera's own
    spectrum shot noise is well above it. Whitening amplifies them no further.
    """
    if power.size == 0:
        return 1.0
    return max(FLOOR_SHARE * float(power.max()), LEAST_POWER)
