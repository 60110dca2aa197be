"""Geometry of a grid of equal cells in sections; without Qt.

No cell is stored, so that the time does not depend on the number of particles.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

GAP_PX = 4
"""Distance between cells, and around all of them, in screen pixels. A choice."""


class Box(NamedTuple):
    """A rectangle in screen pixels; 0 is the top of all rows."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CellShape:
    """Height of a cell for its width.

    Attributes
    ----------
    height_share : float
        Height of the picture over the cell's width.
    below_px : int
        Height of the text below the picture.
    """

    height_share: float = 1.0
    below_px: int = 0


@dataclass(frozen=True)
class Grid:
    """Places of the model's rows.

    Attributes
    ----------
    lengths : tuple of int
        Rows in each section; none is 0.
    width_px : int
        Width of the view.
    edge_px : int
        Wanted width of a cell; cells are a little wider, to fill the lines.
    header_px : int
        Height of each section's heading.
    shape : CellShape
    """

    lengths: tuple[int, ...]
    width_px: int
    edge_px: int
    header_px: int
    shape: CellShape = CellShape()

    @cached_property
    def columns(self) -> int:
        """Number of cells beside each other."""
        return max(1, (self.width_px - GAP_PX) // (self.edge_px + GAP_PX))

    @cached_property
    def cell_px(self) -> int:
        """Width of a cell."""
        return max(16, (self.width_px - GAP_PX) // self.columns - GAP_PX)

    @cached_property
    def cell_height_px(self) -> int:
        """Height of a cell."""
        return round(self.cell_px * self.shape.height_share) + self.shape.below_px

    @cached_property
    def pitch_px(self) -> int:
        """Distance from one line of cells to the next."""
        return self.cell_height_px + GAP_PX

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        """First row of each section, and the number of rows."""
        return (0, *accumulate(self.lengths))

    @cached_property
    def _tops(self) -> tuple[int, ...]:
        """Upper edge of each section's heading, and the end of the last section."""
        heights = (
            self.header_px + self._lines(length) * self.pitch_px
            for length in self.lengths
        )
        return tuple(accumulate(heights, initial=GAP_PX))

    @property
    def height_px(self) -> int:
        """Height of all sections."""
        return self._tops[-1]

    def _lines(self, length: int) -> int:
        return -(-length // self.columns)

    def box(self, row: int) -> Box:
        """Return the rectangle of a row's cell."""
        section = bisect_right(self._starts, row) - 1
        line, column = divmod(row - self._starts[section], self.columns)
        top = self._tops[section] + self.header_px + line * self.pitch_px
        left = GAP_PX + column * (self.cell_px + GAP_PX)
        return Box(left, top, self.cell_px, self.cell_height_px)

    def headers(self, top: int, bottom: int) -> Iterator[tuple[int, Box]]:
        """Yield sections with a heading between two heights, and its rectangle."""
        for section, start in enumerate(self._tops[:-1]):
            if self.header_px and start < bottom and start + self.header_px > top:
                yield section, Box(0, start, self.width_px, self.header_px)

    def at(self, x: int, y: int) -> int | None:
        """Return the row whose cell contains a point; None between cells."""
        section = bisect_right(self._tops, y) - 1
        if not 0 <= section < len(self.lengths):
            return None
        line, down = divmod(y - self._tops[section] - self.header_px, self.pitch_px)
        column, right = divmod(x - GAP_PX, self.cell_px + GAP_PX)
        if line < 0 or not 0 <= column < self.columns:
            return None
        place = line * self.columns + column
        inside = right < self.cell_px and down < self.cell_height_px
        is_cell = inside and place < self.lengths[section]
        return self._starts[section] + place if is_cell else None

    def rows(self, top: int, bottom: int) -> Iterator[range]:
        """Yield the rows between two heights, by section."""
        for section, length in enumerate(self.lengths):
            begin = self._tops[section] + self.header_px
            first = max(0, (top - begin) // self.pitch_px)
            last = min(self._lines(length), -(-(bottom - begin) // self.pitch_px))
            start = self._starts[section]
            if first < last:
                end = min(length, last * self.columns)
                yield range(start + first * self.columns, start + end)

    def touched(self, box: Box) -> list[int]:
        """Return the rows whose cell a rectangle touches."""
        found: list[int] = []
        for rows in self.rows(box.top, box.top + box.height):
            found += [row for row in rows if _overlap(self.box(row), box)]
        return found

    def above(self, row: int, lines: int) -> int:
        """Return the row so many lines higher in its column; lower, if negative."""
        section = bisect_right(self._starts, row) - 1
        line, column = divmod(row - self._starts[section], self.columns)
        line -= lines
        while line < 0 and section > 0:
            section -= 1
            line += self._lines(self.lengths[section])
        while line >= self._lines(self.lengths[section]):
            if section == len(self.lengths) - 1:
                line = self._lines(self.lengths[section]) - 1
                break
            line -= self._lines(self.lengths[section])
            section += 1
        place = min(max(line, 0) * self.columns + column, self.lengths[section] - 1)
        return self._starts[section] + place


def _overlap(one: Box, other: Box) -> bool:
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )
