"""Sample micrographs for napari's File > Open Sample menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cdse.gui.app.readers import label_layer
from napari_cdse.gui.canvas.world_scale import scale_of
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import read_label_file
from napari_cdse.io.labels.pairing import pair_labels
from napari_cdse.resources import sample_data_dir

if TYPE_CHECKING:
    LayerData = tuple[Any, ...]


def labelled_micrograph() -> list[LayerData]:
    """Make two layers of the first sample micrograph and its label file."""
    pairing = pair_labels(sample_data_dir())
    picture, labels = min(pairing.pairs.items())
    micrograph = read_micrograph(picture)
    scale, unit = scale_of(micrograph)
    transform = {"scale": (scale, scale), "units": (unit, unit)}
    image = (micrograph.pixels, {"name": micrograph.name} | transform, "image")
    file = read_label_file(labels, shape=micrograph.shape)
    if file is None:
        return [image]
    data, attributes, kind = label_layer(
        file.circles, file.labels, file.shape, f"{micrograph.name} labels"
    )
    return [image, (data, attributes | transform, kind)]
