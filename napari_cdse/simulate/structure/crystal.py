"""Atoms of one dot: a stack of layers, cut to the dot's outline.

Crystal axes: x along a close-packed row (<110> of the cubic lattices, <11-20> of
wurtzite), y in the layer across it, z along the stack.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.simulate.structure.stacking import third

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.simulate.params import Material
    from napari_cdse.simulate.structure.outline import Outline

SURFACE_NM = 0.25
"""Depth in nm up to which atoms belong to the surface. Chosen: less than a layer."""
_BOND = 0.75
"""Length of a tetrahedral bond along the stack, over the distance of layers."""
_EMPTY_SHARE = 0.04
"""Atoms of a layer, over those of the fullest one, up to which it is left out. Chosen:
layers of a few atoms at the ends would count as a stacking."""


@dataclass(frozen=True, eq=False)
class Crystal:
    """Atoms in the laboratory's frame, centred on the dot.

    Attributes
    ----------
    places_nm : ndarray, shape (atoms, 3)
        x (columns), y (rows) and z (along the beam).
    is_anion, is_surface : ndarray of bool, shape (atoms,)
    layers : ndarray of int, shape (atoms,)
        Index of each atom's layer in ``stacking``.
    stacking : str
        Letters of the layers.
    middle_nm : float
        Position of the middle of the stack along it, from the dot's centre.
    """

    places_nm: NDArray[np.float64]
    is_anion: NDArray[np.bool_]
    is_surface: NDArray[np.bool_]
    layers: NDArray[np.int64]
    stacking: str
    middle_nm: float

    def layer_weights(self) -> list[float]:
        """Return the number of atoms of each layer."""
        counts = np.bincount(self.layers, minlength=len(self.stacking))
        return [float(count) for count in counts]


def layers_for(material: Material, extent_nm: float) -> int:
    """Return the number of layers that fill a length along the stack."""
    return math.ceil(extent_nm / material.layer_nm) + 2


def cut(
    material: Material,
    stacking: str,
    rotation: NDArray[np.float64],
    outline: Outline,
    middle_nm: float = 0.0,
) -> Crystal:
    """Cut a dot out of a stack of layers.

    Parameters
    ----------
    material : Material
        Lattice and elements.
    stacking : str
        Letters of the layers from bottom to top.
    rotation : ndarray, shape (3, 3)
        Laboratory axes in rows, crystal axes in columns.
    outline : Outline
        Outline of the dot.
    middle_nm : float, optional
        Position of the stack's middle along it, from the dot's centre.

    Returns
    -------
    Crystal
        With the stacking of those layers alone that have atoms.
    """
    crystal, anion, layer = _block(material, stacking, outline.reach_nm, middle_nm)
    places = crystal @ rotation.T
    depth = outline.depth_nm(places, crystal)
    counts = np.bincount(layer[depth > 0], minlength=len(stacking))
    filled = np.flatnonzero(counts > _EMPTY_SHARE * counts.max())
    first, last = int(filled[0]), int(filled[-1])
    keep = (depth > 0) & (layer >= first) & (layer <= last)
    off_middle = (first + last - (len(stacking) - 1)) / 2
    return Crystal(
        places[keep],
        anion[keep],
        depth[keep] < SURFACE_NM,
        layer[keep] - first,
        stacking[first : last + 1],
        middle_nm + off_middle * material.layer_nm,
    )


def _block(
    material: Material, stacking: str, reach_nm: float, middle_nm: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """Return places, whether anion, and layer of all atoms in the crystal's frame."""
    sheet = _sheet(material.in_plane_nm, reach_nm)
    parts = []
    for number, letter in enumerate(stacking):
        height = (number - (len(stacking) - 1) / 2) * material.layer_nm + middle_nm
        after = stacking[number + 1] if number + 1 < len(stacking) else None
        for anion, lateral, rise in _basis(material, letter, after):
            place = sheet + np.array([*_shift(material, lateral), height + rise])
            parts.append((place, anion, number))
    places = np.concatenate([place for place, _, _ in parts])
    sizes = [len(place) for place, _, _ in parts]
    anions = np.repeat([anion for _, anion, _ in parts], sizes)
    layers = np.repeat([number for _, _, number in parts], sizes)
    return places, anions, layers


def _basis(
    material: Material, letter: str, after: str | None
) -> list[tuple[bool, str, float]]:
    """Return for each atom of a layer: whether anion, lateral letter, height."""
    half = material.layer_nm / 2
    if material.lattice == "fcc":
        return [(False, letter, 0.0)]
    if material.lattice == "rock salt":
        between = third(letter, after or "ABCA"["ABC".index(letter) + 1])
        return [(False, letter, -half / 2), (True, between, half / 2)]
    bond = _BOND * material.layer_nm
    return [(False, letter, -bond / 2), (True, letter, bond / 2)]


def _shift(material: Material, letter: str) -> tuple[float, float]:
    step = "ABC".index(letter) * material.in_plane_nm / math.sqrt(3)
    return 0.0, step


def _sheet(spacing: float, reach: float) -> NDArray[np.float64]:
    """Return the places of a close-packed layer over a disk, shape (atoms, 3)."""
    count = math.ceil(reach / spacing * 1.2) + 2
    i, j = np.mgrid[-count : count + 1, -count : count + 1].astype(float)
    x = spacing * (i + j / 2).ravel()
    y = spacing * (j * math.sqrt(3) / 2).ravel()
    near = np.hypot(x, y) < reach + spacing
    return np.stack([x[near], y[near], np.zeros(int(near.sum()))], axis=1)
