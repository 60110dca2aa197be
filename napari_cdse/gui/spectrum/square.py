"""Geometry of a square on a micrograph, and how the mouse moves it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_cdse.core.crystal.region_spectrum import LARGEST_PX, SMALLEST_PX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle

Grip = Literal["move", "size"]
"""What dragging does."""


@dataclass(frozen=True, slots=True)
class Square:
    """A square region of a micrograph.

    Attributes
    ----------
    row_px, col_px : int
        Row and column of the first pixel.
    size_px : int
        Length of its edge.
    """

    row_px: int
    col_px: int
    size_px: int

    @classmethod
    def in_the_middle(cls, shape: tuple[int, int], size_px: int) -> Square:
        """Return a square in the middle of a micrograph, smaller if need be."""
        size = min(size_px, *shape)
        return cls((shape[0] - size) // 2, (shape[1] - size) // 2, size)

    @classmethod
    def around(cls, circle: Circle, fields: float) -> Square:
        """Return a square around a particle; its edge is so many diameters long."""
        size = round(2 * fields * circle.radius_px)
        first_row = round(circle.row_px - size / 2)
        return cls(first_row, round(circle.col_px - size / 2), size)

    @property
    def middle_px(self) -> tuple[float, float]:
        """Row and column of its middle."""
        half = (self.size_px - 1) / 2
        return self.row_px + half, self.col_px + half

    def within(self, shape: tuple[int, int]) -> Square:
        """Return it moved into a micrograph, and made smaller if need be."""
        most = min(*shape, LARGEST_PX)
        size = min(max(self.size_px, SMALLEST_PX), most)
        row, col = (
            min(max(first, 0), edge - size)
            for first, edge in zip((self.row_px, self.col_px), shape, strict=True)
        )
        return Square(row, col, size)

    def cut(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return its pixels, shape (size, size)."""
        size = self.size_px
        return pixels[
            self.row_px : self.row_px + size, self.col_px : self.col_px + size
        ]

    def grip(self, row_px: float, col_px: float, slack_px: float) -> Grip | None:
        """Return what dragging from a place does: edges move it, corners size it.

        Its middle moves it too. Elsewhere inside, circles can be clicked.

        Parameters
        ----------
        row_px, col_px : float
            The place.
        slack_px : float
            Greatest distance from edge, corner or middle.
        """
        half = self.size_px / 2
        middle = self.middle_px
        down, right = abs(row_px - middle[0]), abs(col_px - middle[1])
        near = max(down, right)
        if math.hypot(down, right) <= slack_px:
            return "move"
        if abs(near - half) > slack_px:
            return None
        at_corner = half - min(down, right) <= 2 * slack_px
        return "size" if at_corner else "move"

    def moved(self, by_px: tuple[float, float], shape: tuple[int, int]) -> Square:
        """Return it moved by rows and columns, within the micrograph."""
        row, col = self.row_px + round(by_px[0]), self.col_px + round(by_px[1])
        return Square(row, col, self.size_px).within(shape)

    def sized(
        self,
        begun_px: tuple[float, float],
        place_px: tuple[float, float],
        shape: tuple[int, int],
    ) -> Square:
        """Return it with one corner moved to a place; the opposite corner stays.

        Parameters
        ----------
        begun_px : tuple of float
            Row and column at which the mouse was pressed, near the corner.
        place_px : tuple of float
            Where it is now.
        shape : tuple of int
            Rows and columns of the micrograph.
        """
        middle = np.array(self.middle_px)
        sign = np.where(np.array(begun_px) >= middle, 1, -1)
        fixed = middle - sign * self.size_px / 2
        reach = sign * (np.array(place_px) - fixed)
        room = np.where(sign > 0, np.array(shape) - 0.5 - fixed, fixed + 0.5)
        size = round(float(min(max(*reach, SMALLEST_PX), *room, LARGEST_PX)))
        first = fixed + 0.5 - np.where(sign > 0, 0, size)
        return Square(round(first[0]), round(first[1]), size).within(shape)
