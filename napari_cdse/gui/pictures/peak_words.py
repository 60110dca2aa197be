"""Write the spacing and the lattice planes of a Bragg peak."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_cdse.core.crystal.lattice_planes import planes_fitting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.crystal.bragg_peaks import BraggPeak
    from napari_cdse.core.crystal.lattice_planes import Planes
    from napari_cdse.gui.pictures.scale import Scale

SHORT = {"zinc blende": "zb", "wurtzite": "wz", "rock salt": "rs", "fcc": "fcc"}
"""Abbreviations of crystal structures."""


def spacing_words(peak: BraggPeak, scale: Scale) -> str:
    """Write a spacing with its uncertainty, which determines the number of digits."""
    value, sigma = peak.spacing_nm(scale.pixel_size_nm or 1.0, scale.sigma)
    # One digit of the uncertainty, two where it begins with a 1.
    decimals = -math.floor(math.log10(max(sigma, 1e-4) / 2))
    decimals = min(max(decimals, 0), 4)
    return f"{value:.{decimals}f} ± {sigma:.{decimals}f}"


def planes_of(peak: BraggPeak, scale: Scale) -> tuple[Planes, ...]:
    """Return all planes of the lattice that fit a peak; none without a pixel size."""
    if scale.pixel_size_nm is None:
        return ()
    spacing_nm, sigma_nm = peak.spacing_nm(scale.pixel_size_nm, scale.sigma)
    return planes_fitting(spacing_nm, sigma_nm, scale.shortest_nm, scale.material)


def planes_words(planes: Sequence[Planes]) -> str:
    """Write planes by structure, that of the nearest plane first."""
    names: dict[str, list[str]] = {}
    for each in planes:
        names.setdefault(SHORT[each.structure], []).append(each.name)
    return ", ".join(f"{short} {' '.join(those)}" for short, those in names.items())
