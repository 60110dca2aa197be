"""Power spectra in windows that slide over a micrograph.

The idea is that of Vasudevan and others, Appl. Phys. Lett. 106, 091601 (2015),
doi 10.1063/1.4914016; here with Hann windows, real transforms and bounded memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import rfft2

from napari_cdse.core.errors import MicrographError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_STRIP_VALUES = 4_000_000
"""Pixels of all windows, overlap counted, that are transformed at a time. A choice:
their power takes 8 MB; more take memory, fewer cost calls."""


@dataclass(frozen=True, slots=True, eq=False)
class WindowGrid:
    """Where the windows lie.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of the micrograph.
    window_px : int
        Edge of the square window.
    step_px : int
        Distance between centres.
    rows_px, cols_px : ndarray of float64
        Centres, evenly spaced, the first and last at or beyond the border, in
        pixels from the centre of the first pixel.
    """

    shape: tuple[int, int]
    window_px: int
    step_px: int
    rows_px: NDArray[np.float64]
    cols_px: NDArray[np.float64]


def window_grid(shape: tuple[int, int], window_px: int, step_px: int) -> WindowGrid:
    """Spread windows evenly so that no border row or column is left out.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the micrograph.
    window_px : int
        Edge of the square window, at least 4.
    step_px : int
        Distance between centres, at least 1.

    Raises
    ------
    MicrographError
        If the micrograph is smaller than one window.
    """
    if min(shape) < window_px:
        raise too_small(shape, window_px)
    rows, cols = (_centres(length, window_px, step_px) for length in shape)
    return WindowGrid(shape, window_px, step_px, rows, cols)


def too_small(shape: tuple[int, ...], window_px: int) -> MicrographError:
    """Say that not even one window fits."""
    return MicrographError(
        f"The micrograph has {shape[0]} x {shape[1]} pixels, less than one "
        f"window of {window_px}; check the pixel size or choose a smaller window."
    )


def power_spectra(
    image: NDArray[np.float32], grid: WindowGrid
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Transform all windows, a strip of grid rows at a time.

    The image is continued by reflection at the border. The Hann window has unit
    energy, so that white noise of unit variance has a mean power of one. Take the
    image's mean off first where the lowest three bins matter.

    Parameters
    ----------
    image : ndarray of float32
        Shape (rows, columns), as in the grid.
    grid : WindowGrid
        From `window_grid`.

    Yields
    ------
    rows : slice
        Which grid rows.
    power : ndarray of float32, shape (grid rows, grid columns, k_row, k_col)
        ``|rfft2|**2``; k_row in the order of ``fftfreq``, k_col of ``rfftfreq``.
    """
    window = hann(grid.window_px)
    col_index = _covered(grid.cols_px, grid.window_px, grid.shape[1])
    per_row = len(grid.cols_px) * grid.window_px**2
    height = max(1, _STRIP_VALUES // per_row)
    for first in range(0, len(grid.rows_px), height):
        rows = slice(first, min(first + height, len(grid.rows_px)))
        row_index = _covered(grid.rows_px[rows], grid.window_px, grid.shape[0])
        strip = image[row_index[:, None], col_index]
        yield rows, _strip_power(strip, window, grid.step_px)


def hann(length: int) -> NDArray[np.float32]:
    """Two-dimensional Hann window of unit energy, shape (length, length)."""
    edge = np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2
    window = np.outer(edge, edge)
    return np.asarray(window / np.sqrt((window**2).sum()), dtype=np.float32)


def frequencies(window_px: int) -> NDArray[np.float64]:
    """Radius of each bin in cycles per pixel, shape (k_row, k_col)."""
    rows = np.fft.fftfreq(window_px)
    cols = np.fft.rfftfreq(window_px)
    radius: NDArray[np.float64] = np.hypot(rows[:, None], cols)
    return radius


def _centres(length: int, window_px: int, step_px: int) -> NDArray[np.float64]:
    count = -(-(length - 1) // step_px) + 1
    span = (count - 1) * step_px
    start = (length - 1 - span) // 2 - (window_px - 1) // 2
    first = start + (window_px - 1) / 2
    return first + step_px * np.arange(count, dtype=np.float64)


def _covered(
    centres: NDArray[np.float64], window_px: int, length: int
) -> NDArray[np.intp]:
    """Image indices under the windows, reflected at the border."""
    first = round(centres[0] - (window_px - 1) / 2)
    last = round(centres[-1] + (window_px - 1) / 2)
    period = max(2 * length - 2, 1)
    index = np.abs(np.arange(first, last + 1)) % period
    return np.asarray(np.minimum(index, period - index), dtype=np.intp)


def _strip_power(
    strip: NDArray[np.float32], window: NDArray[np.float32], step_px: int
) -> NDArray[np.float32]:
    views = np.lib.stride_tricks.sliding_window_view(strip, window.shape)
    views = views[::step_px, ::step_px]
    power = np.empty((*views.shape[:3], window.shape[1] // 2 + 1), np.float32)
    # One row of windows at a time stays in the cache from product to power.
    tapered = np.empty(views.shape[1:], np.float32)
    for row, place in zip(views, power, strict=True):
        spectrum = rfft2(np.multiply(row, window, out=tapered))
        np.square(spectrum.real, out=place)
        place += np.square(spectrum.imag)
    return power
