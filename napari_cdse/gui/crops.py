"""The picture of one particle and its power spectrum, as gray values from 0 to 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle

_MARGIN = 1.25
_SHORTEST_SPACING_NM = 0.16
_SMALLEST_SPECTRUM_PX = 16


def crop(pixels: NDArray[np.float32], circle: Circle) -> NDArray[np.float32]:
    """Square around a circle, with a margin; what lies outside is NaN."""
    half = max(2, round(_MARGIN * circle.radius_px))
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
    if not np.isfinite(square).any():
        return np.full_like(square, 0.5)
    low, high = np.nanpercentile(square, (0.5, 99.5))
    if high <= low:
        return np.full_like(square, 0.5)
    values = np.clip((square - low) / (high - low), 0, 1)
    return np.nan_to_num(values, nan=0.5).astype(np.float32)


def power_spectrum(
    square: NDArray[np.float32], pixel_size_nm: float | None
) -> NDArray[np.float32]:
    """Log power spectrum of a square, origin in the middle, from 0 to 1.

    Cut off at a spacing of 0.16 nm where the pixel size is known: no reflection of
    CdSe that these microscopes show lies farther out.
    """
    filled = np.nan_to_num(square - np.nanmean(square))
    window = np.hanning(len(filled) + 2)[1:-1]
    power = np.abs(np.fft.fftshift(np.fft.fft2(filled * np.outer(window, window)))) ** 2
    middle = len(power) // 2
    # The mean and its leakage through the window would drown everything else.
    power[middle - 1 : middle + 2, middle - 1 : middle + 2] = 0
    log_power = np.log(power + np.median(power) + 1e-12)
    reach = middle
    if pixel_size_nm:
        reach = int(len(power) * pixel_size_nm / _SHORTEST_SPACING_NM)
        reach = min(middle, max(_SMALLEST_SPECTRUM_PX // 2, reach))
    inner = log_power[
        middle - reach : middle + reach + 1, middle - reach : middle + reach + 1
    ]
    low, high = np.percentile(inner, (30, 99.9))
    span = high - low if high > low else 1.0
    return np.clip((inner - low) / span, 0, 1).astype(np.float32)
