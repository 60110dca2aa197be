"""The physical features, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.features.domains import fringes_of
from napari_cdse.core.features.families import find_families
from napari_cdse.core.features.faults import FAULT_FEATURES, fault_features
from napari_cdse.core.features.feature_table import FeatureGroup, with_progress
from napari_cdse.core.features.patch import cut
from napari_cdse.core.features.peaks import PEAK_FEATURES, peak_features
from napari_cdse.core.features.profile import PROFILE_FEATURES, profile_features
from napari_cdse.core.features.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Micrograph

MEANINGS = PEAK_FEATURES | FAULT_FEATURES | PROFILE_FEATURES
"""What each feature of the group says, by name, in order."""


def bragg_features(
    micrograph: Micrograph,
    circles: Sequence[Circle],
    pixel_size_nm: float,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Compute the physical features of circles.

    Returns
    -------
    ndarray of float32, shape (n_circles, n_features)
    """
    around = Surroundings.of(micrograph, pixel_size_nm)
    rows = [_one(around, circle) for circle in with_progress(circles, progress)]
    return np.asarray(rows, dtype=np.float32)


def _one(around: Surroundings, circle: Circle) -> list[float]:
    patch = cut(around, circle)
    families = find_families(patch)
    told = (
        peak_features(families, around.pixel_size_nm)
        | fault_features(fringes_of(patch, families))
        | profile_features(patch)
    )
    return [told[name] for name in MEANINGS]


BRAGG = FeatureGroup(
    name="bragg",
    version=3,
    names=tuple(MEANINGS),
    description="Bragg peaks, faults and profile against the micrograph's background",
    function=bragg_features,
    invariant=True,
)
