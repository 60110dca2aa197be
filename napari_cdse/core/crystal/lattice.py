"""Reflections of cadmium selenide, and a prior for the spacings of fringes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Structure = Literal["zinc blende", "wurtzite", "rock salt", "fcc"]

STRAIN = 0.035
"""Standard deviation of ln(spacing) about a reflection: strain, small size, tilt, error
of the calibration. A choice: a smaller one misses fringes where the pixel size is 5 %
off, a larger one merges the reflections of wurtzite, 6 % apart."""

ANY_LATTICE = 0.03
"""Share of fringes that belong to no reflection, spread evenly over the band. A choice:
a larger one lets more speckle pass, a smaller one hides other lattices."""

_SCAN_POINTS = 400
"""Spacings among which the highest density is sought; a choice: about 0.3 % apart, a
tenth of `STRAIN`."""
_LEAST_PER_PX = 1e-9
"""Least frequency in cycles per px that is divided by, instead of 0."""


@dataclass(frozen=True, slots=True)
class Reflection:
    """One set of lattice planes.

    ``intensity`` is that of the powder pattern with X-rays, strongest line 100; those
    of CdSe are from PDF 19-191 (zinc blende) and 8-459 (wurtzite).
    """

    name: str
    structure: Structure
    spacing_nm: float
    intensity: float


REFLECTIONS: tuple[Reflection, ...] = (
    Reflection("{111}", "zinc blende", 0.3494, 100.0),
    Reflection("{200}", "zinc blende", 0.3026, 2.0),
    Reflection("{220}", "zinc blende", 0.2140, 55.0),
    Reflection("{311}", "zinc blende", 0.1825, 25.0),
    Reflection("(100)", "wurtzite", 0.3723, 100.0),
    Reflection("(002)", "wurtzite", 0.3505, 70.0),
    Reflection("(101)", "wurtzite", 0.3288, 75.0),
    Reflection("(102)", "wurtzite", 0.2552, 25.0),
    Reflection("(110)", "wurtzite", 0.2150, 85.0),
    Reflection("(103)", "wurtzite", 0.1979, 70.0),
)


def spacing_density(
    spacing_nm: NDArray[np.float64],
    band_nm: tuple[float, float],
    falloff: float = 4.0,
    reflections: Sequence[Reflection] = REFLECTIONS,
) -> NDArray[np.float64]:
    """Probability density of the spacing of a fringe, per unit of ln(spacing).

    It is a mixture of one normal distribution for each reflection, weighted by the
    powder intensity times the fourth power of the spacing: electron scattering falls
    more steeply than the form factor of X-rays (Mott, Proc. R. Soc. A 127, 1930).
    Another power applies where the lens passes fine spacings better than coarse ones. A
    small share is spread evenly over the band, so that other lattices and rare
    reflections are found too, if they are strong.

    Parameters
    ----------
    spacing_nm : ndarray
        Any shape.
    band_nm : tuple of float
        Shortest and longest spacing.
    falloff : float
        Power of the spacing that the powder intensities are multiplied by.
    reflections : sequence of Reflection
        Of the lattice; those of CdSe without them.
    """
    log = np.log(np.asarray(spacing_nm, dtype=np.float64))
    lines = np.array([np.log(line.spacing_nm) for line in reflections])
    weights = np.array([r.intensity * r.spacing_nm**falloff for r in reflections])
    inside = (lines > np.log(band_nm[0])) & (lines < np.log(band_nm[1]))
    even = 1 / np.log(band_nm[1] / band_nm[0])
    if not inside.any():
        return np.full(log.shape, even)
    weights = np.where(inside, weights, 0) / weights[inside].sum()
    bells = np.exp(-(((log[..., None] - lines) / STRAIN) ** 2) / 2)
    density = bells @ weights / (STRAIN * np.sqrt(2 * np.pi))
    return np.asarray((1 - ANY_LATTICE) * density + ANY_LATTICE * even)


@dataclass(frozen=True, slots=True)
class FringePrior:
    """Prior of fringe frequencies, as a penalty subtracted from a log likelihood ratio.

    Attributes
    ----------
    band_nm : tuple of float
        Shortest and longest spacing.
    pixel_nm : float
        Edge of the pixel that frequencies are given for.
    lattice : bool
        False if the pixel size is not trusted: then all spacings are equally likely.
    reflections : tuple of Reflection
        Of the lattice.
    """

    band_nm: tuple[float, float]
    pixel_nm: float
    lattice: bool = True
    reflections: tuple[Reflection, ...] = REFLECTIONS

    def penalty(self, frequency: NDArray[np.float64]) -> NDArray[np.float64]:
        """Natural logarithm of the highest prior density over that at a frequency.

        Densities are per area of the frequency plane.

        Parameters
        ----------
        frequency : ndarray of float64
            In cycles per pixel of ``pixel_nm``.

        Returns
        -------
        ndarray of float64
            In the shape of ``frequency``; 0 or more.
        """
        if not self.lattice:
            return np.zeros(np.shape(frequency))
        scan = np.geomspace(*self.band_nm, _SCAN_POINTS)
        highest = (self._density(scan) * scan**2).max()
        spacing = self.pixel_nm / np.maximum(frequency, _LEAST_PER_PX)
        density = self._density(spacing) * spacing**2
        return np.asarray(np.log(highest / density))

    def _density(self, spacing_nm: NDArray[np.float64]) -> NDArray[np.float64]:
        return spacing_density(spacing_nm, self.band_nm, reflections=self.reflections)
