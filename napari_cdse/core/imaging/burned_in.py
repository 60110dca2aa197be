"""What a program or a camera burned into a picture: bars, letters, frames, dead lines.

Flat areas are known by their pixels. Letters that were resized or compressed are not
flat any more; they are known by blocks that are nearly all black or all white. The edge
of a hole or of an aperture is known by a long step that is too steep for speckle.
"""

from __future__ import annotations

from dataclasses import dataclass
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

from napari_cdse.core.arrays import strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEDIAN_OF_ABS_NORMAL = 0.6745
"""Median of absolute normal deviates in standard deviations, the upper quartile of the
normal distribution. A median divided by it is a standard deviation without outliers."""

LEAST_SIGMA = 1e-7
"""Least standard deviation that limits are multiples of, in largest absolute gray
values: about the spacing of float32 at 1, so that rounding is no outlier where there is
no noise."""

_BLOCK_PX = 8
"""Edge in pixels of the blocks that letters and steep edges are sought in. A choice:
larger ones average more speckle away, but thin strokes and narrow frames with it."""

_EIGHT_NEIGHBOURS = np.ones((3, 3), bool)
_FILL_SIGMA_PX = 12.0
"""Standard deviation, in pixels, of the Gaussian that fills marked areas. A choice: a
smaller one would carry fringes beside an area into it, a larger one slopes of light
from far away."""

_LEAST_WEIGHT = 1e-3
"""Share of unmarked pixels under that Gaussian below which an area is filled with 0,
the mean. A choice: some three standard deviations inside a large area (0.0013 beside a
straight edge); less would amplify rounding."""


@dataclass(frozen=True, slots=True)
class _FlatAreaLimits:
    """What counts as an area of one gray value. All are choices.

    Attributes
    ----------
    area_px : int
        Fewest pixels, all eight neighbours alike, of an area without a step beside it.
        Fewer would mark saturated fringes, more would leave small burnt spots.
    stroke_px : int
        The same for an area that ends in a step: a stroke of a letter. Fewer would
        mark clipped extremes of speckle, more would miss thin letters.
    step : float
        What is a step: distance of a pixel from the mean around it, in standard
        deviations of the whole picture. Lower and saturated fringes are strokes too;
        higher and gray letters are none.
    around_px : int
        Edge of the square of that mean. Larger than a stroke is wide, so that the mean
        is not the stroke's own; much larger and it follows uneven light.
    margin_px : int
        Marked around each area: one pixel, as those at its border have neighbours
        outside, and two for what smoothing or resizing smeared. Less leaves bright
        rims, more costs pixels.
    """

    area_px: int = 40
    stroke_px: int = 8
    step: float = 1.5
    around_px: int = 7
    margin_px: int = 3


@dataclass(frozen=True, slots=True)
class _StrokeLimits:
    """What counts as a thin straight line that was drawn. All are choices.

    Attributes
    ----------
    length_px : int
        Fewest pixels of one gray value in a row or column. Of gray values of speckle
        one in ten may follow itself where there are few of them, so that 24 in a row
        come once in 1e23; fewer would mark clipped fringes, more leave short lines.
    step : float
        Mean distance from the lines on either side, in standard deviations of the
        picture, on which a drawn line stands out. Lower marks edges of what is clipped,
        higher leaves gray lines.
    beside_px : int
        How far these lines are away: beyond a line of two pixels. Thicker ones are
        flat areas.
    margin_px : int
        Marked around it, for what smoothing or resizing smeared.
    """

    length_px: int = 24
    step: float = 0.7
    beside_px: int = 3
    margin_px: int = 2


@dataclass(frozen=True, slots=True)
class _LetterLimits:
    """What counts as letters that are no longer flat. All are choices.

    Attributes
    ----------
    near : float
        Distance from black or white, in gray ranges of the picture, up to which a pixel
        is nearly so. More includes dark speckle, less loses compressed letters.
    stroke_share : float
        Share of such pixels from which a block belongs to a stroke. Fringes that are
        clipped have up to half of their area at one end, so it must not be lower;
        higher and thin strokes are missed.
    faint_share : float
        Share from which a block beside a stroke still belongs to it. Lower follows
        speckle away from the letters, higher leaves their thin ends.
    reach_blocks : int
        How far such blocks are followed, in blocks: 48 px, some letter's height. More
        marks more speckle if it is dark, less leaves parts of large letters.
    fewest : float
        Share of nearly black or white pixels below which no letters are sought: 210
        pixels of a micrograph of 1024 x 1024. Lower marks a few extremes of speckle,
        higher misses a short text in a large micrograph.
    most : float
        Share of the blocks from which none is a letter, as saturated micrographs have
        so many. Lower misses a large caption, higher wipes out what was seen.
    rows_sampled, cols_sampled : int
        Of how many rows and columns one is looked at for ``fewest``; more save time
        and may pass over a thin line.
    least_blocks : int
        Blocks along the shorter side below which no letters are sought: a block alone
        tells nothing of its surroundings.
    """

    near: float = 0.1
    stroke_share: float = 0.5
    faint_share: float = 0.15
    reach_blocks: int = 6
    fewest: float = 2e-4
    most: float = 0.14
    rows_sampled: int = 2
    cols_sampled: int = 4
    least_blocks: int = 2


@dataclass(frozen=True, slots=True)
class _EdgeLimits:
    """What counts as the edge of a frame, a hole or an aperture. All are choices.

    Attributes
    ----------
    sigma : float
        Height of a step between blocks, in standard deviations of such differences.
        Speckle averaged over blocks is nearly normal and never goes so far, but the rim
        of a thick particle does at a lower one; at a higher one faint edges stay.
    long_share : float
        Length of a step in shorter sides of the view, so that particles are none: of
        1024 px at 0.037 nm it is 15 nm. Lower marks large particles, higher misses the
        edge of a hole in a corner.
    most : float
        Share of the blocks beside steps from which none counts, as the micrograph
        would be gone. Lower gives up more often, higher leaves less to look at.
    least_blocks : int
        Blocks along the shorter side below which no edge is sought: there are too few
        differences for their median to be that of speckle.
    """

    sigma: float = 15.0
    long_share: float = 0.4
    most: float = 0.25
    least_blocks: int = 6


@dataclass(frozen=True, slots=True)
class _LineLimits:
    """What counts as a defect row or column of the camera. All are choices.

    Attributes
    ----------
    sigma : float
        Distance of a line's mean from those beside it, in standard deviations of such
        distances. Lower levels fringes along a side, higher leaves faint lines.
    beside : int
        Lines, its own among them, whose median it is compared with. Up to four
        defect lines side by side stand out from 9; of more lines more would, but slopes
        of light would too.
    least_px : int
        Length of a line below which its mean is that of a few grains of speckle, and
        says nothing.
    """

    sigma: float = 8.0
    beside: int = 9
    least_px: int = 64


_FLAT = _FlatAreaLimits()
_STROKES = _StrokeLimits()
_LETTERS = _LetterLimits()
_EDGES = _EdgeLimits()
_LINES = _LineLimits()


def flat_areas(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Areas of one gray value, with a margin."""
    flat = _equal_to_neighbours(image)
    if not flat.any():
        return flat
    regions, count = label(flat)
    sizes = np.bincount(regions.ravel(), minlength=count + 1)
    sizes[0] = 0
    # Strokes of letters are narrow but end in a step; saturated fringes do not.
    around = uniform_filter(image, _FLAT.around_px)
    step = np.abs(image - around) > _FLAT.step * image.std()
    strokes = np.unique(regions[flat & step])
    sizes[strokes] *= _FLAT.area_px // _FLAT.stroke_px
    large = (sizes >= _FLAT.area_px)[regions]
    if not large.any():
        return large
    return binary_dilation(large, _EIGHT_NEIGHBOURS, _FLAT.margin_px)


def straight_strokes(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Thin lines of one gray value along rows and columns, with a margin."""
    found = _level_strokes(image) | _level_strokes(image.T).T
    if not found.any():
        return found
    return binary_dilation(found, _EIGHT_NEIGHBOURS, _STROKES.margin_px)


def _level_strokes(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Find runs of one gray value along rows that neither row beside them has."""
    marks = np.zeros(image.shape, bool)
    steps = _STROKES.length_px - 1
    runs = _runs(image[:, 1:] == image[:, :-1], steps)
    for row in map(int, np.flatnonzero(runs.any(axis=1))):
        marks[row] = np.convolve(runs[row], np.ones(steps + 1)) > 0
        marks[row] &= _stands_out(image, row, marks[row])
    return marks


def _runs(equal: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Where so many in a row begin, found by doubling."""
    done = 1
    while done < length and equal.any():
        more = min(done, length - done)
        equal = equal[:, :-more] & equal[:, more:]
        done += more
    return equal if done == length else equal[:, :0]


def _stands_out(
    image: NDArray[np.float32], row: int, run: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which runs of a row differ from what lies on either side of it."""
    far = [row - _STROKES.beside_px, row + _STROKES.beside_px]
    limit = _STROKES.step * float(image.std())
    numbers = label(run)[0]
    keep = np.ones(numbers.max() + 1, bool)
    for beside in far:
        if 0 <= beside < len(image):
            step = np.abs(image[beside] - image[row])
            total = np.bincount(numbers, step)
            keep &= total > limit * np.bincount(numbers)
    return np.asarray(keep[numbers])


def _equal_to_neighbours(image: NDArray[np.float32]) -> NDArray[np.bool_]:
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
    if min(image.shape) < _EDGES.least_blocks * _BLOCK_PX:
        return nothing
    steep = _steep(uniform_filter(_block_means(image), 2))
    if not steep.any():
        return nothing
    regions = label(steep, _EIGHT_NEIGHBOURS)[0]
    for number, place in enumerate(find_objects(regions), start=1):
        inside = regions[place] == number
        if max(inside.shape) < _EDGES.long_share * min(steep.shape):
            steep[place] &= ~inside
    if steep.mean() > _EDGES.most:
        return nothing
    return _as_pixels(binary_dilation(steep, _EIGHT_NEIGHBOURS), image.shape)


def letters(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Surroundings of strokes that are nearly black or white, if no longer flat.

    Fringes reach one end of the gray scale as well, but in half of their area at most.
    """
    nothing = np.zeros(image.shape, bool)
    if min(image.shape) < _LETTERS.least_blocks * _BLOCK_PX:
        return nothing
    ends = float(image.min()), float(image.max())
    near = _LETTERS.near * (ends[1] - ends[0])
    sample = image[:: _LETTERS.rows_sampled, :: _LETTERS.cols_sampled]
    found = nothing
    for end in ends:
        if np.mean(np.abs(sample - end) < near) < _LETTERS.fewest:
            continue
        share = _block_means(_near(image, end, near))
        strokes = share > _LETTERS.stroke_share
        if not strokes.any():
            continue
        faint = binary_dilation(share > _LETTERS.faint_share, _EIGHT_NEIGHBOURS)
        strokes = binary_dilation(
            strokes, _EIGHT_NEIGHBOURS, _LETTERS.reach_blocks, mask=faint
        )
        if strokes.mean() < _LETTERS.most:
            found = found | _as_pixels(strokes, image.shape)
    return found


def _near(image: NDArray[np.float32], value: float, within: float) -> NDArray[np.bool_]:
    """Tell which pixels are nearly of a value."""
    near = np.empty(image.shape, bool)
    # Differences of all of it at once would take twice the image's memory.
    for strip in strips(len(image)):
        near[strip] = np.abs(image[strip] - value) < within
    return near


def _steep(blocks: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Blocks on either side of a step that is far larger than most."""
    down = np.abs(blocks[2:] - blocks[:-2])
    right = np.abs(blocks[:, 2:] - blocks[:, :-2])
    steps = np.concatenate([down.ravel(), right.ravel()])
    sigma = float(np.median(steps)) / MEDIAN_OF_ABS_NORMAL
    limit = _EDGES.sigma * max(sigma, LEAST_SIGMA)
    steep = np.zeros(blocks.shape, bool)
    # A difference over two blocks marks both and the one between them.
    for first in range(3):
        rows = slice(first, first + len(down))
        cols = slice(first, first + right.shape[1])
        steep[rows] |= down > limit
        steep[:, cols] |= right > limit
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
        count, length = image.shape[axis], image.shape[1 - axis]
        if count < _LINES.beside or length < _LINES.least_px:
            continue
        mean = image.mean(axis=1 - axis)
        excess = mean - median_filter(mean, _LINES.beside, mode="nearest")
        sigma = float(np.median(np.abs(excess))) / MEDIAN_OF_ABS_NORMAL
        limit = _LINES.sigma * max(sigma, LEAST_SIGMA)
        lines = np.flatnonzero(np.abs(excess) > limit)
        if axis == 0:
            image[lines] -= excess[lines, None]
        else:
            image[:, lines] -= excess[lines]


def filled(image: NDArray[np.float32], marks: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Fill marked areas smoothly from their surroundings."""
    weight = np.where(marks, np.float32(0), np.float32(1))
    total = gaussian_filter(weight, _FILL_SIGMA_PX)
    smooth = gaussian_filter(image * weight, _FILL_SIGMA_PX)
    fill = np.where(total > _LEAST_WEIGHT, smooth / np.maximum(total, _LEAST_WEIGHT), 0)
    return np.where(marks, fill, image).astype(np.float32)
