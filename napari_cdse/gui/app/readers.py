"""Readers for files that are dropped on napari.

A micrograph becomes an image, calibrated if the file states its pixel size; a label
file becomes circles in the colours of their classes; a project or a folder opens.
Annotations of other programs are imported into the open project.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari import current_viewer
from napari.layers import Image

from napari_cdse.core.errors import LabelFileError
from napari_cdse.gui.app.window import open_in
from napari_cdse.gui.canvas.particles.particle_style import style_of
from napari_cdse.gui.canvas.particles.shapes_style import feature_table
from napari_cdse.gui.canvas.world_scale import scale_of
from napari_cdse.gui.workspace import with_project
from napari_cdse.io.annotations.formats import looks_like_annotations
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import is_label_file, read_label_file
from napari_cdse.project import sort_incoming

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_cdse.core.records import Circle, Label
    from napari_cdse.gui.canvas.particles.particle_style import ParticleStyle

    LayerData = tuple[Any, ...]
    Reader = Callable[[Any], list[LayerData]]
    PathOrPaths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

_NO_LAYER = (None,)
"""Layer data with which napari adds no layer."""


def get_micrograph_reader(path: PathOrPaths) -> Reader | None:
    """Return the reader of micrographs; napari's own ignores the pixel size."""
    return _read_micrographs if all(os.path.isfile(p) for p in _paths(path)) else None


def get_label_reader(path: PathOrPaths) -> Reader | None:
    """Return the reader of label files, also of YOLO's; None for other text."""
    if all(map(is_label_file, _paths(path))):
        return _read_labels
    return get_annotation_reader(path)


def get_annotation_reader(path: PathOrPaths) -> Reader | None:
    """Return the reader that imports annotations; None if no project is open."""
    if with_project(current_viewer()) is None:
        return None
    return _import if all(map(looks_like_annotations, _paths(path))) else None


def get_project_reader(path: PathOrPaths) -> Reader | None:
    """Return the reader that opens a project or a folder of micrographs."""
    paths = _paths(path)
    return _open_project if len(paths) == 1 and sort_incoming(paths).is_ours else None


def label_layer(
    circles: Sequence[Circle],
    labels: Sequence[Label],
    shape: tuple[int, int],
    name: str,
) -> LayerData:
    """Make a Shapes layer of the circles of a label file."""
    styles = [
        style_of(
            f"{name}/{number}",
            circle,
            label,
            by_person=True,
            selected=False,
            image_size_px=max(shape),
        )
        for number, (circle, label) in enumerate(zip(circles, labels, strict=True))
    ]
    return (
        [one.row().vertices for one in styles],
        _attributes(styles, shape, name),
        "shapes",
    )


def _attributes(
    styles: list[ParticleStyle], shape: tuple[int, int], name: str
) -> dict[str, Any]:
    attributes = {
        "name": name,
        "shape_type": "ellipse",
        "features": feature_table(styles),
        "face_color": "transparent",
        "text": {"string": "{letter}", "size": 13, "anchor": "upper_left"},
        "metadata": {"image_shape": tuple(shape)},
    }
    if styles:
        attributes["edge_color"] = np.array([one.rgba for one in styles])
        attributes["edge_width"] = [one.width for one in styles]
    return attributes | _scale_of_open_micrograph(shape)


def _scale_of_open_micrograph(shape: tuple[int, int]) -> dict[str, Any]:
    """Return scale and unit of an image of the same shape in the viewer, if any."""
    viewer = current_viewer()
    layers = () if viewer is None else viewer.layers
    for layer in layers:
        if isinstance(layer, Image) and layer.data.shape == tuple(shape):
            return {"scale": tuple(layer.scale), "units": tuple(map(str, layer.units))}
    return {}


def _read_micrographs(path: PathOrPaths) -> list[LayerData]:
    return [_micrograph_layer(one) for one in _paths(path)]


def _micrograph_layer(path: Path) -> LayerData:
    micrograph = read_micrograph(path)
    scale, unit = scale_of(micrograph)
    attributes = {
        "name": micrograph.name,
        "scale": (scale, scale),
        "units": (unit, unit),
        "colormap": "gray",
    }
    return micrograph.pixels, attributes, "image"


def _read_labels(path: PathOrPaths) -> list[LayerData]:
    return [_label_layer(one) for one in _paths(path)]


def _label_layer(path: Path) -> LayerData:
    file = read_label_file(path)
    if file is None:
        raise LabelFileError(f"{path.name} is empty; there is nothing to show.")
    return label_layer(file.circles, file.labels, file.shape, path.stem)


def _open_project(path: PathOrPaths) -> list[LayerData]:
    """Open the project in the viewer; it adds its layers itself."""
    open_in(current_viewer(), _paths(path)[0])
    return [_NO_LAYER]


def _import(path: PathOrPaths) -> list[LayerData]:
    """Import annotations into the open project; its layers show them."""
    workspace = with_project(current_viewer())
    if workspace is not None:
        workspace.annotation_import.start(_paths(path))
    return [_NO_LAYER]


def _paths(path: PathOrPaths) -> list[Path]:
    if isinstance(path, str | os.PathLike):
        return [Path(path)]
    return [Path(one) for one in path]
