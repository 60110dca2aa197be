"""Read tables of particles: those of ``export`` and ``predict``, and a user's own.

The columns ``micrograph``, ``x_px``, ``y_px`` and ``radius_px`` are needed; ``label``,
``note`` and ``reviewed`` are read where they are. Of a table without ``reviewed`` that
holds a forest's probabilities, only what a person must have said is taken; all other
columns are passed over.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.io.annotations.earlier_tables import NOT_SAID, EarlierRow, by_person
from napari_cdse.io.annotations.shapes import (
    NO_NUMBERS,
    NOT_REVIEWED,
    AnnotationFile,
    Shape,
    check_number,
    number_of,
)
from napari_cdse.io.export.export import REVIEWED
from napari_cdse.io.export.tables import without_apostrophe
from napari_cdse.io.files import name_of, read_file, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LIMIT_BYTES = 2**25
"""A hundred thousand lines of all columns, with notes of a hundred letters."""
_NEEDED = ("micrograph", "x_px", "y_px", "radius_px")
_READ = (*_NEEDED, "label", "note", REVIEWED)
_DELIMITERS = (",", ";", "\t")
_FORESTS = frozenset(f"p_{name}" for name in CLASSES)
"""Columns of a forest's word; who has them and says nothing of a review was written by
an earlier version, and may hold what nobody looked at."""
_OF_ANNOTATORS = frozenset({"particle", "annotator", "label"})
"""Columns of ``labels.csv``, which has no places."""

_PLACES = ("x_px", "y_px", "radius_px")
_REVIEWED = frozenset({"true", "yes", "1", "wahr", "ja", "vrai", "verdadero", "vero"})
_UNREVIEWED = frozenset({"false", "no", "0", "falsch", "nein", "faux", "falso"})
"""What spreadsheets write for true and false: where Excel read ``false``, it saves the
word of its own language (German, French, Spanish, Italian). Others are told."""
_MARKED = re.compile(r"[-+0-9.,]{1,60}(?:[eE][-+0-9]{1,4})?")
"""A number with marks of any kind in it, or none."""
_UNCLEAR = "its column reviewed says neither true nor false"

_PROBLEMS = {True: "", False: NOT_REVIEWED, None: NOT_SAID}
"""By whether a person gave the label."""


def is_particle_table(start: str) -> bool:
    """Whether a text begins with the columns of such a table."""
    return _header(start) is not None


def read_particle_table(path: Path) -> AnnotationFile:
    """Read a table of particles.

    Parameters
    ----------
    path : Path
        UTF-8; separated by comma, semicolon or tab, with decimal points, or with
        decimal commas where a comma does not separate. Lines whose cells are all empty
        are passed over.

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
        if _columns(text, ",") >= _OF_ANNOTATORS or _columns(text, ";") >= (
            _OF_ANNOTATORS
        ):
            raise LabelFileError(
                f"{name} tells whose each label is, but no places; import the table "
                "of particles (particles.csv) of the same export."
            )
        raise LabelFileError(
            f"{name} is no table of particles: its first line must name the columns "
            f"{', '.join(_NEEDED)}."
        )
    delimiter, columns = found
    twice = _twice(text, delimiter)
    if twice:
        raise LabelFileError(
            f"{name} has more than one column {', '.join(twice)}; leave one of each."
        )
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=delimiter, restval=""
    )
    reader.fieldnames = [_plain(each) for each in reader.fieldnames or ()]
    lines: list[tuple[_Line, str]] = []
    try:
        for cells in reader:
            line = _Line(cells, delimiter)
            if line.is_empty():
                continue
            check_number(name, len(lines) + 1)
            lines.append((line, f"line {reader.line_num}"))
    except csv.Error as problem:
        raise LabelFileError(
            f"{name}, line {reader.line_num + 1}: this is no line of a table "
            f"({shown(problem)}); save it as CSV anew."
        ) from problem
    _check_decimal_marks(name, lines)
    problems = (_not_reviewed(line) for line, _ in lines)
    if REVIEWED not in columns and columns & _FORESTS:
        given = by_person(path, [_earlier(line) for line, _ in lines])
        problems = (_PROBLEMS[each] for each in given)
    shapes = (
        _shape(line, place, problem)
        for (line, place), problem in zip(lines, problems, strict=True)
    )
    return AnnotationFile(name, tuple(shapes))


def _header(text: str) -> tuple[str, set[str]] | None:
    """Find what separates the columns, and their names."""
    for delimiter in _DELIMITERS:
        columns = _columns(text, delimiter)
        if columns.issuperset(_NEEDED):
            return delimiter, columns
    return None


def _columns(text: str, delimiter: str) -> set[str]:
    return set(_first_line(text, delimiter))


def _twice(text: str, delimiter: str) -> list[str]:
    """Name the columns that are read and stand more than once in the first line."""
    columns = _first_line(text, delimiter)
    return [each for each in _READ if columns.count(each) > 1]


def _first_line(text: str, delimiter: str) -> list[str]:
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    return [_plain(each) for each in first.split(delimiter)]


def _plain(column: str) -> str:
    return column.strip().strip('"').strip().lower()


@dataclass(frozen=True, slots=True)
class _Line:
    """The cells of one line by column."""

    cells: Mapping[str, str | None]
    delimiter: str

    def text(self, column: str) -> str:
        """Return what stands in a column; nothing where there is none."""
        found = self.cells.get(column)
        if not isinstance(found, str):
            return ""
        return without_apostrophe(found.strip(), self.delimiter)

    def is_empty(self) -> bool:
        """Whether nothing stands in it: Excel keeps lines whose cells were cleared."""
        # The cells beyond the last column are a list.
        return not any("".join(each or ()).strip() for each in self.cells.values())

    def number(self, column: str) -> float:
        """Read a number, with a decimal comma where a comma does not separate."""
        text = self.text(column)
        return number_of(text if self.delimiter == "," else text.replace(",", "."))


def _check_decimal_marks(name: str, lines: Sequence[tuple[_Line, str]]) -> None:
    """Refuse decimal points beside decimal commas.

    One of the two may part thousands: 1.024 is read as 1024 beside 100,5, or it would
    put a circle a thousand pixels away from where it is.
    """
    first: dict[str, tuple[str, str]] = {}
    for line, place in lines:
        texts = filter(_MARKED.fullmatch, map(line.text, _PLACES))
        for text in texts:
            for mark in filter(text.__contains__, ",."):
                first.setdefault(mark, (text, place))
    if len(first) > 1:
        told = " and ".join(f'"{shown(text)}" in {at}' for text, at in first.values())
        raise LabelFileError(
            f"{name} has decimal commas and points, {told}; write one of them, and "
            "none between thousands."
        )


def _shape(line: _Line, place: str, problem: str) -> Shape:
    picture, label = line.text("micrograph"), line.text("label") or None
    try:
        y, x, radius = (line.number(each) for each in ("y_px", "x_px", "radius_px"))
    except ValueError:
        return Shape(picture, place, None, label, NO_NUMBERS)
    circle = None if problem else Circle(y, x, radius)
    return Shape(picture, place, circle, label, problem, line.text("note"))


def _not_reviewed(line: _Line) -> str:
    said = line.text(REVIEWED).lower()
    if said in _UNREVIEWED:
        return NOT_REVIEWED
    return "" if not said or said in _REVIEWED else _UNCLEAR


def _earlier(line: _Line) -> EarlierRow:
    told = [line.text(f"p_{name}") for name in CLASSES]
    try:
        shares = tuple(line.number(f"p_{name}") for name in CLASSES)
    except ValueError:
        shares = None
    label = line.text("label").lower()
    return EarlierRow(line.text("particle"), label, shares, any(told))
