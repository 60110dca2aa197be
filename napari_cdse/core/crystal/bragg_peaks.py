"""Bragg peaks of one particle, measured: spacing, direction, and how sure they are.

A family of fringes is a plane wave in noise, cut off by the particle. The frequency
that explains most of its energy is the maximum-likelihood one (Rife and Boorstyn, IEEE
Trans. Inf. Theory 20, 1974). Its covariance is that of any estimate at a maximum,
H^-1 J H^-1 (Huber, Proc. 5th Berkeley Symp., 1967): H is how sharply the peak bends at
its top, which holds its width; J is how much the background's noise tilts it. For
fringes of one amplitude all over a disk of radius R this is the Cramer-Rao bound,

    sigma(k) = sqrt(2 / strength) / (2 pi R),    sigma(d) = d ** 2 sigma(k),

with the strength in units of the background's mean power. Where a planar fault breaks a
family, each side has an amplitude of its own and both share the frequency; one plane
wave for all would be drawn aside by the jump.
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

_REACH = 0.3
"""Farthest that a fault draws a peak aside, in cycles per radius. As far as
`domains` lets the phase ramp."""
_STARTS = 13
"""Starts along each axis, 0.05 cycles per radius apart: the nearest is within 0.035 of
the top, well inside it. A choice; time goes with their square."""
_STEPS = 6
"""Newton steps to the top. A choice: their error squares each time, so that a few
suffice once one is near."""
_LONGEST = 0.05
"""Longest step on the way to the top, in cycles per radius. A choice: as far as the
starts are apart, so that none leaves for another top."""
_FLATTEST = 0.05
"""Least bend of a peak's top, over that of a uniform disk. A choice that keeps
steps finite; a larger one would understate the uncertainty of a flat top."""
_MOMENT = 0.25
"""Mean square distance from the centre of a disk along one axis, in squared radii."""
_LEAST = 1e-12
"""Least power, bend and step that is divided by; guards a family without any."""
_LEAST_SIZE = 1e-9
"""Least number of samples that is divided by; guards a part without any."""


@dataclass(frozen=True, eq=False)
class BraggPeak:
    """A family of fringes with its frequency measured.

    Attributes
    ----------
    k_row, k_col : float
        Spatial frequency in cycles per pixel.
    covariance : ndarray, shape (2, 2)
        Of the two, from the background's noise alone.
    strength : float
        Peak power over the background's mean power there.
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
        """Length of the frequency vector."""
        return math.hypot(self.k_row, self.k_col)

    @property
    def spacing_px(self) -> float:
        """Distance of the planes."""
        return 1 / self.k_per_px

    @property
    def relative_sigma(self) -> float:
        """Standard uncertainty of the spacing over the spacing, from noise."""
        return self._sigma_along(self.k_row, self.k_col) / self.k_per_px

    @property
    def direction_sigma_deg(self) -> float:
        """Standard uncertainty of the planes' normal."""
        return math.degrees(self._sigma_along(-self.k_col, self.k_row) / self.k_per_px)

    def spacing_nm(
        self, pixel_size_nm: float, pixel_sigma: float = 0.0
    ) -> tuple[float, float]:
        """Tell the spacing and its standard uncertainty.

        Parameters
        ----------
        pixel_size_nm : float
            Edge of a pixel.
        pixel_sigma : float
            Its relative standard uncertainty, added in squares.
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
class Followed:
    """A family as it was found, with what it takes to measure it.

    Attributes
    ----------
    family : Family
        With its demodulated cells.
    sizes : ndarray of float32, shape (n_cells,)
        Effective number of samples in each cell.
    noise : float
        Mean power of the background per sample at the family.
    radius_px : float
        Of the circle.
    """

    family: Family
    sizes: NDArray[np.float32]
    noise: float
    radius_px: float

    @property
    def turns_per_k(self) -> float:
        """Radians per radius that a frequency of 1 per pixel makes."""
        return 2 * math.pi * self.radius_px

    def parts(self, sides: Sequence[NDArray[np.bool_]]) -> list[_Part]:
        """Take the cells of each side by themselves."""
        cells = self.family.cells.ravel()
        return [_Part(cells[side], self.sizes[side], places()[side]) for side in sides]


def measure(followed: Followed, sides: Sequence[NDArray[np.bool_]]) -> BraggPeak:
    """Measure the frequency of a family, and how sure it is.

    Parameters
    ----------
    followed : Followed
        The family.
    sides : sequence of ndarray of bool, shape (n_cells,)
        Parts of the disk with an amplitude of their own; one part for a family that
        nothing breaks.
    """
    parts, family = followed.parts(sides), followed.family
    turn = _start(parts) if len(parts) > 1 else np.zeros(2)
    for _ in range(_STEPS):
        slope, bend = _derivatives(parts, turn)
        step = np.linalg.solve(bend, slope)
        step *= min(1.0, 2 * np.pi * _LONGEST / max(float(np.hypot(*step)), _LEAST))
        turn = turn + step
    inverse = np.linalg.inv(_derivatives(parts, turn)[1])
    tilt = followed.noise / 2 * sum(part.tilt(turn) for part in parts)
    shift = turn / followed.turns_per_k
    return BraggPeak(
        family.k_row + float(shift[0]),
        family.k_col + float(shift[1]),
        np.asarray(inverse @ tilt @ inverse / followed.turns_per_k**2),
        family.strength,
        family.contrast,
    )


def step_across(
    followed: Followed, peak: BraggPeak, sides: Sequence[NDArray[np.bool_]]
) -> tuple[tuple[float, float], float]:
    """Measure the phase of a family on either side of a line, and how sure its step is.

    Parameters
    ----------
    followed : Followed
        The family.
    peak : BraggPeak
        Its frequency, the reference of the phase.
    sides : sequence of ndarray of bool, shape (n_cells,)
        Cells before and cells behind the line.

    Returns
    -------
    tuple of float
        Phase before and behind the line, relative to the circle's centre, -pi to pi.
    float
        Standard uncertainty of their difference; all in radians.
    """
    family = followed.family
    shift = np.array([peak.k_row - family.k_row, peak.k_col - family.k_col])
    sums, middles, variance = [], [], 0.0
    for part in followed.parts(sides):
        total, first, _ = part.moments(followed.turns_per_k * shift)
        power = max(abs(total) ** 2, _LEAST)
        sums.append(total)
        middles.append((np.conj(total) * first).real / power)
        variance += followed.noise / 2 * part.size / power
    lever = followed.turns_per_k * (middles[1] - middles[0])
    variance += float(lever @ peak.covariance @ lever)
    before, behind = (float(np.angle(total)) for total in sums)
    return (before, behind), math.sqrt(variance)


@lru_cache(maxsize=1)
def places() -> NDArray[np.float64]:
    """Row and column of each cell in radii, shape (n_cells, 2)."""
    row, col = np.meshgrid(cell_radii(), cell_radii(), indexing="ij")
    return np.stack([row.ravel(), col.ravel()], axis=1)


@lru_cache(maxsize=1)
def turns_tried() -> NDArray[np.float64]:
    """List the turns that are tried, in radians per radius, shape (n_turns, 2)."""
    axis = 2 * np.pi * np.linspace(-_REACH, _REACH, _STARTS)
    return np.array([(row, col) for row in axis for col in axis])


@dataclass(frozen=True, eq=False)
class _Part:
    """Cells that share one amplitude; turns are in radians per radius."""

    cells: NDArray[np.complex64]
    sizes: NDArray[np.float32]
    places: NDArray[np.float64]

    @property
    def size(self) -> float:
        return max(float(self.sizes.sum()), _LEAST_SIZE)

    def moments(
        self, turn: NDArray[np.float64]
    ) -> tuple[complex, NDArray[np.complexfloating], NDArray[np.complexfloating]]:
        """Sum the turned cells times 1, place, and place squared."""
        turned = self.cells * np.exp(-1j * self.places @ turn)
        second = (self.places * turned[:, None]).T @ self.places
        return complex(turned.sum()), turned @ self.places, second

    def tilt(self, turn: NDArray[np.float64]) -> NDArray[np.float64]:
        """Covariance of half the slope, for complex noise of power 2 a sample."""
        total, first, _ = self.moments(turn)
        lever = np.conj(total) * self.places - np.conj(first)
        spread = (lever.conj() * self.sizes[:, None]).T @ lever
        return np.asarray(spread.real / self.size**2)


def _derivatives(
    parts: Sequence[_Part], turn: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Half the slope of the explained energy and, kept above 0, half its bend down."""
    slope, bend, energy = np.zeros(2), np.zeros((2, 2)), 0.0
    for part in parts:
        total, first, second = part.moments(turn)
        slope += (np.conj(total) * first).imag / part.size
        curved = np.conj(total) * second - np.outer(np.conj(first), first)
        bend += curved.real / part.size
        energy += abs(total) ** 2 / part.size
    value, axes = np.linalg.eigh(bend)
    value = np.maximum(value, max(_FLATTEST * _MOMENT * energy, _LEAST))
    return slope, np.asarray(axes * value @ axes.T)


def _start(parts: Sequence[_Part]) -> NDArray[np.float64]:
    """Find the turn on a coarse grid under which the parts explain most."""
    turns = turns_tried()
    energy = sum(
        np.abs(np.exp(-1j * turns @ part.places.T) @ part.cells) ** 2 / part.size
        for part in parts
    )
    return np.asarray(turns[int(np.argmax(energy))])
