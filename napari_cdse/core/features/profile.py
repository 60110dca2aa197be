"""Features of the power profile over spatial frequency, and of the circle's size."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_cdse.core.features.patch import Patch

_EDGES_PER_NM = (0.4, 1.0, 1.8, 2.4, 2.75, 3.1, 3.5, 4.2, 5.0, 5.8, 6.6)
"""Edges of the bands of spatial frequency, in 1/nm. Choices: they separate CdSe's
groups of spacings (0.35, 0.30, 0.21 and 0.18 nm) from each other, from thickness
contrast below 1.8, and from frequencies beyond {311}. Narrower bands hold too few
samples of a small disk."""
_BANDS = list(pairwise(_EDGES_PER_NM))
_TAIL_PER_NM = (1.8, 6.2)
"""Band of lattice fringes, as `BAND_PER_NM`, in 1/nm."""
_TAIL_ABOVE = 6.0
"""Power over background above which a sample is in the tail of the distribution.
Speckle exceeds it with a chance of exp(-6), 0.25 %. A choice: a lower one counts more
speckle, a higher one less lattice."""
_LEAST = 1e-3
"""Least mean ratio, and least share, that a logarithm is taken of. A choice, below the
0.25 % of speckle in the tail."""

PROFILE_FEATURES = {
    **{
        f"power_{low:g}_{high:g}": f"log power over background, {low:g}-{high:g}/nm"
        for low, high in _BANDS
    },
    "tail": "log share of the band's samples above 6 times the background",
    "radius_nm": "radius of the circle, nm",
    "inside": "share of the disk that lies in the micrograph",
}
"""Names and meanings, in order."""


def profile_features(patch: Patch) -> dict[str, float]:
    """Compute `PROFILE_FEATURES` of a patch."""
    rings, k_per_nm = patch.rings, patch.ring_k_per_nm
    ratio = patch.ratio.ravel()
    by_ring = np.bincount(rings.number, ratio, minlength=len(k_per_nm))
    bins = np.digitize(k_per_nm, _EDGES_PER_NM)
    length = len(_EDGES_PER_NM) + 1
    counts = np.bincount(bins, rings.counts, minlength=length)
    sums = np.bincount(bins, by_ring, minlength=length)
    mean = (sums / np.maximum(counts, 1))[1:-1]
    logs = np.log(np.maximum(mean, _LEAST)).tolist()
    values = [*logs, np.log(_tail(patch) + _LEAST), patch.radius_nm, patch.inside]
    return dict(zip(PROFILE_FEATURES, map(float, values), strict=True))


def _tail(patch: Patch) -> float:
    low, high = _TAIL_PER_NM
    band = (patch.ring_k_per_nm > low) & (patch.ring_k_per_nm < high)
    above = patch.rings.number[patch.ratio.ravel() > _TAIL_ABOVE]
    number = int(patch.rings.counts[band].sum())
    return int(band[above].sum()) / max(number, 1)
