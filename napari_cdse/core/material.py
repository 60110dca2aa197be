"""The crystal that particles are made of, where it is not CdSe."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from napari_cdse.core.errors import ParameterError

LatticeKind = Literal["tetrahedral", "rock salt", "fcc"]
"""``tetrahedral`` is zinc blende and wurtzite, which dots stack in any order."""
SHORTEST_NM, LONGEST_NM = 0.1, 1.0
"""Distances of atoms and layers that are taken: no crystal of dots has others, and a
length in angstrom or pm falls outside."""
_LONGEST_NAME = 40
"""Letters; it stands in sentences and tables."""
SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn "
    "Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce "
    "Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At "
    "Rn Fr Ra Ac Th Pa U"
).split()
"""Of the elements, by atomic number from 1."""


@dataclass(frozen=True, slots=True)
class Material:
    """A crystal as a stack of close-packed layers, as `simulate` describes one.

    Attributes
    ----------
    name : str
        What it is called in sentences.
    lattice : {"tetrahedral", "rock salt", "fcc"}
    cation, anion : str
        Symbols of the elements; ``fcc`` has no anion.
    in_plane_nm : float
        Distance of neighbours within a layer: the edge of a cubic cell over the root
        of 2, the short edge of wurtzite's.
    layer_nm : float
        Distance of layers: the edge of a cubic cell over the root of 3, half the long
        edge of wurtzite's.
    """

    name: str
    lattice: LatticeKind
    cation: str
    anion: str
    in_plane_nm: float
    layer_nm: float

    def __post_init__(self) -> None:
        """Refuse what is no crystal."""
        for sentence, wrong in self._problems().items():
            if wrong:
                raise ParameterError(f"The lattice {self.name[:40]!r}: {sentence}.")

    @property
    def numbers(self) -> tuple[int, int]:
        """Atomic numbers of cation and anion; 0 where there is no anion."""
        cation = SYMBOLS.index(self.cation) + 1
        fcc = self.lattice == "fcc"
        return cation, 0 if fcc else SYMBOLS.index(self.anion) + 1

    def _problems(self) -> dict[str, bool]:
        lengths = (self.in_plane_nm, self.layer_nm)
        kinds = get_args(LatticeKind)
        known = [self.cation] if self.lattice == "fcc" else [self.cation, self.anion]
        return {
            "give it a name of up to 40 letters": not 0
            < len(self.name.strip())
            <= _LONGEST_NAME
            or not self.name.isprintable(),
            f"choose one of {', '.join(kinds)}": self.lattice not in kinds,
            "write symbols of elements for cation and anion": not set(known)
            <= set(SYMBOLS),
            f"in_plane_nm and layer_nm must lie between {SHORTEST_NM:g} and "
            f"{LONGEST_NM:g} nm": not all(
                math.isfinite(each) and SHORTEST_NM <= each <= LONGEST_NM
                for each in lengths
            ),
        }
