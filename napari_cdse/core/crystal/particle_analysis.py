"""Analyse one particle: Bragg peaks, likeliest fault, geometric phase, filtering."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.blas_threads import single_blas_thread
from napari_cdse.core.crystal.bragg_peaks import (
    BraggPeak,
    DemodulatedFamily,
    measure,
    phase_step,
)
from napari_cdse.core.crystal.fault_line import BestSplit, FaultLine, best_split
from napari_cdse.core.crystal.geometric_phase import fourier_filtered, local_fringes
from napari_cdse.core.features.domains import fringes_of
from napari_cdse.core.features.families import find_families
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

_UNSURE = 0.5
"""Probability of a fault where the evidence is contradictory: a split that explains
much but could be due to the background, or little but more than the background does."""
_LEAST_STEP = math.pi / 3
"""Least phase step, in radians, of a split that counts although it explains little:
half the step of an inclined family at a stacking fault. A varying thickness makes no
step, nor does it bias the frequency."""
_LEAST_REACH = 4
"""Least extent of the spectrum shown, in samples on either side of frequency 0."""


@dataclass(frozen=True, eq=False)
class ExaminedFamily:
    """All measurements of one family of fringes.

    Attributes
    ----------
    peak : BraggPeak
    local : LocalFringes
        Geometric phase and amplitude.
    step_rad, step_sigma_rad : float or None
        Phase step across the suspected fault, and its standard uncertainty; None where
        no fault is suspected.
    """

    peak: BraggPeak
    local: LocalFringes
    step_rad: float | None = None
    step_sigma_rad: float | None = None


@dataclass(frozen=True, eq=False)
class Examination:
    """All measurements of one particle.

    Attributes
    ----------
    families : tuple of ExaminedFamily
        Those stronger than speckle can be, strongest first.
    line : FaultLine or None
        Where a planar fault is suspected; None if no line explains enough.
    chosen : int or None
        Index of the strongest family that is not parallel to the suspected fault.
    spectrum : ndarray of float32, shape (2 m + 1, 2 m + 1)
        Power over the background's, cropped to the band; frequency 0 is in the middle.
    spectrum_step_per_px : float
        Distance of two samples of the spectrum, in cycles per pixel.
    filtered : ndarray of float32, shape (n, n)
        Fourier-filtered particle, composed of its Bragg peaks only; NaN outside the
        circle.
    """

    families: tuple[ExaminedFamily, ...]
    line: FaultLine | None
    chosen: int | None
    spectrum: NDArray[np.float32]
    spectrum_step_per_px: float
    filtered: NDArray[np.float32]


@single_blas_thread()
def examine(around: Surroundings, circle: Circle) -> Examination:
    """Measure the Bragg peaks of one particle, and look for a planar fault.

    Parameters
    ----------
    around : Surroundings
        Its micrograph with the background.
    circle : Circle
        Its outline.
    """
    patch = cut(around, circle)
    strong = [f for f in find_families(patch) if f.strength > MIN_STRENGTH]
    fringes = fringes_of(patch, strong)
    strong = strong[: fringes.fields.shape[1]]
    best = best_split(fringes)
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


def _examined(
    patch: Patch, fringes: Fringes, number: int, family: Family, best: BestSplit
) -> ExaminedFamily:
    sizes, noise = fringes.sizes.ravel(), float(fringes.noise[number])
    followed = DemodulatedFamily(family, sizes, noise, patch.radius_px)
    whole = np.ones(len(sizes), bool)
    line = best.line if best.suspected else None
    sides = (whole, whole) if line is None else line.sides
    peak = _measured(followed, best, bool(best.broken[number]))
    phases, sigma = phase_step(followed, peak, sides)
    larger = int(sizes[sides[1]].sum() > sizes[sides[0]].sum())
    local = local_fringes(patch, peak, phases[larger])
    if line is None:
        return ExaminedFamily(peak, local)
    step = math.remainder(phases[1] - phases[0], 2 * math.pi)
    return ExaminedFamily(peak, local, step, sigma)


def _measured(followed: DemodulatedFamily, best: BestSplit, broken: bool) -> BraggPeak:
    """Measure a family, allowing for a fault.

    A fault shifts the phase of every family inclined to its plane, also of those too
    weak to show it by themselves; one plane wave for both sides would have a biased
    frequency. At a suspected fault these families are therefore measured with an
    amplitude for each side. Where the evidence is contradictory (`BestSplit.possible`),
    either measurement may be right, and their difference enters the uncertainty.
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
    (before, behind), _ = phase_step(followed, off, line.sides)
    step = abs(math.remainder(behind - before, 2 * math.pi))
    if not best.much and step < _LEAST_STEP:
        return alone
    apart = np.array([off.k_row - alone.k_row, off.k_col - alone.k_col])
    return replace(
        alone, covariance=alone.covariance + _UNSURE * np.outer(apart, apart)
    )


def _band(patch: Patch) -> tuple[NDArray[np.float32], float]:
    """Crop the spectrum to the band of lattice spacings, and add its other half."""
    half = patch.ratio
    size = len(half)
    step = 1 / (size * patch.step_px)
    most = patch.around.band_per_nm[1] * patch.around.pixel_size_nm
    reach = min(size // 2 - 1, max(_LEAST_REACH, math.ceil(most / step)))
    places = np.arange(-reach, reach + 1)
    right = half[places][:, : reach + 1]
    left = half[-places][:, reach:0:-1]
    return np.concatenate([left, right], axis=1), step
