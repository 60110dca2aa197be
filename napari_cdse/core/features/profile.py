"""Power over background by spatial frequency, and the circle's size."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_cdse.core.features.patch import Patch

_EDGES_PER_NM = (0.4, 1.0, 1.8, 2.4, 2.75, 3.1, 3.5, 4.2, 5.0, 5.8, 6.6)
_BANDS = list(pairwise(_EDGES_PER_NM))
_TAIL_PER_NM = (1.8, 6.2)
_TAIL_ABOVE = 6.0

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
    logs = np.log(np.maximum(mean, 1e-3)).tolist()
    values = [*logs, np.log(_tail(patch) + 1e-3), patch.radius_nm, patch.inside]
    return dict(zip(PROFILE_FEATURES, map(float, values), strict=True))


def _tail(patch: Patch) -> float:
    low, high = _TAIL_PER_NM
    band = (patch.ring_k_per_nm > low) & (patch.ring_k_per_nm < high)
    above = patch.rings.number[patch.ratio.ravel() > _TAIL_ABOVE]
    number = int(patch.rings.counts[band].sum())
    return int(band[above].sum()) / max(number, 1)
