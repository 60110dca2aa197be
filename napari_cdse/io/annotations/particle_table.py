"""Read particle tables: those of ``export`` and ``predict``, and a user's own.

The columns ``micrograph``, ``x_px``, ``y_px`` and ``radius_px`` are required;
``label``, ``note`` and ``reviewed`` are optional, and all others are ignored. A label
without ``reviewed`` is a person's. Only in a table that has a forest's probabilities,
but no such column, it must be found out: see
`napari_cdse.io.annotations.earlier_tables`.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.io.annotations.earlier_tables import (
    UNKNOWN_LABELLER,
    EarlierRow,
    by_person,
)
from napari_cdse.io.annotations.shapes import (
    NO_NUMBERS,
    NOT_REVIEWED,
    AnnotationFile,
    Shape,
    check_number,
    number_of,
)
from napari_cdse.io.export.particle_csv import REVIEWED
from napari_cdse.io.export.tables import without_apostrophe
from napari_cdse.io.files import name_of, read_file, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

LIMIT_BYTES = 2**25
"""Largest file that is read. Chosen: a hundred thousand lines of all columns, with
notes of a hundred letters."""
_REQUIRED = ("micrograph", "x_px", "y_px", "radius_px")
_READ = (*_REQUIRED, "label", "note", REVIEWED)
_DELIMITERS = (",", ";", "\t")
_PROBABILITIES = frozenset(f"p_{name}" for name in CLASSES)
"""Columns of a forest's probabilities. A table that has them, but no column
``reviewed``, was written by an earlier version, and may hold labels of the forest."""
_LABEL_TABLE = frozenset({"particle", "annotator", "label"})
"""Columns of ``labels.csv``, which has no positions."""

_COORDINATES = ("x_px", "y_px", "radius_px")
_REVIEWED = frozenset({"true", "yes", "1", "wahr", "ja", "vrai", "verdadero", "vero"})
_UNREVIEWED = frozenset({"false", "no", "0", "falsch", "nein", "faux", "falso"})
"""What spreadsheets write for true and false: Excel saves what it read as ``false`` in
its own language (German, French, Spanish, Italian). Other words are reported."""
_NUMBER_LIKE = re.compile(r"[-+0-9.,]{1,60}(?:[eE][-+0-9]{1,4})?")
"""A number with any decimal marks, and marks between thousands."""
_UNCLEAR = "its column reviewed says neither true nor false"

_PROBLEMS = {True: "", False: NOT_REVIEWED, None: UNKNOWN_LABELLER}
"""Problem of a label, by whether a person gave it; None if that is unknown."""


def is_particle_table(start: str) -> bool:
    """Whether a text begins with the header of a particle table."""
    return _Header.of(start) is not None


def read_particle_table(path: Path) -> AnnotationFile:
    """Read a particle table.

    Parameters
    ----------
    path : Path
        CSV in UTF-8, separated by comma, semicolon or tab; with decimal points, or,
        unless the comma separates columns, decimal commas. Empty lines are ignored.

    Returns
    -------
    AnnotationFile
        Problems of single lines are noted with their shapes.

    Raises
    ------
    LabelFileError
        If the file cannot be read or is no particle table; with the number of the line,
        if it is due to one.
    """
    name = name_of(path)
    text = _decoded(name, read_file(path, LIMIT_BYTES, LabelFileError))
    header = _Header.of(text)
    if header is None:
        raise _no_particle_table(name, text)
    if header.repeated:
        raise LabelFileError(
            f"{name} has more than one column {', '.join(header.repeated)}; leave one "
            "of each."
        )
    lines = _lines(name, text, header.delimiter)
    _check_decimal_marks(name, lines)
    problems = _label_problems(path, header, lines)
    shapes = (_shape(*each) for each in zip(lines, problems, strict=True))
    return AnnotationFile(name, tuple(shapes))


def _decoded(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise LabelFileError(
            f"{name} is not text in UTF-8; save it as CSV in UTF-8."
        ) from problem


def _no_particle_table(name: str, text: str) -> LabelFileError:
    """Make the error for a file without the required columns."""
    if any(_LABEL_TABLE.issubset(_columns(text, mark)) for mark in ",;"):
        return LabelFileError(
            f"{name} tells whose each label is, but no places; import the table "
            "of particles (particles.csv) of the same export."
        )
    return LabelFileError(
        f"{name} is no table of particles: its first line must name the columns "
        f"{', '.join(_REQUIRED)}."
    )


@dataclass(frozen=True, slots=True)
class _Header:
    """The first line of a particle table.

    Attributes
    ----------
    delimiter : str
        What separates the columns.
    columns : tuple of str
        Their names, in lower case.
    """

    delimiter: str
    columns: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> _Header | None:
        """Find the delimiter with which a text has the required columns."""
        for delimiter in _DELIMITERS:
            columns = _columns(text, delimiter)
            if set(columns).issuperset(_REQUIRED):
                return cls(delimiter, columns)
        return None

    @property
    def repeated(self) -> tuple[str, ...]:
        """Columns of interest that occur more than once."""
        return tuple(each for each in _READ if self.columns.count(each) > 1)


def _columns(text: str, delimiter: str) -> tuple[str, ...]:
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    return tuple(_plain(each) for each in first.split(delimiter))


def _plain(column: str) -> str:
    return column.strip().strip('"').strip().lower()


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a table.

    Attributes
    ----------
    cells : mapping of str to str or None
        By column; cells beyond the last column are a list under None.
    delimiter : str
        What separates the columns.
    place : str
        Its number in the file, for messages.
    """

    cells: Mapping[str, str | None]
    delimiter: str
    place: str

    def text(self, column: str) -> str:
        """Return the text of a cell; empty if there is no such column."""
        cell = self.cells.get(column)
        if not isinstance(cell, str):
            return ""
        return without_apostrophe(cell.strip(), self.delimiter)

    def is_empty(self) -> bool:
        """Whether all cells are empty: Excel keeps lines whose cells were cleared."""
        # `join` also takes the list of the cells beyond the last column.
        return not any("".join(each or ()).strip() for each in self.cells.values())

    def number(self, column: str) -> float:
        """Parse a number; the decimal mark is a comma unless that separates columns."""
        text = self.text(column)
        return number_of(text if self.delimiter == "," else text.replace(",", "."))


def _lines(name: str, text: str, delimiter: str) -> list[_Line]:
    """Parse the lines below the header, without empty ones."""
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=delimiter, restval=""
    )
    reader.fieldnames = [_plain(each) for each in reader.fieldnames or ()]
    lines: list[_Line] = []
    try:
        for cells in reader:
            line = _Line(cells, delimiter, f"line {reader.line_num}")
            if line.is_empty():
                continue
            check_number(name, len(lines) + 1)
            lines.append(line)
    except csv.Error as problem:
        raise LabelFileError(
            f"{name}, line {reader.line_num + 1}: this is no line of a table "
            f"({shown(problem)}); save it as CSV anew."
        ) from problem
    return lines


def _check_decimal_marks(name: str, lines: Sequence[_Line]) -> None:
    """Refuse a table with both decimal points and decimal commas.

    One of them may separate thousands: beside 100,5 the text 1.024 means 1024, and
    reading it as a little more than 1 would misplace a circle by a thousand pixels.
    """
    first: dict[str, tuple[str, str]] = {}
    for line in lines:
        texts = filter(_NUMBER_LIKE.fullmatch, map(line.text, _COORDINATES))
        for text in texts:
            for mark in filter(text.__contains__, ",."):
                first.setdefault(mark, (text, line.place))
    if len(first) > 1:
        examples = " and ".join(
            f'"{shown(text)}" in {at}' for text, at in first.values()
        )
        raise LabelFileError(
            f"{name} has decimal commas and points, {examples}; write one of them, and "
            "none between thousands."
        )


def _label_problems(
    path: Path, header: _Header, lines: Sequence[_Line]
) -> Iterable[str]:
    """Say of each line why its label is not used; empty if a person gave it."""
    if REVIEWED not in header.columns and _PROBABILITIES & set(header.columns):
        return [_PROBLEMS[each] for each in by_person(path, list(map(_earlier, lines)))]
    return map(_review_problem, lines)


def _shape(line: _Line, problem: str) -> Shape:
    picture, label = line.text("micrograph"), line.text("label") or None
    try:
        y, x, radius = (line.number(each) for each in ("y_px", "x_px", "radius_px"))
    except ValueError:
        return Shape(picture, line.place, None, label, NO_NUMBERS)
    circle = None if problem else Circle(y, x, radius)
    return Shape(picture, line.place, circle, label, problem, line.text("note"))


def _review_problem(line: _Line) -> str:
    """Say what the column ``reviewed`` means for a label; empty where it is empty."""
    reviewed = line.text(REVIEWED).lower()
    if reviewed in _UNREVIEWED:
        return NOT_REVIEWED
    return "" if not reviewed or reviewed in _REVIEWED else _UNCLEAR


def _earlier(line: _Line) -> EarlierRow:
    columns = [f"p_{name}" for name in CLASSES]
    try:
        probabilities = tuple(line.number(each) for each in columns)
    except ValueError:
        probabilities = None
    return EarlierRow(
        particle=line.text("particle"),
        label=line.text("label").lower(),
        probabilities=probabilities,
        has_forest=any(map(line.text, columns)),
    )
