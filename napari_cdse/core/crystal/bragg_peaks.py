"""Measure the Bragg peaks of one particle: spacing, direction, and their uncertainties.

A family of fringes is a plane wave in noise, within the particle. The frequency that
explains most of its energy is the maximum-likelihood one (Rife and Boorstyn, IEEE
Trans. Inf. Theory 20, 1974). Its covariance is that of any estimate at a maximum,
H^-1 J H^-1 (Huber, Proc. 5th Berkeley Symp., 1967), where H is the curvature of the
explained energy at the maximum, and J the covariance of its slope by the background's
noise. For fringes of one amplitude all over a disk of radius R this is the Cramer-Rao
bound,

    sigma(k) = sqrt(2 / strength) / (2 pi R),    sigma(d) = d ** 2 sigma(k),

with the strength in units of the background's mean power. Where a planar fault crosses
the particle, each side has an amplitude and phase of its own, and both share the
frequency: fitting a single plane wave across the phase step would bias the frequency.

The particle's pixels are demodulated at a first estimate of the frequency and summed
into cells (`core.features.families`). A frequency shift is then a *phase ramp* over the
cells, given in radians per radius of the circle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.features.families import cell_radii

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.features.families import Family

_FARTHEST_SHIFT = 0.3
"""Largest frequency shift that is tried, in cycles per radius: a phase step at a fault
displaces a peak by no more. The same as in `core.features.domains`."""
_STARTS_PER_AXIS = 13
"""Starting points along each axis, 0.05 cycles per radius apart: the nearest is within
0.035 of the maximum, well inside the peak. A choice; time grows with their square."""
_NEWTON_STEPS = 6
"""Newton steps to the maximum. A choice: the error is squared by each, so that a few
suffice from nearby."""
_LONGEST_STEP = 0.05
"""Longest Newton step, in cycles per radius. A choice: the distance of the starting
points, so that no step leads to another maximum."""
_LEAST_CURVATURE = 0.05
"""Least curvature of a maximum, in that of a uniform disk. A choice that keeps steps
finite; a larger one would understate the uncertainty of a flat maximum."""
_DISK_MOMENT = 0.25
"""Mean square distance from the centre of a disk along one axis, in squared radii."""
_TINY = 1e-12
"""Least power, curvature and step that is divided by, for families without any."""
_LEAST_SIZE = 1e-9
"""Least number of samples that is divided by, for parts without any."""


@dataclass(frozen=True, eq=False)
class BraggPeak:
    """A family of fringes with its measured frequency.

    Attributes
    ----------
    k_row, k_col : float
        Spatial frequency in cycles per pixel.
    covariance : ndarray of float64, shape (2, 2)
        Covariance of k_row and k_col due to the background's noise.
    strength : float
        Peak power over the background's mean power at this frequency.
    contrast : float
        Rms amplitude of the fringes over the background's rms.
    """

    k_row: float
    k_col: float
    covariance: NDArray[np.float64]
    strength: float
    contrast: float

    @property
    def k_per_px(self) -> float:
        """Length of the frequency vector, in cycles per pixel."""
        return math.hypot(self.k_row, self.k_col)

    @property
    def spacing_px(self) -> float:
        """Distance of neighbouring planes, in pixels."""
        return 1 / self.k_per_px

    @property
    def relative_sigma(self) -> float:
        """Standard uncertainty of the spacing over the spacing, from noise."""
        return self._sigma_along(self.k_row, self.k_col) / self.k_per_px

    @property
    def direction_sigma_deg(self) -> float:
        """Standard uncertainty of the direction of the planes' normal, in degrees."""
        return math.degrees(self._sigma_along(-self.k_col, self.k_row) / self.k_per_px)

    def spacing_nm(
        self, pixel_size_nm: float, pixel_sigma: float = 0.0
    ) -> tuple[float, float]:
        """Return the spacing and its standard uncertainty, both in nm.

        Parameters
        ----------
        pixel_size_nm : float
            Edge of a pixel.
        pixel_sigma : float
            Its relative standard uncertainty, which is added in quadrature.
        """
        spacing = pixel_size_nm * self.spacing_px
        return spacing, spacing * math.hypot(self.relative_sigma, pixel_sigma)

    def angle_to(self, other: BraggPeak) -> float:
        """Angle between two families' normals, 0 to 90 degrees."""
        dot = self.k_row * other.k_row + self.k_col * other.k_col
        cosine = abs(dot) / (self.k_per_px * other.k_per_px)
        return math.degrees(math.acos(min(cosine, 1.0)))

    def _sigma_along(self, row: float, col: float) -> float:
        axis = np.array([row, col]) / math.hypot(row, col)
        return math.sqrt(float(axis @ self.covariance @ axis))


@dataclass(frozen=True, eq=False)
class DemodulatedFamily:
    """A family of fringes, demodulated and summed into cells, with its noise.

    Attributes
    ----------
    family : Family
        First estimate of the frequency, and the demodulated cells.
    sizes : ndarray of float32, shape (n_cells,)
        Effective number of samples in each cell.
    noise : float
        Mean power of the background per sample at the family's frequency.
    radius_px : float
        Radius of the circle.
    """

    family: Family
    sizes: NDArray[np.float32]
    noise: float
    radius_px: float

    @property
    def ramp_per_k(self) -> float:
        """Phase ramp, in radians per radius, of a shift by 1 cycle per pixel."""
        return 2 * math.pi * self.radius_px

    def parts(self, sides: Sequence[NDArray[np.bool_]]) -> list[_Part]:
        """Split the cells into parts that have an amplitude of their own each."""
        cells = self.family.cells.ravel()
        return [
            _Part(cells[side], self.sizes[side], cell_places()[side]) for side in sides
        ]


def measure(
    followed: DemodulatedFamily, sides: Sequence[NDArray[np.bool_]]
) -> BraggPeak:
    """Measure the frequency of a family, with its covariance.

    Parameters
    ----------
    followed : DemodulatedFamily
        The family.
    sides : sequence of ndarray of bool, shape (n_cells,)
        Parts of the disk that have an amplitude of their own each: the sides of a
        fault, or the whole disk.
    """
    parts, family = followed.parts(sides), followed.family
    ramp = _start(parts) if len(parts) > 1 else np.zeros(2)
    for _ in range(_NEWTON_STEPS):
        slope, bend = _derivatives(parts, ramp)
        step = np.linalg.solve(bend, slope)
        step *= min(1.0, 2 * np.pi * _LONGEST_STEP / max(float(np.hypot(*step)), _TINY))
        ramp = ramp + step
    inverse = np.linalg.inv(_derivatives(parts, ramp)[1])
    covariance = followed.noise / 2 * sum(part.slope_covariance(ramp) for part in parts)
    shift = ramp / followed.ramp_per_k
    return BraggPeak(
        family.k_row + float(shift[0]),
        family.k_col + float(shift[1]),
        np.asarray(inverse @ covariance @ inverse / followed.ramp_per_k**2),
        family.strength,
        family.contrast,
    )


def phase_step(
    followed: DemodulatedFamily, peak: BraggPeak, sides: Sequence[NDArray[np.bool_]]
) -> tuple[tuple[float, float], float]:
    """Measure the phase of a family on either side of a line.

    Parameters
    ----------
    followed : DemodulatedFamily
        The family.
    peak : BraggPeak
        Its frequency, the reference of the phase.
    sides : sequence of ndarray of bool, shape (n_cells,)
        Cells before and cells behind the line.

    Returns
    -------
    tuple of float
        Phase before and behind the line, in radians from -pi to pi, extrapolated to
        the circle's centre.
    float
        Standard uncertainty of their difference, in radians.
    """
    family = followed.family
    shift = np.array([peak.k_row - family.k_row, peak.k_col - family.k_col])
    sums, middles, variance = [], [], 0.0
    for part in followed.parts(sides):
        total, first, _ = part.moments(followed.ramp_per_k * shift)
        power = max(abs(total) ** 2, _TINY)
        sums.append(total)
        middles.append((np.conj(total) * first).real / power)
        variance += followed.noise / 2 * part.size / power
    lever = followed.ramp_per_k * (middles[1] - middles[0])
    variance += float(lever @ peak.covariance @ lever)
    before, behind = (float(np.angle(total)) for total in sums)
    return (before, behind), math.sqrt(variance)


@lru_cache(maxsize=1)
def cell_places() -> NDArray[np.float64]:
    """Row and column of each cell from the circle's centre, in radii, (n_cells, 2)."""
    row, col = np.meshgrid(cell_radii(), cell_radii(), indexing="ij")
    return np.stack([row.ravel(), col.ravel()], axis=1)


@lru_cache(maxsize=1)
def ramps_tried() -> NDArray[np.float64]:
    """List the phase ramps that are tried, in radians per radius, (n_ramps, 2)."""
    axis = 2 * np.pi * np.linspace(-_FARTHEST_SHIFT, _FARTHEST_SHIFT, _STARTS_PER_AXIS)
    return np.array([(row, col) for row in axis for col in axis])


@dataclass(frozen=True, eq=False)
class _Part:
    """Cells that share one complex amplitude."""

    cells: NDArray[np.complex64]
    sizes: NDArray[np.float32]
    places: NDArray[np.float64]

    @property
    def size(self) -> float:
        return max(float(self.sizes.sum()), _LEAST_SIZE)

    def moments(
        self, ramp: NDArray[np.float64]
    ) -> tuple[complex, NDArray[np.complexfloating], NDArray[np.complexfloating]]:
        """Sum the cells, with a ramp taken off, times 1, place, and place squared."""
        turned = self.cells * np.exp(-1j * self.places @ ramp)
        second = (self.places * turned[:, None]).T @ self.places
        return complex(turned.sum()), turned @ self.places, second

    def slope_covariance(self, ramp: NDArray[np.float64]) -> NDArray[np.float64]:
        """Covariance of half the slope, for complex noise of power 2 per sample."""
        total, first, _ = self.moments(ramp)
        lever = np.conj(total) * self.places - np.conj(first)
        spread = (lever.conj() * self.sizes[:, None]).T @ lever
        return np.asarray(spread.real / self.size**2)


def _derivatives(
    parts: Sequence[_Part], ramp: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Half the gradient of the explained energy, and minus half its Hessian.

    The eigenvalues of the latter are kept above 0, so that Newton steps go uphill.
    """
    slope, bend, energy = np.zeros(2), np.zeros((2, 2)), 0.0
    for part in parts:
        total, first, second = part.moments(ramp)
        slope += (np.conj(total) * first).imag / part.size
        curved = np.conj(total) * second - np.outer(np.conj(first), first)
        bend += curved.real / part.size
        energy += abs(total) ** 2 / part.size
    value, axes = np.linalg.eigh(bend)
    value = np.maximum(value, max(_LEAST_CURVATURE * _DISK_MOMENT * energy, _TINY))
    return slope, np.asarray(axes * value @ axes.T)


def _start(parts: Sequence[_Part]) -> NDArray[np.float64]:
    """Find the ramp of a coarse grid for which the parts explain the most energy."""
    ramps = ramps_tried()
    energy = sum(
        np.abs(np.exp(-1j * ramps @ part.places.T) @ part.cells) ** 2 / part.size
        for part in parts
    )
    return np.asarray(ramps[int(np.argmax(energy))])
