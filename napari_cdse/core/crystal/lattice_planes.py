"""Lattice planes of CdSe or another lattice, from lattice constants and atoms.

Spacings follow from the cell, and which planes reflect at all from the positions of the
atoms in it: the kinematic structure factor (International Tables B, 1.2), with each
atom weighted by its atomic number. In zinc blende only unmixed indices reflect; in
wurtzite hh-2hl with odd l and some others do not. In dots of a few nanometres multiple
scattering is weak, so forbidden reflections stay invisible.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations, product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.crystal.lattice import Structure
    from napari_cdse.core.material import Material

ZINC_BLENDE_A_NM = 0.6052
"""Edge of zinc blende's cubic cell in nm, from which PDF 19-191's spacings follow."""
WURTZITE_A_NM = 0.4299
"""Short edge of wurtzite's hexagonal cell in nm, that of PDF 8-459."""
WURTZITE_C_NM = 0.7010
"""Long edge of the same cell in nm, that of PDF 8-459."""
_WURTZITE_U = 0.375
"""Height of selenium above cadmium along c, in units of c; that of ideal tetrahedra."""
_CD, _SE = 48.0, 34.0
"""Atomic numbers, in place of scattering factors."""
_ABSENT = 1e-6
"""Structure factor, over the sum of all atoms, up to which a reflection is forbidden:
only rounding is left of it."""

LATTICE_SCATTER = 0.01
"""Relative standard deviation of a dot's fringe spacings about those of bulk CdSe.

Strain, a tilted zone axis and the lens shift the fringes of a small crystal (Malm and
O'Keefe, Ultramicroscopy 68, 1997), in addition to noise. Of the visible fringes of dots
simulated by multislice, tilted and faulted ones among them, 68 % lie within 0.9 %.
"""
WITHIN_SIGMAS = 2.0
"""Largest deviation of planes that fit a measured spacing, in standard uncertainties. A
choice: at 2 the right ones are listed in 95 % of cases; more lists more wrong ones."""


@dataclass(frozen=True, slots=True)
class Planes:
    """A family of equivalent lattice planes whose reflection is not forbidden.

    Attributes
    ----------
    structure : {"zinc blende", "wurtzite"}
    indices : tuple of int
        Miller indices h, k, l.
    spacing_nm : float
    structure_factor : float
        Kinematic, with atomic numbers as scattering factors.
    multiplicity : int
        Number of equivalent planes, hkl and -h-k-l counted separately.
    """

    structure: Structure
    indices: tuple[int, int, int]
    spacing_nm: float
    structure_factor: float = 0.0
    multiplicity: int = 1

    @property
    def name(self) -> str:
        """Indices in braces, which stand for all equivalent planes."""
        return "{{{}{}{}}}".format(*self.indices)


@dataclass(frozen=True, slots=True)
class _Crystal:
    structure: Structure
    cell_nm: tuple[tuple[float, float, float], ...]
    atoms: tuple[tuple[float, tuple[float, float, float]], ...]


_CORNERS = ((0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0))
"""Positions of the atoms of a face-centred cubic cell, in edges."""


def _cubic(
    structure: Structure, edge_nm: float, atoms: tuple[float, float], shift: float
) -> _Crystal:
    """Two face-centred cubic lattices, the second shifted along the space diagonal."""
    first, second = atoms
    shifted = [(x + shift, y + shift, z + shift) for x, y, z in _CORNERS]
    places = [(first, corner) for corner in _CORNERS]
    places += [(second, corner) for corner in shifted if second]
    cell = ((edge_nm, 0.0, 0.0), (0.0, edge_nm, 0.0), (0.0, 0.0, edge_nm))
    return _Crystal(structure, cell, tuple(places))


def _wurtzite(a: float, c: float, atoms: tuple[float, float]) -> _Crystal:
    cation, anion = atoms
    places = ((1 / 3, 2 / 3, 0.0), (2 / 3, 1 / 3, 0.5))
    cations = [(cation, place) for place in places]
    anions = [(anion, (x, y, z + _WURTZITE_U)) for x, y, z in places]
    cell = ((a, 0.0, 0.0), (-a / 2, a * np.sqrt(3) / 2, 0.0), (0.0, 0.0, c))
    return _Crystal("wurtzite", cell, (*cations, *anions))


def _crystals(material: Material | None) -> tuple[_Crystal, ...]:
    """Build the unit cells of all structures of a material; of CdSe without one."""
    if material is None:
        return (
            _cubic("zinc blende", ZINC_BLENDE_A_NM, (_CD, _SE), 0.25),
            _wurtzite(WURTZITE_A_NM, WURTZITE_C_NM, (_CD, _SE)),
        )
    cation, anion = material.numbers
    atoms = float(cation), float(anion)
    edge = material.layer_nm * np.sqrt(3)
    if material.lattice == "tetrahedral":
        return (
            _cubic("zinc blende", edge, atoms, 0.25),
            _wurtzite(material.in_plane_nm, 2 * material.layer_nm, atoms),
        )
    return (_cubic(material.lattice, edge, atoms, 0.5),)


def planes_of(material: Material | None, shortest_nm: float) -> tuple[Planes, ...]:
    """List the planes of all structures that reflect, widest spacing first.

    Parameters
    ----------
    material : Material or None
        The lattice; None for CdSe. The edge of a cubic cell follows from the distance
        of its layers, the spacing of {111}.
    shortest_nm : float
        Shortest spacing that is listed.
    """
    return _planes(material, round(shortest_nm, 4))


@lru_cache(maxsize=16)
def _planes(material: Material | None, shortest_nm: float) -> tuple[Planes, ...]:
    found = [
        planes
        for crystal in _crystals(material)
        for planes in _reflecting(crystal, shortest_nm)
    ]
    return tuple(sorted(found, key=lambda planes: -planes.spacing_nm))


def planes_fitting(
    spacing_nm: float,
    sigma_nm: float,
    shortest_nm: float,
    material: Material | None = None,
) -> tuple[Planes, ...]:
    """List all planes whose spacing fits a measured one, the nearest first.

    The measurement's uncertainty and `LATTICE_SCATTER` are added in quadrature.

    Parameters
    ----------
    spacing_nm, sigma_nm : float
        A spacing and its standard uncertainty.
    shortest_nm : float
        End of the band in which fringes are looked for.
    material : Material, optional
        The lattice; CdSe without it.
    """
    reach = WITHIN_SIGMAS * np.hypot(sigma_nm, LATTICE_SCATTER * spacing_nm)
    near = [
        planes
        for planes in planes_of(material, shortest_nm)
        if abs(planes.spacing_nm - spacing_nm) <= reach
    ]
    return tuple(sorted(near, key=lambda p: abs(p.spacing_nm - spacing_nm)))


def _reflecting(crystal: _Crystal, shortest_nm: float) -> list[Planes]:
    cell = np.array(crystal.cell_nm)
    reciprocal = np.linalg.inv(cell).T
    most = int(np.linalg.norm(cell, axis=1).max() / shortest_nm) + 1
    found = []
    for h, k, l_ in product(range(most + 1), repeat=3):
        indices = (h, k, l_)
        if not _is_representative(crystal.structure, indices) or not any(indices):
            continue
        spacing = 1 / float(np.linalg.norm(np.array(indices) @ reciprocal))
        factor = _structure_factor(crystal, np.array(indices))
        if spacing >= shortest_nm and factor:
            times = _multiplicity(crystal.structure, indices)
            found.append(Planes(crystal.structure, indices, spacing, factor, times))
    return found


def _is_representative(structure: Structure, indices: tuple[int, int, int]) -> bool:
    """Whether these are listed of all equivalent indices: the descending ones.

    Of wurtzite's only h and k are exchanged, so only these need to descend.
    """
    h, k, l_ = indices
    return h >= k and (structure == "wurtzite" or k >= l_)


def _multiplicity(structure: Structure, indices: tuple[int, int, int]) -> int:
    """Count the equivalent planes, hkl and -h-k-l separately."""
    h, k, l_ = indices
    if structure == "wurtzite":
        around = 1 if h == k == 0 else 6 if k == 0 or h == k else 12
        return around * (1 if l_ == 0 else 2)
    signs: int = 2 ** sum(each != 0 for each in indices)
    return len(set(permutations(indices))) * signs


def _structure_factor(crystal: _Crystal, indices: NDArray[np.int_]) -> float:
    """Sum the waves from all atoms of the cell; 0 where they cancel."""
    numbers = np.array([number for number, _ in crystal.atoms])
    places = np.array([place for _, place in crystal.atoms])
    factor = numbers @ np.exp(2j * np.pi * places @ indices)
    return float(abs(factor)) if abs(factor) > _ABSENT * numbers.sum() else 0.0
