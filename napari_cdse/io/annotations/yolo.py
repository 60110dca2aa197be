"""Read and write YOLO's label files: one file per micrograph, one line per particle.

Format: https://docs.ultralytics.com/datasets/detect. A line is ``class x y width
height``, or ``class x1 y1 x2 y2 ...`` for an outline, in shares of the picture's width
and height from the corner of its first pixel. A sixth number is how sure a detector is
of its box: such a line is no annotation. Names of the classes stand in ``data.yaml``,
``classes.txt`` or ``obj.names`` beside the files or above them.
"""

from __future__ import annotations

import math
import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES
from napari_cdse.io.annotations.shapes import (
    HALF_PX,
    NO_NUMBERS,
    NOT_REVIEWED,
    AnnotationFile,
    Shape,
    check_number,
    from_ellipse,
    from_outline,
    number_of,
)
from napari_cdse.io.files import name_of, read_file, shown, write_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_cdse.core.records import Circle
    from napari_cdse.io.annotations.shapes import ShapeOf
    from napari_cdse.io.export.export import ParticleRow

LIMIT_BYTES = 2**24
"""Ten thousand outlines of a hundred corners."""
NAMES_LIMIT_BYTES = 2**20
NAME_FILES = ("data.yaml", "dataset.yaml", "data.yml", "classes.txt", "obj.names")
"""Where the names of classes are looked for, in this order."""
_FOLDERS_ABOVE = 2
"""``labels/train/NAME.txt`` has its data.yaml two folders up."""
_MOST_CLASSES = 10_000
"""More than any data set names."""
_OUR_LINE = re.compile(rb"\d( -?\d+\.\d{8}){4,5}")
_NAME_TEXTS = {
    "classes.txt": "".join(f"{name}\n" for name in CLASSES).encode(),
    # In quotes: YAML takes yes, no and null for other things.
    "data.yaml": "".join(
        f"{line}\n"
        for line in (
            "path: .",
            "train: images",
            "val: images",
            "names:",
            *(f"  {number}: '{name}'" for number, name in enumerate(CLASSES)),
        )
    ).encode(),
}
"""What is written for the names of our classes, as old and as new programs look for
them."""
NAMES_OUT = tuple(_NAME_TEXTS)
_BOX, _BOX_AND_SURENESS = 5, 6
"""Numbers of a line, the class among them."""


def is_yolo(start: str) -> bool:
    """Whether a text's first line is a class and shares of a picture."""
    lines = [line for line in start.splitlines() if line.strip()]
    if not lines:
        return False
    numbers = _numbers(lines[0])
    if numbers is None or len(numbers) < _BOX or not numbers[0].is_integer():
        return False
    return all(-1 <= each <= 2 for each in numbers[1:])


def read_yolo(path: Path, shape_of: ShapeOf) -> AnnotationFile:
    """Read the label file of one micrograph, which has its name.

    Parameters
    ----------
    path : Path
        ``NAME.txt``.
    shape_of : callable
        Gives the micrograph's rows and columns: the file does not say them.

    Raises
    ------
    LabelFileError
        If the file cannot be read, or a file of names beside it cannot.
    """
    name, picture = name_of(path), path.stem
    data = read_file(path, LIMIT_BYTES, LabelFileError)
    lines = data.decode("utf-8", "replace").lstrip("\ufeff").splitlines()
    told = [(at, line) for at, line in enumerate(lines, 1) if line.strip()]
    check_number(name, len(told))
    names = class_names(path)
    shape = shape_of(picture)
    return AnnotationFile(
        name,
        tuple(_shape(picture, f"line {at}", line, names, shape) for at, line in told),
    )


def class_names(path: Path) -> dict[int, str]:
    """Find the names of the classes of a label file; none where no file tells.

    Raises
    ------
    LabelFileError
        If the file that should tell cannot be read.
    """
    for folder in list(path.parents)[: 1 + _FOLDERS_ABOVE]:
        for each in NAME_FILES:
            file = folder / each
            if os.path.isfile(file):
                return _names_in(file)
    return {}


def _names_in(file: Path) -> dict[int, str]:
    data = read_file(file, NAMES_LIMIT_BYTES, LabelFileError)
    text = data.decode("utf-8", "replace").lstrip("\ufeff")
    if file.suffix in (".yaml", ".yml"):
        found = _names_of_yaml(file, text)
    else:
        found = dict(enumerate(line.strip() for line in text.splitlines()))
    if len(found) > _MOST_CLASSES:
        raise LabelFileError(f"{name_of(file)} names {len(found)} classes; check it.")
    return {number: name for number, name in found.items() if name}


def _names_of_yaml(file: Path, text: str) -> dict[int, str]:
    try:
        # Aliases, of which few bytes make much, are not needed for names.
        record = yaml.load(text, Loader=_PlainLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        raise LabelFileError(
            f"{name_of(file)} is not YAML that can be read; write the names of the "
            "classes into classes.txt, one a line."
        ) from problem
    names: Any = record.get("names") if isinstance(record, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict):
        return {}
    return {
        number: _word(name) for number, name in names.items() if isinstance(number, int)
    }


class _PlainLoader(yaml.SafeLoader):
    """Reads YAML without aliases."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse an alias; see `yaml.composer.Composer`."""
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def _word(name: object) -> str:
    """Write a name as it stood: YAML takes yes, no and null for other things."""
    if name is None:
        return "null"
    if isinstance(name, bool):
        return "yes" if name else "no"
    return str(name) if isinstance(name, str | int | float) else ""


def _shape(
    picture: str,
    place: str,
    line: str,
    names: dict[int, str],
    shape: tuple[int, int] | None,
) -> Shape:
    numbers = _numbers(line)
    if numbers is None or len(numbers) < _BOX or not numbers[0].is_integer():
        said = f'"{shown(line.strip())}" is no class with a box or an outline'
        return Shape(picture, place, None, problem=said)
    number = int(numbers[0])
    name = names.get(number, str(number))
    if shape is None:
        # It could not be placed; that the micrograph is unknown is told elsewhere.
        return Shape(picture, place, None, name)
    if len(numbers) == _BOX_AND_SURENESS:
        return Shape(picture, place, None, name, NOT_REVIEWED)
    circle, problem, stretched = _circle(numbers[1:], shape)
    return Shape(picture, place, circle, name, problem, stretched=stretched)


def _numbers(line: str) -> list[float] | None:
    try:
        numbers = [number_of(each) for each in line.split()]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _circle(
    shares: list[float], shape: tuple[int, int]
) -> tuple[Circle | None, str, bool]:
    rows, columns = shape
    if len(shares) == _BOX - 1:
        x, y, width, height = shares
        return from_ellipse(
            y * rows - HALF_PX,
            x * columns - HALF_PX,
            height * rows / 2,
            width * columns / 2,
        )
    if len(shares) % 2:
        return None, NO_NUMBERS, False
    corners = np.array(shares).reshape(-1, 2)[:, ::-1] * shape
    return from_outline(corners - HALF_PX)


# Out


def is_our_yolo(start: bytes) -> bool:
    """Whether the first bytes of a file are those of one that `write_yolo` wrote.

    Other programs write fewer decimals, or as many as there are.
    """
    lines = _whole_lines(start)
    return bool(lines) and all(map(_OUR_LINE.fullmatch, lines))


def _whole_lines(start: bytes) -> list[bytes]:
    """Cut into lines, without the last one of a start that ends within it."""
    *whole, last = start.splitlines(keepends=True) or [b""]
    if last.endswith(b"\n") or not whole:
        whole.append(last)
    return [each.rstrip(b"\r\n") for each in whole]


def is_our_names(start: bytes) -> bool:
    """Whether the first bytes of a file are those of one that `write_names` wrote."""
    return start in _NAME_TEXTS.values()


def write_yolo(path: Path, shape: tuple[int, int], rows: Sequence[ParticleRow]) -> None:
    """Write the label file of one micrograph.

    Parameters
    ----------
    path : Path
        ``NAME.txt``.
    shape : tuple of int
        Rows and columns of the micrograph.
    rows : sequence of ParticleRow
        Those that have a class. What only a forest says has how sure it is as a sixth
        number, as detectors write it.

    Raises
    ------
    LabelFileError
        The file cannot be written.
    """
    text = "".join(f"{_line(row, shape)}\n" for row in rows)
    write_file(path, text.encode(), LabelFileError)


def write_names(folder: Path) -> None:
    """Write the names of the classes, as old and as new programs look for them.

    Raises
    ------
    LabelFileError
        A file cannot be written.
    """
    for name, text in _NAME_TEXTS.items():
        write_file(folder / name, text, LabelFileError)


def _line(row: ParticleRow, shape: tuple[int, int]) -> str:
    rows, columns = shape
    circle = row.circle
    diameter = 2 * circle.radius_px
    numbers = [
        (circle.col_px + HALF_PX) / columns,
        (circle.row_px + HALF_PX) / rows,
        diameter / columns,
        diameter / rows,
    ]
    if not row.by_person:
        numbers.append(1.0 if row.probabilities is None else max(row.probabilities))
    number = [str(each) for each in CLASSES].index(str(row.label))
    return " ".join([str(number), *(f"{each:.8f}" for each in numbers)])
