"""Read and write YOLO's label files: one file per micrograph, one line per particle.

Format: https://docs.ultralytics.com/datasets/detect. A line is ``class x y width
height``, or ``class x1 y1 x2 y2 ...`` for an outline, in fractions of the image's width
and height from the corner of its first pixel. A sixth number is a detector's confidence
in its box; such a line is no annotation. The classes' names are in ``data.yaml``,
``classes.txt`` or ``obj.names`` beside the label files, or up to two folders above.
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
    FittedCircle,
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

    from napari_cdse.io.annotations.shapes import ShapeOf
    from napari_cdse.io.export.particle_rows import ParticleRow

LIMIT_BYTES = 2**24
"""Largest label file that is read. Chosen: ten thousand outlines of a hundred
corners."""
NAMES_LIMIT_BYTES = 2**20
"""Largest file of names that is read. Chosen."""
NAME_FILES = ("data.yaml", "dataset.yaml", "data.yml", "classes.txt", "obj.names")
"""Files that may name the classes, in the order in which they are looked for."""
_FOLDERS_ABOVE = 2
"""Folders above a label file that are searched: ``labels/train/NAME.txt`` has its
``data.yaml`` two folders up."""
_MOST_CLASSES = 10_000
"""Most names that are accepted. Chosen: more than any data set has."""
_OUR_LINE = re.compile(rb"\d( -?\d+\.\d{8}){4,5}")
"""A line as `write_yolo` writes it."""
_NAME_TEXTS = {
    "classes.txt": "".join(f"{name}\n" for name in CLASSES).encode(),
    # In quotes, since YAML reads yes, no and null as values of other types.
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
"""Contents of the files of names that are written, for older and for newer programs."""
NAMES_OUT = tuple(_NAME_TEXTS)
"""Names of these files."""
_BOX, _BOX_AND_CONFIDENCE = 5, 6
"""Numbers in a line of either kind, the class included."""


def is_yolo(start: str) -> bool:
    """Whether a text's first line is a class and fractions of an image's size."""
    lines = [line for line in start.splitlines() if line.strip()]
    if not lines:
        return False
    numbers = _numbers(lines[0])
    if numbers is None or len(numbers) < _BOX or not numbers[0].is_integer():
        return False
    return all(-1 <= each <= 2 for each in numbers[1:])


def read_yolo(path: Path, shape_of: ShapeOf) -> AnnotationFile:
    """Read the label file of one micrograph.

    Parameters
    ----------
    path : Path
        ``NAME.txt``, where NAME is that of the micrograph.
    shape_of : callable
        Gives the micrograph's rows and columns, which the file does not hold; see
        `napari_cdse.io.annotations.shapes.ShapeOf`.

    Returns
    -------
    AnnotationFile
        Problems of single lines are noted with their shapes.

    Raises
    ------
    LabelFileError
        If the file, or a file of names beside it, cannot be read.
    """
    name, picture = name_of(path), path.stem
    data = read_file(path, LIMIT_BYTES, LabelFileError)
    lines = data.decode("utf-8", "replace").lstrip("\ufeff").splitlines()
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    check_number(name, len(numbered))
    names = class_names(path)
    shape = shape_of(picture)
    return AnnotationFile(
        name,
        tuple(
            _shape(picture, f"line {number}", line, names, shape)
            for number, line in numbered
        ),
    )


def class_names(path: Path) -> dict[int, str]:
    """Find the names of the classes of a label file.

    Parameters
    ----------
    path : Path
        The label file.

    Returns
    -------
    dict of int to str
        Empty if there is no file of names.

    Raises
    ------
    LabelFileError
        If there is one that cannot be read.
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
        names = _names_of_yaml(file, text)
    else:
        names = dict(enumerate(line.strip() for line in text.splitlines()))
    if len(names) > _MOST_CLASSES:
        raise LabelFileError(f"{name_of(file)} names {len(names)} classes; check it.")
    return {number: name for number, name in names.items() if name}


def _names_of_yaml(file: Path, text: str) -> dict[int, str]:
    try:
        # Aliases can expand few bytes to gigabytes, and are not needed for names.
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
    """Reads plain YAML, and refuses aliases."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse an alias; see `yaml.composer.Composer`."""
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def _word(name: object) -> str:
    """Return a name as it was written: YAML reads yes, no and null as other types."""
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
        problem = f'"{shown(line.strip())}" is no class with a box or an outline'
        return Shape(picture, place, None, problem=problem)
    number = int(numbers[0])
    name = names.get(number, str(number))
    if shape is None:
        # Without the size there is no circle. The importer reports the micrograph.
        return Shape(picture, place, None, name)
    if len(numbers) == _BOX_AND_CONFIDENCE:
        return Shape(picture, place, None, name, NOT_REVIEWED)
    fitted = _circle(numbers[1:], shape)
    return Shape(
        picture,
        place,
        fitted.circle,
        name,
        fitted.problem,
        stretched=fitted.stretched,
    )


def _numbers(line: str) -> list[float] | None:
    try:
        numbers = [number_of(each) for each in line.split()]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _circle(fractions: list[float], shape: tuple[int, int]) -> FittedCircle:
    """Convert a box or an outline, in fractions of the micrograph's size."""
    rows, columns = shape
    if len(fractions) == _BOX - 1:
        x, y, width, height = fractions
        return from_ellipse(
            y * rows - HALF_PX,
            x * columns - HALF_PX,
            height * rows / 2,
            width * columns / 2,
        )
    if len(fractions) % 2:
        return FittedCircle(None, NO_NUMBERS)
    corners = np.array(fractions).reshape(-1, 2)[:, ::-1] * shape
    return from_outline(corners - HALF_PX)


def is_our_yolo(start: bytes) -> bool:
    """Whether the first bytes of a file are those of one that `write_yolo` wrote.

    Other programs write fewer than eight decimals, or all of them.
    """
    lines = _whole_lines(start)
    return bool(lines) and all(map(_OUR_LINE.fullmatch, lines))


def _whole_lines(start: bytes) -> list[bytes]:
    """Return the complete lines of a file's start; the first one in any case."""
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
        ``NAME.txt``; an existing file is replaced.
    shape : tuple of int
        Rows and columns of the micrograph.
    rows : sequence of ParticleRow
        Its particles, all with a class. One that no person labelled gets the forest's
        probability as a sixth number, as detectors write their confidence.

    Raises
    ------
    LabelFileError
        If the file cannot be written.
    """
    text = "".join(f"{_line(row, shape)}\n" for row in rows)
    write_file(path, text.encode(), LabelFileError)


def write_names(folder: Path) -> None:
    """Write the names of the classes, for older and for newer programs.

    Parameters
    ----------
    folder : Path
        The folder above the label files.

    Raises
    ------
    LabelFileError
        If a file cannot be written.
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
