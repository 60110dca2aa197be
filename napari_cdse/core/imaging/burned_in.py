"""What a program or a camera burned into a picture: bars, letters, frames, dead lines.

Flat areas are known by their pixels. Letters that were resized or compressed are not
flat any more; they are known by blocks that are nearly all black or all white. The edge
of a hole or of an aperture is known by a long step that is too steep for speckle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import (
    binary_dilation,
    find_objects,
    gaussian_filter,
    label,
    median_filter,
    uniform_filter,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FLAT_PX = 40
_STROKE_PX = 8
_STROKE_STEP = 1.5
_FLAT_MARGIN_PX = 3
_FILL_SIGMA_PX = 12.0
_BLOCK_PX = 8
_BESIDE = np.ones((3, 3), bool)
_STEEP_SIGMA = 15.0
_NEAR_SHARE = 0.1
_STROKE_SHARE = 0.5
_TRACE_SHARE = 0.15
_REACH_BLOCKS = 6
_MOST_LETTERS = 0.14
_FEWEST_STROKES = 2e-4
_LONG_SHARE = 0.4
_MOST_MARKED = 0.25
_LINE_SIGMA = 8.0


def flat_areas(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Areas of one gray value, with a margin."""
    flat = _like_neighbours(image)
    if not flat.any():
        return flat
    regions, count = label(flat)
    sizes = np.bincount(regions.ravel(), minlength=count + 1)
    sizes[0] = 0
    # Strokes of letters are narrow but end in a step; saturated fringes do not.
    step = np.abs(image - uniform_filter(image, 7)) > _STROKE_STEP * image.std()
    strokes = np.unique(regions[flat & step])
    sizes[strokes] *= _FLAT_PX // _STROKE_PX
    large = (sizes >= _FLAT_PX)[regions]
    if not large.any():
        return large
    return binary_dilation(large, _BESIDE, _FLAT_MARGIN_PX)


def _like_neighbours(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Pixels whose eight neighbours have their gray value; fewer at the border."""
    beside = np.ones(image.shape, bool)
    step = image[:, 1:] == image[:, :-1]
    beside[:, 1:] &= step
    beside[:, :-1] &= step
    # Rows that are flat, and equal to each other: the corners follow.
    step = (image[1:] == image[:-1]) & beside[1:] & beside[:-1]
    beside[1:] &= step
    beside[:-1] &= step
    return beside


def steep_edges(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Surroundings of steps that no speckle has: frames, edges of holes and apertures.

    A dot may be far darker than a thin support, too. So a step counts only where it
    runs on over much of the view; and if that were much of the picture, none counts.
    """
    nothing = np.zeros(image.shape, bool)
    if min(image.shape) < 6 * _BLOCK_PX:
        return nothing
    steep = _steep(uniform_filter(_block_means(image), 2))
    if not steep.any():
        return nothing
    regions = label(steep, _BESIDE)[0]
    for number, place in enumerate(find_objects(regions), start=1):
        inside = regions[place] == number
        if max(inside.shape) < _LONG_SHARE * min(steep.shape):
            steep[place] &= ~inside
    if steep.mean() > _MOST_MARKED:
        return nothing
    return _as_pixels(binary_dilation(steep, _BESIDE), image.shape)


def letters(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Surroundings of strokes that are nearly black or white, if no longer flat.

    Fringes reach one end of the gray scale as well, but in half of their area at most.
    """
    nothing = np.zeros(image.shape, bool)
    if min(image.shape) < 2 * _BLOCK_PX:
        return nothing
    ends = float(image.min()), float(image.max())
    near = _NEAR_SHARE * (ends[1] - ends[0])
    found = nothing
    for end in ends:
        if np.mean(np.abs(image[::2, ::4] - end) < near) < _FEWEST_STROKES:
            continue
        share = _block_means(np.abs(image - end) < near)
        strokes = share > _STROKE_SHARE
        if not strokes.any():
            continue
        traces = binary_dilation(share > _TRACE_SHARE, _BESIDE)
        strokes = binary_dilation(strokes, _BESIDE, _REACH_BLOCKS, mask=traces)
        if strokes.mean() < _MOST_LETTERS:
            found = found | _as_pixels(strokes, image.shape)
    return found


def _steep(blocks: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Blocks on either side of a step that is far larger than most."""
    down = np.abs(blocks[2:] - blocks[:-2])
    right = np.abs(blocks[:, 2:] - blocks[:, :-2])
    usual = float(np.median(np.concatenate([down.ravel(), right.ravel()]))) / 0.6745
    steep = np.zeros(blocks.shape, bool)
    for first in range(3):
        rows = slice(first, first + len(down))
        cols = slice(first, first + right.shape[1])
        steep[rows] |= down > _STEEP_SIGMA * max(usual, 1e-7)
        steep[:, cols] |= right > _STEEP_SIGMA * max(usual, 1e-7)
    return steep


def _block_means(
    image: NDArray[np.float32] | NDArray[np.bool_],
) -> NDArray[np.float32]:
    rows, cols = (length // _BLOCK_PX for length in image.shape)
    cut = image[: rows * _BLOCK_PX, : cols * _BLOCK_PX]
    down = cut.reshape(rows, _BLOCK_PX, -1).mean(axis=1, dtype=np.float32)
    return np.asarray(down.reshape(rows, cols, _BLOCK_PX).mean(axis=2))


def _as_pixels(blocks: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    rows, cols = (
        np.minimum(np.arange(length) // _BLOCK_PX, count - 1)
        for length, count in zip(shape, blocks.shape, strict=True)
    )
    return np.asarray(blocks[rows[:, None], cols])


def take_out_lines(image: NDArray[np.float32]) -> None:
    """Level rows and columns that are brighter or darker as a whole, in place.

    Fringes along a side of the picture shift all its lines, so none stands out.
    """
    for axis in (0, 1):
        if image.shape[axis] < 9 or image.shape[1 - axis] < 64:
            continue
        mean = image.mean(axis=1 - axis)
        excess = mean - median_filter(mean, 9, mode="nearest")
        usual = float(np.median(np.abs(excess))) / 0.6745
        lines = np.flatnonzero(np.abs(excess) > _LINE_SIGMA * max(usual, 1e-7))
        if axis == 0:
            image[lines] -= excess[lines, None]
        else:
            image[:, lines] -= excess[lines]


def filled(image: NDArray[np.float32], marks: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Fill marked areas smoothly from their surroundings."""
    weight = np.where(marks, np.float32(0), np.float32(1))
    total = gaussian_filter(weight, _FILL_SIGMA_PX)
    smooth = gaussian_filter(image * weight, _FILL_SIGMA_PX)
    fill = np.where(total > 1e-3, smooth / np.maximum(total, 1e-3), 0)
    return np.where(marks, fill, image).astype(np.float32)
