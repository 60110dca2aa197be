"""Bragg peaks of a patch as features: how strong, how many, which spacings and angles.

A family of fringes is a Bragg peak with its mirror image. Two numbers say how well it
stands out, and both do not depend on grey scale, dose or magnification:

- strength: the peak's power over the background's mean power at that frequency;
- contrast: the fringes' rms amplitude over the background's rms.

People see a family when both are large enough (`VISIBLE_STRENGTH`,
`VISIBLE_CONTRAST`), and call a particle resolved when two families that are not
parallel are visible. The margin is min(strength / 18, (contrast / 0.3) ** 2).
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cdse.core.features.families import Family

    Pair = tuple[Family, Family]

COLLINEAR_DEG = 15.0
"""Families whose directions differ by less count as one set of planes. A choice:
the {111} of zinc blende enclose 70.5 degrees, {111} and {200} 54.7 and {111} and {220}
35.3, so all are kept; a smaller one counts a family that a fault has split twice."""
MIN_STRENGTH = 8.0
"""Strength that speckle seldom reaches in the band of one particle, in mean powers of
the background. Each frequency passes it with exp(-8); the band holds some 390
independent ones for a radius of 1.5 nm and 690 for 2 nm, of which 0.13 and 0.23 do
on average. A higher one loses weak families."""
_LEAST_MARGIN = 0.01
"""Least margin that a logarithm is taken of, and that of a family that is not there.
A choice, far below what the search finds."""


def best_pair(families: list[Family]) -> Pair | None:
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


def peak_features(families: list[Family], pixel_size_nm: float) -> dict[str, float]:
    """Compute `PEAK_FEATURES` of the families of a patch."""
    pair = best_pair(families)
    strengths = [family.strength for family in families] + [0.0] * 4
    margins = sorted((f.margin for f in families), reverse=True) + [0.0] * 3
    values = [
        *(math.log1p(strength) for strength in strengths[:4]),
        max((family.contrast for family in families), default=0.0),
        _log(margins[0]),
        *_pair_features(pair),
        _log(margins[2]),
        float(sum(family.strength > MIN_STRENGTH for family in families)),
        float(sum(family.margin > 1 for family in families)),
        *_geometry(families, pair, pixel_size_nm),
    ]
    return dict(zip(PEAK_FEATURES, values, strict=True))


def _pair_features(pair: Pair | None) -> list[float]:
    if pair is None:
        return [_log(0.0), 0.0, 0.0]
    return [
        _log(min(family.margin for family in pair)),
        math.log1p(min(family.strength for family in pair)),
        min(family.contrast for family in pair),
    ]


def _geometry(
    families: list[Family], pair: Pair | None, pixel_size_nm: float
) -> list[float]:
    if pair is None:
        return [
            pixel_size_nm / families[0].k_per_px if families else 0.0,
            0.0,
            0.0,
            0.0,
        ]
    one, other = sorted(pair, key=lambda family: -family.strength)
    lengths = sorted(family.k_per_px for family in pair)
    return [
        pixel_size_nm / one.k_per_px,
        pixel_size_nm / other.k_per_px,
        lengths[1] / lengths[0],
        one.angle_to(other),
    ]


def _log(margin: float) -> float:
    return math.log(max(margin, _LEAST_MARGIN))
