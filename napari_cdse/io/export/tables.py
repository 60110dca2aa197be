"""Write CSV that spreadsheets open correctly, and in which no cell is a formula.

File names and notes come from others. Text that a spreadsheet would run as a formula
gets an apostrophe before it; `without_apostrophe` removes it when a table is read.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from napari_cdse.core.errors import CdseError
from napari_cdse.io.files import write_file

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    Cell = str | float | bool | None

DialectName = Literal["standard", "excel", "excel-eu"]
"""Names of the dialects of CSV."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A dialect of CSV.

    Attributes
    ----------
    delimiter : str
        Separates cells.
    decimal_mark : str
        Decimal mark of numbers.
    byte_order_mark : bool
        Whether the file begins with one; Excel does not recognise UTF-8 without it.
    """

    delimiter: str = ","
    decimal_mark: str = "."
    byte_order_mark: bool = False


DIALECTS: dict[DialectName, Dialect] = {
    "standard": Dialect(),
    "excel": Dialect(byte_order_mark=True),
    "excel-eu": Dialect(";", ",", byte_order_mark=True),
}
"""``standard`` for programs (RFC 4180); ``excel`` for Excel on an English system;
``excel-eu`` on one with decimal commas, as in Germany, France or Spain."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Characters that begin a formula in some spreadsheet, in full-width forms too."""
_SKIPPED = "".join(map(chr, range(33))) + "\u00a0\ufeff"
"""White space and control characters, which some spreadsheets skip before a formula."""
_SPLITTERS = {",": ";\t\r\n", ";": ",\t\r\n"}
"""By a table's delimiter, the characters at which a spreadsheet splits cells or lines
that expects another delimiter. Quotes around a cell do not protect it then."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def write_table(
    path: str | os.PathLike[str],
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    dialect: DialectName = "standard",
) -> None:
    """Write a table in UTF-8, one line for each row.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    columns : sequence of str
        Header.
    rows : iterable of sequence
        Numbers are written to ten digits, None as an empty cell. A formula gets an
        apostrophe before it, also within a text at which a spreadsheet with another
        delimiter would split it.
    dialect : {"standard", "excel", "excel-eu"}
        See `DIALECTS`.

    Raises
    ------
    CdseError
        If the file cannot be written.
    """
    chosen = DIALECTS[dialect]
    table = io.StringIO(newline="")
    writer = csv.writer(table, delimiter=chosen.delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell_text(cell, chosen) for cell in row] for row in rows)
    start = _BYTE_ORDER_MARK if chosen.byte_order_mark else b""
    write_file(path, start + utf8(table.getvalue()), CdseError)


def _cell_text(cell: Cell, dialect: Dialect) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str):
        text = _formula_after_split(dialect.delimiter).sub(r"\1'\2", cell)
        return f"'{text}" if _may_be_formula(text) else text
    return f"{float(cell):z.10g}".replace(".", dialect.decimal_mark)


def without_apostrophe(text: str, delimiter: str = ",") -> str:
    """Remove the apostrophes that `write_table` added.

    Parameters
    ----------
    text : str
        Text of a cell.
    delimiter : str
        Delimiter of the table.
    """
    has_apostrophe = text[:1] == "'" and _may_be_formula(text[1:])
    rest = text[1:] if has_apostrophe else text
    return _formula_after_split(delimiter, apostrophe="'").sub(r"\1\2", rest)


@functools.cache
def _formula_after_split(delimiter: str, apostrophe: str = "") -> re.Pattern[str]:
    """Match a formula within a text that would be split: what is before it, and it."""
    splitters = _SPLITTERS.get(delimiter, _SPLITTERS[","])
    before = re.escape(_SKIPPED + '"')
    starts = re.escape("".join(_FORMULA_STARTS))
    return re.compile(f"([{splitters}][{before}]*){apostrophe}('*[{starts}])")


def _may_be_formula(text: str) -> bool:
    """Whether a spreadsheet might run a text as a formula, apostrophes aside.

    They are ignored so that a text with an apostrophe of its own gets another one, and
    keeps its own when it is read.
    """
    bare = text.lstrip("'")
    start = bare.lstrip(_SKIPPED)
    return start.startswith(_FORMULA_STARTS) or bare.startswith(("\t", "\r", "\n"))


def utf8(text: str) -> bytes:
    """Encode as UTF-8, with escapes for bytes in file names that are no text."""
    return text.encode("utf-8", "backslashreplace")
