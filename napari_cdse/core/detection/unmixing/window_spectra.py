"""Spectra of windows, made independent of how a particle is rotated.

A window's power over the background is averaged over sectors of rings of spatial
frequency, and the sectors of each ring are sorted by their power. A peak thus becomes a
high first value at whatever angle it was, so that one endmember can represent particles
of any orientation. On the amorphous support the values are the order statistics of
speckle, which are the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import uniform_filter

from napari_cdse.core.arrays import MAD_TO_SIGMA
from napari_cdse.core.detection.map_seeds import window_samples
from napari_cdse.core.imaging.background import USABLE_SHARE
from napari_cdse.core.imaging.sliding_fft import power_spectra, window_grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.detection.bragg_contrast import SearchSpace
    from napari_cdse.core.imaging.whitening import Whitened

RINGS = 8
"""Rings of spatial frequency within the band. A choice: with windows of 2 nm a peak is
about as wide as a ring; with fewer, lattice spacings are mixed, with more, peaks are
divided between two rings."""
SECTORS = 12
"""Sectors of half a ring. A choice: on the innermost ring a sector contains a single
frequency, on the outermost five; with more, sectors would be empty, with fewer, peaks
are diluted."""
_LEAST_SPREAD = 1e-6
"""Least standard deviation to divide by, for sectors that are equal in all windows."""


@dataclass(frozen=True, slots=True, eq=False)
class WindowSpectra:
    """Spectra of all windows whose centre lies in the micrograph.

    Attributes
    ----------
    values : ndarray of float32, shape (windows, RINGS * SECTORS)
        ``log(1 + power / background)`` ring by ring, the strongest sector first,
        divided by ``spread``.
    median, spread : ndarray of float32, shape (RINGS * SECTORS,)
        Median and robust standard deviation of the logarithms over counted windows.
    counted : ndarray of bool, shape (windows,)
        Windows on usable pixels.
    rows_px, cols_px : ndarray of float64
        Centres of the grid in pixels of the micrograph.
    """

    values: NDArray[np.float32]
    median: NDArray[np.float32]
    spread: NDArray[np.float32]
    counted: NDArray[np.bool_]
    rows_px: NDArray[np.float64]
    cols_px: NDArray[np.float64]

    def bragg_content(self, spectra: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return how far the strongest sector of any ring exceeds that of the support.

        Parameters
        ----------
        spectra : ndarray of float32, shape (n, RINGS * SECTORS)
            In the units of ``values``.

        Returns
        -------
        ndarray of float64, shape (n,)
            Difference of the logarithms from their medians over windows.
        """
        above = spectra * self.spread - self.median
        return np.asarray(above.reshape(-1, RINGS, SECTORS)[:, :, 0].max(axis=1))


def measure(white: Whitened, space: SearchSpace, step_fraction: float) -> WindowSpectra:
    """Compute the spectra of windows sliding over a whitened micrograph.

    Parameters
    ----------
    white : Whitened
        Its speckle has unit power: power is power over background.
    space : SearchSpace
        Its window and band are used.
    step_fraction : float
        Step between windows as a fraction of the window.
    """
    step = float(np.mean(white.step_px))
    window = window_samples(white, space)
    shape = (white.values.shape[0], white.values.shape[1])
    grid = window_grid(shape, window, max(1, round(window * step_fraction)))
    places = [
        centres * each + origin
        for centres, each, origin in zip(
            (grid.rows_px, grid.cols_px), white.step_px, white.origin_px, strict=True
        )
    ]
    rows, cols = (
        np.flatnonzero((place > -0.5) & (place < length - 0.5))
        for place, length in zip(places, white.shape_px, strict=True)
    )
    bins, frequencies = _sectors(window, space.band_per_px, step)
    parts = [
        power[np.isin(np.arange(taken.start, taken.stop), rows)][:, cols].reshape(
            -1, power.shape[2] * power.shape[3]
        )[:, frequencies]
        @ bins
        for taken, power in power_spectra(white.values, grid)
    ]
    ratio = np.concatenate(parts).reshape(-1, RINGS, SECTORS)
    ordered = np.sort(np.log1p(ratio), axis=2)[:, :, ::-1].reshape(len(ratio), -1)
    seen = uniform_filter(white.valid.astype(np.float32), window)
    at = [
        np.clip(np.rint(centres[index]).astype(int), 0, length - 1)
        for centres, index, length in zip(
            (grid.rows_px, grid.cols_px), (rows, cols), shape, strict=True
        )
    ]
    share = seen[np.ix_(*at)].ravel()
    # In a picture without any mostly usable window, the best ones count.
    counted = share >= min(USABLE_SHARE, float(share.max()))
    median = np.median(ordered[counted], axis=0)
    spread = MAD_TO_SIGMA * np.median(np.abs(ordered[counted] - median), axis=0)
    spread = np.maximum(spread, _LEAST_SPREAD)
    return WindowSpectra(
        np.asarray(ordered / spread, dtype=np.float32),
        median,
        spread,
        counted,
        places[0][rows],
        places[1][cols],
    )


def _sectors(
    window: int, band_per_px: tuple[float, float], step: float
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return the weights of frequencies in sectors, and the frequencies' flat indices.

    A sector that contains no frequency gets the nearest one.
    """
    down = np.fft.fftfreq(window)[:, None]
    right = np.fft.rfftfreq(window)[None, :]
    radius = np.hypot(down, right)
    angle = np.mod(np.arctan2(down, right), np.pi)
    low, high = (each * step for each in band_per_px)
    # A peak is about a bin wide, so that one just outside the band reaches into it.
    slack = 0.5 / window
    half = (right > 0) | (down > 0)
    inside = half & (radius >= low - slack) & (radius <= high + slack)
    chosen = np.flatnonzero(inside)
    ring = (radius.ravel()[chosen] - low) / (high - low) * RINGS
    sector = angle.ravel()[chosen] / np.pi * SECTORS
    number = np.clip(ring.astype(int), 0, RINGS - 1) * SECTORS
    number += np.minimum(sector.astype(int), SECTORS - 1)
    weights = np.zeros((len(chosen), RINGS * SECTORS), np.float32)
    weights[np.arange(len(chosen)), number] = 1
    for empty in np.flatnonzero(weights.sum(axis=0) == 0):
        turn = np.abs(sector - (empty % SECTORS + 0.5))
        turn = np.minimum(turn, SECTORS - turn)
        apart = np.hypot(ring - (empty // SECTORS + 0.5), turn)
        weights[apart.argmin(), empty] = 1
    return weights / weights.sum(axis=0), chosen
