"""Crop the thumbnail of one particle, for the gallery and for reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from napari_cdse.core.crystal.crops import crop, stretched

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle

EDGE_PX = 128
"""Edge of a thumbnail in px. Chosen: fringes are visible on a screen of usual
density."""


def thumbnail(pixels: NDArray[np.float32], circle: Circle) -> NDArray[np.uint8]:
    """Crop one particle with a margin, and stretch its contrast.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Gray values of the micrograph.
    circle : Circle
        The particle; it fills four fifths of the picture.

    Returns
    -------
    ndarray of uint8, shape (EDGE_PX, EDGE_PX)
    """
    square = np.round(stretched(crop(pixels, circle)) * 255).astype(np.uint8)
    size = (EDGE_PX, EDGE_PX)
    return np.asarray(Image.fromarray(square).resize(size, Image.Resampling.BICUBIC))
