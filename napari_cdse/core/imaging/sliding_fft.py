"""Power spectra in windows that slide over a micrograph.

The idea is that of Vasudevan and others, Appl. Phys. Lett. 106, 091601 (2015),
doi 10.1063/1.4914016; here with Hann windows, real transforms and bounded memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from napari_cdse.core.arrays import power_of, strips
from napari_cdse.core.errors import MicrographError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_STRIP_VALUES = 4_000_000
"""Pixels in all windows, counted once per window, that are transformed at a time. A
choice: their power takes 8 MB; more take more memory, fewer need more calls."""


@dataclass(frozen=True, slots=True, eq=False)
class WindowGrid:
    """Places of the windows.

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
    """Place windows evenly, so that they cover the micrograph up to its border.

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
    """Return the error for a micrograph smaller than one window."""
    return MicrographError(
        f"The micrograph has {shape[0]} x {shape[1]} pixels, less than one "
        f"window of {window_px}; check the pixel size or choose a smaller window."
    )


def power_spectra(
    image: NDArray[np.float32], grid: WindowGrid
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Compute the power spectra of all windows, a strip of grid rows at a time.

    The image is continued by reflection at the border. The Hann window has unit
    energy, so that white noise of unit variance has a mean power of one. Callers that
    use the lowest three bins subtract the image's mean before.

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
    for rows in _strips(grid):
        power = np.empty(_shape(grid, rows), np.float32)
        _transform(image, grid, rows, power)
        yield rows, power


def all_power_spectra(
    image: NDArray[np.float32], grid: WindowGrid
) -> NDArray[np.float32]:
    """Compute the power spectra of all windows in one array; see `power_spectra`."""
    every = slice(0, len(grid.rows_px))
    power = np.empty(_shape(grid, every), np.float32)
    for rows in _strips(grid):
        _transform(image, grid, rows, power[rows])
    return power


def _strips(grid: WindowGrid) -> Iterator[slice]:
    """Grid rows that are transformed together."""
    per_row = len(grid.cols_px) * grid.window_px**2
    return strips(len(grid.rows_px), max(1, _STRIP_VALUES // per_row))


def _shape(grid: WindowGrid, rows: slice) -> tuple[int, int, int, int]:
    size = grid.window_px
    return rows.stop - rows.start, len(grid.cols_px), size, size // 2 + 1


def hann(length: int) -> NDArray[np.float32]:
    """Two-dimensional Hann window of unit energy, shape (length, length)."""
    edge = _hann_edge(length)
    return np.asarray(np.outer(edge, edge), dtype=np.float32)


def _hann_edge(length: int) -> NDArray[np.float64]:
    """One-dimensional Hann window of unit energy."""
    edge = np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2
    return np.asarray(edge / np.sqrt((edge**2).sum()))


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


def _reflected_indices(
    centres: NDArray[np.float64], window_px: int, length: int
) -> NDArray[np.intp]:
    """Image indices under the windows, reflected at the border."""
    first = round(centres[0] - (window_px - 1) / 2)
    last = round(centres[-1] + (window_px - 1) / 2)
    period = max(2 * length - 2, 1)
    index = np.abs(np.arange(first, last + 1)) % period
    return np.asarray(np.minimum(index, period - index), dtype=np.intp)


def _transform(
    image: NDArray[np.float32],
    grid: WindowGrid,
    rows: slice,
    power: NDArray[np.float32],
) -> None:
    """Write the power of all windows of some grid rows into ``power``.

    Windows that overlap vertically share the transforms of their pixel rows.
    """
    size, step = grid.window_px, grid.step_px
    edge = _hann_edge(size).astype(np.float32)
    across = _reflected_indices(grid.cols_px, size, grid.shape[1])
    down = _reflected_indices(grid.rows_px[rows], size, grid.shape[0])
    strip = np.take(image[down], across, axis=1)
    views = np.lib.stride_tricks.sliding_window_view(strip, size, axis=1)[:, ::step]
    # Complex, so that the product below needs no conversion of types.
    weights = edge.astype(np.complex64)[:, None, None]
    shared = max(size - step, 0)
    # Transformed pixel rows of one row of windows: few enough for the cache.
    lines = np.empty((size, views.shape[1], size // 2 + 1), np.complex64)
    for number, place in enumerate(power):
        known = shared if number else 0
        lines[:known] = lines[size - known :]
        fresh = views[number * step + known : number * step + size]
        lines[known:] = fft.rfft(fresh * edge, axis=2)
        spectra = fft.fft(lines * weights, axis=0, overwrite_x=True)
        power_of(spectra, out=place.swapaxes(0, 1))
