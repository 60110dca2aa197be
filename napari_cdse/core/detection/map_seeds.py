"""Find seeds of disk fits at the maxima of a map of where particles may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter, maximum_filter

from napari_cdse.core.arrays import MAD_TO_SIGMA, peaks_among, refined, window_of
from napari_cdse.core.imaging.sliding_fft import hann

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.detection.accumulation_map import AccumulationMap
    from napari_cdse.core.detection.bragg_contrast import SearchSpace
    from napari_cdse.core.imaging.whitening import Whitened

_SMOOTHING = 0.4
"""Standard deviation by which a map is smoothed, in smallest radii. A choice: less than
half a particle, so that the smallest stays."""
_FRINGES = 3
"""Seeds at each maximum, one for each of so many strongest frequencies. A choice: a
particle's fringes may be weaker than one or two peaks of speckle; more cost time."""


def maxima(
    chosen: AccumulationMap, smallest_px: float, rise: float
) -> list[tuple[float, float]]:
    """Find the local maxima of a smoothed map.

    Parameters
    ----------
    chosen : AccumulationMap
        High where particles are.
    smallest_px : float
        Radius of the smallest particle.
    rise : float
        Least height of a maximum over the map's median, in robust standard deviations.

    Returns
    -------
    list of (float, float)
        Row and column in pixels of the micrograph.
    """
    sigma = _SMOOTHING * smallest_px / np.array(chosen.step_px)
    smooth = gaussian_filter(chosen.values, sigma)
    middle = float(np.median(smooth))
    spread = MAD_TO_SIGMA * float(np.median(np.abs(smooth - middle)))
    highest = maximum_filter(smooth, 3) == smooth
    rows, cols = np.nonzero(highest & (smooth > middle + rise * spread))
    return [
        chosen.place(float(row), float(col))
        for row, col in zip(rows, cols, strict=True)
    ]


def window_samples(white: Whitened, space: SearchSpace) -> int:
    """Edge of a sliding window in samples of a whitened micrograph, even."""
    return 2 * max(2, round(space.window_px / float(np.mean(white.step_px)) / 2))


def fringes_at(
    white: Whitened, space: SearchSpace, places: list[tuple[float, float]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the strongest fringes of the window around each place.

    Parameters
    ----------
    white : Whitened
        Noise of unit power and particles.
    space : SearchSpace
        Gives window and band.
    places : list of (float, float)
        In pixels of the micrograph.

    Returns
    -------
    places, fringes : ndarray of float64, shape (n, 2) each
        Up to `_FRINGES` rows for each place: row and column in pixels, and k_row and
        k_col in cycles per px.
    """
    window = window_samples(white, space)
    found = [
        _strongest_fringes(white, place, window, space.band_per_px) for place in places
    ]
    counts = [len(each) for each in found]
    return (
        np.repeat(np.array(places).reshape(-1, 2), counts, axis=0),
        np.concatenate([np.zeros((0, 2)), *found]),
    )


def _strongest_fringes(
    white: Whitened,
    place_px: tuple[float, float],
    window: int,
    band_per_px: tuple[float, float],
) -> NDArray[np.float64]:
    """Find the strongest frequencies of a window, shape (up to _FRINGES, 2)."""
    corner = [
        round((place - origin) / step - (window - 1) / 2)
        for place, origin, step in zip(
            place_px, white.origin_px, white.step_px, strict=True
        )
    ]
    cut = window_of(white.values, (corner[0], corner[1]), window) * hann(window)
    power = np.abs(fft.fft2(cut)) ** 2
    axis = np.fft.fftfreq(window)
    per_px = [axis / step for step in white.step_px]
    radius = np.hypot(per_px[0][:, None], per_px[1])
    half = (axis[None, :] > 0) | ((axis[None, :] == 0) & (axis[:, None] > 0))
    inside = half & (radius >= band_per_px[0]) & (radius <= band_per_px[1])
    rows, cols = peaks_among(power, *np.nonzero(inside))
    order = np.argsort(-power[rows, cols], kind="stable")[:_FRINGES]
    bins = refined(power, rows[order], cols[order])
    signed = (bins + window / 2) % window - window / 2
    return np.asarray(signed / window / white.step_px)
