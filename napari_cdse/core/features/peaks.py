"""Bragg peaks of a patch: strength, number, spacings, angles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter

from napari_cdse.core.features.patch import BAND_PER_NM

if TYPE_CHECKING:
    from napari_cdse.core.features.patch import Patch

MAX_FAMILIES = 6
"""Families that are followed, strongest first."""
COLLINEAR_DEG = 15.0
"""Families whose directions differ by less count as one set of planes."""


@dataclass(frozen=True)
class Family:
    """One family of fringes: a Bragg peak and its mirror image.

    Attributes
    ----------
    k_row, k_col : float
        Spatial frequency, in cycles per pixel.
    strength : float
        Peak power over the background's mean power there.
    """

    k_row: float
    k_col: float
    strength: float

    @property
    def k_per_px(self) -> float:
        """Length of the frequency vector."""
        return float(np.hypot(self.k_row, self.k_col))

    def angle_to(self, other: Family) -> float:
        """Angle between two families' normals, 0 to 90 degrees."""
        dot = self.k_row * other.k_row + self.k_col * other.k_col
        cosine = abs(dot) / max(self.k_per_px * other.k_per_px, 1e-12)
        return float(np.degrees(np.arccos(min(cosine, 1.0))))


def find_families(patch: Patch, number: int = MAX_FAMILIES) -> list[Family]:
    """Find the strongest peaks over background in the band of lattice spacings."""
    k_row, k_col = patch.frequencies
    k_per_nm = np.hypot(k_row[:, None], k_col) / patch.around.pixel_size_nm
    low, high = BAND_PER_NM
    ratio = np.where((k_per_nm >= low) & (k_per_nm <= high), patch.ratio, 0.0)
    # The column k_col = 0 holds both members of each pair.
    ratio[k_row < 0, 0] = 0.0
    reach = max(3, round(len(ratio) / patch.radius_px) | 1)
    peak = (maximum_filter(ratio, size=reach, mode="wrap") == ratio) & (ratio > 0)
    rows, cols = np.nonzero(peak)
    order = np.argsort(-ratio[rows, cols], kind="stable")[:number]
    return [
        Family(float(k_row[r]), float(k_col[c]), float(ratio[r, c]))
        for r, c in zip(rows[order].tolist(), cols[order].tolist(), strict=True)
    ]


def not_collinear(families: list[Family]) -> Family | None:
    """Return the strongest family that is not parallel to the strongest of all."""
    for family in families[1:]:
        if family.angle_to(families[0]) >= COLLINEAR_DEG:
            return family
    return None


PEAK_FEATURES = {
    "log_peak_1": "log strength of the strongest family",
    "log_peak_2": "log strength of the second",
    "log_peak_3": "log strength of the third",
    "log_second_family": "log strength of the strongest not collinear with the first",
    "radius_nm": "radius of the circle",
}
"""Names and meanings, in order."""


def peak_features(patch: Patch) -> dict[str, float]:
    """Compute `PEAK_FEATURES` of a patch."""
    families = find_families(patch)
    strengths = [family.strength for family in families] + [0.0] * 3
    second = not_collinear(families)
    logs = np.log1p([*strengths[:3], second.strength if second else 0.0])
    return dict(zip(PEAK_FEATURES, [*logs.tolist(), patch.radius_nm], strict=True))
