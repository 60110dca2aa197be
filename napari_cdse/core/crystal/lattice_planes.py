"""Lattice planes of cadmium selenide, from its lattice constants and its atoms.

Spacings follow from the cell, and which planes reflect at all follows from where the
atoms sit in it: the kinematic structure factor (International Tables B, 1.2) with
each atom weighted by its atomic number. Zinc blende keeps unmixed indices only, and
wurtzite loses hh-2hl with odd l and others of its special positions. In dots of few
nanometres hardly anything is scattered twice, so absent planes stay absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.crystal.lattice import Structure

ZINC_BLENDE_A_NM = 0.6052
"""Edge of zinc blende's cubic cell in nm, from which PDF 19-191's spacings follow."""
WURTZITE_A_NM = 0.4299
"""Short edge of wurtzite's hexagonal cell in nm, that of PDF 8-459."""
WURTZITE_C_NM = 0.7010
"""Long edge of the same cell in nm, that of PDF 8-459."""
_WURTZITE_U = 0.375
"""Height of selenium above cadmium in c; that of ideal tetrahedra."""
_CD, _SE = 48.0, 34.0
"""Atomic numbers, which stand for how strongly each atom scatters."""
_ABSENT = 1e-6
"""Structure factor over that of all atoms in phase, below which planes are absent; only
rounding is below it."""

LATTICE_SCATTER = 0.01
"""Scatter of a dot's fringe spacings about those of bulk CdSe, relative.

Strain, a tilted zone axis and the lens shift the fringes of a small crystal (Malm and
O'Keefe, Ultramicroscopy 68, 1997), whatever the noise is. Of the visible fringes of
multislice-simulated dots, tilted and faulted ones too, 68 % lie within 0.9 %.
"""
WITHIN_SIGMAS = 2.0
"""Planes farther off than this many standard uncertainties do not fit. At 2 a right
one is listed 95 times in 100; a choice, more sigmas list more planes that are wrong."""


@dataclass(frozen=True, slots=True)
class Planes:
    """A family of equivalent lattice planes that reflects.

    Attributes
    ----------
    structure : {"zinc blende", "wurtzite"}
    indices : tuple of int
        Miller indices h, k, l.
    spacing_nm : float
    """

    structure: Structure
    indices: tuple[int, int, int]
    spacing_nm: float

    @property
    def name(self) -> str:
        """Indices in braces, which stand for all equivalent planes."""
        return "{{{}{}{}}}".format(*self.indices)


@dataclass(frozen=True, slots=True)
class _Crystal:
    structure: Structure
    cell_nm: tuple[tuple[float, float, float], ...]
    atoms: tuple[tuple[float, tuple[float, float, float]], ...]


def _zinc_blende() -> _Crystal:
    a = ZINC_BLENDE_A_NM
    corners = ((0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0))
    cadmium = [(_CD, corner) for corner in corners]
    selenium = [(_SE, (x + 0.25, y + 0.25, z + 0.25)) for x, y, z in corners]
    cell = ((a, 0.0, 0.0), (0.0, a, 0.0), (0.0, 0.0, a))
    return _Crystal("zinc blende", cell, (*cadmium, *selenium))


def _wurtzite() -> _Crystal:
    a, c = WURTZITE_A_NM, WURTZITE_C_NM
    places = ((1 / 3, 2 / 3, 0.0), (2 / 3, 1 / 3, 0.5))
    cadmium = [(_CD, place) for place in places]
    selenium = [(_SE, (x, y, z + _WURTZITE_U)) for x, y, z in places]
    cell = ((a, 0.0, 0.0), (-a / 2, a * np.sqrt(3) / 2, 0.0), (0.0, 0.0, c))
    return _Crystal("wurtzite", cell, (*cadmium, *selenium))


def planes_of_cdse(shortest_nm: float) -> tuple[Planes, ...]:
    """List the planes of both structures that reflect, widest spacing first.

    Parameters
    ----------
    shortest_nm : float
        Spacings down to this one.
    """
    return _planes(round(shortest_nm, 4))


@lru_cache(maxsize=8)
def _planes(shortest_nm: float) -> tuple[Planes, ...]:
    found = [
        planes
        for crystal in (_zinc_blende(), _wurtzite())
        for planes in _reflecting(crystal, shortest_nm)
    ]
    return tuple(sorted(found, key=lambda planes: -planes.spacing_nm))


def fitting(
    spacing_nm: float, sigma_nm: float, shortest_nm: float
) -> tuple[Planes, ...]:
    """List all planes that a measured spacing can be, the nearest first.

    The measurement's uncertainty and `LATTICE_SCATTER` are added in squares.

    Parameters
    ----------
    spacing_nm, sigma_nm : float
        A spacing and its standard uncertainty.
    shortest_nm : float
        End of the band in which fringes are looked for.
    """
    reach = WITHIN_SIGMAS * np.hypot(sigma_nm, LATTICE_SCATTER * spacing_nm)
    near = [
        planes
        for planes in planes_of_cdse(shortest_nm)
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
        if not _stands_for_all(crystal.structure, indices) or not any(indices):
            continue
        spacing = 1 / float(np.linalg.norm(np.array(indices) @ reciprocal))
        if spacing >= shortest_nm and _reflects(crystal, np.array(indices)):
            found.append(Planes(crystal.structure, indices, spacing))
    return found


def _stands_for_all(structure: Structure, indices: tuple[int, int, int]) -> bool:
    """Choose one of the equivalent indices: descending, for hexagonal h and k."""
    h, k, l_ = indices
    return h >= k and (structure == "wurtzite" or k >= l_)


def _reflects(crystal: _Crystal, indices: NDArray[np.int_]) -> bool:
    """Whether the waves from all atoms of the cell do not cancel."""
    numbers = np.array([number for number, _ in crystal.atoms])
    places = np.array([place for _, place in crystal.atoms])
    factor = numbers @ np.exp(2j * np.pi * places @ indices)
    return bool(abs(factor) > _ABSENT * numbers.sum())
