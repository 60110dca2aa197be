"""Whether circles are parts of one crystal rather than particles.

A crystal that fills the view is peeled into circles side by side. So is a film of many
grains. In a small field, though, one to ten particles may well cover most of it: there,
circles are parts of one crystal only if they show the same lattice in the same
direction, which particles on a support do by chance alone.
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
"""Notice of such a micrograph; what is counted in it is no headline."""

COVERED_SHARE = 0.5
"""Share of the picture under circles from which they may be parts of one crystal. A
choice: dots side by side on a grid cover at most pi / 4 of it, and real fields of dots
less than a third."""

FEW = 10
"""Circles up to which they may be particles that fill a small field. A choice: more
need not be asked for their lattice, a third of the picture being what particles cover
in larger fields."""

SAME_SHARE = 2 / 3
"""Share of the circles' area that must show the lattice of the strongest circle. A
choice: speckle hides it in some parts; less takes two like dots for one crystal."""

STRONG_SHARE = 0.25
"""Least power of such a family in the strongest of its own circle. A choice: parts of
a crystal differ in thickness, side lobes are weaker."""

APART_RADII = 0.75
"""Distance of two frequencies up to which they are one, times the radius of the smaller
circle: the main lobe of a disk reaches 0.61 over its radius (its first zero)."""

_FAMILIES = 3
"""Families asked for in each circle; a crystal shows no more above speckle mostly."""


def covered_share(circles: Sequence[Circle], shape: tuple[int, ...]) -> float:
    """Give the share of a picture that lies under circles, counted once."""
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
    """Tell whether circles cover the view as parts of a crystal do.

    Parameters
    ----------
    micrograph : Micrograph
        The picture they lie in.
    circles : sequence of Circle
        Strongest first.
    pixel_size_nm : float
        Edge of a pixel.
    material : Material, optional
        Of another lattice than CdSe.
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
            and _shows(families, first[0], min(circle.radius_px, circles[0].radius_px))
            for families, circle in zip(found, circles, strict=True)
        ]
    )
    # The first circle agrees with itself; the others decide.
    return bool(areas[1:][alike[1:]].sum() >= SAME_SHARE * areas[1:].sum())


def _shows(families: Sequence[Family], wanted: Family, radius_px: float) -> bool:
    """Whether a family of the same spacing and direction is among the strong ones."""
    return any(
        family.strength >= STRONG_SHARE * families[0].strength
        and _distance(family, wanted) * radius_px <= APART_RADII
        for family in families
    )


def _distance(one: Family, other: Family) -> float:
    same = math.hypot(one.k_row - other.k_row, one.k_col - other.k_col)
    turned = math.hypot(one.k_row + other.k_row, one.k_col + other.k_col)
    return min(same, turned)
