"""Bragg peaks of a patch: how strong, how many, which spacings and angles.

A family of fringes is a Bragg peak with its mirror image. Two numbers say how well it
stands out, and both do not depend on grey scale, dose or magnification:

- strength: the peak's power over the background's mean power at that frequency;
- contrast: the fringes' rms amplitude over the background's rms.

People see a family when both are large enough (`VISIBLE_STRENGTH`,
`VISIBLE_CONTRAST`), and call a particle resolved when two families that are not
parallel are visible. The margin is min(strength / 18, (contrast / 0.3) ** 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter

from napari_cdse.core.features.patch import BAND_PER_NM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.features.patch import Patch

MAX_FAMILIES = 6
"""Families that are followed, strongest first."""
COLLINEAR_DEG = 15.0
"""Families whose directions differ by less count as one set of planes."""
VISIBLE_STRENGTH = 18.0
VISIBLE_CONTRAST = 0.3
SIDE_LOBES = 1.3
"""Reach of a peak's side lobes, over the radius; beyond it they are below 1 %."""
MIN_STRENGTH = 8.0
"""Strength that speckle hardly reaches anywhere in the band of one particle."""


@dataclass(frozen=True)
class Family:
    """One family of fringes: a Bragg peak and its mirror image.

    Attributes
    ----------
    k_row, k_col : float
        Spatial frequency, in cycles per pixel.
    strength : float
        Peak power over the background's mean power there.
    contrast : float
        Rms amplitude of the fringes over the background's rms.
    """

    k_row: float
    k_col: float
    strength: float
    contrast: float

    @property
    def k_per_px(self) -> float:
        """Length of the frequency vector."""
        return float(np.hypot(self.k_row, self.k_col))

    @property
    def margin(self) -> float:
        """How far above the limit of visibility: 1 is at the limit."""
        seen = (self.contrast / VISIBLE_CONTRAST) ** 2
        return min(self.strength / VISIBLE_STRENGTH, seen)

    def angle_to(self, other: Family) -> float:
        """Angle between two families' normals, 0 to 90 degrees."""
        dot = self.k_row * other.k_row + self.k_col * other.k_col
        cosine = abs(dot) / max(self.k_per_px * other.k_per_px, 1e-12)
        return float(np.degrees(np.arccos(min(cosine, 1.0))))


def find_families(patch: Patch, number: int = MAX_FAMILIES) -> list[Family]:
    """Find the strongest peaks over background in the band of lattice spacings.

    A weaker peak beside a stronger one is no family of its own: it is the disk's
    side lobe, or the same family broken by a fault.
    """
    tops = _tops(patch, 4 * number)
    reach = SIDE_LOBES / patch.radius_px
    kept: list[tuple[float, float]] = []
    for top in tops:
        if len(kept) < number and all(_apart(top, other) > reach for other in kept):
            kept.append(top)
    found = [_refined(patch, *top) for top in kept]
    return sorted(found, key=lambda family: -family.strength)


def _tops(patch: Patch, number: int) -> list[tuple[float, float]]:
    """Local maxima of the ratio in the band, as frequencies, largest first."""
    k_row, k_col = patch.frequencies
    k_per_nm = np.hypot(k_row[:, None], k_col) / patch.around.pixel_size_nm
    low, high = BAND_PER_NM
    ratio = np.where((k_per_nm >= low) & (k_per_nm <= high), patch.ratio, 0.0)
    # The column k_col = 0 holds both members of each pair.
    ratio[k_row < 0, 0] = 0.0
    peak = (maximum_filter(ratio, size=3, mode="wrap") == ratio) & (ratio > 0)
    rows, cols = np.nonzero(peak)
    order = np.argsort(-ratio[rows, cols], kind="stable")[:number]
    return list(
        zip(k_row[rows[order]].tolist(), k_col[cols[order]].tolist(), strict=True)
    )


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Distance of two frequencies, or of one and the other's mirror image."""
    same = np.hypot(one[0] - other[0], one[1] - other[1])
    mirrored = np.hypot(one[0] + other[0], one[1] + other[1])
    return float(min(same, mirrored))


def _refined(patch: Patch, k_row: float, k_col: float) -> Family:
    """Climb to a peak's top between the samples of the FFT."""
    step = 0.3 / len(patch.pixels)
    values = patch.pixels * patch.window
    for _ in range(3):
        shift = step * np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
        power = _power(values, k_row + shift, k_col + shift)
        row, col = np.unravel_index(int(power.argmax()), power.shape)
        k_row, k_col = k_row + float(shift[row]), k_col + float(shift[col])
        step *= 0.4
    top = float(power.max())
    background = float(patch.around.power_at(np.hypot(k_row, k_col)))
    strength = top / (background * patch.window_energy)
    amplitude = np.sqrt(2 * top) / patch.window_sum
    return Family(k_row, k_col, strength, float(amplitude) / patch.around.rms)


def _power(
    values: NDArray[np.float64], k_row: NDArray[np.float64], k_col: NDArray[np.float64]
) -> NDArray[np.float64]:
    place = np.arange(len(values)) - len(values) // 2
    down = np.exp(-2j * np.pi * np.outer(k_row, place))
    right = np.exp(-2j * np.pi * np.outer(place, k_col))
    return np.asarray(np.abs(down @ values @ right) ** 2)


def best_pair(families: list[Family]) -> tuple[Family, Family] | None:
    """Return the two families that are not parallel and stand out best together."""
    pairs = [
        pair
        for pair in combinations(families, 2)
        if pair[0].angle_to(pair[1]) >= COLLINEAR_DEG
    ]
    return max(pairs, key=lambda pair: min(p.margin for p in pair), default=None)


PEAK_FEATURES = {
    "strength_1": "log strength of the strongest family",
    "strength_2": "log strength of the second",
    "strength_3": "log strength of the third",
    "strength_4": "log strength of the fourth",
    "contrast_1": "contrast of the family that stands out best",
    "first_margin": "log margin of the family that stands out best",
    "pair_margin": "log of the smaller margin of the best pair not parallel",
    "pair_strength": "log of that pair's smaller strength",
    "pair_contrast": "smaller contrast of that pair",
    "third_margin": "log margin of the third family that stands out",
    "n_strong": "families above the reach of speckle",
    "n_visible": "families that are visible",
    "spacing_1": "spacing of the strongest family, nm",
    "spacing_2": "spacing of the other member of the best pair, nm",
    "spacing_ratio": "larger over smaller spacing of the best pair",
    "pair_angle": "angle of the best pair, degrees",
}
"""Names and meanings, in order."""


def peak_features(patch: Patch, families: list[Family]) -> dict[str, float]:
    """Compute `PEAK_FEATURES` of a patch."""
    strengths = [family.strength for family in families] + [0.0] * 4
    margins = sorted((f.margin for f in families), reverse=True) + [0.0] * 3
    values = [
        *(float(np.log1p(strength)) for strength in strengths[:4]),
        max((family.contrast for family in families), default=0.0),
        _log(margins[0]),
        *_pair_features(families),
        _log(margins[2]),
        float(sum(family.strength > MIN_STRENGTH for family in families)),
        float(sum(family.margin > 1 for family in families)),
        *_geometry(patch, families),
    ]
    return dict(zip(PEAK_FEATURES, values, strict=True))


def _pair_features(families: list[Family]) -> list[float]:
    pair = best_pair(families)
    if pair is None:
        return [_log(0.0), 0.0, 0.0]
    return [
        _log(min(family.margin for family in pair)),
        float(np.log1p(min(family.strength for family in pair))),
        min(family.contrast for family in pair),
    ]


def _geometry(patch: Patch, families: list[Family]) -> list[float]:
    size = patch.around.pixel_size_nm
    pair = best_pair(families)
    if pair is None:
        return [size / families[0].k_per_px if families else 0.0, 0.0, 0.0, 0.0]
    first, second = sorted(pair, key=lambda family: -family.strength)
    lengths = sorted(family.k_per_px for family in pair)
    return [
        size / first.k_per_px,
        size / second.k_per_px,
        lengths[1] / lengths[0],
        first.angle_to(second),
    ]


def _log(margin: float) -> float:
    return float(np.log(max(margin, 0.01)))
