"""One particle looked at closely: Bragg peaks, the likeliest fault, phase, filter."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincc

from napari_cdse.core.blas_threads import single_blas_thread
from napari_cdse.core.crystal.bragg_peaks import (
    BraggPeak,
    Followed,
    measure,
    places,
    step_across,
)
from napari_cdse.core.crystal.geometric_phase import fourier_filtered, local_fringes
from napari_cdse.core.features.domains import (
    best_lines,
    fringes_of,
    placed,
    shares_of,
    split,
)
from napari_cdse.core.features.families import find_families
from napari_cdse.core.features.faults import CLEAR
from napari_cdse.core.features.patch import cut
from napari_cdse.core.features.peaks import MIN_STRENGTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.crystal.geometric_phase import LocalFringes
    from napari_cdse.core.features.domains import Fringes
    from napari_cdse.core.features.families import Family
    from napari_cdse.core.features.patch import Patch
    from napari_cdse.core.features.surroundings import Surroundings
    from napari_cdse.core.records import Circle

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
_UNSURE = 0.5
"""Weight of a split that explains much, but could be the background's doing: nobody
knows which of the two it is."""
_ON_LINE = 0.12
"""Cells nearer than this to the line, in radii, may belong to either side.
A cell is 0.15 wide, and the line may be off by 0.06; a choice."""
_LEAST_REACH = 4
"""Fewest samples of the spectrum shown on either side of frequency 0."""


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
    def sides(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Cells clearly before and clearly behind it, shape (n_cells,) each."""
        row, col = places().T
        along = math.cos(self.normal_rad) * col + math.sin(self.normal_rad) * row
        behind = along - self.offset_radii
        return behind < -_ON_LINE, behind > _ON_LINE

    def is_parallel(self, peak: BraggPeak) -> bool:
        """Whether a family's planes are parallel to the fault's, and show no step."""
        along = math.cos(self.normal_rad) * peak.k_col
        along += math.sin(self.normal_rad) * peak.k_row
        return abs(along) > math.cos(math.radians(PARALLEL_DEG)) * peak.k_per_px


@dataclass(frozen=True, eq=False)
class ExaminedFamily:
    """One family of fringes in all its detail.

    Attributes
    ----------
    peak : BraggPeak
    local : LocalFringes
        Geometric phase and amplitude.
    step_rad, step_sigma_rad : float or None
        How far the phase steps across the fault's line, and how sure that is; None
        where no line is suspected.
    """

    peak: BraggPeak
    local: LocalFringes
    step_rad: float | None = None
    step_sigma_rad: float | None = None


@dataclass(frozen=True, eq=False)
class Examination:
    """What can be measured of one particle.

    Attributes
    ----------
    families : tuple of ExaminedFamily
        Those above the reach of speckle, strongest first.
    line : FaultLine or None
        Where a planar fault is suspected; None where no line explains enough.
    chosen : int or None
        The strongest family that is not parallel to the suspected fault.
    spectrum : ndarray of float32, shape (2 m + 1, 2 m + 1)
        Power over the background's, zero frequency in the middle, the band only.
    spectrum_step_per_px : float
        Distance of two samples of it, in cycles per pixel.
    filtered : ndarray of float32, shape (n, n)
        The particle with nothing left but its Bragg peaks; NaN outside the circle.
    """

    families: tuple[ExaminedFamily, ...]
    line: FaultLine | None
    chosen: int | None
    spectrum: NDArray[np.float32]
    spectrum_step_per_px: float
    filtered: NDArray[np.float32]


@single_blas_thread()
def examine(around: Surroundings, circle: Circle) -> Examination:
    """Measure the peaks of one particle and look where they break.

    Parameters
    ----------
    around : Surroundings
        Its micrograph.
    circle : Circle
        Its outline.
    """
    patch = cut(around, circle)
    strong = [f for f in find_families(patch) if f.strength > MIN_STRENGTH]
    fringes = fringes_of(patch, strong)
    strong = strong[: fringes.fields.shape[1]]
    best = _best_split(fringes)
    line = best.line if best.suspected else None
    families = tuple(
        _examined(patch, fringes, number, family, best)
        for number, family in enumerate(strong)
    )
    peaks = [family.peak for family in families]
    spectrum, step = _band(patch)
    return Examination(
        families,
        line,
        default_family(peaks, line),
        spectrum,
        step,
        fourier_filtered(patch, peaks),
    )


def default_family(peaks: Sequence[BraggPeak], line: FaultLine | None) -> int | None:
    """Choose the strongest family in which the suspected fault can show."""
    if not peaks:
        return None
    if line is None:
        return 0
    able = (n for n, peak in enumerate(peaks) if not line.is_parallel(peak))
    return next(able, 0)


@dataclass(frozen=True, slots=True, eq=False)
class _BestSplit:
    """The line that splits the fringes best, and what that is worth.

    ``suspected``: it explains much, and more than chance does. ``possible``: it does so
    by a fault or by chance. ``broken``: the families that clearly break there.
    """

    line: FaultLine | None
    suspected: bool
    possible: bool
    broken: NDArray[np.bool_]


def _best_split(fringes: Fringes) -> _BestSplit:
    """Find the line, and which families clearly break there."""
    if not fringes.fields.size:
        return _BestSplit(None, False, False, np.zeros(0, bool))
    splits = split(fringes)
    shares = shares_of(fringes, splits)
    ((direction,), (line,)) = best_lines(shares)
    at = int(direction), int(line)
    gains = splits.gain[at] / fringes.noise
    broken = gains > CLEAR
    possible = bool(shares[*at, 0] >= SUSPECTED_SHARE)
    beyond_chance = broken.any() and chance_of(gains) <= SUSPECTED_CHANCE
    return _BestSplit(
        FaultLine(*placed(*at)), possible and bool(beyond_chance), possible, broken
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


def _examined(
    patch: Patch, fringes: Fringes, number: int, family: Family, best: _BestSplit
) -> ExaminedFamily:
    sizes, noise = fringes.sizes.ravel(), float(fringes.noise[number])
    followed = Followed(family, sizes, noise, patch.radius_px)
    whole = np.ones(len(sizes), bool)
    line = best.line if best.suspected else None
    sides = (whole, whole) if line is None else line.sides
    peak = _measured(followed, best, bool(best.broken[number]))
    phases, sigma = step_across(followed, peak, sides)
    larger = int(sizes[sides[1]].sum() > sizes[sides[0]].sum())
    local = local_fringes(patch, peak, phases[larger])
    if line is None:
        return ExaminedFamily(peak, local)
    step = math.remainder(phases[1] - phases[0], 2 * math.pi)
    return ExaminedFamily(peak, local, step, sigma)


def _measured(followed: Followed, best: _BestSplit, broken: bool) -> BraggPeak:
    """Measure a family, with what a fault may do to it.

    A fault steps every family that is inclined to its plane, also those too weak to
    show that by themselves: one plane wave for both sides would be drawn aside by the
    jump. So these are measured on either side of a suspected line. Where a split
    explains as much but could be the background's doing, it is not known which of the
    two measurements holds; their difference is part of the uncertainty then.
    """
    alone = measure(followed, (np.ones(len(followed.sizes), bool),))
    line = best.line
    if line is None or not best.possible:
        return alone
    inclined = not line.is_parallel(alone)
    if best.suspected:
        return measure(followed, line.sides) if inclined or broken else alone
    if not inclined:
        return alone
    off = measure(followed, line.sides)
    apart = np.array([off.k_row - alone.k_row, off.k_col - alone.k_col])
    return replace(
        alone, covariance=alone.covariance + _UNSURE * np.outer(apart, apart)
    )


def _band(patch: Patch) -> tuple[NDArray[np.float32], float]:
    """Cut the band of lattice spacings out of the spectrum, both halves of it."""
    half = patch.ratio
    size = len(half)
    step = 1 / (size * patch.step_px)
    most = patch.around.band_per_nm[1] * patch.around.pixel_size_nm
    reach = min(size // 2 - 1, max(_LEAST_REACH, math.ceil(most / step)))
    places = np.arange(-reach, reach + 1)
    right = half[places][:, : reach + 1]
    left = half[-places][:, reach:0:-1]
    return np.concatenate([left, right], axis=1), step
