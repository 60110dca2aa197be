"""Reflections of a lattice of the user's own, for bands and the pixel-size estimate.

For CdSe they are those of the powder diffraction file (`REFLECTIONS`). For others they
follow from cell and atoms: the kinematic intensity of the powder pattern, structure
factor squared times multiplicity times the Lorentz and polarization factor (B. E.
Warren, X-ray Diffraction, Dover (1990), chapter 4), with the wavelength of the cards,
copper's K alpha. Atoms scatter by their atomic number; that they do so less at larger
angles is left to the falloffs that the estimate tries.
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
"""Shortest spacing that is listed over the longest: that of CdSe's list, 0.1825 over
0.3723 nm. A choice; finer ones are weak in HRTEM and lie closer to each other."""
_WEAKEST = 1.0
"""Least intensity that is listed, the strongest being 100; weaker lines are rarer than
fringes of anything. A choice: CdSe's list goes down to 2."""
_CDSE_BAND_NM = (0.17, 0.45)
"""Shortest and longest spacing, in nm, of the fringes by which particles of CdSe are
looked for: what `napari_cdse.core.params.DetectionParams` begins with."""
ROOM_BELOW, ROOM_ABOVE = 0.1825 / _CDSE_BAND_NM[0], _CDSE_BAND_NM[1] / 0.3723
"""How far the band of fringes goes beyond the lines, as a ratio: as for CdSe, whose
lines from 0.1825 to 0.3723 nm lie in a band from 0.17 to 0.45 nm."""


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
    """Spatial frequencies in which a particle's fringes are looked for, in 1/nm.

    For another lattice it reaches as much farther than `band_of` as for CdSe.

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
    """Shortest spacing that is looked for in a particle."""
    return 1 / fringe_band_per_nm(material)[1]


def _spacings(material: Material) -> list[float]:
    """Spacings of all planes down to a third of the cell, which holds the longest."""
    shortest = min(material.in_plane_nm, material.layer_nm) / 2
    return [each.spacing_nm for each in planes_of(material, round(shortest, 4))]


def _intensity(planes: Planes) -> float:
    sine = _WAVELENGTH_NM / (2 * planes.spacing_nm)
    angle = math.asin(min(sine, 0.999))
    polarized = 1 + math.cos(2 * angle) ** 2
    lorentz = polarized / (math.sin(angle) ** 2 * math.cos(angle))
    return planes.multiplicity * planes.structure_factor**2 * lorentz
