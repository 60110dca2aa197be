"""Arrows, circles, letters and lines that somebody drew over a micrograph.

All drawn pixels have one gray value, or nearly one if the picture was resized later.
They make a peak of their own in the histogram, out in the tail of the micrograph's gray
values and separated from them by a valley. Drawn marks are the connected pixels beyond
that valley that differ from the mean around them; a dark hole or a bright crystal,
wider than a stroke, does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation, label, uniform_filter

from napari_cdse.core.arrays import strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEVELS = 256
"""Gray levels of the histogram, from the darkest pixel to the brightest: those of the
8-bit pictures that are drawn on."""

_EIGHT_NEIGHBOURS = np.ones((3, 3), bool)


@dataclass(frozen=True, slots=True)
class _MarkLimits:
    """Thresholds of the search for drawn marks. All are choices, tried on drawn ones.

    Attributes
    ----------
    filled_levels : float
        Share of the levels between the 10th and 90th percentile that occur, at least: a
        picture of few grays has peaks everywhere.
    sigma : float
        Distance from the median beyond which a peak is sought, in half widths of the
        histogram (16 % to 50 %, or 50 % to 84 %). With a lower one the micrograph's own
        gray values make peaks.
    peak : float
        Height of the peak divided by the mean of five levels in the valley, at least.
    share, pixels : float, int
        Least share of the picture's pixels, and least number, that have the level of
        the peak: 100 pixels of 1024 x 1024, a word in small letters.
    clipped : float
        Height of a peak at black or white divided by the pixels that a falling tail
        would have beyond the last level, at least: a picture whose contrast was
        stretched ends in such a peak without any mark.
    fallen : float
        Factor by which the tail must have fallen before its end for the rate of its
        fall to be measured.
    near_levels : int
        Largest distance from the peak of a pixel that counts as drawn in its level;
        lossy compression scatters them.
    core_share, core_px : float, int
        Least share and least number of such pixels in a connected mark.
    least_px : int
        Least number of pixels in a connected mark: the dot of an i.
    around_px : int
        Edge in pixels of the square whose mean a mark is compared with, wider than a
        stroke.
    step : float
        Least mean difference from it, in standard deviations of the picture.
    one_group_px : int
        Distance in pixels up to which marks are one group, such as the fringes of a
        clipped particle, or the letters of a word.
    tail : float
        Share of the picture's pixels that count as its darkest, or brightest.
    opposite : float
        Area of the other tail in a group, divided by that of the marks' own, from which
        black or white marks may be the fringes of a crystal whose contrast was clipped.
        There it is 0.25 or more, and 0.16 at most in circles and words (drawn on 16
        simulated micrographs; 80 of strong crystals clipped by 0.2 to 2 %).
    solid : float
        Share of pixels within ``near_levels`` of black or white from which they are
        marks all the same, as white letters with a black outline: those have 0.34 to
        0.5, and clipped fringes 0.28 at most.
    most : float
        Share of the picture up to which marks at an end are marks, whatever they look
        like: more of it is what clipped particles cover.
    margin_px : int
        Pixels around a mark that are marked too, for the blur from smoothing or
        resizing.
    """

    filled_levels: float = 0.6
    sigma: float = 2.5
    peak: float = 5.0
    share: float = 1e-4
    pixels: int = 60
    clipped: float = 2.5
    fallen: float = 4.0
    near_levels: int = 3
    core_share: float = 0.2
    core_px: int = 4
    least_px: int = 12
    around_px: int = 15
    step: float = 1.2
    one_group_px: int = 8
    tail: float = 0.02
    opposite: float = 0.2
    solid: float = 0.33
    most: float = 0.1
    margin_px: int = 3


_LIMITS = _MarkLimits()


@dataclass(frozen=True, slots=True)
class _Peak:
    """The gray level of drawn marks, and that of the valley that separates it."""

    level: int
    valley: int


def drawn_marks(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Find the marks that were drawn over a picture, with a margin.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        Finite gray values, not all alike.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
    """
    levels = _levels(image)
    histogram = _histogram(levels)
    peaks = _peaks(histogram)
    marks = np.zeros(image.shape, bool)
    if not peaks:
        return marks
    beside = np.abs(image - uniform_filter(image, _LIMITS.around_px))
    least = _LIMITS.step * float(image.std())
    tails = _tails(histogram)
    for peak in peaks:
        found = _standing_out(levels, peak, beside, least)
        if not found.any():
            continue
        found = binary_dilation(found, _EIGHT_NEIGHBOURS, _LIMITS.margin_px)
        end = 0 if peak.level < peak.valley else _LEVELS - 1
        if abs(peak.level - end) <= _LIMITS.near_levels:
            found &= ~_clipped_fringes(levels, found, end, tails)
        marks |= found
    return marks


def _clipped_fringes(
    levels: NDArray[np.uint8],
    marks: NDArray[np.bool_],
    end: int,
    tails: tuple[int, int],
) -> NDArray[np.bool_]:
    """Tell marks in black or white that are fringes: black and white by turns.

    Parameters
    ----------
    levels : ndarray of uint8, shape (rows, columns)
        Gray levels of the picture.
    marks : ndarray of bool, shape (rows, columns)
        All marks at one end of the gray levels, with their margin.
    end : int
        That end: 0 or 255.
    tails : tuple of int
        Levels up to which the picture's darkest pixels lie, and from which its
        brightest do.
    """
    if marks.mean() > _LIMITS.most:
        return marks
    near = binary_dilation(marks, _EIGHT_NEIGHBOURS, _LIMITS.one_group_px // 2)
    groups, count = label(near, _EIGHT_NEIGHBOURS)
    inside, found = groups[marks], levels[marks]

    def areas(chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
        return np.bincount(inside[chosen], minlength=count + 1)

    ends = areas(found <= tails[0]), areas(found >= tails[1])
    other, own = ends if end else ends[::-1]
    solid = np.minimum(found, _LEVELS - 1 - found) <= _LIMITS.near_levels
    fringes = (other > _LIMITS.opposite * own) & (
        areas(solid) < _LIMITS.solid * np.bincount(inside, minlength=count + 1)
    )
    return np.asarray(marks & fringes[groups])


def _tails(histogram: NDArray[np.intp]) -> tuple[int, int]:
    """Return the levels up to which the darkest pixels lie, and the brightest from."""
    below = np.cumsum(histogram) / histogram.sum()
    dark, bright = np.searchsorted(below, (_LIMITS.tail, 1 - _LIMITS.tail))
    return int(dark), int(bright)


def _levels(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    low, high = float(image.min()), float(image.max())
    levels = np.empty(image.shape, np.uint8)
    # The whole at once would take twice the picture's memory.
    for strip in strips(len(image)):
        levels[strip] = (image[strip] - low) * ((_LEVELS - 1) / (high - low)) + 0.5
    return levels


def _histogram(levels: NDArray[np.uint8]) -> NDArray[np.intp]:
    # In strips, since bincount converts its input to integers of eight bytes.
    histogram = np.zeros(_LEVELS, np.intp)
    for strip in strips(len(levels)):
        histogram += np.bincount(levels[strip].ravel(), minlength=_LEVELS)
    return histogram


def _standing_out(
    levels: NDArray[np.uint8],
    peak: _Peak,
    beside: NDArray[np.float32],
    least: float,
) -> NDArray[np.bool_]:
    """Find connected pixels beyond the valley that differ from the mean around them."""
    bright = peak.level > peak.valley
    beyond = levels >= peak.valley if bright else levels <= peak.valley
    regions, count = label(beyond, _EIGHT_NEIGHBOURS)
    inside = regions[beyond]
    off = np.abs(levels[beyond].astype(np.int16) - peak.level)
    sizes = np.bincount(inside, minlength=count + 1)
    cores = np.bincount(inside, off <= _LIMITS.near_levels, count + 1)
    steps = np.bincount(inside, beside[beyond], count + 1)
    drawn = (sizes >= _LIMITS.least_px) & (steps > least * sizes)
    drawn &= cores >= np.maximum(_LIMITS.core_px, _LIMITS.core_share * sizes)
    return np.asarray(drawn[regions])


def _peaks(histogram: NDArray[np.intp]) -> list[_Peak]:
    """Find the peaks of dark and of bright marks, none or one of each."""
    below = np.cumsum(histogram) / histogram.sum()
    lowest, low, middle, high, highest = (
        int(np.searchsorted(below, share)) for share in (0.1, 0.16, 0.5, 0.84, 0.9)
    )
    body = histogram[lowest : highest + 1]
    if np.count_nonzero(body) < _LIMITS.filled_levels * len(body):
        return []
    ends = (
        _peak(histogram, middle, high - middle, 1),
        _peak(histogram[::-1], _LEVELS - 1 - middle, middle - low, -1),
    )
    return [each for each in ends if each is not None]


def _peak(
    histogram: NDArray[np.intp], middle: int, width: int, side: int
) -> _Peak | None:
    """Find a peak above the middle; for dark marks, the histogram comes reversed."""
    wide = np.pad(histogram, 2, mode="edge").astype(float)
    smooth = np.convolve(wide, np.ones(5) / 5, "valid")
    last = _LEVELS - 1
    first = middle + max(2, round(_LIMITS.sigma * width))
    least = max(_LIMITS.share * histogram.sum(), _LIMITS.pixels)
    valley, found = first, None
    for level in range(first, _LEVELS):
        if level < last and smooth[level] < smooth[valley]:
            valley = level
        count = histogram[level]
        if count < max(least, _LIMITS.peak * smooth[valley]):
            continue
        if level == last and count < _LIMITS.clipped * _tail(smooth, valley):
            continue
        if found is None or count > histogram[found[0]]:
            found = level, valley
    if found is None:
        return None
    return _Peak(*(each if side > 0 else last - each for each in found))


def _tail(smooth: NDArray[np.float64], valley: int) -> float:
    """Return the pixels beyond the last level of a tail that falls on as before it."""
    # Few counts scatter: one standard deviation above what was counted.
    least = float(smooth[valley] + math.sqrt(smooth[valley] + 1))
    before = np.flatnonzero(smooth[:valley] >= _LIMITS.fallen * least)
    # In a small picture of many gray values the tail may never have been so high.
    start = int(before[-1]) if before.size else 0
    return least * (valley - start) / math.log(_LIMITS.fallen)
