"""Tell whether circles are parts of one large crystal rather than particles.

In a crystal that fills the view, or a film of many grains, detection finds circles side
by side. They are recognised by how much of the view they cover. In a small field,
however, one to ten particles may well cover most of it: there, circles are parts of one
crystal only if they show the same lattice in the same orientation, which particles on a
support do only by chance.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.crystal.reflections import fringe_band_per_nm
from napari_cdse.core.features.families import find_families
from napari_cdse.core.features.patch import cut
from napari_cdse.core.features.sampling import BAND_PER_NM
from napari_cdse.core.features.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.features.families import Family
    from napari_cdse.core.material import Material
    from napari_cdse.core.records import Circle, Micrograph

ONE_CRYSTAL = (
    "Lattice fringes cover most of the view; the circles are parts of one crystal "
    "rather than particles."
)
"""Notice for such a micrograph; its circles do not enter the defect fraction."""

COVERED_SHARE = 0.5
"""Share of the picture under circles from which they may be parts of one crystal. A
choice: dots side by side on a grid cover at most pi / 4 of it, and real fields of dots
less than a third."""

FEW = 10
"""Most circles that may be particles filling a small field, so that their lattices are
compared. A choice: in larger fields particles cover no more than a third, so that more
circles need no such test."""

SAME_SHARE = 2 / 3
"""Least share of the circles' area that shows the lattice of the strongest circle. A
choice: speckle hides it in some parts; less takes two dots that happen to be alike for
one crystal."""

STRONG_SHARE = 0.25
"""Least power of the family that shows it, over the strongest of the same circle. A
choice: thickness varies in a crystal, but side lobes of a peak are weaker."""

APART_RADII = 0.75
"""Largest distance of two frequencies that are the same one, times the radius of the
smaller circle: the main lobe of a disk's spectrum ends at 0.61 over its radius."""

_FAMILIES = 3
"""Strongest families compared of each circle. A choice: in most crystals no more stand
out of speckle."""


def covered_share(circles: Sequence[Circle], shape: tuple[int, ...]) -> float:
    """Share of a picture's area that is covered by circles, overlaps counted once."""
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    covered = np.zeros(shape, bool)
    for circle in circles:
        square = (rows - circle.row_px) ** 2 + (cols - circle.col_px) ** 2
        covered |= square <= circle.radius_px**2
    return float(covered.mean())


def are_one_crystal(
    micrograph: Micrograph,
    circles: Sequence[Circle],
    pixel_size_nm: float,
    material: Material | None = None,
) -> bool:
    """Tell whether circles are parts of one crystal that fills the view.

    Parameters
    ----------
    micrograph : Micrograph
        The picture they lie in.
    circles : sequence of Circle
        Strongest first.
    pixel_size_nm : float
        Edge of a pixel.
    material : Material, optional
        The lattice; CdSe without it.
    """
    area = sum(math.pi * circle.radius_px**2 for circle in circles)
    if len(circles) < 2 or area < COVERED_SHARE * micrograph.pixels.size:
        return False
    if covered_share(circles, micrograph.shape) < COVERED_SHARE:
        return False
    return len(circles) > FEW or _share_one_lattice(
        micrograph, circles, pixel_size_nm, fringe_band_per_nm(material)
    )


def _share_one_lattice(
    micrograph: Micrograph,
    circles: Sequence[Circle],
    pixel_size_nm: float,
    band_per_nm: tuple[float, float] = BAND_PER_NM,
) -> bool:
    around = Surroundings.of(micrograph, pixel_size_nm, band_per_nm)
    found = [find_families(cut(around, circle), _FAMILIES) for circle in circles]
    areas = np.array([circle.radius_px**2 for circle in circles])
    first = found[0][:1]
    alike = np.array(
        [
            bool(first)
            and _has_family(
                families, first[0], min(circle.radius_px, circles[0].radius_px)
            )
            for families, circle in zip(found, circles, strict=True)
        ]
    )
    # The first circle agrees with itself; the others decide.
    return bool(areas[1:][alike[1:]].sum() >= SAME_SHARE * areas[1:].sum())


def _has_family(families: Sequence[Family], wanted: Family, radius_px: float) -> bool:
    """Whether a strong family has the same spacing and direction as the wanted one."""
    return any(
        family.strength >= STRONG_SHARE * families[0].strength
        and _distance(family, wanted) * radius_px <= APART_RADII
        for family in families
    )


def _distance(one: Family, other: Family) -> float:
    same = math.hypot(one.k_row - other.k_row, one.k_col - other.k_col)
    turned = math.hypot(one.k_row + other.k_row, one.k_col + other.k_col)
    return min(same, turned)
