"""Find a scale bar that was drawn into a picture, and measure its length in pixels.

The length in nm that is written beside it is not read but asked of the user: a misread
digit would be wrong by a factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.pixel_size import ScaleBar

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class _BarLimits:
    """What counts as a scale bar. All are choices.

    Attributes
    ----------
    extreme : float
        Largest distance of a bar's pixels from the lowest or highest gray value, as a
        share of the picture's range: JPEG at quality 85 moves bars by 8 %. More takes
        the brightest speckle in, which joins into no straight bar.
    least_px, least_share : int, float
        Least length, in pixels and as a share of the picture's longer side. Shorter
        ones are strokes of letters.
    most_share : float
        Largest length, as a share of the side along the bar. Longer ones are frames,
        banners and defect lines.
    slenderness : float
        Least ratio of length to thickness. Below it are boxes and saturated spots.
    slip_px : int
        Largest difference between the ends of a bar's rows, as smoothing leaves it.
    parallel_px : int
        Largest distance of two lines with the same ends that may be the edges of an
        unfilled bar; further apart they are the outline of a box.
    most_runs : int
        Number of long runs of extreme pixels above which the picture is saturated, and
        no bar is sought.
    """

    extreme: float = 0.1
    least_px: int = 24
    least_share: float = 0.05
    most_share: float = 0.8
    slenderness: float = 4.0
    slip_px: int = 2
    parallel_px: int = 6
    most_runs: int = 4000


_BAR = _BarLimits()


@dataclass(slots=True)
class _Rows:
    """Adjacent runs that form one bar: rows ``first`` to ``last``, inclusive.

    They extend over columns ``start`` to ``stop - 1``.
    """

    first: int
    last: int
    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    @property
    def thickness(self) -> int:
        return self.last - self.first + 1


def find_scale_bar(pixels: NDArray[np.float32]) -> ScaleBar | None:
    """Find the longest straight bar of the darkest or brightest pixels.

    It may lie in a box, end in ticks, and be horizontal or vertical. Lines that touch
    the border or are nearly as long as the picture, outlines of boxes, and areas are
    not taken for bars.

    Parameters
    ----------
    pixels : ndarray of float32
        Shape (rows, columns), finite.

    Returns
    -------
    ScaleBar or None
        None where there is no bar.
    """
    low, high = float(pixels.min()), float(pixels.max())
    near = _BAR.extreme * (high - low)
    if near <= 0:
        return None
    found = []
    for extreme in (pixels <= low + near, pixels >= high - near):
        found += [_horizontal(each) for each in _bars(extreme)]
        found += [_vertical(_horizontal(each)) for each in _bars(extreme.T)]
    return max(found, key=lambda bar: bar.length_px, default=None)


def _bars(extreme: NDArray[np.bool_]) -> list[_Rows]:
    """List the horizontal bars of a picture."""
    width = extreme.shape[1]
    least = max(_BAR.least_px, round(_BAR.least_share * max(extreme.shape)))
    runs = _long_runs(extreme, least)
    if len(runs) > _BAR.most_runs:
        return []
    stacks = _stacks(runs)
    return [
        each
        for each in stacks
        if each.length >= _BAR.slenderness * each.thickness
        and each.length <= _BAR.most_share * width
        and each.start > 0
        and each.stop < width
        and 0 < each.first
        and each.last < len(extreme) - 1
        and not _is_part_of_area(each, stacks)
        and not any(_is_outline(each, other, extreme) for other in stacks)
    ]


def _long_runs(extreme: NDArray[np.bool_], least: int) -> NDArray[np.intp]:
    """Row, first column and end (exclusive) of each long enough run, shape (n, 3)."""
    edges = np.diff(np.pad(extreme, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, stops = np.nonzero(edges == -1)
    long = stops - starts >= least
    return np.stack([rows[long], starts[long], stops[long]], axis=1)


def _stacks(runs: NDArray[np.intp]) -> list[_Rows]:
    """Join runs of adjacent rows whose ends coincide."""
    done: list[_Rows] = []
    growing: list[_Rows] = []
    for row, start, stop in runs.tolist():
        done += [each for each in growing if each.last < row - 1]
        growing = [each for each in growing if each.last >= row - 1]
        for each in growing:
            ends = abs(each.start - start), abs(each.stop - stop)
            if each.last == row - 1 and max(ends) <= _BAR.slip_px:
                each.last = row
                each.start, each.stop = min(each.start, start), max(each.stop, stop)
                break
        else:
            growing.append(_Rows(row, row, start, stop))
    return done + growing


def _is_part_of_area(bar: _Rows, stacks: list[_Rows]) -> bool:
    """Whether an adjacent stack overlaps it but ends elsewhere, as in an area."""
    return any(
        other is not bar
        and other.start < bar.stop
        and bar.start < other.stop
        and (other.first == bar.last + 1 or other.last == bar.first - 1)
        for other in stacks
    )


def _is_outline(bar: _Rows, other: _Rows, extreme: NDArray[np.bool_]) -> bool:
    """Whether two lines are the upper and lower edge of one box."""
    upper, lower = (bar, other) if bar.first < other.first else (other, bar)
    if lower.first - upper.last <= _BAR.parallel_px:
        return False
    if abs(bar.start - other.start) > _BAR.slip_px:
        return False
    if abs(bar.stop - other.stop) > _BAR.slip_px:
        return False
    between = extreme[upper.last : lower.first, upper.start : upper.stop]
    edge = 2 * _BAR.slip_px + 1
    sides = between[:, :edge].any(axis=1), between[:, -edge:].any(axis=1)
    return bool(np.all(sides))


def _horizontal(rows: _Rows) -> ScaleBar:
    middle = (rows.first + rows.last) / 2
    ends = (middle, rows.start - 0.5), (middle, rows.stop - 0.5)
    return ScaleBar(*ends, rows.length, rows.thickness)


def _vertical(bar: ScaleBar) -> ScaleBar:
    start, end = bar.start_px[::-1], bar.end_px[::-1]
    return ScaleBar(start, end, bar.length_px, bar.thickness_px)
