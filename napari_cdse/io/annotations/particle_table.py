"""Tables of particles: what ``export`` and ``predict`` write, and a user's own.

The columns ``micrograph``, ``x_px``, ``y_px`` and ``radius_px`` are needed; ``label``,
``note`` and ``reviewed`` are read where they are, all others are passed over.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.io.annotations.shapes import (
    NO_NUMBERS,
    NOT_REVIEWED,
    AnnotationFile,
    Shape,
    check_number,
)
from napari_cdse.io.export.export import REVIEWED
from napari_cdse.io.export.tables import without_apostrophe
from napari_cdse.io.files import name_of, read_file, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LIMIT_BYTES = 2**25
"""A hundred thousand lines of all columns, with notes of a hundred letters."""
_NEEDED = ("micrograph", "x_px", "y_px", "radius_px")
_DELIMITERS = (",", ";", "\t")
_FORESTS = frozenset(f"p_{name}" for name in CLASSES)
"""Columns of a forest's word; who has them and says nothing of a review may hold what
nobody looked at."""


def is_particle_table(start: str) -> bool:
    """Whether a text begins with the columns of such a table."""
    return _header(start) is not None


def read_particle_table(path: Path) -> AnnotationFile:
    """Read a table of particles.

    Parameters
    ----------
    path : Path
        UTF-8; separated by comma, semicolon or tab, with decimal points, or with
        decimal commas where a comma does not separate.

    Raises
    ------
    LabelFileError
        With the file's name, and the line where there is one to tell.
    """
    name = name_of(path)
    try:
        text = read_file(path, LIMIT_BYTES, LabelFileError).decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise LabelFileError(
            f"{name} is not text in UTF-8; save it as CSV in UTF-8."
        ) from problem
    found = _header(text)
    if found is None:
        raise LabelFileError(
            f"{name} is no table of particles: its first line must name the columns "
            f"{', '.join(_NEEDED)}."
        )
    delimiter, columns = found
    if REVIEWED not in columns and columns & _FORESTS:
        raise LabelFileError(
            f"{name} holds the forest's word and does not say what a person reviewed "
            f"(no column '{REVIEWED}'); export the project again, or remove the "
            "columns p_yes to p_empty if every label is a person's."
        )
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=delimiter, restval=""
    )
    reader.fieldnames = [_plain(each) for each in reader.fieldnames or ()]
    shapes: list[Shape] = []
    try:
        for cells in reader:
            check_number(name, len(shapes) + 1)
            shapes.append(_shape(cells, f"line {reader.line_num}", delimiter))
    except csv.Error as problem:
        raise LabelFileError(
            f"{name}, line {reader.line_num + 1}: this is no line of a table "
            f"({shown(problem)}); save it as CSV anew."
        ) from problem
    return AnnotationFile(name, tuple(shapes))


def _header(text: str) -> tuple[str, set[str]] | None:
    """Find what separates the columns, and their names."""
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    for delimiter in _DELIMITERS:
        columns = {_plain(each) for each in first.split(delimiter)}
        if columns.issuperset(_NEEDED):
            return delimiter, columns
    return None


def _plain(column: str) -> str:
    return column.strip().strip('"').strip().lower()


def _shape(cells: Mapping[str, str | None], place: str, delimiter: str) -> Shape:
    def text(column: str) -> str:
        found = cells.get(column)
        return without_apostrophe(found.strip()) if isinstance(found, str) else ""

    picture, label = text("micrograph"), text("label") or None
    mark = None if delimiter == "," else ","
    try:
        y, x, radius = (
            _number(text(column), mark) for column in ("y_px", "x_px", "radius_px")
        )
    except ValueError:
        return Shape(picture, place, None, label, NO_NUMBERS)
    problem = NOT_REVIEWED if text(REVIEWED).lower() in ("false", "no", "0") else ""
    circle = None if problem else Circle(y, x, radius)
    return Shape(picture, place, circle, label, problem, text("note"))


def _number(text: str, decimal_comma: str | None) -> float:
    if decimal_comma is not None:
        text = text.replace(decimal_comma, ".")
    return float(text)
