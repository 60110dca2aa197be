"""The line at which a particle's fringes break, and whether that is a fault.

The suspicion goes by the splits that `napari_cdse.core.features.domains` tries, whose
phase ramps lie along a line's normal. Where the line lies is asked more closely: of all
these lines, each family may turn in any direction. A fault near the edge leaves few
fringes behind it, and another line on the wrong side of the centre, with a ramp that
fits by chance, would explain nearly as much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincc

from napari_cdse.core.crystal.bragg_peaks import places, turns_tried
from napari_cdse.core.features.domains import (
    MIN_SIDE,
    best_lines,
    placed,
    shares_of,
    split,
)
from napari_cdse.core.features.faults import CLEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.crystal.bragg_peaks import BraggPeak
    from napari_cdse.core.features.domains import Fringes

PARALLEL_DEG = 20.0
"""Families whose normal is this close to the fault's are parallel to its plane.

Faults are sought in steps of 9 degrees, and {111} planes enclose 70.5.
"""
SUSPECTED_SHARE = 0.1
"""Energy that a split must explain, over that of one amplitude, to be suspected.

Nine of ten visible faults of simulated dots have more, nine of ten perfect dots less:
their thickness varies, and the circle may miss a part.
"""
SUSPECTED_CHANCE = 0.1
"""Largest chance that the background splits a perfect particle so well. A choice: one
in ten is what the share above lets pass of clear particles."""
_LINES_TRIED = 300
"""Independent lines and ramps of phase among those that `split` tries. The background's
power is exponentially distributed, so that the summed gain of n families at a line
given beforehand is a gamma variable; with the best of so many lines, nine of ten drawn
perfect particles of two to five weak families stay below the level that is told
(``python -m tests.benchmarks spacings``)."""
_ON_LINE = 0.12
"""Cells nearer than this to the line, in radii, may belong to either side.
A cell is 0.15 wide, and the line may be off by 0.06; a choice."""
_STRONG = 0.3
"""Least energy of a family, over that of the strongest, by which a line is placed. A
choice: beside a peak that a fault splits stand weaker ones, its own sides, which a turn
would lead back into it."""
_LEAST_SIZE = 1e-9
"""Least number of samples that is divided by; guards a side without any."""


@dataclass(frozen=True, slots=True)
class FaultLine:
    """The straight line that splits the fringes best.

    Attributes
    ----------
    normal_rad : float
        Angle of its normal: cosine along columns, sine along rows.
    offset_radii : float
        Distance from the circle's centre along the normal.
    """

    normal_rad: float
    offset_radii: float

    @property
    def behind(self) -> NDArray[np.float64]:
        """How far each cell lies behind it in radii, shape (n_cells,)."""
        row, col = places().T
        along = math.cos(self.normal_rad) * col + math.sin(self.normal_rad) * row
        return np.asarray(along - self.offset_radii)

    @property
    def sides(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Cells clearly before and clearly behind it, shape (n_cells,) each."""
        return self.behind < -_ON_LINE, self.behind > _ON_LINE

    def is_parallel(self, peak: BraggPeak) -> bool:
        """Whether a family's planes are parallel to the fault's, and show no step."""
        along = math.cos(self.normal_rad) * peak.k_col
        along += math.sin(self.normal_rad) * peak.k_row
        return abs(along) > math.cos(math.radians(PARALLEL_DEG)) * peak.k_per_px


@dataclass(frozen=True, slots=True, eq=False)
class BestSplit:
    """The line that splits the fringes best, and what that is worth.

    Attributes
    ----------
    line : FaultLine or None
        None without fringes.
    much : bool
        It explains as much as a visible fault does.
    beyond_chance : bool
        It explains more than the background's chance does.
    broken : ndarray of bool, shape (n_families,)
        The families that clearly break there.
    """

    line: FaultLine | None
    much: bool
    beyond_chance: bool
    broken: NDArray[np.bool_]

    @property
    def suspected(self) -> bool:
        """Whether a fault is likely there."""
        return self.much and self.beyond_chance

    @property
    def possible(self) -> bool:
        """Whether a fault may be there, or chance, or a thickness that varies."""
        return self.much or self.beyond_chance


def best_split(fringes: Fringes) -> BestSplit:
    """Find the line, and which families clearly break there.

    Parameters
    ----------
    fringes : Fringes
        Of one particle.
    """
    if not fringes.fields.size:
        return BestSplit(None, False, False, np.zeros(0, bool))
    splits = split(fringes)
    shares = shares_of(fringes, splits)
    ((direction,), (line,)) = best_lines(shares)
    gains = splits.gain[int(direction), int(line)] / fringes.noise
    much = bool(shares.max() >= SUSPECTED_SHARE)
    beyond_chance = (gains > CLEAR).any() and chance_of(gains) <= SUSPECTED_CHANCE
    at = _likeliest_line(fringes, shares.shape[:2])
    return BestSplit(
        FaultLine(*placed(*at)),
        much,
        bool(beyond_chance),
        splits.gain[at] / fringes.noise > CLEAR,
    )


def chance_of(gains: NDArray[np.float64]) -> float:
    """Tell how likely the background alone gives the best line so much, at most.

    Parameters
    ----------
    gains : ndarray, shape (n_families,)
        Energy that a split explains beyond one amplitude, in background powers.
    """
    at_one_line = float(gammaincc(len(gains), gains.sum()))
    return min(_LINES_TRIED * at_one_line, 1.0)


def _likeliest_line(fringes: Fringes, tried: tuple[int, ...]) -> tuple[int, int]:
    """Find the direction and line whose sides explain most, however families turn."""
    before = _before(tried)
    sizes = fringes.sizes.ravel()
    left = before @ sizes
    right = sizes.sum() - left
    explained = np.zeros(len(before))
    least = _STRONG * fringes.one_amplitude.max()
    for family in np.flatnonzero(fringes.one_amplitude >= least):
        turned = _turning() * fringes.fields[:, family]
        sums = turned @ before.T
        others = turned.sum(axis=1)[:, None] - sums
        energy = np.abs(sums) ** 2 / np.maximum(left, _LEAST_SIZE)
        energy += np.abs(others) ** 2 / np.maximum(right, _LEAST_SIZE)
        explained += energy.max(axis=0)
    allowed = np.minimum(left, right) > MIN_SIDE * sizes.sum()
    best = int(np.where(allowed, explained, -1.0).argmax())
    direction, line = divmod(best, tried[1])
    return direction, line


@lru_cache(maxsize=1)
def _before(tried: tuple[int, ...]) -> NDArray[np.float32]:
    """Tell which cells lie before each line, shape (n_lines tried, n_cells)."""
    lines = [FaultLine(*placed(*at)) for at in np.ndindex(*tried)]
    return np.array([line.behind < 0 for line in lines], np.float32)


@lru_cache(maxsize=1)
def _turning() -> NDArray[np.complex64]:
    """Factor of each cell under each turn, shape (n_turns, n_cells)."""
    return np.asarray(np.exp(-1j * turns_tried() @ places().T), np.complex64)
