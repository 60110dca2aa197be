"""Masks of the dots: their projected outlines, and how far they overlap."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_ATOM_REACH_NM = 0.09
"""Radius in nm by which the projection of an atom is widened. Chosen."""
_CLOSING_NM = 0.35
"""Radius in nm of the morphological closing that joins atoms: about the largest lattice
spacing. Chosen."""


@dataclass(frozen=True, eq=False)
class Footprint:
    """Pixels under a dot.

    Attributes
    ----------
    rows, cols : ndarray of int, shape (n,)
        Of each pixel; some may be outside of the micrograph.
    """

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]

    @property
    def area_px(self) -> int:
        """Number of pixels."""
        return len(self.rows)

    @property
    def centre(self) -> tuple[float, float]:
        """Centre of area as (row, column)."""
        return float(self.rows.mean()), float(self.cols.mean())

    @property
    def radius_px(self) -> float:
        """Radius of the circle of the same area."""
        return math.sqrt(self.area_px / math.pi)

    def inside(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return which of the pixels are in a micrograph of (rows, columns)."""
        return (
            (self.rows >= 0)
            & (self.rows < shape[0])
            & (self.cols >= 0)
            & (self.cols < shape[1])
        )

    def visible_fraction(self, shape: tuple[int, int]) -> float:
        """Return the fraction of the pixels in a micrograph of (rows, columns)."""
        return float(self.inside(shape).mean())


def shadow(
    places_nm: NDArray[np.float64],
    pixel_size_nm: float,
    size_px: int,
    origin_px: tuple[float, float],
) -> NDArray[np.bool_]:
    """Project atoms on a square of pixels, and close the gaps between them.

    Parameters
    ----------
    places_nm : ndarray, shape (atoms, 3)
        x, y, z around the dot's origin.
    pixel_size_nm : float
        Edge of a pixel.
    size_px : int
        Edge of the square.
    origin_px : tuple of float
        Row and column of the dot's origin in the square.

    Returns
    -------
    ndarray of bool, shape (size_px, size_px)
    """
    cols = np.rint(places_nm[:, 0] / pixel_size_nm + origin_px[1]).astype(int)
    rows = np.rint(places_nm[:, 1] / pixel_size_nm + origin_px[0]).astype(int)
    empty = np.ones((size_px, size_px), bool)
    empty[rows.clip(0, size_px - 1), cols.clip(0, size_px - 1)] = False
    reach = (_ATOM_REACH_NM + _CLOSING_NM) / pixel_size_nm
    grown = ndimage.distance_transform_edt(empty) <= reach
    shrunk = ndimage.distance_transform_edt(grown) > _CLOSING_NM / pixel_size_nm
    mask: NDArray[np.bool_] = ndimage.binary_fill_holes(shrunk)
    return mask


def footprint(
    places_nm: NDArray[np.float64],
    pixel_size_nm: float,
    size_px: int,
    place_px: tuple[float, float],
) -> Footprint:
    """Return the pixels of the micrograph under a dot.

    Parameters
    ----------
    places_nm, pixel_size_nm, size_px
        As for `shadow`.
    place_px : tuple of float
        Row and column of the dot's origin in the micrograph.
    """
    corner = [math.floor(value) - size_px // 2 for value in place_px]
    origin = (place_px[0] - corner[0], place_px[1] - corner[1])
    rows, cols = np.nonzero(shadow(places_nm, pixel_size_nm, size_px, origin))
    return Footprint(rows + corner[0], cols + corner[1])


def instance_mask(
    prints: Sequence[Footprint], shape: tuple[int, int]
) -> NDArray[np.uint8]:
    """Give each pixel the number of its dot, from 1; later dots cover earlier ones."""
    mask = np.zeros(shape, np.uint8)
    for number, part in enumerate(prints, 1):
        keep = part.inside(shape)
        mask[part.rows[keep], part.cols[keep]] = number
    return mask


def overlap_fractions(prints: Sequence[Footprint]) -> list[float]:
    """Return the fraction of each footprint that others cover too."""
    sets = [set(zip(p.rows.tolist(), p.cols.tolist(), strict=True)) for p in prints]
    fractions = []
    for number, own in enumerate(sets):
        others = set().union(*(s for n, s in enumerate(sets) if n != number))
        fractions.append(len(own & others) / max(len(own), 1))
    return fractions
