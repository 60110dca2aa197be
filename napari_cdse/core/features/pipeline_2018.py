"""The 874 features of the pipeline of 2018, as one group.

Per crop: 400 centre pixels, 400 centre pixels of a local binary pattern (Ojala,
Pietikainen, Maenpaa, IEEE Trans. Pattern Anal. Mach. Intell. 24, 2002; 2 points at
radius 16), a 20-bin histogram of log2 of the Fourier amplitudes, size and number of
Laplacian-of-Gaussian blobs, a 50-bin histogram of the Sobel magnitude, mean and
standard deviation. The row number, a 875th column by mistake, is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import skimage
from scipy import fft

from napari_cdse.core.features.feature_table import FeatureGroup, with_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Micrograph

CENTRE_PX = 20
"""Edge of the centre taken as features, in px; as in 2018."""
MARGIN_PX = 2
"""Added to the radius of a crop, in px; as in 2018."""
_STRETCH_PERCENT = (0.05, 99.95)
"""Percentiles stretched to black and white. A choice: outlier pixels saturate."""
_PATTERN_POINTS, _PATTERN_RADIUS_PX = 2, 16
"""Points and radius of the local binary pattern; as in 2018."""
_FOURIER_BINS, _SOBEL_BINS = 20, 50
"""Bins of the two histograms; as in 2018."""
_BLOB_MAX_SIGMA_PX, _BLOB_SIGMAS, _BLOB_THRESHOLD = 2, 30, 0.2
"""Largest sigma, number of sigmas and threshold of the search for blobs; as in 2018."""
_LEAST_LEVELS = 1e-6
"""Least range of log2 amplitudes that is told into bins; only rounding is below it."""


def crop(gray: NDArray[np.uint8], circle: Circle) -> NDArray[np.uint8]:
    """Cut the square of radius + 2 px around a circle, clipped at the border.

    A crop below 20 px is continued by mirroring, since the centre needs that much.
    """
    half = circle.radius_px + MARGIN_PX
    rows, columns = gray.shape
    top, bottom = _clip(circle.row_px, half, rows)
    left, right = _clip(circle.col_px, half, columns)
    return _at_least(gray[top:bottom, left:right], CENTRE_PX)


def _clip(centre: float, half: float, size: int) -> tuple[int, int]:
    # A circle whose centre lies outside still gets the nearest row or column.
    start = int(np.clip(round(centre - half), 0, size - 1))
    stop = int(np.clip(round(centre + half), start + 1, size))
    return start, stop


def _at_least(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    lack = [max(0, size - length) for length in image.shape]
    if not any(lack):
        return image
    around = [(n // 2, n - n // 2) for n in lack]
    return np.asarray(np.pad(image, around, mode="symmetric"), dtype=np.uint8)


def as_gray8(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Stretch a micrograph to 8 bit, as the micrographs of 2018 were saved."""
    low, high = np.percentile(pixels, _STRETCH_PERCENT)
    span = max(float(high - low), np.finfo(np.float32).tiny)
    scaled = np.clip((pixels - low) / span, 0.0, 1.0)
    return np.asarray(np.round(255.0 * scaled), dtype=np.uint8)


def _centre(image: NDArray[np.generic]) -> NDArray[np.float64]:
    top, left = ((length - CENTRE_PX) // 2 for length in image.shape)
    patch = image[top : top + CENTRE_PX, left : left + CENTRE_PX]
    return patch.astype(np.float64).ravel()


def _binary_pattern(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    pattern = skimage.feature.local_binary_pattern(
        image, P=_PATTERN_POINTS, R=_PATTERN_RADIUS_PX
    )
    return _centre(pattern)


def _fourier_histogram(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    amplitudes = np.abs(fft.rfft2(image.astype(np.float64)))
    # log2(0) is no number: a vanishing amplitude counts as the smallest other one.
    positive = amplitudes[amplitudes > 0]
    floor = positive.min() if positive.size else 1.0
    levels = np.log2(np.maximum(amplitudes, floor))
    low, high = float(levels.min()), float(levels.max())
    # Amplitudes that are equal but for rounding cannot be told into 20 bins.
    span = (low, high) if high - low > _LEAST_LEVELS else (low - 0.5, low + 0.5)
    return np.histogram(levels, bins=_FOURIER_BINS, range=span, density=True)[0]


def _blobs(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    found = skimage.feature.blob_log(
        image / 255.0,
        max_sigma=_BLOB_MAX_SIGMA_PX,
        num_sigma=_BLOB_SIGMAS,
        threshold=_BLOB_THRESHOLD,
    )
    size = float(found[:, 2].mean()) if len(found) else 0.0
    return np.array([size, float(len(found))])


def _edge_histogram(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.histogram(
        skimage.filters.sobel(image / 255.0), bins=_SOBEL_BINS, density=True
    )[0]


def crop_features(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Compute the 874 features of one crop of at least 20 x 20 px."""
    return np.concatenate(
        [
            _centre(image),
            _binary_pattern(image),
            _fourier_histogram(image),
            _blobs(image),
            _edge_histogram(image),
            np.array([image.mean(), image.std()]),
        ]
    )


def origin_features(
    micrograph: Micrograph,
    circles: Sequence[Circle],
    pixel_size_nm: float,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Compute the features of 2018; they know pixels only, so the size is unused.

    Returns
    -------
    ndarray of float32, shape (n_circles, 874)
    """
    gray = as_gray8(micrograph.pixels)
    rows = [crop_features(crop(gray, one)) for one in with_progress(circles, progress)]
    return np.asarray(rows, dtype=np.float32)


def _names() -> tuple[str, ...]:
    square = [(row, col) for row in range(CENTRE_PX) for col in range(CENTRE_PX)]
    return (
        *(f"pixel_{row:02d}_{col:02d}" for row, col in square),
        *(f"binary_pattern_{row:02d}_{col:02d}" for row, col in square),
        *(f"fourier_bin_{number:02d}" for number in range(_FOURIER_BINS)),
        "blob_mean_size",
        "blob_number",
        *(f"sobel_bin_{number:02d}" for number in range(_SOBEL_BINS)),
        "gray_mean",
        "gray_std",
    )


ORIGIN = FeatureGroup(
    name="origin",
    version=1,
    names=_names(),
    description="the 874 features of 2018: centre pixels, binary pattern, histograms",
    function=origin_features,
    invariant=False,
)
