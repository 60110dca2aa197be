"""The feature group `bragg`: Bragg peaks, faults and power profile of each circle."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.features.domains import fringes_of
from napari_cdse.core.features.families import find_families_together
from napari_cdse.core.features.faults import FAULT_FEATURES, fault_features_together
from napari_cdse.core.features.feature_table import FeatureGroup, with_progress
from napari_cdse.core.features.patch import cut_together
from napari_cdse.core.features.peaks import PEAK_FEATURES, peak_features
from napari_cdse.core.features.profile import PROFILE_FEATURES, profile_features
from napari_cdse.core.features.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.features.patch import Patch
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Micrograph

_BATCH = 16
"""Most circles whose patches are cut together. A choice: their resampling weights take
1 MB; more take memory, fewer cost time for calls."""
MEANINGS = PEAK_FEATURES | FAULT_FEATURES | PROFILE_FEATURES
"""Meaning of each feature of the group by its name, in the order of the columns."""


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
    rows = np.empty((len(circles), len(MEANINGS)), np.float32)
    batches = _batches(circles)
    found = chain.from_iterable(
        _features(cut_together(around, [circles[number] for number in batch]))
        for batch in batches
    )
    order = list(chain.from_iterable(batches))
    for number, row in zip(with_progress(order, progress), found, strict=True):
        rows[number] = row
    return rows


def _batches(circles: Sequence[Circle]) -> list[list[int]]:
    """Group the indices of circles of equal radius, such as the views of a particle."""
    by_radius: dict[float, list[int]] = {}
    for number, circle in enumerate(circles):
        by_radius.setdefault(circle.radius_px, []).append(number)
    return [
        numbers[first : first + _BATCH]
        for numbers in by_radius.values()
        for first in range(0, len(numbers), _BATCH)
    ]


def _features(patches: Sequence[Patch]) -> Iterator[list[float]]:
    """Compute the features of patches from `cut_together`, a row for each."""
    families = find_families_together(patches)
    fringes = map(fringes_of, patches, families)
    each = zip(patches, families, fault_features_together(list(fringes)), strict=True)
    for patch, own, faults in each:
        peaks = peak_features(own, patch.around.pixel_size_nm)
        told = peaks | faults | profile_features(patch)
        yield [told[name] for name in MEANINGS]


BRAGG = FeatureGroup(
    name="bragg",
    version=3,
    names=tuple(MEANINGS),
    description="Bragg peaks, faults and profile against the micrograph's background",
    function=bragg_features,
    invariant=True,
)
