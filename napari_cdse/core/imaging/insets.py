"""Pictures inside a picture: a power spectrum or an enlarged particle in a corner.

Figures of papers often have such an inset, with a line around it or without. It has
another pixel size, or is no micrograph at all, and its spots or fringes outweigh those
of the whole micrograph. It is known by two things together: blocks of pixels that are
far smoother or rougher than those of the rest, and a rectangle of straight steps around
them that ends at its corners. A particle has no straight sides, an outline drawn around
a particle has the same speckle on both sides, and seams of a camera run on.
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
"""Edge in pixels of the blocks whose roughness is compared. A choice: smaller ones hold
too few grains of speckle, larger ones blur the place of small insets."""

_TINY = float(np.finfo(np.float32).tiny)
"""Instead of 0 below a fraction line."""

_EIGHT_NEIGHBOURS = np.ones((3, 3), bool)


@dataclass(frozen=True, slots=True)
class _InsetLimits:
    """What counts as an inset. All are choices.

    Attributes
    ----------
    least_blocks : int
        Blocks along the shorter side of the picture below which none is sought: too
        few for a median of the rest.
    sigma : float
        Distance of a block's roughness from the median of all, in standard deviations
        of such distances. Lower and strong particles are sought around, higher and
        crops that are enlarged less than twice are missed.
    sampled : int
        Of how many rows one is looked at for the roughness; more save time.
    looked_at : int
        Largest groups of such blocks that are looked at; each costs some 10 ms, and a
        picture may have thousands.
    smallest : int
        Blocks along the shorter side of an inset at least.
    filled : float
        Share of such blocks among those of their bounding box, at least.
    most : float
        Share of the picture up to which a rectangle is an inset; of two larger parts
        neither is known to be the micrograph.
    beyond_px : int
        How far from the blocks a side is sought, either way.
    deep : float
        The same inwards, in lengths of the blocks across: a particle beside an inset is
        odd as well.
    outside_px : tuple of int
        Lines outside a side whose steps are the usual ones there, from the first to the
        last: beyond a drawn line and what resizing smeared of it.
    step : float
        Mean step across a side, over the usual one outside it. Lower and chance among
        the lines that are tried is enough, higher misses insets without a line.
    pieces : int
        Pieces of a side that are looked at one by one.
    piece_step : float
        The same for a piece.
    most_without : int
        Pieces without such a step: where both are equally dark there is none.
    alike : float
        Correlation of the lines on either side of a step, over the usual one outside
        it, below which the picture is broken off there. Inside a micrograph neighbours
        stay alike, at the rim of a particle too: of 2390 simulated micrographs in four
        sizes each none has an inset at 0.5, and about one in a thousand at 0.7.
    bold, alike_if_bold : float
        Step from which another such limit holds: resizing smears a drawn line over its
        neighbours, and no rim of a particle is that steep.
    goes_on : float
        Share of a side's step that is left beyond its corners, from which it runs on
        and is a seam.
    drawn_px : int
        Pixels on either side of its border that a line around an inset may cover.
    depth_px : int
        Width of the strips beyond these that are compared.
    rougher, stronger : float
        Logarithm of the ratio of their roughness, and of their contrast, from which
        what lies inside is another picture. On either side of squares of 140 to 420 px
        drawn somewhere over 34 simulated micrographs they differ by 0.10 and 0.19 at
        most in 99 of 100; a crop that is enlarged twice by 0.62 or more in roughness, a
        power spectrum by 0.49 or more in contrast.
    """

    least_blocks: int = 6
    sigma: float = 4.0
    sampled: int = 4
    looked_at: int = 24
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
    goes_on: float = 0.5
    drawn_px: int = 8
    depth_px: int = 16
    rougher: float = 0.2
    stronger: float = 0.3


_LIMITS = _InsetLimits()


def find_insets(image: NDArray[np.float32]) -> list[PixelRectangle]:
    """Find the pictures inside a picture, with the lines around them.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        Finite gray values.

    Returns
    -------
    list of PixelRectangle
        Empty where there are none, as in most micrographs.
    """
    if min(image.shape) < _LIMITS.least_blocks * _BLOCK_PX:
        return []
    odd = _odd_blocks(image)
    if not odd.any():
        return []
    regions = label(binary_closing(odd) | odd, _EIGHT_NEIGHBOURS)[0]
    sizes = np.bincount(regions.ravel())[1:]
    places = find_objects(regions)
    found = []
    for at in np.argsort(-sizes, kind="stable")[: _LIMITS.looked_at].tolist():
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
        inset = _bounded(image, rows, cols)
        if inset is not None and _is_other(image, inset):
            found.append(inset)
    return sorted(found, key=lambda each: (each.top, each.left))


def _is_other(image: NDArray[np.float32], inset: PixelRectangle) -> bool:
    """Whether roughness or contrast are others inside its sides than outside.

    On either side of a line that was drawn around a particle lies the same speckle.
    """
    rows, cols = (inset.top, inset.bottom), (inset.left, inset.right)
    ratios = [*_ratios(image, rows, cols), *_ratios(image.T, cols, rows)]
    off = np.abs(np.median(ratios, axis=0))
    return bool((off > (_LIMITS.rougher, _LIMITS.rougher, _LIMITS.stronger)).any())


def _ratios(
    image: NDArray[np.float32], across: tuple[int, int], along: tuple[int, int]
) -> Iterator[NDArray[np.float64]]:
    """Texture inside over that outside, at first and last row, as logarithms."""
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
    """Mean steps over the contrast, across and along, and contrast; logarithms."""
    across, along = (float(np.abs(np.diff(strip, axis=axis)).mean()) for axis in (0, 1))
    spread = max(float(strip.std()), _TINY)
    told = np.array([across / spread, along / spread, spread])
    return np.asarray(np.log(np.maximum(told, _TINY)))


def _trimmed(odd: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Rows and columns without those at the border that are hardly odd.

    A particle beside an inset may be odd as well.
    """
    rows, cols = (slice(0, length) for length in odd.shape)
    while rows.start < rows.stop and cols.start < cols.stop:
        part = odd[rows, cols]
        ends = (part[0], part[-1], part[:, 0], part[:, -1])
        least = min(range(4), key=lambda number: ends[number].mean())
        if ends[least].mean() >= _LIMITS.filled:
            break
        if least < 2:
            rows = slice(rows.start + (least == 0), rows.stop - (least == 1))
        else:
            cols = slice(cols.start + (least == 2), cols.stop - (least == 3))
    return rows, cols


def _odd_blocks(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Blocks of far other contrast or roughness, along rows or columns, than most."""
    rows, cols = (length // _BLOCK_PX for length in image.shape)
    cut = image[: rows * _BLOCK_PX, : cols * _BLOCK_PX]
    first = cut[:: _LIMITS.sampled]
    second = cut[1 :: _LIMITS.sampled]
    along = np.zeros_like(first)
    along[:, 1:] = np.abs(first[:, 1:] - first[:, :-1])
    spread = _block_means(np.square(first)) - np.square(_block_means(first))
    spread = np.sqrt(np.maximum(spread, _TINY))
    odd = np.zeros((rows, cols), bool)
    roughness = [
        _block_means(steps) / spread for steps in (along, np.abs(second - first))
    ]
    for each in (spread, *roughness):
        figure = np.log(np.maximum(each, _TINY))
        off = np.abs(figure - np.median(figure))
        odd |= off > _LIMITS.sigma * MAD_TO_SIGMA * np.median(off)
    return odd


def _block_means(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = _BLOCK_PX // _LIMITS.sampled
    cols = lines.shape[1] // _BLOCK_PX
    parts = lines.reshape(-1, rows, cols, _BLOCK_PX).mean(axis=3)
    return np.asarray(parts.mean(axis=1), np.float32)


def _bounded(
    image: NDArray[np.float32], about_rows: slice, about_cols: slice
) -> PixelRectangle | None:
    """Find the straight sides there about; None where there is no rectangle."""
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
    if _runs_on(image, rows, cols) or _runs_on(image.T, cols, rows):
        return None
    return found


def _sides(
    image: NDArray[np.float32], across: slice, along: slice
) -> tuple[int, int] | None:
    """First row of an inset, and the one after its last.

    ``across`` are the rows where it lies about, ``along`` the columns. One side may be
    that of the picture, as in a corner.
    """
    length = len(image)
    inner = slice(along.start + _BLOCK_PX // 2, along.stop - _BLOCK_PX // 2)
    # Odd up to the border: what little there may lie beside the inset shows nothing.
    before, after = across.start, length - across.stop
    deep = round(_LIMITS.deep * (across.stop - across.start))
    first = 0 if before == 0 else _first_step(image[:, inner], before, deep)
    last = 0 if after < _BLOCK_PX else _first_step(image[::-1, inner], after, deep)
    if first is None or last is None or not first + last:
        return None
    return first, length - last


def _first_step(lines: NDArray[np.float32], about: int, deep: int) -> int | None:
    """Return the first line of an inset that begins about there, or so deep behind."""
    near, far = _LIMITS.outside_px
    low = max(far, about - _LIMITS.beyond_px)
    high = min(len(lines) - 1, about + max(deep, _LIMITS.beyond_px))
    if high <= low or lines.shape[1] < _LIMITS.pieces:
        return None
    strip = lines[low - far : high + 1]
    steps, alike = _steps(strip), _alike(strip)
    over = np.zeros(len(steps) - far)
    for at in range(far, len(steps)):
        outside = slice(at - far, at - near)
        ratio = _over(steps[at], steps[outside])
        most = _LIMITS.alike_if_bold if ratio > _LIMITS.bold else _LIMITS.alike
        if alike[at] < most * alike[outside].mean():
            over[at - far] = ratio
    if not over.any():
        return None
    # The line around it has a step on either side.
    strongest = int(over.argmax())
    before = max(0, strongest - far)
    first = before + int(np.flatnonzero(over[before : strongest + 1])[0])
    return low + first + 1


def _steps(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean absolute step to the next line in each piece, shape (lines - 1, pieces)."""
    parts = np.array_split(np.abs(np.diff(lines, axis=0)), _LIMITS.pieces, axis=1)
    return np.stack([part.mean(axis=1) for part in parts], axis=1)


def _alike(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Correlation with the next line, mean over the pieces; 0 where one is flat."""
    found = []
    for part in np.array_split(lines, _LIMITS.pieces, axis=1):
        off = part - part.mean(axis=1, keepdims=True)
        squares = np.square(off).mean(axis=1)
        both = np.sqrt(squares[1:] * squares[:-1])
        found.append((off[1:] * off[:-1]).mean(axis=1) / np.maximum(both, _TINY))
    return np.asarray(np.mean(found, axis=0), np.float32)


def _over(step: NDArray[np.float32], usual: NDArray[np.float32]) -> float:
    """How many times the usual a step is; 0 where it is none all along."""
    ratio = float(step.mean() / max(usual.mean(), _TINY))
    without = step <= _LIMITS.piece_step * usual.mean(axis=0)
    if ratio < _LIMITS.step or np.count_nonzero(without) > _LIMITS.most_without:
        return 0.0
    return ratio


def _runs_on(
    image: NDArray[np.float32], across: tuple[int, int], along: tuple[int, int]
) -> bool:
    """Whether the step at a first or last row goes on beyond both its corners."""
    length = len(image)
    ends = [(across[0], image), (length - across[1], image[::-1])]
    return any(_goes_on(lines, at, along) for at, lines in ends if at > 0)


def _goes_on(lines: NDArray[np.float32], at: int, along: tuple[int, int]) -> bool:
    """Whether a step before a line is there beyond the columns, wherever there are."""
    near, far = _LIMITS.outside_px
    strip = lines[at - 1 - far : at + 1]
    own = _excess(strip[:, along[0] : along[1]])
    beyond = [
        strip[:, max(0, along[0] - 2 * _BLOCK_PX) : max(0, along[0] - near)],
        strip[:, along[1] + near : along[1] + 2 * _BLOCK_PX],
    ]
    there = [each for each in beyond if each.shape[1] >= _BLOCK_PX]
    return bool(there) and all(_excess(each) > _LIMITS.goes_on * own for each in there)


def _excess(strip: NDArray[np.float32]) -> float:
    """How far the last step exceeds those that are usual before it, in these."""
    near, far = _LIMITS.outside_px
    steps = np.abs(np.diff(strip, axis=0)).mean(axis=1)
    return float(steps[far] / max(steps[: far - near].mean(), _TINY)) - 1
