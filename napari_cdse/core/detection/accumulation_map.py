"""Accumulation maps: a figure for the presence of lattice at each place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class EndmemberSpectrum:
    """The spectrum of the endmember whose abundance a map shows.

    Attributes
    ----------
    number : int
        From 1, the one with most Bragg content first.
    rings_per_px : ndarray of float64, shape (rings + 1,)
        Edges of the rings of spatial frequency, in cycles per px of the micrograph.
    power : ndarray of float32, shape (rings, sectors)
        Power over that of the support's speckle; within each ring sectors are sorted
        by power, the strongest first.
    is_lattice : bool
        Whether its abundance counts as that of particles.
    share : float
        Its share of all abundances in the micrograph's windows, 0 to 1.
    """

    number: int
    rings_per_px: NDArray[np.float64]
    power: NDArray[np.float32]
    is_lattice: bool
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class AccumulationMap:
    """A map over the micrograph, with the position of its samples.

    Attributes
    ----------
    name : str
        "Bragg contrast", "endmember 1" and so on.
    values : ndarray of float32, shape (rows, columns)
    origin_px : tuple of float
        Place (row, column) in the micrograph of the centre of sample ``[0, 0]``.
    step_px : tuple of float
        Distance (rows, columns) between samples.
    endmember : EndmemberSpectrum or None
        What the map is the abundance of, if it is one.
    """

    name: str
    values: NDArray[np.float32]
    origin_px: tuple[float, float]
    step_px: tuple[float, float]
    endmember: EndmemberSpectrum | None = None

    def place(self, row: float, col: float) -> tuple[float, float]:
        """Micrograph position in pixels of a (fractional) sample index."""
        return (
            self.origin_px[0] + row * self.step_px[0],
            self.origin_px[1] + col * self.step_px[1],
        )

    def moved(self, rows_px: float, cols_px: float) -> AccumulationMap:
        """Shift it down and to the right."""
        row, col = self.origin_px
        return replace(self, origin_px=(row + rows_px, col + cols_px))
