"""Accumulation maps: how much lattice there is at each place of a micrograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class AccumulationMap:
    """A map that lies over the micrograph, with its place and step.

    Attributes
    ----------
    name : str
        "Bragg contrast", "endmember 1" and so on.
    values : ndarray of float32, shape (rows, columns)
    origin_px : tuple of float
        Place (row, column) in the micrograph of the centre of sample ``[0, 0]``.
    step_px : tuple of float
        Distance (rows, columns) between samples.
    """

    name: str
    values: NDArray[np.float32]
    origin_px: tuple[float, float]
    step_px: tuple[float, float]

    def place(self, row: float, col: float) -> tuple[float, float]:
        """Micrograph position in pixels of a (fractional) sample index."""
        return (
            self.origin_px[0] + row * self.step_px[0],
            self.origin_px[1] + col * self.step_px[1],
        )

    def moved(self, rows_px: float, cols_px: float) -> AccumulationMap:
        """Lay it further down and to the right."""
        row, col = self.origin_px
        origin = (row + rows_px, col + cols_px)
        return AccumulationMap(self.name, self.values, origin, self.step_px)
