"""Save a Shapes layer with its classes, which napari's own CSV would lose.

The formats are label files and those of other programs that hold one micrograph.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari import current_viewer
from napari.layers import Image

from napari_cdse import __version__
from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES
from napari_cdse.gui.canvas.particles.geometry import circle_of
from napari_cdse.gui.session import notifications
from napari_cdse.io.annotations.coco import CocoFile
from napari_cdse.io.annotations.imagej import write_imagej
from napari_cdse.io.export.particle_rows import ParticleRow
from napari_cdse.io.labels.label_file import write_label_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle, Label


def write_labels(
    path: str, data: Sequence[NDArray[np.floating]], attributes: Mapping[str, Any]
) -> list[str]:
    """Write what a person labelled; the forest's own proposals are left out.

    Raises
    ------
    LabelFileError
        When the layer has no classes, or the picture's size is unknown.
    """
    circles, labels = _labelled(data, attributes)
    write_label_file(path, circles, labels, _image_shape(attributes))
    _tell_left_out(len(data) - len(circles))
    return [path]


def write_coco(
    path: str, data: Sequence[NDArray[np.floating]], attributes: Mapping[str, Any]
) -> list[str]:
    """Write what a person labelled as COCO JSON.

    Raises
    ------
    LabelFileError
        When the layer has no classes, or the picture's size is unknown.
    """
    rows = _rows(data, attributes)
    file = CocoFile()
    file.add(_picture(path), _image_shape(attributes), rows)
    file.write(Path(path), f"napari-cdse {__version__}")
    _tell_left_out(len(data) - len(rows))
    return [path]


def write_regions(
    path: str, data: Sequence[NDArray[np.floating]], attributes: Mapping[str, Any]
) -> list[str]:
    """Write what a person labelled as a set of ImageJ's regions.

    Raises
    ------
    LabelFileError
        When the layer has no classes.
    """
    rows = _rows(data, attributes)
    write_imagej(Path(path), rows)
    _tell_left_out(len(data) - len(rows))
    return [path]


def _rows(
    data: Sequence[NDArray[np.floating]], attributes: Mapping[str, Any]
) -> list[ParticleRow]:
    circles, labels = _labelled(data, attributes)
    return [
        ParticleRow("", str(number), circle, label, by_person=True)
        for number, (circle, label) in enumerate(zip(circles, labels, strict=True))
    ]


def _picture(path: str) -> str:
    """Name the picture after the one image in the viewer, else after the file."""
    viewer = current_viewer()
    layers = () if viewer is None else viewer.layers
    names = [each.name for each in layers if isinstance(each, Image)]
    return names[0] if len(names) == 1 else Path(path).stem


def _labelled(
    data: Sequence[NDArray[np.floating]], attributes: Mapping[str, Any]
) -> tuple[list[Circle], list[Label]]:
    features = attributes.get("features")
    if features is None or "class" not in features or len(features) != len(data):
        raise LabelFileError(
            "A label file needs a class for each shape; give the layer a feature "
            "'class' with yes, no, null or empty."
        )
    kinds = attributes.get("shape_type", "ellipse")
    kinds = [kinds] * len(data) if isinstance(kinds, str) else list(kinds)
    names = list(features["class"].astype(object))
    sure = (
        list(features["by_person"]) if "by_person" in features else [True] * len(data)
    )
    circles: list[Circle] = []
    labels: list[Label] = []
    for kind, corners, name, by_person in zip(kinds, data, names, sure, strict=True):
        circle = circle_of(str(kind), corners)
        if circle is not None and name in CLASSES and by_person:
            circles.append(circle)
            labels.append(name)
    return circles, labels


def _image_shape(attributes: Mapping[str, Any]) -> tuple[int, int]:
    known = attributes.get("metadata", {}).get("image_shape")
    if known is not None:
        return int(known[0]), int(known[1])
    shapes = _shapes_in_viewer()
    if len(shapes) != 1:
        raise LabelFileError(
            "A label file names the size of its micrograph, and it is not clear which "
            "picture these shapes belong to; leave only that image in the viewer."
        )
    return shapes.pop()


def _shapes_in_viewer() -> set[tuple[int, int]]:
    viewer = current_viewer()
    layers = () if viewer is None else viewer.layers
    return {
        (layer.data.shape[0], layer.data.shape[1])
        for layer in layers
        if isinstance(layer, Image) and layer.data.ndim == 2
    }


def _tell_left_out(count: int) -> None:
    if count:
        what = (
            "1 circle that nobody has labelled was"
            if count == 1
            else (f"{count} circles that nobody has labelled were")
        )
        notifications.inform(f"{what} left out of the label file.")
