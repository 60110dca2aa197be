"""The method `origin`: sliding FFT, unmixing and blobs as they were in 2018.

It is a baseline, kept as it was so that what is said to be better can be compared with
it: lengths are in pixels, thresholds are absolute, and the last row and column of
windows are left out. Windows after Vasudevan and others, Appl. Phys. Lett. 106, 091601
(2015). Its classifier had 874 features: ``train --features origin``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import skimage
from scipy import fft
from scipy.ndimage import gaussian_filter, maximum_filter
from scipy.sparse.linalg import LinearOperator, eigsh
from skimage.morphology import closing, dilation, erosion

from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.core.detection.unmixing.abundances import abundances
from napari_cdse.core.detection.unmixing.endmembers import n_findr
from napari_cdse.core.errors import MicrographError
from napari_cdse.core.records import Circle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.detection.bragg_contrast import SearchSpace
    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Micrograph

# All numbers are those of 2018.
WINDOW_PX, STEP_PX = 64, 16
"""Edge of a window, and distance of windows."""
ENDMEMBERS = 3
"""Spectra that N-FINDR looked for."""
HIGH, LOW = 0.87, 0.1
"""Abundance above which, and below which, a place counted as particle."""
SIGMA_PX, SIGMA_RATIO = 50.0, 1.6
"""Smallest sigma of the blobs and its ratio to the next; the largest was to be 60, so
that there was one size only."""
BLOB_THRESHOLD = 0.5
"""Least difference of Gaussians, times sigma, as scikit-image scaled it then."""
OVERLAP = 0.5
"""Share of a blob that a stronger one may cover; beyond, it was dropped."""
_TRANSFORMED, _UNMIXED, _SEGMENTED = 0.4, 0.7, 0.75
"""Shares of the time after which these are done, for the progress bar only."""


def find_as_in_2018(
    prepared: Prepared,
    space: SearchSpace,
    params: DetectionParams,
    progress: Progress,
    *,
    micrograph: Micrograph,
) -> tuple[list[Circle], list[float], tuple[AccumulationMap, ...]]:
    """Find circles by the pipeline of 2018, in its steps 5 to 7.

    Parameters
    ----------
    prepared : Prepared
        Only tells where the micrograph lies in the picture.
    space : SearchSpace
        Not used: all lengths are in pixels.
    params : DetectionParams
        Gives the seed of N-FINDR's first corners.
    progress : callable
        Called with the share done.
    micrograph : Micrograph
        Its gray values are taken as they are.

    Returns
    -------
    circles : list of Circle
        All of one radius, sigma times the root of 2.
    strengths : list of float
        Difference of Gaussians times sigma.
    maps : tuple of AccumulationMap
        Three abundances.

    Raises
    ------
    MicrographError
        If there are too few windows.
    """
    top, left = prepared.origin_px
    rows, cols = prepared.pixels.shape
    pixels = micrograph.pixels[top : top + rows, left : left + cols]
    spectra, grid = window_amplitudes(pixels)
    progress(_TRANSFORMED)
    scores = _two_components(spectra)
    rng = np.random.default_rng(params.seed)
    start = rng.choice(len(spectra), ENDMEMBERS, replace=False)
    corners = n_findr(scores, [int(each) for each in start])
    shares = abundances(spectra, spectra[corners])
    progress(_UNMIXED)
    maps = shares.T.reshape(ENDMEMBERS, *grid)
    mask = segmented(maps)
    progress(_SEGMENTED)
    whole = skimage.transform.resize(mask.astype(np.float64), (rows, cols), order=1)
    circles, strengths = blobs(whole)
    return circles, strengths, _layers(maps)


def window_amplitudes(
    pixels: NDArray[np.float32],
) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Fourier amplitudes under the root of a Hamming window, and the grid's shape.

    Half of each spectrum is kept, as the other half is the same; amplitudes that occur
    twice are weighted so that all distances stay those of whole spectra.

    Raises
    ------
    MicrographError
        If there are fewer windows than endmembers.
    """
    # The last window of each row and column was left out.
    count = [max(0, (length - WINDOW_PX) // STEP_PX) for length in pixels.shape]
    if count[0] * count[1] <= ENDMEMBERS:
        raise MicrographError(
            f"The method 'origin' takes windows of {WINDOW_PX} px and needs more than "
            f"{ENDMEMBERS} of them; the micrograph has {pixels.shape[0]} x "
            f"{pixels.shape[1]} px. Choose another method."
        )
    views = np.lib.stride_tricks.sliding_window_view(pixels, (WINDOW_PX, WINDOW_PX))
    views = views[::STEP_PX, ::STEP_PX][: count[0], : count[1]]
    edge = np.sqrt(np.hamming(WINDOW_PX))
    taper = np.outer(edge, edge).astype(np.float32)
    twice = np.full(WINDOW_PX // 2 + 1, np.sqrt(2), np.float32)
    twice[[0, -1]] = 1
    parts = [
        (np.abs(fft.rfft2(row * taper)) * twice).reshape(count[1], -1) for row in views
    ]
    return np.concatenate(parts).astype(np.float32), (count[0], count[1])


def _two_components(spectra: NDArray[np.float32]) -> NDArray[np.float64]:
    """Scores of the first principal components, one fewer than endmembers."""
    centred = spectra - spectra.mean(axis=0)
    size = centred.shape[1]
    covariance = LinearOperator(
        (size, size),
        matvec=lambda vector: centred.T @ (centred @ vector.astype(np.float32)),
        dtype=np.float32,
    )
    # A start that is always the same gives the same components.
    start = np.ones(size, np.float32)
    _, axes = eigsh(covariance, k=ENDMEMBERS - 1, v0=start)
    return np.asarray(centred @ axes, dtype=np.float64)


def segmented(maps: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Choose the second or third map by its Otsu threshold, and clean its mask."""
    chosen = min(maps[1:], key=_otsu)
    mask = (chosen > HIGH) | (chosen < LOW)
    # SciPy's would take what lies beyond the border for background.
    mask = dilation(erosion(closing(mask)))
    return np.asarray(skimage.segmentation.clear_border(mask), dtype=bool)


def _otsu(values: NDArray[np.float32]) -> float:
    return float(skimage.filters.threshold_otsu(values))


def blobs(image: NDArray[np.float64]) -> tuple[list[Circle], list[float]]:
    """Blobs by difference of Gaussians, scaled as scikit-image did until 0.18."""
    sigma = SIGMA_PX
    narrow, wide = (
        gaussian_filter(image, each) for each in (sigma, sigma * SIGMA_RATIO)
    )
    response = (narrow - wide) * sigma
    peaks = (maximum_filter(response, 3) == response) & (response > BLOB_THRESHOLD)
    rows, cols = np.nonzero(peaks)
    order = np.argsort(-response[rows, cols], kind="stable")
    radius = sigma * np.sqrt(2)
    circles: list[Circle] = []
    strengths: list[float] = []
    for row, col in zip(rows[order], cols[order], strict=True):
        circle = Circle(float(row), float(col), float(radius))
        if all(_covered(circle, other) <= OVERLAP for other in circles):
            circles.append(circle)
            strengths.append(float(response[row, col]))
    return circles, strengths


def _covered(one: Circle, other: Circle) -> float:
    """Share of a circle that another one of the same radius covers."""
    apart = np.hypot(one.row_px - other.row_px, one.col_px - other.col_px)
    half = min(float(apart) / (2 * one.radius_px), 1.0)
    angle = np.arccos(half)
    return float(2 * (angle - half * np.sqrt(1 - half**2)) / np.pi)


def _layers(maps: NDArray[np.float32]) -> tuple[AccumulationMap, ...]:
    first = (WINDOW_PX - 1) / 2
    return tuple(
        AccumulationMap(
            f"endmember {number}", values, (first, first), (STEP_PX, STEP_PX)
        )
        for number, values in enumerate(maps, 1)
    )
