"""Power over background by spatial frequency, and the circle's size."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_cdse.core.features.patch import Patch

_EDGES_PER_NM = (0.4, 1.0, 1.8, 2.4, 2.75, 3.1, 3.5, 4.2, 5.0, 5.8, 6.6)
_BANDS = list(pairwise(_EDGES_PER_NM))

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
    k_row, k_col = patch.frequencies
    k_per_nm = np.hypot(k_row[:, None], k_col) / patch.around.pixel_size_nm
    bins = np.digitize(k_per_nm.ravel(), _EDGES_PER_NM)
    ratio = patch.ratio.ravel()
    length = len(_EDGES_PER_NM) + 1
    counts = np.bincount(bins, minlength=length)
    sums = np.bincount(bins, ratio, minlength=length)
    mean = (sums / np.maximum(counts, 1))[1:-1]
    band = (k_per_nm.ravel() > 1.8) & (k_per_nm.ravel() < 6.2)
    tail = float((ratio[band] > 6.0).mean()) if band.any() else 0.0
    logs = np.log(np.maximum(mean, 1e-3)).tolist()
    values = [*logs, float(np.log(tail + 1e-3)), patch.radius_nm, patch.inside]
    return dict(zip(PROFILE_FEATURES, values, strict=True))
