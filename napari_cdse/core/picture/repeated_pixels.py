"""Undo an enlargement in which each pixel was repeated.

A screenshot on a screen of high density, or an export at twice the size, holds each
pixel in k rows and k columns. Each block is flat then, and would be taken for a bar or
a letter, and its edges add a lattice of k pixels to the spectrum. The picture is
reduced to what was recorded and interpolated between, which keeps its size, so that
circles keep their places. Pixels that differ within a block, at the edge of something
that was drawn later, as a scale bar, are left as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.ndimage import affine_transform

from napari_cdse.core.arrays import strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SAMPLED = 16
"""Rows, and columns, that are looked at first. Chosen: in speckle, already one has
neighbours that differ everywhere; several, as some may lie in a flat bar."""
_CHANGING = 0.2
"""Share of the pixels that differ from their neighbour where new ones begin, at least.
Chosen: speckle changes nearly everywhere, and four fifths may be an empty margin."""
_DRAWN = 0.2
"""The same share elsewhere, divided by it, at most. Chosen: letters and bars that were
drawn after the enlargement cover less of a micrograph; without repeats it is near 1."""
_FEWEST_STEPS = 8
"""Fewest places along a line where new pixels begin. Chosen: between fewer, the edges
of one bar could pass for them."""
_LARGEST = 16
"""Largest number of times that a pixel is repeated along a line. Chosen: beyond, a
micrograph of 1024 px would have filled a screen of 16 000."""
_SPLINE = 3
"""Order of the interpolation. Chosen: a cubic one damps fringes of four recorded pixels
by 1.5 % and of three by 6 % (computed), a linear one far more. It takes some 0.4 s for
2048 x 2048 pixels."""


class Repeats(NamedTuple):
    """How pixels are repeated.

    Attributes
    ----------
    times : int
        Rows, and columns, in which each recorded pixel stands.
    row, col : int
        First row and column at which a new pixel begins, 0 to ``times - 1``.
    """

    times: int
    row: int
    col: int


def repeats_in(pixels: NDArray[np.float32]) -> Repeats | None:
    """Find out whether each pixel was repeated, equally often along both sides.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        As in the file.

    Returns
    -------
    Repeats or None
        None where they are not, and where all pixels are alike.
    """
    across = _step_and_first(pixels)
    if across is None:
        return None
    down = _step_and_first(pixels.T)
    if down is None or down[0] != across[0]:
        return None
    return Repeats(across[0], down[1], across[1])


def as_recorded(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """Interpolate a picture if its pixels are repeated.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        As in the file.

    Returns
    -------
    pixels : ndarray of float32, shape (rows, columns)
        The same array where nothing is repeated.
    times : int
        Rows, and columns, in which each recorded pixel stood.
    """
    repeats = repeats_in(pixels)
    if repeats is None:
        return pixels, 1
    return interpolated(pixels, repeats), repeats.times


def interpolated(pixels: NDArray[np.float32], repeats: Repeats) -> NDArray[np.float32]:
    """Replace blocks of repeated pixels by values interpolated between their middles.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        In which `repeats_in` found the repeats.
    repeats : Repeats
        What it found.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
    """
    times = repeats.times
    # The first block may have been cut, and begin before the picture does.
    starts = [each - times if each else 0 for each in (repeats.row, repeats.col)]
    rows, cols = (
        np.clip(np.arange(start, length, times), 0, None)
        for start, length in zip(starts, pixels.shape, strict=True)
    )
    offset = [(0.5 - start) / times - 0.5 for start in starts]
    recorded: NDArray[np.float32] = np.ascontiguousarray(pixels[rows][:, cols])
    smooth = np.empty(pixels.shape, np.float32)
    affine_transform(  # type: ignore[call-overload]  # the stubs know no array here
        recorded,
        [1 / times, 1 / times],
        offset,
        output=smooth,
        order=_SPLINE,
        mode="nearest",
    )
    block_rows, block_cols = (
        (np.arange(length) - start) // times
        for start, length in zip(starts, pixels.shape, strict=True)
    )
    # In strips, since a whole picture of blocks would be another copy.
    for strip in strips(len(pixels)):
        blocks = recorded[block_rows[strip]][:, block_cols]
        drawn = pixels[strip] != blocks
        smooth[strip][drawn] = pixels[strip][drawn]
    return smooth


def _step_and_first(lines: NDArray[np.float32]) -> tuple[int, int] | None:
    """Return how many columns are alike, and where the first new one begins."""
    few = lines[:: max(1, len(lines) // _SAMPLED)]
    if _period(few) is None:
        return None
    return _period(lines)


def _period(lines: NDArray[np.float32]) -> tuple[int, int] | None:
    changed = (lines[:, 1:] != lines[:, :-1]).mean(axis=0)
    # From the largest on: where pixels stand four times, they stand twice as well.
    for times in range(min(_LARGEST, len(changed) // _FEWEST_STEPS), 1, -1):
        # The share at steps to columns whose number leaves each remainder.
        shares = [changed[(at - 1) % times :: times].mean() for at in range(times)]
        first = int(np.argmax(shares))
        highest = float(shares.pop(first))
        if highest >= _CHANGING and max(shares) <= _DRAWN * highest:
            return times, first
    return None
