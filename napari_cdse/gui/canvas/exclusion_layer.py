"""How regions that were left out look: a locked layer that only shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Shapes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.regions import Region

NAME = "left out"
_FACE = "#1f1f1f8c"
_EDGE = "#d9d9d9e6"
_WIDTH = 2.0
_REFERENCE_PX = 1024


def regions_layer(
    regions: Sequence[Region],
    scale: tuple[float, float],
    units: tuple[str, str],
    image_size_px: int,
) -> Shapes:
    """Make the layer; darkened, outlined, with the reason in words.

    Parameters
    ----------
    regions : sequence of Region
        At least one.
    scale, units : tuple
        Those of the micrograph's layer.
    image_size_px : int
        Of the micrograph's longer side; outlines are as broad at any size.
    """
    layer = Shapes(
        [np.array(region.corners_px) for region in regions],
        shape_type="polygon",
        name=NAME,
        scale=scale,
        units=units,
        face_color=_FACE,
        edge_color=_EDGE,
        edge_width=_WIDTH * image_size_px / _REFERENCE_PX,
        features={"reason": [region.reason for region in regions]},
        text={"string": "{reason}", "size": 11, "color": "white"},
        opacity=1.0,
        metadata={"napari_cdse": NAME, "regions": tuple(regions)},
    )
    layer.editable = False
    return layer
