"""Read and write COCO's JSON format of object annotations.

Format: https://cocodataset.org/#format-data. Boxes are ``[x, y, width, height]`` and
polygons ``[x1, y1, x2, y2, ...]`` from the corner of the first pixel; masks are
run lengths down the columns, plain or packed as the library of COCO packs them.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.outlines import Moments
from napari_cdse.core.records import CLASSES
from napari_cdse.io.annotations.shapes import (
    FARTHEST_PX,
    HALF_PX,
    NO_NUMBERS,
    NOT_REVIEWED,
    AnnotationFile,
    Shape,
    check_number,
    from_ellipse,
    from_moments,
    from_outline,
)
from napari_cdse.io.files import name_of, read_file, shown, write_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle
    from napari_cdse.io.annotations.shapes import ShapeOf
    from napari_cdse.io.export.export import ParticleRow

    Found = tuple[Circle | None, str, bool]

LIMIT_BYTES = 2**26
"""Some 100 000 particles with outlines of 32 corners."""
MOST_VALUES = 2**22
"""Numbers, lists and words in one file; each takes up to 100 bytes when decoded, so
that 400 MB of memory is the worst."""
CORNERS = 32
"""Of a circle that is written; the polygon has the circle's area."""
_DESCRIPTION = "Particles, by "
_OURS = re.compile(
    rb'\s*\{\s*"info":\s*\{\s*"description":\s*"Particles, by napari-cdse'
)
_FIRST_CATEGORY = 1
_DECIMALS = 3
"""Of a pixel; a thousandth is far below what a hand or a fit can tell."""
_DIFFERS = 1e-3
"""Pixels; polygons within it are the box itself."""
_RECTANGLE = 4

_PIECES = "it is in several pieces"
_CROWD = "it is marked as a crowd, not as one particle"

_SEVERAL: dict[str, Any] = {}
"""What stands for several records of one id."""


def read_coco(path: Path, shape_of: ShapeOf) -> AnnotationFile:
    """Read a COCO file.

    Parameters
    ----------
    path : Path
        With ``images``, ``annotations`` and ``categories``.
    shape_of : callable
        Of the micrographs that are known.

    Raises
    ------
    LabelFileError
        If it is no such file. What is wrong with one annotation stands with it.
    """
    name = name_of(path)
    record = _decoded(name, read_file(path, LIMIT_BYTES, LabelFileError))
    images = _by_id(_records(name, record, "images"), "file_name")
    categories = _by_id(_records(name, record, "categories", needed=False), "name")
    names = {one: each.get("name") for one, each in categories.items()}
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
    name: str, record: Mapping[str, Any], key: str, *, needed: bool = True
) -> list[dict[str, Any]]:
    found = record.get(key, None if needed else [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise LabelFileError(
            f"{name} is no COCO file: it has no list of '{key}'; choose COCO's format "
            "for objects when exporting."
        )
    return found


def _by_id(
    records: Iterable[dict[str, Any]], told: str
) -> dict[int | str | None, dict[str, Any]]:
    """Give records by their id; one that stands for several names has none of them."""
    found: dict[int | str | None, dict[str, Any]] = {}
    for each in records:
        first = found.setdefault(_id(each), each)
        if first.get(told) != each.get(told):
            found[_id(each)] = _SEVERAL
    return found


def _id(record: Mapping[str, Any]) -> int | str | None:
    found = record.get("id")
    return found if isinstance(found, int | str) else None


def _shape(
    number: int,
    record: Mapping[str, Any],
    images: Mapping[int | str | None, Mapping[str, Any]],
    names: Mapping[int | str | None, object],
    shape_of: ShapeOf,
) -> Shape:
    image_id, category = record.get("image_id"), record.get("category_id")
    given = record.get("id")
    place = f"annotation {number}"
    if isinstance(given, int | str) and given != number:
        place += f" (id {shown(given)})"
    image = images.get(image_id) if isinstance(image_id, int | str) else None
    if image is None or not isinstance(image.get("file_name"), str):
        which = "more than one" if image is _SEVERAL else "no"
        said = f"{which} image in the file has the id {shown(image_id)}"
        return Shape("", place, None, problem=said)
    picture = image["file_name"]
    known = names.get(category) if isinstance(category, int | str) else None
    name = known if isinstance(known, str) else None
    if name is None and category is not None:
        name = shown(category)
    size = shape_of(picture)
    circle, problem, stretched = None, _refusal(record, image, size), False
    if not problem:
        circle, problem, stretched = _circle(record, size)
    note = record.get("note")
    note = note if isinstance(note, str) else ""
    return Shape(picture, place, circle, name, problem, note, stretched)


def _refusal(
    record: Mapping[str, Any], image: Mapping[str, Any], size: tuple[int, int] | None
) -> str:
    if record.get("reviewed") is False:
        return NOT_REVIEWED
    if record.get("iscrowd") == 1:
        return _CROWD
    told = image.get("height"), image.get("width")
    if size is not None and None not in told and told != size:
        said = " x ".join(shown(each) for each in told)
        return (
            f"its image has {said} px (rows x columns), but the micrograph of that "
            f"name {size[0]} x {size[1]}"
        )
    return ""


def _circle(record: Mapping[str, Any], size: tuple[int, int] | None) -> Found:
    outline = record.get("segmentation")
    if isinstance(outline, dict):
        return from_mask(outline, size)
    if outline and isinstance(outline, list):
        return _from_polygons(outline, _box(record))
    box = _box(record)
    return (None, NO_NUMBERS, False) if box is None else _from_box(box)


def _box(record: Mapping[str, Any]) -> tuple[float, ...] | None:
    box = record.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):
        return None
    return tuple(float(each) for each in box)


def _from_box(box: Sequence[float]) -> Found:
    x, y, width, height = box
    return from_ellipse(
        y + height / 2 - HALF_PX, x + width / 2 - HALF_PX, height / 2, width / 2
    )


def _from_polygons(polygons: list[Any], box: Sequence[float] | None) -> Found:
    if len(polygons) > 1:
        return None, _PIECES, False
    (numbers,) = polygons
    if not isinstance(numbers, list) or not all(map(_is_number, numbers)):
        return None, NO_NUMBERS, False
    if len(numbers) % 2 or len(numbers) < 6:
        return None, "its outline has less than three corners", False
    corners = np.array(numbers, dtype=np.float64).reshape(-1, 2)[:, ::-1]
    if box is not None and _is_box(corners, box):
        return _from_box(box)
    return from_outline(corners - HALF_PX)


def _is_box(corners: NDArray[np.float64], box: Sequence[float]) -> bool:
    """Whether an outline says nothing beyond the box: many programs write it so."""
    x, y, width, height = box
    if len(corners) not in (_RECTANGLE, _RECTANGLE + 1):
        return False
    edges = np.array([[y, x], [y + height, x + width]])
    apart = np.abs(corners[:, None, :] - edges).min(axis=1)
    return bool(apart.max() < _DIFFERS)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # A whole number of a thousand digits is none that a float can hold.
    return abs(value) < FARTHEST_PX if isinstance(value, int) else math.isfinite(value)


# Masks


def from_mask(mask: Mapping[str, Any], shape: tuple[int, int] | None) -> Found:
    """Turn a mask of run lengths into the circle of its area, if it is round.

    Parameters
    ----------
    mask : mapping
        ``size``, rows and columns, and ``counts``, how many pixels are out, in, out,
        in and so on down the columns; a list, or packed as text.
    shape : tuple of int or None
        Of the micrograph; where it is known the mask must have it.
    """
    size, counts = mask.get("size"), mask.get("counts")
    if not isinstance(size, list) or len(size) != 2 or not all(map(_is_count, size)):
        return None, "its mask has no size", False
    rows, columns = size
    if shape is not None and (rows, columns) != shape:
        return None, "its mask has not the size of the micrograph", False
    runs = unpacked(counts) if isinstance(counts, str) else counts
    if not isinstance(runs, list) or not all(map(_is_count, runs)):
        return None, "its mask cannot be unpacked", False
    if sum(runs) > rows * columns or rows * columns >= 2**31:
        return None, "its mask has more pixels than its size", False
    return from_moments(moments_of_runs(np.array(runs, dtype=np.int64), rows))


def unpacked(text: str) -> list[int] | None:
    """Unpack run lengths: six bits a letter, from "0", the lowest first.

    Bit 5 says that more follow, bit 4 of the last the sign; from the third length on
    each is the difference to the last but one. None for what is no such text.
    """
    runs: list[int] = []
    value = bits = 0
    for letter in text:
        code = ord(letter) - 48
        if not 0 <= code < 64 or bits > 30:
            return None
        value |= (code & 31) << bits
        bits += 5
        if code & 32:
            continue
        if code & 16:
            value -= 1 << bits
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = bits = 0
    return None if bits else runs


def moments_of_runs(runs: NDArray[np.int64], rows: int) -> Moments | None:
    """Measure the pixels of a mask without laying it out.

    A run that goes on in the next columns is three rectangles: down to the foot of its
    first column, the whole columns between, and from the top of its last one. So what
    this takes grows with the number of runs, however many pixels they cover.

    Parameters
    ----------
    runs : ndarray, shape (n,)
        How many pixels are out, in, out and so on, down the columns.
    rows : int
        Of the mask.

    Returns
    -------
    Moments or None
        None where no pixel is in.
    """
    ends = np.cumsum(runs)
    starts, stops = (ends - runs)[1::2], ends[1::2]
    starts, stops = starts[stops > starts], stops[stops > starts]
    if not len(starts):
        return None
    first, last = starts // rows, (stops - 1) // rows
    in_one = first == last
    top = starts - first * rows
    head = np.where(in_one, stops - starts, rows - top)
    tail = np.where(in_one, 0, stops - last * rows)
    between = np.maximum(last - first - 1, 0)
    # Of each rectangle: height, width, and the middle of its rows and columns.
    height = np.concatenate([head, np.full_like(head, rows), tail]).astype(np.float64)
    width = np.concatenate([np.ones_like(head), between, np.ones_like(head)])
    middle = np.concatenate([top, np.zeros_like(top), np.zeros_like(top)])
    middle = middle + (height - 1) / 2
    column = np.concatenate([first, first + (between + 1) / 2, last])
    weight = height * width
    area = float(weight.sum())
    row, col = float(weight @ middle / area), float(weight @ column / area)
    # A rectangle of n pixels a side has n² / 12 along it.
    along = weight @ ((middle - row) ** 2 + height**2 / 12) / area
    across = weight @ ((column - col) ** 2 + width.astype(np.float64) ** 2 / 12) / area
    both = weight @ ((middle - row) * (column - col)) / area
    return Moments(area, row, col, float(along), float(both), float(across))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


# Out


def is_our_coco(start: bytes) -> bool:
    """Whether the first bytes of a file are those of one that `CocoFile` wrote."""
    return _OURS.match(start) is not None


class CocoFile:
    """Collects the particles of micrographs for one COCO file."""

    def __init__(self) -> None:
        self._images: list[dict[str, object]] = []
        self._annotations: list[dict[str, object]] = []

    def add(
        self, picture: str, shape: tuple[int, int], rows: Sequence[ParticleRow]
    ) -> None:
        """Take one micrograph.

        Parameters
        ----------
        picture : str
            File name of the micrograph.
        shape : tuple of int
            Its rows and columns.
        rows : sequence of ParticleRow
            Those that have a class.
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

        Raises
        ------
        LabelFileError
            It cannot be written.
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
    turn = 2 * math.pi / CORNERS
    radius *= math.sqrt(turn / math.sin(turn))
    return [
        round(each, _DECIMALS)
        for corner in range(CORNERS)
        for each in (
            x + radius * math.cos(corner * turn),
            y + radius * math.sin(corner * turn),
        )
    ]
