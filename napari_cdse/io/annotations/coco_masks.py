"""Convert COCO's masks of run lengths to circles.

A mask is given by the lengths of alternating runs of pixels outside and inside, down
one column after another. It is never expanded to pixels: its area and moments follow
from the runs, so that time and memory depend on the length of the file alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.outlines import Moments
from napari_cdse.io.annotations.shapes import FittedCircle, from_moments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_MOST_PIXELS = 2**31
"""Limit of each count and of rows times columns. Chosen: they fit signed integers of 32
bits."""
_MOST_BITS = 30
"""Most bits of an encoded run length before its last group of five; more would exceed
`_MOST_PIXELS`."""


def from_mask(mask: Mapping[str, Any], shape: tuple[int, int] | None) -> FittedCircle:
    """Convert a mask of run lengths to the circle of its area, if it is round.

    Parameters
    ----------
    mask : mapping
        ``size``, rows and columns, and ``counts``, the run lengths: a list, or text as
        COCO's library encodes it.
    shape : tuple of int or None
        Rows and columns of the micrograph, with which the mask must agree; None if the
        micrograph is unknown.
    """
    size, counts = mask.get("size"), mask.get("counts")
    if not isinstance(size, list) or len(size) != 2 or not all(map(_is_count, size)):
        return FittedCircle(None, "its mask has no size")
    rows, columns = size
    if shape is not None and (rows, columns) != shape:
        return FittedCircle(None, "its mask has not the size of the micrograph")
    runs = unpacked(counts) if isinstance(counts, str) else counts
    if not isinstance(runs, list) or not all(map(_is_count, runs)):
        return FittedCircle(None, "its mask cannot be unpacked")
    if sum(runs) > rows * columns or rows * columns >= _MOST_PIXELS:
        return FittedCircle(None, "its mask has more pixels than its size")
    return from_moments(moments_of_runs(np.array(runs, dtype=np.int64), rows))


def unpacked(text: str) -> list[int] | None:
    """Decode run lengths from text, as ``rleFrString`` of COCO's library does.

    Parameters
    ----------
    text : str
        A letter holds six bits, its code less that of "0". Five of them belong to the
        number, lowest first; the sixth tells that more letters follow. The highest of
        the last five is the sign. From the fourth number on, each is the difference to
        the last but one.

    Returns
    -------
    list of int or None
        None if it is no such text.
    """
    runs: list[int] = []
    value = bits = 0
    for letter in text:
        code = ord(letter) - 48
        if not 0 <= code < 64 or bits > _MOST_BITS:
            return None
        value |= (code & 31) << bits
        bits += 5
        if code & 32:
            continue
        if code & 16:
            value -= 1 << bits
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = bits = 0
    return None if bits else runs


def moments_of_runs(runs: NDArray[np.int64], rows: int) -> Moments | None:
    """Compute area, centroid and second moments of a mask from its run lengths.

    Parameters
    ----------
    runs : ndarray of int64, shape (n,)
        Lengths of the runs outside, inside, outside and so on, down the columns.
    rows : int
        Rows of the mask.

    Returns
    -------
    Moments or None
        None if no pixel is inside.
    """
    ends = np.cumsum(runs)
    starts, stops = (ends - runs)[1::2], ends[1::2]
    starts, stops = starts[stops > starts], stops[stops > starts]
    if not len(starts):
        return None
    return _moments_of_rectangles(*_rectangles(starts, stops, rows))


def _rectangles(
    starts: NDArray[np.int64], stops: NDArray[np.int64], rows: int
) -> tuple[
    NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]
]:
    """Cut each run into three rectangles: rest of a column, whole columns, beginning.

    Parameters
    ----------
    starts, stops : ndarray of int64, shape (n,)
        First pixel of each run, and the one after its last, counted down the columns.
    rows : int
        Rows of the mask.

    Returns
    -------
    height, width, middle_row, middle_col : ndarray of float64, shape (3 n,)
        In px; a rectangle that does not occur has the height or width 0.
    """
    first, last = starts // rows, (stops - 1) // rows
    in_one_column = first == last
    top = starts - first * rows
    head = np.where(in_one_column, stops - starts, rows - top)
    tail = np.where(in_one_column, 0, stops - last * rows)
    between = np.maximum(last - first - 1, 0)
    height = np.concatenate([head, np.full_like(head, rows), tail]).astype(np.float64)
    width = np.concatenate([np.ones_like(head), between, np.ones_like(head)])
    top_row = np.concatenate([top, np.zeros_like(top), np.zeros_like(top)])
    middle_row = top_row + (height - 1) / 2
    middle_col = np.concatenate([first, first + (between + 1) / 2, last])
    return height, width.astype(np.float64), middle_row, middle_col.astype(np.float64)


def _moments_of_rectangles(
    height: NDArray[np.float64],
    width: NDArray[np.float64],
    middle_row: NDArray[np.float64],
    middle_col: NDArray[np.float64],
) -> Moments:
    """Add up the moments of rectangles; a side of n px has a moment of n² / 12."""
    weight = height * width
    area = float(weight.sum())
    row, col = float(weight @ middle_row / area), float(weight @ middle_col / area)
    from_row, from_col = middle_row - row, middle_col - col
    return Moments(
        area_px=area,
        row_px=row,
        col_px=col,
        row_row=float(weight @ (from_row**2 + height**2 / 12) / area),
        row_col=float(weight @ (from_row * from_col) / area),
        col_col=float(weight @ (from_col**2 + width**2 / 12) / area),
    )


def _is_count(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int):
        return False
    return 0 <= value < _MOST_PIXELS
