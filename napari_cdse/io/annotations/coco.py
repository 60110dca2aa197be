"""Read and write COCO's JSON format of object annotations.

Format: https://cocodataset.org/#format-data. Boxes are ``[x, y, width, height]`` and
polygons ``[x1, y1, x2, y2, ...]`` in px from the corner of the first pixel. Masks are
run lengths down the columns, as numbers or encoded as text by COCO's library; see
`napari_cdse.io.annotations.coco_masks`.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES
from napari_cdse.io.annotations.coco_masks import from_mask
from napari_cdse.io.annotations.shapes import (
    FARTHEST_PX,
    HALF_PX,
    NO_NUMBERS,
    NOT_REVIEWED,
    AnnotationFile,
    FittedCircle,
    Shape,
    check_number,
    from_ellipse,
    from_outline,
)
from napari_cdse.io.files import name_of, read_file, shown, write_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cdse.io.annotations.shapes import ShapeOf
    from napari_cdse.io.export.particle_rows import ParticleRow

LIMIT_BYTES = 2**26
"""Largest file that is read. Chosen: some 100 000 particles with outlines of 32
corners."""
MOST_VALUES = 2**22
"""Most values (numbers, texts, lists, objects) in one file. Chosen: each takes up to
100 bytes when decoded, so that 400 MB of memory suffice for any file."""
CORNERS = 32
"""Corners of the polygon that is written for a circle; it has the circle's area."""
_DESCRIPTION = "Particles, by "
_OURS = re.compile(
    rb'\s*\{\s*"info":\s*\{\s*"description":\s*"Particles, by napari-cdse'
)
_FIRST_CATEGORY = 1
_DECIMALS = 3
"""Decimals of lengths in px that are written: far below the error of any circle."""
_BOX_TOLERANCE_PX = 1e-3
"""Largest distance of a polygon's corners from those of the box at which it is taken
for the box itself: rounding of `_DECIMALS`."""
_RECTANGLE_CORNERS = 4

_SEVERAL_PIECES = "it is in several pieces"
_CROWD = "it is marked as a crowd, not as one particle"

_AMBIGUOUS: dict[str, Any] = {}
"""Stands for records that share an id."""


def read_coco(path: Path, shape_of: ShapeOf) -> AnnotationFile:
    """Read a COCO file.

    Parameters
    ----------
    path : Path
        A file with ``images``, ``annotations`` and, optionally, ``categories``.
    shape_of : callable
        See `napari_cdse.io.annotations.shapes.ShapeOf`.

    Returns
    -------
    AnnotationFile
        Problems of single annotations are noted with their shapes.

    Raises
    ------
    LabelFileError
        If the file cannot be read, or is no COCO file.
    """
    name = name_of(path)
    record = _decoded(name, read_file(path, LIMIT_BYTES, LabelFileError))
    images = _by_id(_records(name, record, "images"), "file_name")
    categories = _by_id(_records(name, record, "categories", required=False), "name")
    names = {key: each.get("name") for key, each in categories.items()}
    annotations = _records(name, record, "annotations")
    check_number(name, len(annotations))
    return AnnotationFile(
        name,
        tuple(
            _shape(number, each, images, names, shape_of)
            for number, each in enumerate(annotations, 1)
        ),
    )


def _decoded(name: str, data: bytes) -> dict[str, Any]:
    """Decode JSON, after counting its values, which need far more memory than text."""
    if sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise LabelFileError(
            f"{name} holds more than {MOST_VALUES} values, far more than the outlines "
            "of a folder of micrographs; split it, or check that it is the right one."
        )
    try:
        record = json.loads(data)
    except (ValueError, RecursionError) as problem:
        where = f", line {problem.lineno}" if hasattr(problem, "lineno") else ""
        raise LabelFileError(
            f"{name}{where}: this is not JSON that can be read; check that the file "
            "is whole."
        ) from problem
    if not isinstance(record, dict):
        raise LabelFileError(
            f"{name} is no COCO file: it has no images with names, only a list; "
            "export the annotations together with their images."
        )
    return record


def _records(
    name: str, record: Mapping[str, Any], key: str, *, required: bool = True
) -> list[dict[str, Any]]:
    """Return the list of objects under a key of the file."""
    entries = record.get(key, None if required else [])
    is_list = isinstance(entries, list)
    if not is_list or not all(isinstance(each, dict) for each in entries):
        raise LabelFileError(
            f"{name} is no COCO file: it has no list of '{key}'; choose COCO's format "
            "for objects when exporting."
        )
    return list(entries)


def _by_id(
    records: Iterable[dict[str, Any]], name_key: str
) -> dict[int | str | None, dict[str, Any]]:
    """Index records by id; an id with several names gets `_AMBIGUOUS`."""
    index: dict[int | str | None, dict[str, Any]] = {}
    for each in records:
        first = index.setdefault(_id(each), each)
        if first.get(name_key) != each.get(name_key):
            index[_id(each)] = _AMBIGUOUS
    return index


def _id(record: Mapping[str, Any]) -> int | str | None:
    value = record.get("id")
    return value if isinstance(value, int | str) else None


def _shape(
    number: int,
    record: Mapping[str, Any],
    images: Mapping[int | str | None, Mapping[str, Any]],
    names: Mapping[int | str | None, object],
    shape_of: ShapeOf,
) -> Shape:
    """Read the annotation of a number, counted from 1."""
    image_id, record_id = record.get("image_id"), _id(record)
    place = f"annotation {number}"
    if record_id is not None and record_id != number:
        place += f" (id {shown(record_id)})"
    image = images.get(image_id) if isinstance(image_id, int | str) else None
    if image is None or not isinstance(image.get("file_name"), str):
        which = "more than one" if image is _AMBIGUOUS else "no"
        problem = f"{which} image in the file has the id {shown(image_id)}"
        return Shape("", place, None, problem=problem)
    picture, name = image["file_name"], _class_name(record, names)
    size = shape_of(picture)
    problem = _refusal(record, image, size)
    fitted = FittedCircle(None, problem) if problem else _circle(record, size)
    note = record.get("note")
    note = note if isinstance(note, str) else ""
    return Shape(
        picture, place, fitted.circle, name, fitted.problem, note, fitted.stretched
    )


def _class_name(
    record: Mapping[str, Any], names: Mapping[int | str | None, object]
) -> str | None:
    """Return the name of an annotation's category, or its id if it has no name."""
    category = record.get("category_id")
    name = names.get(category) if isinstance(category, int | str) else None
    if isinstance(name, str):
        return name
    return None if category is None else shown(category)


def _refusal(
    record: Mapping[str, Any], image: Mapping[str, Any], size: tuple[int, int] | None
) -> str:
    """Say why an annotation is not used, whatever its outline; empty if it is."""
    if record.get("reviewed") is False:
        return NOT_REVIEWED
    if record.get("iscrowd") == 1:
        return _CROWD
    stated = image.get("height"), image.get("width")
    if size is not None and None not in stated and stated != size:
        image_size = " x ".join(shown(each) for each in stated)
        return (
            f"its image has {image_size} px (rows x columns), but the micrograph of "
            f"that name {size[0]} x {size[1]}"
        )
    return ""


def _circle(record: Mapping[str, Any], size: tuple[int, int] | None) -> FittedCircle:
    outline = record.get("segmentation")
    if isinstance(outline, dict):
        return from_mask(outline, size)
    if outline and isinstance(outline, list):
        return _from_polygons(outline, _box(record))
    box = _box(record)
    return FittedCircle(None, NO_NUMBERS) if box is None else _from_box(box)


def _box(record: Mapping[str, Any]) -> tuple[float, ...] | None:
    box = record.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):
        return None
    return tuple(float(each) for each in box)


def _from_box(box: Sequence[float]) -> FittedCircle:
    x, y, width, height = box
    return from_ellipse(
        y + height / 2 - HALF_PX, x + width / 2 - HALF_PX, height / 2, width / 2
    )


def _from_polygons(polygons: list[Any], box: Sequence[float] | None) -> FittedCircle:
    if len(polygons) > 1:
        return FittedCircle(None, _SEVERAL_PIECES)
    (numbers,) = polygons
    if not isinstance(numbers, list) or not all(map(_is_number, numbers)):
        return FittedCircle(None, NO_NUMBERS)
    if len(numbers) % 2 or len(numbers) < 6:
        return FittedCircle(None, "its outline has less than three corners")
    corners = np.array(numbers, dtype=np.float64).reshape(-1, 2)[:, ::-1]
    if box is not None and _is_box(corners, box):
        return _from_box(box)
    return from_outline(corners - HALF_PX)


def _is_box(corners: NDArray[np.float64], box: Sequence[float]) -> bool:
    """Whether a polygon is just the box, as many programs write for ellipses."""
    x, y, width, height = box
    # Some programs repeat the first corner at the end.
    if len(corners) not in (_RECTANGLE_CORNERS, _RECTANGLE_CORNERS + 1):
        return False
    edges = np.array([[y, x], [y + height, x + width]])
    distance_px = np.abs(corners[:, None, :] - edges).min(axis=1)
    return bool(distance_px.max() < _BOX_TOLERANCE_PX)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # JSON allows integers that are too large for a float.
    return abs(value) < FARTHEST_PX if isinstance(value, int) else math.isfinite(value)


def is_our_coco(start: bytes) -> bool:
    """Whether the first bytes of a file are those of one that `CocoFile` wrote."""
    return _OURS.match(start) is not None


class CocoFile:
    """A COCO file under construction, micrograph by micrograph."""

    def __init__(self) -> None:
        self._images: list[dict[str, object]] = []
        self._annotations: list[dict[str, object]] = []

    def add(
        self, picture: str, shape: tuple[int, int], rows: Sequence[ParticleRow]
    ) -> None:
        """Add one micrograph and its particles.

        Parameters
        ----------
        picture : str
            File name of the micrograph.
        shape : tuple of int
            Its rows and columns.
        rows : sequence of ParticleRow
            Its particles, all with a class.
        """
        image_id = len(self._images) + 1
        self._images.append(
            {
                "id": image_id,
                "file_name": picture,
                "height": shape[0],
                "width": shape[1],
            }
        )
        for row in rows:
            number = len(self._annotations) + 1
            self._annotations.append(_annotation(number, image_id, row))

    def write(self, path: Path, program: str) -> None:
        """Write the file.

        Parameters
        ----------
        path : Path
            An existing file is replaced.
        program : str
            Name and version of this program, for the description.

        Raises
        ------
        LabelFileError
            If it cannot be written.
        """
        categories = [
            {"id": number, "name": name, "supercategory": "particle"}
            for number, name in enumerate(CLASSES, _FIRST_CATEGORY)
        ]
        record = {
            "info": {"description": f"{_DESCRIPTION}{program}"},
            "images": self._images,
            "annotations": self._annotations,
            "categories": categories,
        }
        text = json.dumps(record, ensure_ascii=True, allow_nan=False)
        write_file(path, text.encode(), LabelFileError)


def _annotation(number: int, image_id: int, row: ParticleRow) -> dict[str, object]:
    circle, label = row.circle, row.label
    x, y, radius = circle.col_px + HALF_PX, circle.row_px + HALF_PX, circle.radius_px
    box = [x - radius, y - radius, 2 * radius, 2 * radius]
    category = _FIRST_CATEGORY if label is None else _category(label)
    record: dict[str, object] = {
        "id": number,
        "image_id": image_id,
        "category_id": category,
        "bbox": [round(each, _DECIMALS) for each in box],
        "segmentation": [_outline(x, y, radius)],
        "area": round(math.pi * radius**2, _DECIMALS),
        "iscrowd": 0,
        "reviewed": row.by_person,
    }
    if row.note:
        record["note"] = row.note
    if row.probabilities is not None and not row.by_person:
        record["score"] = round(max(row.probabilities), 6)
    return record


def _category(label: str) -> int:
    return _FIRST_CATEGORY + [str(each) for each in CLASSES].index(label)


def _outline(x: float, y: float, radius: float) -> list[float]:
    """Return a regular polygon of the same area as a circle, as ``[x1, y1, ...]``."""
    angle = 2 * math.pi / CORNERS
    circumradius = radius * math.sqrt(angle / math.sin(angle))
    return [
        round(each, _DECIMALS)
        for corner in range(CORNERS)
        for each in (
            x + circumradius * math.cos(corner * angle),
            y + circumradius * math.sin(corner * angle),
        )
    ]
