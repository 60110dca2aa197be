"""Writers that save a Shapes layer with the classes of its circles.

Only circles with a class that a person gave are written; a notification counts the
others. The formats are label files, COCO and sets of ImageJ's regions.
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
    """Write a label file.

    Raises
    ------
    LabelFileError
        When the layer has no classes, or the picture's size is unknown.
    """
    circles, labels = _labelled(data, attributes)
    write_label_file(path, circles, labels, _image_shape(attributes))
    _report_left_out(len(data) - len(circles))
    return [path]


def write_coco(
    path: str, data: Sequence[NDArray[np.floating]], attributes: Mapping[str, Any]
) -> list[str]:
    """Write a COCO JSON file of one picture.

    Raises
    ------
    LabelFileError
        When the layer has no classes, or the picture's size is unknown.
    """
    rows = _rows(data, attributes)
    file = CocoFile()
    file.add(_picture_name(path), _image_shape(attributes), rows)
    file.write(Path(path), f"napari-cdse {__version__}")
    _report_left_out(len(data) - len(rows))
    return [path]


def write_regions(
    path: str, data: Sequence[NDArray[np.floating]], attributes: Mapping[str, Any]
) -> list[str]:
    """Write a set of ImageJ's regions.

    Raises
    ------
    LabelFileError
        When the layer has no classes.
    """
    rows = _rows(data, attributes)
    write_imagej(Path(path), rows)
    _report_left_out(len(data) - len(rows))
    return [path]


def _rows(
    data: Sequence[NDArray[np.floating]], attributes: Mapping[str, Any]
) -> list[ParticleRow]:
    circles, labels = _labelled(data, attributes)
    return [
        ParticleRow("", str(number), circle, label, by_person=True)
        for number, (circle, label) in enumerate(zip(circles, labels, strict=True))
    ]


def _picture_name(path: str) -> str:
    """Return the name of the only image in the viewer, or else of the file."""
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
    by_persons = (
        list(features["by_person"]) if "by_person" in features else [True] * len(data)
    )
    circles: list[Circle] = []
    labels: list[Label] = []
    shapes = zip(kinds, data, names, by_persons, strict=True)
    for kind, corners, name, by_person in shapes:
        circle = circle_of(str(kind), corners)
        if circle is not None and name in CLASSES and by_person:
            circles.append(circle)
            labels.append(name)
    return circles, labels


def _image_shape(attributes: Mapping[str, Any]) -> tuple[int, int]:
    stored = attributes.get("metadata", {}).get("image_shape")
    if stored is not None:
        return int(stored[0]), int(stored[1])
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


def _report_left_out(count: int) -> None:
    if count:
        what = (
            "1 circle that nobody has labelled was"
            if count == 1
            else (f"{count} circles that nobody has labelled were")
        )
        notifications.inform(f"{what} left out of the label file.")
