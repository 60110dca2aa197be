"""The physical features, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.features.patch import Surroundings, cut
from napari_cdse.core.features.peaks import PEAK_FEATURES, peak_features
from napari_cdse.core.features.table import FeatureGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle, Micrograph


def bragg_features(
    micrograph: Micrograph, circles: Sequence[Circle], pixel_size_nm: float
) -> NDArray[np.float32]:
    """Compute the physical features of circles.

    Returns
    -------
    ndarray of float32, shape (n_circles, n_features)
    """
    around = Surroundings.of(micrograph, pixel_size_nm)
    rows = [_one(around, circle) for circle in circles]
    return np.asarray(rows, dtype=np.float32)


def _one(around: Surroundings, circle: Circle) -> list[float]:
    patch = cut(around, circle)
    return list(peak_features(patch).values())


BRAGG = FeatureGroup(
    name="bragg",
    version=1,
    names=tuple(PEAK_FEATURES),
    description="Bragg peaks against the micrograph's own amorphous background",
    function=bragg_features,
    invariant=True,
)
