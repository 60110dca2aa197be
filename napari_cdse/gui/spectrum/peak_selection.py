"""Which families of a spectrum are chosen, also when the square is moved; no Qt."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_cdse.core.crystal.region_spectrum import two_families

if TYPE_CHECKING:
    from napari_cdse.core.crystal.bragg_peaks import BraggPeak

_SAME_SAMPLES = 2.0
"""Distance in samples up to which two peaks belong to the same family. A choice: a
peak's frequency varies by less than a sample when the square is moved."""


class PeakSelection:
    """The families of a spectrum, and those chosen among them.

    Until the user chooses any, two families that span a lattice are chosen, or the
    strongest one.

    Attributes
    ----------
    peaks : tuple of BraggPeak
    rows : tuple of int
        Indices of the chosen ones, in the order of the choice.
    """

    def __init__(self) -> None:
        self.peaks: tuple[BraggPeak, ...] = ()
        self.rows: tuple[int, ...] = ()
        self._by_user = False

    @property
    def chosen(self) -> tuple[BraggPeak, ...]:
        """The chosen families."""
        return tuple(self.peaks[row] for row in self.rows if row < len(self.peaks))

    @property
    def first(self) -> int | None:
        """Index of the family chosen first, to which angles are measured."""
        return self.rows[0] if self.rows else None

    def toggle(self, row: int) -> None:
        """Choose a family, or leave it out if it is chosen."""
        others = tuple(each for each in self.rows if each != row)
        self.rows = others if row in self.rows else (*self.rows, row)
        self._by_user = bool(self.rows)

    def show(self, peaks: tuple[BraggPeak, ...], step_per_px: float) -> None:
        """Take over the peaks of another spectrum, and choose the same families.

        Parameters
        ----------
        peaks : tuple of BraggPeak
            Strongest first.
        step_per_px : float
            Distance of two samples of the spectrum, in cycles per pixel.
        """
        before, self.peaks = self.chosen, peaks
        if not self._by_user:
            pair = two_families(peaks) or peaks[:1]
            self.rows = tuple(peaks.index(peak) for peak in pair)
            return
        same = (
            _same_family(peak, peaks, _SAME_SAMPLES * step_per_px) for peak in before
        )
        self.rows = tuple(dict.fromkeys(row for row in same if row is not None))


def _same_family(
    peak: BraggPeak, peaks: tuple[BraggPeak, ...], within_per_px: float
) -> int | None:
    """Return the index of the same family, whose peaks are at k and at -k."""
    for row, other in enumerate(peaks):
        for sign in (1, -1):
            off = math.hypot(
                peak.k_row - sign * other.k_row, peak.k_col - sign * other.k_col
            )
            if off <= within_per_px:
                return row
    return None
