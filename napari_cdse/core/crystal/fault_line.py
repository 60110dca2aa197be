"""Find the line at which a particle's fringes break, and test whether it is a fault.

Whether there is a fault is decided by the splits of
`napari_cdse.core.features.domains`, whose phase ramps are along the normal of the line.
Where the line lies is then found with phase ramps in any direction for each family.
Otherwise, if a fault lies near the edge and leaves few fringes behind it, a line on the
other side of the centre with a ramp that fits by chance would explain nearly as much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincc

from napari_cdse.core.crystal.bragg_peaks import cell_places, ramps_tried
from napari_cdse.core.features.domains import (
    MIN_SIDE,
    best_lines,
    explained_shares,
    line_geometry,
    split,
)
from napari_cdse.core.features.faults import CLEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.crystal.bragg_peaks import BraggPeak
    from napari_cdse.core.features.domains import Fringes

PARALLEL_DEG = 20.0
"""Largest angle, in degrees, between the normals of a fault and of planes that are
taken to be parallel to it. A choice between 9, the step in which directions are tried,
and 70.5, the angle of two {111} planes."""
SUSPECTED_SHARE = 0.1
"""Least energy that a split explains, over that of one amplitude, for a suspected
fault.

Nine of ten visible faults of simulated dots have more, and nine of ten perfect dots
less. The latter have some since their thickness varies, and a circle may miss a part.
"""
SUSPECTED_CHANCE = 0.1
"""Largest chance that the background alone explains a split, for a suspected fault. A
choice: one in ten perfect particles exceeds the share above as well."""
_LINES_TRIED = 300
"""Effective number of independent lines and phase ramps among those that `split` tries.
The background's power is exponentially distributed, so that the summed gain of n
families at a line given beforehand is a gamma variable. With this number for the best
of all lines, nine of ten simulated perfect particles of two to five weak families have
a chance above 0.1, as they should (``python -m tests.benchmarks spacings``)."""
_ON_LINE = 0.12
"""Distance from the line, in radii, within which cells are left out, as they may belong
to either side. A choice: a cell is 0.15 wide, and the line may be off by 0.06."""
_LEAST_SHARE = 0.3
"""Least energy of a family, over that of the strongest, for its use in placing the
line. A choice: a peak that a fault splits has weaker side peaks, and a phase ramp would
shift these onto the peak itself."""
_LEAST_SIZE = 1e-9
"""Least number of samples that is divided by, for sides without any."""


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
        """Signed distance of each cell from the line in radii, shape (n_cells,)."""
        row, col = cell_places().T
        along = math.cos(self.normal_rad) * col + math.sin(self.normal_rad) * row
        return np.asarray(along - self.offset_radii)

    @property
    def sides(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Cells clearly before and clearly behind it, shape (n_cells,) each."""
        return self.behind < -_ON_LINE, self.behind > _ON_LINE

    def is_parallel(self, peak: BraggPeak) -> bool:
        """Whether a family's planes are parallel to the fault, and so show no step."""
        along = math.cos(self.normal_rad) * peak.k_col
        along += math.sin(self.normal_rad) * peak.k_row
        return abs(along) > math.cos(math.radians(PARALLEL_DEG)) * peak.k_per_px


@dataclass(frozen=True, slots=True, eq=False)
class BestSplit:
    """The line that splits the fringes best, and the evidence for a fault there.

    Attributes
    ----------
    line : FaultLine or None
        None without fringes.
    much : bool
        Whether it explains as much energy as a visible fault does.
    beyond_chance : bool
        Whether it explains more than the background would by chance.
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
        """Whether there may be a fault, or only chance or a varying thickness."""
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
    shares = explained_shares(fringes, splits)
    ((direction,), (line,)) = best_lines(shares)
    gains = splits.gain[int(direction), int(line)] / fringes.noise
    much = bool(shares.max() >= SUSPECTED_SHARE)
    beyond_chance = (gains > CLEAR).any() and chance_of(gains) <= SUSPECTED_CHANCE
    at = _likeliest_line(fringes, shares.shape[:2])
    return BestSplit(
        FaultLine(*line_geometry(*at)),
        much,
        bool(beyond_chance),
        splits.gain[at] / fringes.noise > CLEAR,
    )


def chance_of(gains: NDArray[np.float64]) -> float:
    """Upper bound of the chance that the background alone gives a line such gains.

    Parameters
    ----------
    gains : ndarray, shape (n_families,)
        Energy that a split explains beyond one amplitude, in background powers.
    """
    at_one_line = float(gammaincc(len(gains), gains.sum()))
    return min(_LINES_TRIED * at_one_line, 1.0)


def _likeliest_line(fringes: Fringes, tried: tuple[int, ...]) -> tuple[int, int]:
    """Find the line whose sides explain the most energy, with any ramp per family."""
    before = _before(tried)
    sizes = fringes.sizes.ravel()
    left = before @ sizes
    right = sizes.sum() - left
    explained = np.zeros(len(before))
    least = _LEAST_SHARE * fringes.one_amplitude.max()
    for family in np.flatnonzero(fringes.one_amplitude >= least):
        turned = _ramp_factors() * fringes.fields[:, family]
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
    """Tell which cells lie before each line, as 0 or 1, shape (n_lines, n_cells)."""
    lines = [FaultLine(*line_geometry(*at)) for at in np.ndindex(*tried)]
    return np.array([line.behind < 0 for line in lines], np.float32)


@lru_cache(maxsize=1)
def _ramp_factors() -> NDArray[np.complex64]:
    """Factor that takes a ramp off each cell, shape (n_ramps, n_cells)."""
    return np.asarray(np.exp(-1j * ramps_tried() @ cell_places().T), np.complex64)
