"""Insets: a power spectrum or an enlarged particle in a corner of a micrograph.

Figures of papers often have one, with a line around it or without. It has another pixel
size, or is no micrograph at all, and its spots or fringes outweigh those of the whole
micrograph. Two things together identify it: blocks of pixels that are far smoother or
rougher than the others, and straight steps on the four sides of a rectangle around them
that end at its corners. A particle has no straight sides, an outline drawn around a
particle has the same speckle on both sides, and the seams of a camera continue beyond
the corners.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_closing, find_objects, label

from napari_cdse.core.arrays import MAD_TO_SIGMA, PixelRectangle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_BLOCK_PX = 32
"""Edge in pixels of the blocks whose texture is compared. A choice: smaller ones hold
too few grains of speckle, larger ones locate small insets poorly."""

_TINY = float(np.finfo(np.float32).tiny)
"""Least denominator of a ratio."""

_EIGHT_NEIGHBOURS = np.ones((3, 3), bool)


@dataclass(frozen=True, slots=True)
class _InsetLimits:
    """Thresholds of the search for insets. All are choices, tried on drawn insets.

    Attributes
    ----------
    least_blocks : int
        Number of blocks along the shorter side of the picture below which no inset is
        sought: the median over the blocks would not stand for the micrograph.
    sigma : float
        Deviation of a block's texture from the median of all blocks, in robust
        standard deviations, from which the block is a candidate. With a lower one the
        surroundings of strong particles are searched, with a higher one crops that are
        enlarged less than twice are missed.
    sampled : int
        One row in so many is used for the texture of the blocks, to save time.
    most_groups : int
        Number of groups of candidate blocks that are searched, the largest first. Each
        takes about 10 ms, and a hostile picture may have thousands.
    smallest : int
        Number of blocks along the shorter side of an inset, at least.
    filled : float
        Share of candidates among the blocks at each border of a group, at least, and
        among all of them without what is drawn over the picture.
    most : float
        Largest share of the picture that an inset may take; beyond it, nothing tells
        which of the two parts is the micrograph.
    beyond_px : int
        Distance from the outermost blocks up to which a side is sought, outwards and
        inwards, in pixels.
    deep : float
        The same inwards, as a share of the group's extent: a particle that touches the
        inset may have been grouped with it.
    outside_px : tuple of int
        Distances from a side, in pixels, between which the steps from line to line are
        the reference for the step at the side itself. The first clears a drawn line
        and its blur from resizing.
    step : float
        Mean step across a side divided by the reference. With a lower one chance makes
        a side among the lines that are tried, with a higher one insets without a line
        are missed.
    pieces : int
        Number of pieces of a side whose steps are examined one by one.
    piece_step : float
        Least such ratio of a piece.
    most_without : int
        Number of pieces that may lack such a step: where inset and micrograph are
        equally dark there is none.
    alike : float
        Correlation between the lines on either side of a step, divided by that between
        neighbouring lines outside it, below which the picture counts as interrupted.
        Neighbouring lines of a micrograph correlate at the rim of a particle too: among
        2390 simulated micrographs, each in four sizes, no inset is found at 0.5, and in
        about one in a thousand at 0.7.
    bold, alike_if_bold : float
        Step from which a second limit of that correlation holds: resizing smears a
        drawn line over its neighbours, and no rim of a particle is as steep.
    continued : float
        Share of a side's step that remains beyond both its corners, from which it is
        the seam of a camera.
    corners : float
        Share of the corner pieces of all sides that have a step, at least. A drawn
        circle has them in a bounding square by chance only, an inset nearly always.
    drawn_px : int
        Pixels on either side of a border that a line around an inset may cover.
    depth_px : int
        Width in pixels of the strips inside and outside that line whose textures are
        compared.
    rougher, stronger : float
        Difference in log roughness and in log contrast between these strips, from which
        the inside is another picture. For squares of 140 to 420 px placed anywhere in
        34 simulated micrographs the 99th percentiles are 0.10 and 0.19; a crop that is
        enlarged twice differs by 0.62 or more in roughness, a power spectrum by 0.49 or
        more in contrast.
    """

    least_blocks: int = 6
    sigma: float = 4.0
    sampled: int = 4
    most_groups: int = 24
    smallest: int = 3
    filled: float = 0.5
    most: float = 0.4
    beyond_px: int = 40
    deep: float = 0.33
    outside_px: tuple[int, int] = (4, 12)
    step: float = 1.35
    pieces: int = 4
    piece_step: float = 1.2
    most_without: int = 1
    alike: float = 0.5
    bold: float = 2.0
    alike_if_bold: float = 0.7
    continued: float = 0.5
    corners: float = 0.6
    drawn_px: int = 8
    depth_px: int = 16
    rougher: float = 0.2
    stronger: float = 0.3


_LIMITS = _InsetLimits()

_Side = tuple["NDArray[np.float32]", tuple[int, int]]
"""The lines just outside a side with the first line inside, and its first and last
column."""


def find_insets(
    image: NDArray[np.float32], undrawn: NDArray[np.float32] | None = None
) -> list[PixelRectangle]:
    """Find the insets of a picture, with the lines around them.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        Finite gray values.
    undrawn : ndarray of float32, shape (rows, columns), optional
        The same picture with drawn marks filled in; by default, ``image``. Textures are
        compared in it, since a circle drawn around a particle makes its blocks rough.
        Sides are sought in ``image``, since the line around an inset is a drawn mark.

    Returns
    -------
    list of PixelRectangle
        Sorted by top and left; empty in most micrographs.
    """
    if min(image.shape) < _LIMITS.least_blocks * _BLOCK_PX:
        return []
    candidates = own_texture = _candidate_blocks(image)
    if not candidates.any():
        return []
    if undrawn is None:
        undrawn = image
    else:
        # The line around an inset makes its blocks one group; that around a particle
        # is all that makes them one.
        own_texture = _candidate_blocks(undrawn)
    regions = label(binary_closing(candidates) | candidates, _EIGHT_NEIGHBOURS)[0]
    sizes = np.bincount(regions.ravel())[1:]
    places = find_objects(regions)
    found = []
    for at in np.argsort(-sizes, kind="stable")[: _LIMITS.most_groups].tolist():
        place = places[at]
        blocks = _trimmed(regions[place] == at + 1)
        if min(each.stop - each.start for each in blocks) < _LIMITS.smallest:
            continue
        rows, cols = (
            slice(
                _BLOCK_PX * (whole.start + part.start),
                _BLOCK_PX * (whole.start + part.stop),
            )
            for whole, part in zip(place, blocks, strict=True)
        )
        if np.mean(own_texture[place][blocks]) < _LIMITS.filled:
            continue
        inset = _bounding_rectangle(image, rows, cols)
        if inset is not None and _has_other_texture(undrawn, inset):
            found.append(inset)
    return sorted(found, key=lambda each: (each.top, each.left))


def _has_other_texture(image: NDArray[np.float32], inset: PixelRectangle) -> bool:
    """Whether roughness or contrast differ between inside and outside.

    A line that was drawn around a particle has the same speckle on either side.
    """
    rows, cols = (inset.top, inset.bottom), (inset.left, inset.right)
    ratios = [
        *_texture_differences(image, rows, cols),
        *_texture_differences(image.T, cols, rows),
    ]
    off = np.abs(np.median(ratios, axis=0))
    return bool((off > (_LIMITS.rougher, _LIMITS.rougher, _LIMITS.stronger)).any())


def _texture_differences(
    image: NDArray[np.float32], across: tuple[int, int], along: tuple[int, int]
) -> Iterator[NDArray[np.float64]]:
    """Differences in texture, inside less outside, at the first and the last row."""
    drawn, depth = _LIMITS.drawn_px, _LIMITS.depth_px
    inner = slice(along[0] + drawn, along[1] - drawn)
    for at, lines in ((across[0], image), (len(image) - across[1], image[::-1])):
        if at < drawn + depth:
            continue
        strips = (
            lines[at + drawn : at + drawn + depth, inner],
            lines[at - drawn - depth : at - drawn, inner],
        )
        inside, outside = (_texture(strip) for strip in strips)
        yield inside - outside


def _texture(strip: NDArray[np.float32]) -> NDArray[np.float64]:
    """Logarithms of the roughness along both axes, and of the contrast, shape (3,).

    Roughness is the mean step between neighbours divided by the contrast.
    """
    across, along = (float(np.abs(np.diff(strip, axis=axis)).mean()) for axis in (0, 1))
    spread = max(float(strip.std()), _TINY)
    told = np.array([across / spread, along / spread, spread])
    return np.asarray(np.log(np.maximum(told, _TINY)))


def _trimmed(candidates: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Rows and columns of a group, less those at its border with few candidates.

    A particle that touches an inset may have been grouped with it.
    """
    rows, cols = (slice(0, length) for length in candidates.shape)
    while rows.start < rows.stop and cols.start < cols.stop:
        part = candidates[rows, cols]
        ends = (part[0], part[-1], part[:, 0], part[:, -1])
        least = min(range(4), key=lambda number: ends[number].mean())
        if ends[least].mean() >= _LIMITS.filled:
            break
        if least < 2:
            rows = slice(rows.start + (least == 0), rows.stop - (least == 1))
        else:
            cols = slice(cols.start + (least == 2), cols.stop - (least == 3))
    return rows, cols


def _candidate_blocks(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Blocks with contrast, or roughness along an axis, far from the median."""
    rows, cols = (length // _BLOCK_PX for length in image.shape)
    cut = image[: rows * _BLOCK_PX, : cols * _BLOCK_PX]
    first = cut[:: _LIMITS.sampled]
    second = cut[1 :: _LIMITS.sampled]
    along = np.zeros_like(first)
    along[:, 1:] = np.abs(first[:, 1:] - first[:, :-1])
    spread = _block_means(np.square(first)) - np.square(_block_means(first))
    spread = np.sqrt(np.maximum(spread, _TINY))
    candidates = np.zeros((rows, cols), bool)
    roughness = [
        _block_means(steps) / spread for steps in (along, np.abs(second - first))
    ]
    for each in (spread, *roughness):
        figure = np.log(np.maximum(each, _TINY))
        off = np.abs(figure - np.median(figure))
        candidates |= off > _LIMITS.sigma * MAD_TO_SIGMA * np.median(off)
    return candidates


def _block_means(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = _BLOCK_PX // _LIMITS.sampled
    cols = lines.shape[1] // _BLOCK_PX
    parts = lines.reshape(-1, rows, cols, _BLOCK_PX).mean(axis=3)
    return np.asarray(parts.mean(axis=1), np.float32)


def _bounding_rectangle(
    image: NDArray[np.float32], about_rows: slice, about_cols: slice
) -> PixelRectangle | None:
    """Find straight sides near a group of blocks; None where they make no rectangle."""
    rows = _sides(image, about_rows, about_cols)
    cols = _sides(image.T, about_cols, about_rows)
    if rows is None or cols is None:
        return None
    found = PixelRectangle(*rows, *cols)
    height, width = found.bottom - found.top, found.right - found.left
    if min(height, width) < (_LIMITS.smallest - 1) * _BLOCK_PX:
        return None
    if height * width > _LIMITS.most * image.size:
        return None
    sides = [*_inner_sides(image, rows, cols), *_inner_sides(image.T, cols, rows)]
    if any(_continues(*side) for side in sides):
        return None
    # A circle touches its bounding square in the middle of each side only.
    corners = [reached for side in sides for reached in _corner_steps(*side)]
    return found if np.mean(corners) >= _LIMITS.corners else None


def _sides(
    image: NDArray[np.float32], across: slice, along: slice
) -> tuple[int, int] | None:
    """Return the first row of an inset, and the one after its last.

    ``across`` are the approximate rows of the inset, ``along`` the columns. One of the
    two sides may be that of the picture, as in a corner.
    """
    length = len(image)
    inner = slice(along.start + _BLOCK_PX // 2, along.stop - _BLOCK_PX // 2)
    # Candidates up to the border: less than a block is left outside, too little to
    # compare with.
    before, after = across.start, length - across.stop
    deep = round(_LIMITS.deep * (across.stop - across.start))
    first = 0 if before == 0 else _first_line(image[:, inner], before, deep)
    last = 0 if after < _BLOCK_PX else _first_line(image[::-1, inner], after, deep)
    if first is None or last is None or not first + last:
        return None
    return first, length - last


def _first_line(lines: NDArray[np.float32], about: int, deep: int) -> int | None:
    """Return the first line of an inset near a line, at most ``deep`` after it."""
    near, far = _LIMITS.outside_px
    low = max(far, about - _LIMITS.beyond_px)
    high = min(len(lines) - 1, about + max(deep, _LIMITS.beyond_px))
    if high <= low or lines.shape[1] < _LIMITS.pieces:
        return None
    strip = lines[low - far : high + 1]
    steps, alike = _steps(strip), _correlations(strip)
    over = np.zeros(len(steps) - far)
    for at in range(far, len(steps)):
        outside = slice(at - far, at - near)
        ratio = _relative_step(steps[at], steps[outside])
        most = _LIMITS.alike_if_bold if ratio > _LIMITS.bold else _LIMITS.alike
        if alike[at] < most * alike[outside].mean():
            over[at - far] = ratio
    if not over.any():
        return None
    # A line around it makes two steps, and the first belongs to the inset.
    strongest = int(over.argmax())
    before = max(0, strongest - far)
    first = before + int(np.flatnonzero(over[before : strongest + 1])[0])
    return low + first + 1


def _steps(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean absolute step to the next line in each piece, shape (lines - 1, pieces)."""
    parts = np.array_split(np.abs(np.diff(lines, axis=0)), _LIMITS.pieces, axis=1)
    return np.stack([part.mean(axis=1) for part in parts], axis=1)


def _correlations(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Correlation with the next line, mean over the pieces; 0 where one is flat."""
    found = []
    for part in np.array_split(lines, _LIMITS.pieces, axis=1):
        off = part - part.mean(axis=1, keepdims=True)
        squares = np.square(off).mean(axis=1)
        both = np.sqrt(squares[1:] * squares[:-1])
        found.append((off[1:] * off[:-1]).mean(axis=1) / np.maximum(both, _TINY))
    return np.asarray(np.mean(found, axis=0), np.float32)


def _relative_step(step: NDArray[np.float32], usual: NDArray[np.float32]) -> float:
    """Return a step over the usual one; 0 where too many pieces of it have none."""
    ratio = float(step.mean() / max(usual.mean(), _TINY))
    without = step <= _LIMITS.piece_step * usual.mean(axis=0)
    if ratio < _LIMITS.step or np.count_nonzero(without) > _LIMITS.most_without:
        return 0.0
    return ratio


def _inner_sides(
    image: NDArray[np.float32], across: tuple[int, int], along: tuple[int, int]
) -> Iterator[_Side]:
    """Give the sides at the first and last row, unless they are the picture's own."""
    far = _LIMITS.outside_px[1]
    ends = ((across[0], image), (len(image) - across[1], image[::-1]))
    for at, lines in ends:
        if at > far:
            yield lines[at - 1 - far : at + 1], along


def _continues(strip: NDArray[np.float32], along: tuple[int, int]) -> bool:
    """Whether the step of a side continues beyond both corners, like a seam."""
    near = _LIMITS.outside_px[0]
    least = _LIMITS.continued * _step_excess(strip[:, along[0] : along[1]])
    beyond = [
        strip[:, max(0, along[0] - 2 * _BLOCK_PX) : max(0, along[0] - near)],
        strip[:, along[1] + near : along[1] + 2 * _BLOCK_PX],
    ]
    there = [each for each in beyond if each.shape[1] >= _BLOCK_PX]
    return bool(there) and all(_step_excess(each) > least for each in there)


def _corner_steps(strip: NDArray[np.float32], along: tuple[int, int]) -> Iterator[bool]:
    """Whether a side has its step in the first and in the last piece."""
    side = strip[:, along[0] : along[1]]
    piece = side.shape[1] // _LIMITS.pieces
    for corner in (side[:, :piece], side[:, -piece:]):
        yield _step_excess(corner) > _LIMITS.piece_step - 1


def _step_excess(strip: NDArray[np.float32]) -> float:
    """Return the last step over the usual ones of the lines before it, less 1."""
    near, far = _LIMITS.outside_px
    steps = np.abs(np.diff(strip, axis=0)).mean(axis=1)
    return float(steps[far] / max(steps[: far - near].mean(), _TINY)) - 1
