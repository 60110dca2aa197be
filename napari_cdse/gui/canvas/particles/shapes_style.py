"""Create our Shapes layers, particles and regions left out, and keep their style."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Shapes
from napari.layers.utils.color_encoding import NominalColorEncoding
from napari.utils.colormaps.categorical_colormap import CategoricalColormap

from napari_cdse.gui.canvas.class_colours import CLASS_NAMES, HEX, UNLABELLED
from napari_cdse.gui.canvas.napari_private.particles_visual import particle_shapes
from napari_cdse.gui.canvas.particles.particle_style import COLUMNS, ParticleStyle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from napari_cdse.core.regions import Region

OURS = "napari_cdse"
"""Key in the metadata of our layers; its value names what the layer shows."""
PARTICLES = "particles"
LEFT_OUT = "left out"
_REGION_FACE = "#1f1f1f8c"
_REGION_EDGE = "#d9d9d9e6"
_REGION_EDGE_WIDTH = 2.0
"""Width of a region's outline in pixels of a micrograph of `_REFERENCE_PX`. A
choice."""
_REFERENCE_PX = 1024


def feature_table(styles: Iterable[ParticleStyle]) -> pd.DataFrame:
    """Return the feature rows of a layer; the class is categorical, with ``"null"``."""
    # Imported here, as the window opens before the first circle is shown.
    import pandas as pd

    table = pd.DataFrame([one.features() for one in styles], columns=list(COLUMNS))
    table = table.astype({"particle_id": object, "letter": object, "by_person": bool})
    table["class"] = pd.Categorical(table["class"], categories=list(CLASS_NAMES))
    return table


def letter_colours() -> NominalColorEncoding:
    """Return the colours of the letters by class, as napari's text needs them."""
    return NominalColorEncoding(
        feature="class", colormap=CategoricalColormap(colormap=dict(HEX))
    )


def new_layer(scale: tuple[float, float], units: tuple[str, str]) -> Shapes:
    """Make the layer of particles, without shapes.

    Parameters
    ----------
    scale, units : tuple
        Scale and units of the micrograph's layer.
    """
    layer = particle_shapes(
        ndim=2,
        name=PARTICLES,
        scale=scale,
        units=units,
        features=feature_table(()),
        face_color="transparent",
        edge_color=HEX[UNLABELLED],
        text={
            "string": "{letter}",
            "size": 13,
            "anchor": "upper_left",
            "color": letter_colours(),
        },
        opacity=1.0,
        metadata={OURS: PARTICLES},
    )
    set_features(layer, ())
    return layer


def set_features(layer: Shapes, styles: Iterable[ParticleStyle]) -> None:
    """Set all feature rows, and the defaults of shapes that the user draws.

    Without defaults, a new shape would copy the last shape's row.
    """
    layer.features = feature_table(styles)
    layer.feature_defaults = {
        "particle_id": "",
        "class": UNLABELLED,
        "letter": "",
        "by_person": False,
    }


def undo_transform(layer: Shapes, scale: tuple[float, ...]) -> None:
    """Undo a transform of the whole layer: circles belong to the micrograph.

    Parameters
    ----------
    layer : Shapes
        Changed in place.
    scale : tuple of float
        Scale of the micrograph's layer.
    """
    if not np.allclose(layer.scale, scale):
        layer.scale = scale
    if np.any(layer.translate):
        layer.translate = (0, 0)
    if not np.allclose(layer.affine.affine_matrix, np.eye(3)):
        layer.affine = np.eye(3)
    if not np.allclose(layer.rotate, np.eye(2)):
        layer.rotate = 0
    if np.any(layer.shear):
        layer.shear = [0]


def regions_layer(
    regions: Sequence[Region],
    scale: tuple[float, float],
    units: tuple[str, str],
    image_size_px: int,
) -> Shapes:
    """Make the layer of regions: darkened and outlined, with the reason as text.

    Parameters
    ----------
    regions : sequence of Region
        At least one.
    scale, units : tuple
        Scale and units of the micrograph's layer.
    image_size_px : int
        Longer side of the micrograph; outlines scale with it.
    """
    layer = Shapes(
        [np.array(region.corners_px) for region in regions],
        shape_type="polygon",
        name=LEFT_OUT,
        scale=scale,
        units=units,
        face_color=_REGION_FACE,
        edge_color=_REGION_EDGE,
        edge_width=_REGION_EDGE_WIDTH * image_size_px / _REFERENCE_PX,
        features={"reason": [region.reason for region in regions]},
        text={"string": "{reason}", "size": 11, "color": "white"},
        opacity=1.0,
        metadata={OURS: LEFT_OUT, "regions": tuple(regions)},
    )
    layer.editable = False
    return layer
