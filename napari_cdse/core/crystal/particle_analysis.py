"""One particle looked at closely: Bragg peaks, the likeliest fault, phase, filter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    best_line,
    fringes_of,
    placed,
    shares_of,
    split,
)
from napari_cdse.core.features.families import find_families
from napari_cdse.core.features.faults import CLEAR
from napari_cdse.core.features.patch import BAND_PER_NM, cut
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
_ON_LINE = 0.12
"""Cells nearer than this to the line, in radii, may belong to either side.
A cell is 0.15 wide, and the line may be off by 0.06; a choice."""
_LEAST_REACH = 4
"""Fewest samples of the spectrum shown on either side of frequency 0."""
SHORTEST_NM = 1 / BAND_PER_NM[1]
"""Narrowest spacing at which fringes are looked for."""


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
    line, broken = _suspected(fringes)
    families = tuple(
        _examined(patch, fringes, number, family, line, broken[number])
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


def _suspected(fringes: Fringes) -> tuple[FaultLine | None, NDArray[np.bool_]]:
    """Find the line, and which families clearly break there."""
    if not fringes.fields.size:
        return None, np.zeros(0, bool)
    splits = split(fringes)
    at = best_line(fringes, splits)
    broken = splits.gain[at] > CLEAR * fringes.noise
    if not broken.any() or shares_of(fringes, splits)[at] < SUSPECTED_SHARE:
        return None, np.zeros_like(broken)
    return FaultLine(*placed(*at)), broken


def _examined(
    patch: Patch,
    fringes: Fringes,
    number: int,
    family: Family,
    line: FaultLine | None,
    broken: bool,
) -> ExaminedFamily:
    sizes, noise = fringes.sizes.ravel(), float(fringes.noise[number])
    followed = Followed(family, sizes, noise, patch.radius_px)
    whole = np.ones(len(sizes), bool)
    sides = (whole, whole) if line is None else line.sides
    peak = measure(followed, sides if broken else (whole,))
    phases, sigma = step_across(followed, peak, sides)
    larger = int(sizes[sides[1]].sum() > sizes[sides[0]].sum())
    local = local_fringes(patch, peak, phases[larger])
    if line is None:
        return ExaminedFamily(peak, local)
    step = math.remainder(phases[1] - phases[0], 2 * math.pi)
    return ExaminedFamily(peak, local, step, sigma)


def _band(patch: Patch) -> tuple[NDArray[np.float32], float]:
    """Cut the band of lattice spacings out of the spectrum, both halves of it."""
    half = patch.ratio
    size = len(half)
    step = 1 / (size * patch.step_px)
    most = BAND_PER_NM[1] * patch.around.pixel_size_nm
    reach = min(size // 2 - 1, max(_LEAST_REACH, math.ceil(most / step)))
    places = np.arange(-reach, reach + 1)
    right = half[places][:, : reach + 1]
    left = half[-places][:, reach:0:-1]
    return np.concatenate([left, right], axis=1), step
