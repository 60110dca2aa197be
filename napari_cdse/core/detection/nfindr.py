"""Detection by unmixing: abundance maps, the particle map among them, circles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import skimage
from scipy.ndimage import binary_closing, binary_opening, gaussian_filter, label

from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.core.detection.unmixing import (
    abundances,
    n_findr,
    principal_components,
)
from napari_cdse.core.errors import MicrographError
from napari_cdse.core.imaging.background import estimate_background, power_floor
from napari_cdse.core.imaging.sliding_fft import frequencies, power_spectra, window_grid
from napari_cdse.core.records import Circle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.detection.bragg_contrast import Scene
    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress

_MOST_FREQUENCIES = 900
"""Frequencies of a spectrum that are used at most, evenly chosen. The covariance of all
grows with their square; 900 are a window of 64 px within the band, as in 2018."""
_SMOOTHING = 0.4
"""Standard deviation by which a map is smoothed, in smallest radii. A choice: less than
half a particle, so that the smallest stays, and more than the step of the windows."""
_LEAST_SMOOTHING = 0.5
"""The same in samples of the map: below it a Gaussian does nothing."""
_OPENING = 0.5
"""Radius of closing and opening, in smallest radii. A choice: what is thinner than half
the smallest particle is no particle."""
_UNMIXED, _PREPARED, _TRANSFORMED = 0.9, 0.1, 0.6
"""Shares of the time, for the progress bar only."""


def find_by_unmixing(
    prepared: Prepared,
    where: Scene,
    params: DetectionParams,
    progress: Progress,
) -> tuple[list[Circle], list[float], tuple[AccumulationMap, ...]]:
    """Unmix the window spectra and outline the regions of the particle map.

    Parameters
    ----------
    prepared : Prepared
        From `prepare`.
    where : Scene
        Lengths in pixels.
    params : DetectionParams
        Gives endmembers, step and seed.
    progress : callable
        Called with the share done.

    Raises
    ------
    MicrographError
        If there are fewer windows than endmembers.
    """
    spectra, places = _spectra(prepared, where, params.step_fraction, progress)
    if len(spectra) <= params.endmembers:
        raise MicrographError(
            f"The micrograph holds {len(spectra)} windows, too few for "
            f"{params.endmembers} endmembers; choose a smaller window or step."
        )
    scores = principal_components(spectra, params.endmembers - 1)
    corners = n_findr(scores, params.endmembers, params.seed)
    shares = abundances(spectra, spectra[corners])
    progress(_UNMIXED)
    maps = _maps(shares, places)
    circles, strengths = _outlined(particle_map(maps), where.radius_px)
    return circles, strengths, maps


def particle_map(maps: tuple[AccumulationMap, ...]) -> AccumulationMap:
    """Choose the map whose high values are the rarest and stand out most.

    The support fills most of the view, so its abundance is high in most windows,
    and the particles' in few: the most skewed map is theirs.
    """
    return max(maps, key=lambda each: _skewness(each.values))


def _spectra(
    prepared: Prepared,
    where: Scene,
    step_fraction: float,
    progress: Progress,
) -> tuple[NDArray[np.float32], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Log contrast within the band, shape (windows, frequencies), and the grid."""
    image, size = prepared.pixels, where.window_px
    background = estimate_background(image, size, prepared.usable).power
    radius = frequencies(size)
    band = (radius >= where.band_per_px[0]) & (radius <= where.band_per_px[1])
    chosen = np.flatnonzero(band)
    chosen = chosen[:: max(1, len(chosen) // _MOST_FREQUENCIES)]
    mean = np.maximum(background.ravel()[chosen], power_floor(background[band]))
    grid = window_grid(image.shape, size, max(1, round(size * step_fraction)))
    parts = []
    for rows, power in power_spectra(image, grid):
        flat = power.reshape(-1, radius.size)[:, chosen]
        parts.append(np.log1p(flat / mean))
        progress(_PREPARED + _TRANSFORMED * rows.stop / len(grid.rows_px))
    return np.concatenate(parts), (grid.rows_px, grid.cols_px)


def _maps(
    shares: NDArray[np.float32],
    places: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> tuple[AccumulationMap, ...]:
    rows, cols = places
    step = tuple(float(p[1] - p[0]) if len(p) > 1 else 1.0 for p in places)
    return tuple(
        AccumulationMap(
            f"endmember {number}",
            share.reshape(len(rows), len(cols)),
            (float(rows[0]), float(cols[0])),
            (step[0], step[1]),
        )
        for number, share in enumerate(shares.T, start=1)
    )


def _skewness(values: NDArray[np.float32]) -> float:
    spread = float(values.std())
    if spread == 0:
        return -np.inf
    return float((((values - values.mean()) / spread) ** 3).mean())


def _outlined(
    chosen: AccumulationMap, radii: tuple[float, float]
) -> tuple[list[Circle], list[float]]:
    step = float(np.mean(chosen.step_px))
    smooth = gaussian_filter(
        chosen.values, max(_LEAST_SMOOTHING, _SMOOTHING * radii[0] / step)
    )
    if not smooth.max() > smooth.min():
        return [], []
    reach = max(1, round(_OPENING * radii[0] / step))
    high = np.pad(smooth > skimage.filters.threshold_otsu(smooth), 2 * reach)
    row, col = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    disk = row**2 + col**2 <= reach**2
    regions, count = label(binary_opening(binary_closing(high, disk), disk))
    found = []
    for number in range(1, count + 1):
        rows, cols = np.nonzero(regions == number)
        radius = np.sqrt(len(rows) / np.pi) * step
        if not radii[0] <= radius <= radii[1]:
            continue
        middle = float(rows.mean()) - 2 * reach, float(cols.mean()) - 2 * reach
        centre = chosen.place(*middle)
        inside = np.pad(smooth, 2 * reach)[rows, cols]
        found.append((Circle(*centre, float(radius)), float(inside.max())))
    found.sort(key=lambda pair: -pair[1])
    return [circle for circle, _ in found], [strength for _, strength in found]
