"""Find artefacts in the pixels: bars, letters, frames, edges, defect camera lines.

- Flat areas (bars, letters) have one gray value exactly.
- Letters that were resized or compressed are no longer flat; they are blocks of pixels
  that are nearly all black or all white.
- Edges of holes and apertures are long steps, steeper than any in speckle.
- Defect rows and columns of the camera differ from their neighbours as a whole.
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

from napari_cdse.core.arrays import block_means, spread_blocks, strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEDIAN_OF_ABS_NORMAL = 0.6745
"""Median absolute deviation of a normal distribution, in standard deviations: its upper
quartile. A median absolute deviation divided by it estimates the standard deviation,
with little influence of outliers."""

LEAST_SIGMA = 1e-7
"""Least standard deviation that thresholds are a multiple of, in units of the largest
absolute gray value. About the spacing of float32 at 1, so that rounding is no outlier
where there is no noise."""

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
        Fewest pixels (whose eight neighbours have the same gray value) of an area that
        does not stand out from its surroundings. Fewer would mark saturated fringes,
        more would leave small burnt spots.
    stroke_px : int
        The same for an area that stands out, as the stroke of a letter does. Fewer
        would mark clipped extremes of speckle, more would miss thin letters.
    step : float
        Least distance of a pixel from the mean around it, in standard deviations of
        the whole picture, to stand out. Lower takes saturated fringes for strokes,
        higher misses gray letters.
    around_px : int
        Edge of the square over which that mean is taken. Larger than a stroke is wide,
        so that the mean is not the stroke's own; much larger, and it would not follow
        uneven light.
    margin_px : int
        Width of the margin that is marked around each area: one pixel, as those at its
        border have neighbours outside, and two for what smoothing or resizing smeared.
        Less leaves bright rims, more costs pixels.
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
        Fewest successive pixels of one gray value along a row or column. In speckle of
        few gray levels, neighbours are equal with a chance of up to 0.1, so that 24
        equal ones follow each other with a chance of 1e-23; fewer would mark clipped
        fringes, more leave short lines.
    step : float
        Least mean distance from the lines on both sides, in standard deviations of the
        picture. Lower marks edges of clipped areas, higher leaves gray lines.
    beside_px : int
        Distance of those lines: beyond a drawn line two pixels wide. Wider ones are
        flat areas.
    margin_px : int
        Width of the margin marked around it, for what smoothing or resizing smeared.
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
        Largest distance of a nearly black or white pixel from the lowest or highest
        gray value, as a share of the picture's range. More includes dark speckle, less
        loses compressed letters.
    stroke_share : float
        Least share of such pixels in a block that belongs to a stroke. Not below 0.5,
        as clipped fringes have up to half of their area at one end of the range; higher
        misses thin strokes.
    faint_share : float
        The same for blocks that are connected to a stroke. Lower follows speckle away
        from the letters, higher leaves their thin ends.
    stroke_sigma, faint_sigma : float
        How far these shares lie above the mean of all other blocks, at least, in their
        standard deviations: where a picture is overexposed, much of its speckle is
        white. Lower marks speckle there, higher leaves letters in such a picture.
    reach_blocks : int
        Most blocks that such a connection may span: 48 px, about the height of a
        letter. More marks dark speckle, less leaves parts of large letters.
    fewest : float
        Share of nearly black or white pixels in the picture below which no letters are
        sought: 210 pixels of 1024 x 1024. Lower marks a few extremes of speckle,
        higher misses a short text in a large micrograph.
    most : float
        Share of stroke blocks in the picture from which none is taken for a letter, as
        in a saturated micrograph. Lower misses a large caption, higher wipes out
        saturated particles.
    opposite : float
        Largest area at the other end of the gray range in a connected group of blocks,
        as a share of the area at the letters' own end. Clipped fringes alternate
        between both: 0.15 to 1.8 in 24 simulated micrographs whose contrast was
        stretched. Letters have 0.03 at most, and boxes with letters of the other colour
        0.1 (both drawn on 8 micrographs, then resized or compressed).
    rows_sampled, cols_sampled : int
        Every how many-th row and column is examined for ``fewest``; more save time and
        may pass over a thin line.
    least_blocks : int
        Blocks along the shorter side below which no letters are sought: a block alone
        tells nothing of its surroundings.
    """

    near: float = 0.1
    stroke_share: float = 0.5
    faint_share: float = 0.15
    stroke_sigma: float = 10.0
    faint_sigma: float = 4.0
    reach_blocks: int = 6
    fewest: float = 2e-4
    most: float = 0.14
    opposite: float = 0.12
    rows_sampled: int = 2
    cols_sampled: int = 4
    least_blocks: int = 2


@dataclass(frozen=True, slots=True)
class _EdgeLimits:
    """What counts as the edge of a frame, a hole or an aperture. All are choices.

    Attributes
    ----------
    sigma : float
        Least difference of neighbouring blocks, in standard deviations of such
        differences. Speckle averaged over blocks is nearly normal and never reaches
        it; lower marks rims of thick particles, higher leaves faint edges.
    long_share : float
        Least length of a step, as a share of the picture's shorter side, so that rims
        of particles do not count: of 1024 px at 0.037 nm it is 15 nm. Lower marks large
        particles, higher misses the edge of a hole in a corner.
    most : float
        Share of marked blocks in the picture from which none is marked, as little of
        the micrograph would be left. Lower gives up more often, higher leaves less of
        the micrograph.
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
        Least distance of a line's mean from the median of its neighbours' means, in
        standard deviations of such distances. Lower levels fringes along a side, higher
        leaves faint lines.
    beside : int
        Lines, itself among them, of which that median is taken. With 9, up to four
        defect lines side by side stand out; more would find more of them, but also
        slopes of illumination.
    least_px : int
        Least length of a line: the mean of a shorter one is that of a few grains of
        speckle.
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
    """Mark areas of one gray value, with a margin.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        As recorded: any filter before would blur the equality.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
    """
    flat = _equal_to_neighbours(image)
    if not flat.any():
        return flat
    regions, count = label(flat)
    sizes = np.bincount(regions.ravel(), minlength=count + 1)
    sizes[0] = 0
    # Strokes of letters are small, as saturated fringes are, but they stand out.
    around = uniform_filter(image, _FLAT.around_px)
    step = np.abs(image - around) > _FLAT.step * image.std()
    strokes = np.unique(regions[flat & step])
    sizes[strokes] *= _FLAT.area_px // _FLAT.stroke_px
    large = (sizes >= _FLAT.area_px)[regions]
    if not large.any():
        return large
    return binary_dilation(large, _EIGHT_NEIGHBOURS, _FLAT.margin_px)


def straight_strokes(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark thin lines of one gray value along rows and columns, with a margin."""
    found = _level_strokes(image) | _level_strokes(image.T).T
    if not found.any():
        return found
    return binary_dilation(found, _EIGHT_NEIGHBOURS, _STROKES.margin_px)


def _level_strokes(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark long runs of one gray value along rows that stand out from both sides."""
    marks = np.zeros(image.shape, bool)
    steps = _STROKES.length_px - 1
    runs = _runs(image[:, 1:] == image[:, :-1], steps)
    for row in map(int, np.flatnonzero(runs.any(axis=1))):
        marks[row] = np.convolve(runs[row], np.ones(steps + 1)) > 0
        marks[row] &= _stands_out(image, row, marks[row])
    return marks


def _runs(equal: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Mark where ``length`` successive true values begin along a row.

    Runs are doubled in length until they are long enough, which takes log2(length)
    passes instead of ``length``.
    """
    done = 1
    while done < length and equal.any():
        more = min(done, length - done)
        equal = equal[:, :-more] & equal[:, more:]
        done += more
    return equal if done == length else equal[:, :0]


def _stands_out(
    image: NDArray[np.float32], row: int, run: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Keep those runs of a row that differ from the rows on either side."""
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
    """Mark pixels that equal all of their eight neighbours; at the border, of fewer."""
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
    """Mark surroundings of steep, long steps: frames, edges of holes and apertures.

    The rim of a dot can be as steep, where the support is thin; so only steps that run
    over much of the picture count (``long_share``), and none if they cover too much of
    it (``most``).
    """
    nothing = np.zeros(image.shape, bool)
    if min(image.shape) < _EDGES.least_blocks * _BLOCK_PX:
        return nothing
    steep = _steep(uniform_filter(block_means(image, _BLOCK_PX), 2))
    if not steep.any():
        return nothing
    regions = label(steep, _EIGHT_NEIGHBOURS)[0]
    for number, place in enumerate(find_objects(regions), start=1):
        inside = regions[place] == number
        if max(inside.shape) < _EDGES.long_share * min(steep.shape):
            steep[place] &= ~inside
    if steep.mean() > _EDGES.most:
        return nothing
    return spread_blocks(
        binary_dilation(steep, _EIGHT_NEIGHBOURS), _BLOCK_PX, image.shape
    )


def letters(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark strokes that are nearly black or white, though no longer flat.

    Clipped fringes reach black and white as well, but both, side by side, and either in
    half of their area at most.
    """
    nothing = np.zeros(image.shape, bool)
    if min(image.shape) < _LETTERS.least_blocks * _BLOCK_PX:
        return nothing
    ends = float(image.min()), float(image.max())
    near = _LETTERS.near * (ends[1] - ends[0])
    sample = image[:: _LETTERS.rows_sampled, :: _LETTERS.cols_sampled]
    found = nothing
    for end, other in (ends, ends[::-1]):
        if np.mean(np.abs(sample - end) < near) < _LETTERS.fewest:
            continue
        share = block_means(_near(image, end, near), _BLOCK_PX)
        usual = share[share <= _LETTERS.stroke_share]
        if not usual.size:
            continue
        strokes = share > _limit(usual, _LETTERS.stroke_share, _LETTERS.stroke_sigma)
        if not strokes.any():
            continue
        faint = share > _limit(usual, _LETTERS.faint_share, _LETTERS.faint_sigma)
        faint = binary_dilation(faint, _EIGHT_NEIGHBOURS)
        strokes = binary_dilation(
            strokes, _EIGHT_NEIGHBOURS, _LETTERS.reach_blocks, mask=faint
        )
        if strokes.mean() < _LETTERS.most:
            opposite = block_means(_near(image, other, near), _BLOCK_PX)
            strokes = _at_one_end(strokes, share, opposite)
            found = found | spread_blocks(strokes, _BLOCK_PX, image.shape)
    return found


def _limit(usual: NDArray[np.float32], least: float, sigma: float) -> float:
    """Return the share of a block that the speckle of a clipped picture never has."""
    return max(least, float(usual.mean() + sigma * usual.std()))


def _at_one_end(
    blocks: NDArray[np.bool_],
    share: NDArray[np.float32],
    opposite: NDArray[np.float32],
) -> NDArray[np.bool_]:
    """Keep connected groups of blocks with hardly any area at the other gray end."""
    groups, count = label(blocks, _EIGHT_NEIGHBOURS)
    own = np.bincount(groups.ravel(), share.ravel(), count + 1)
    other = np.bincount(groups.ravel(), opposite.ravel(), count + 1)
    return np.asarray(blocks & (other < _LETTERS.opposite * own)[groups])


def _near(image: NDArray[np.float32], value: float, within: float) -> NDArray[np.bool_]:
    """Mark pixels that differ from a value by less than ``within``."""
    near = np.empty(image.shape, bool)
    # Differences of all of it at once would take twice the image's memory.
    for strip in strips(len(image)):
        near[strip] = np.abs(image[strip] - value) < within
    return near


def _steep(blocks: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark blocks on either side of a step far larger than most."""
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


def take_out_lines(image: NDArray[np.float32]) -> None:
    """Correct defect rows and columns, brighter or darker as a whole, in place.

    Lattice fringes parallel to a side do not count as defects: they shift many lines,
    which raises the standard deviation that the threshold is a multiple of.
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
    """Replace marked pixels by a Gaussian mean of the unmarked ones around them.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        Gray values of mean 0.
    marks : ndarray of bool, shape (rows, columns)
        Pixels to replace; 0 where no unmarked ones are near.
    """
    weight = np.where(marks, np.float32(0), np.float32(1))
    total = gaussian_filter(weight, _FILL_SIGMA_PX)
    smooth = gaussian_filter(image * weight, _FILL_SIGMA_PX)
    fill = np.where(total > _LEAST_WEIGHT, smooth / np.maximum(total, _LEAST_WEIGHT), 0)
    return np.where(marks, fill, image).astype(np.float32)
