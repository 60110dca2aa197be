"""Reflections of a user-defined lattice, for search bands and the pixel-size estimate.

For CdSe they are those of the powder diffraction file (`REFLECTIONS`). For others they
follow from the cell and its atoms: the kinematic intensity of the powder pattern is the
structure factor squared times multiplicity times the Lorentz and polarization factor
(B. E. Warren, X-ray Diffraction, Dover (1990), chapter 4), at the wavelength of the
powder diffraction file, copper's K alpha. Atomic numbers stand for scattering factors;
their decrease with angle is left to the falloffs that the estimate tries.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from napari_cdse.core.crystal.lattice import REFLECTIONS, Reflection
from napari_cdse.core.crystal.lattice_planes import planes_of
from napari_cdse.core.features.sampling import BAND_PER_NM

if TYPE_CHECKING:
    from napari_cdse.core.crystal.lattice_planes import Planes
    from napari_cdse.core.material import Material

_WAVELENGTH_NM = 0.15418
"""Copper's K alpha in nm, with which the powder diffraction file was measured."""
_FINEST = 0.49
"""Ratio of the shortest to the longest spacing that is listed, as in CdSe's list
(0.1825 over 0.3723 nm). A choice; finer ones are weak in HRTEM and lie closer
together."""
_WEAKEST = 1.0
"""Least intensity that is listed, where the strongest has 100. A choice: CdSe's list
goes down to 2; fringes of weaker reflections are rarer than those of no reflection."""
_CDSE_BAND_NM = (0.17, 0.45)
"""Shortest and longest spacing of fringes in the search for CdSe particles, in nm: the
defaults of `napari_cdse.core.params.DetectionParams`."""
ROOM_BELOW, ROOM_ABOVE = 0.1825 / _CDSE_BAND_NM[0], _CDSE_BAND_NM[1] / 0.3723
"""Margins of the search band beyond the finest and coarsest reflection, as ratios:
those of CdSe, whose reflections from 0.1825 to 0.3723 nm are searched from 0.17 to 0.45
nm."""


@lru_cache(maxsize=8)
def reflections_of(material: Material | None) -> tuple[Reflection, ...]:
    """List the reflections of a lattice that HRTEM can show, of CdSe without one.

    Parameters
    ----------
    material : Material or None
        None for CdSe.
    """
    if material is None:
        return REFLECTIONS
    longest = max(_spacings(material))
    planes = [
        each
        for each in planes_of(material, round(_FINEST * longest, 4))
        if each.structure_factor > 0
    ]
    found: list[Reflection] = []
    for structure in dict.fromkeys(each.structure for each in planes):
        mine = [each for each in planes if each.structure == structure]
        strongest = max(map(_intensity, mine))
        found += [
            Reflection(each.name, structure, each.spacing_nm, intensity)
            for each in mine
            if (intensity := 100 * _intensity(each) / strongest) >= _WEAKEST
        ]
    return tuple(found)


def band_of(material: Material) -> tuple[float, float]:
    """Shortest and longest spacing of fringes, in nm, with room beyond the lines."""
    spacings = [each.spacing_nm for each in reflections_of(material)]
    return min(spacings) / ROOM_BELOW, max(spacings) * ROOM_ABOVE


def fringe_band_per_nm(material: Material | None) -> tuple[float, float]:
    """Lowest and highest frequency at which a particle is analysed, in cycles per nm.

    It is wider than the search band (`band_of`), for all lattices by the same ratios.

    Parameters
    ----------
    material : Material or None
        None for CdSe.
    """
    if material is None:
        return BAND_PER_NM
    shortest, longest = band_of(material)
    return (
        BAND_PER_NM[0] * _CDSE_BAND_NM[1] / longest,
        BAND_PER_NM[1] * _CDSE_BAND_NM[0] / shortest,
    )


def shortest_spacing_nm(material: Material | None) -> float:
    """Shortest spacing in nm at which a particle is analysed."""
    return 1 / fringe_band_per_nm(material)[1]


def _spacings(material: Material) -> list[float]:
    """Spacings in nm of the planes of a lattice, down to half its shorter distance."""
    shortest = min(material.in_plane_nm, material.layer_nm) / 2
    return [each.spacing_nm for each in planes_of(material, round(shortest, 4))]


def _intensity(planes: Planes) -> float:
    sine = _WAVELENGTH_NM / (2 * planes.spacing_nm)
    angle = math.asin(min(sine, 0.999))
    polarized = 1 + math.cos(2 * angle) ** 2
    lorentz = polarized / (math.sin(angle) ** 2 * math.cos(angle))
    return planes.multiplicity * planes.structure_factor**2 * lorentz
