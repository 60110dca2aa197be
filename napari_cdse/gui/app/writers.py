"""A Shapes layer saved as a label file; napari's own CSV would drop the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari import current_viewer
from napari.layers import Image

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES
from napari_cdse.gui.canvas.geometry import circle_of
from napari_cdse.gui.session import notifications
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
