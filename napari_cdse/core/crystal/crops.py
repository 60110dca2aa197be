"""Cut out the surroundings of one particle, and scale their gray values for display."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle

FIELD_NM = 8.0
"""Edge of a crop in nm: the same for all particles that fit, to compare their sizes."""
FIELD_STEP_NM = 4.0
"""Step in nm by which crops of larger particles grow; a choice, to have few sizes."""
_MARGIN = 1.25
"""Least edge of a crop, in diameters of the particle; a choice, to show its rim."""
_FEWEST_PX = 4.0
"""Least edge of a crop in px, without a pixel size."""
_SAMPLE = 40_000
"""Pixels sampled for percentiles. A choice: of 40 000 pixels 200 lie beyond the 0.5th
percentile, a number that scatters by 7 %; more cost time."""
_STRETCH_PERCENT = (0.5, 99.5)
"""Percentiles shown as black and white. A choice: a narrower range saturates fringes,
a wider one lets outlier pixels dim all the rest."""
_MID_GRAY = 0.5
"""Gray of what lies outside the micrograph, between black 0 and white 1."""
_FLOOR = 2.5
"""Highest power, in mean powers of the background, that is shown as black. A choice: 8
% of speckle, exp(-2.5), has more; a lower one shows more of it."""
_SPECTRUM_PERCENT = 99.9
"""Percentile of a spectrum shown as white, so that one peak does not dim the others."""


def field_px(circle: Circle, pixel_size_nm: float | None) -> tuple[float, float | None]:
    """Choose the edge of a crop, in pixels and in nm.

    It is 8 nm, or for larger particles the next multiple of 4 nm that leaves a margin.
    Without a pixel size it is the particle with its margin, and the edge in nm is None.
    """
    needed = 2 * _MARGIN * circle.radius_px
    if not pixel_size_nm:
        return max(_FEWEST_PX, needed), None
    steps = math.ceil(needed * pixel_size_nm / FIELD_STEP_NM)
    edge_nm = max(FIELD_NM, FIELD_STEP_NM * steps)
    return edge_nm / pixel_size_nm, edge_nm


def crop(
    pixels: NDArray[np.float32], circle: Circle, edge_px: float | None = None
) -> NDArray[np.float32]:
    """Cut a square around a circle; what lies outside the micrograph is NaN.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        The micrograph.
    circle : Circle
        Its centre is in the middle pixel.
    edge_px : float, optional
        Edge of the square; a quarter more than the circle without it.
    """
    wanted = 2 * _MARGIN * circle.radius_px if edge_px is None else edge_px
    half = max(2, round(wanted / 2))
    row, col = round(circle.row_px), round(circle.col_px)
    square = np.full((2 * half + 1, 2 * half + 1), np.nan, dtype=np.float32)
    rows = slice(max(0, row - half), max(0, min(pixels.shape[0], row + half + 1)))
    cols = slice(max(0, col - half), max(0, min(pixels.shape[1], col + half + 1)))
    part = pixels[rows, cols]
    top, left = rows.start - (row - half), cols.start - (col - half)
    if part.size:
        square[top : top + part.shape[0], left : left + part.shape[1]] = part
    return square


def stretched(square: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gray values from 0 to 1; a few outliers saturate, NaN becomes mid-gray."""
    step = max(1, int(math.sqrt(square.size / _SAMPLE)))
    sample = square[::step, ::step]
    if not np.isfinite(sample).any():
        return np.full_like(square, _MID_GRAY)
    low, high = np.nanpercentile(sample, _STRETCH_PERCENT)
    if high <= low:
        return np.full_like(square, _MID_GRAY)
    values = np.clip((square - low) / (high - low), 0, 1)
    return np.asarray(np.nan_to_num(values, nan=_MID_GRAY), np.float32)


def spectrum_values(ratio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gray values of a power spectrum over background: log scale, background dark."""
    level = np.log(np.maximum(ratio, _FLOOR))
    high = max(float(np.percentile(level, _SPECTRUM_PERCENT)), 1.0)
    return np.asarray(np.clip(level / high, 0, 1), np.float32)
