"""Write CSV that spreadsheets open correctly and in which no cell acts as a formula."""

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
"""Names of the ways to write a table."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written.

    Attributes
    ----------
    delimiter : str
        Between two cells.
    decimal_mark : str
        Of numbers.
    byte_order_mark : bool
        Whether the file begins with one: Excel takes UTF-8 for another encoding
        without it.
    """

    delimiter: str = ","
    decimal_mark: str = "."
    byte_order_mark: bool = False


DIALECTS: dict[DialectName, Dialect] = {
    "standard": Dialect(),
    "excel": Dialect(byte_order_mark=True),
    "excel-eu": Dialect(";", ",", byte_order_mark=True),
}
"""``standard`` for programs (RFC 4180); ``excel`` for an English Excel; ``excel-eu``
for one whose system writes a comma in numbers, as in Germany, France or Spain."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins a formula in some spreadsheet, full-width forms too."""
_PASSED_OVER = "".join(map(chr, range(33))) + "\u00a0\ufeff"
"""White space and controls, which some of them pass over before a formula."""
_SPLITTERS = {",": ";\t\r\n", ";": ",\t\r\n"}
"""What separates the cells or lines of a table for a spreadsheet that expects another
separator than the table's, by the latter: quotes within a cell hold nothing then."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def write_table(
    path: str | os.PathLike[str],
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    dialect: DialectName = "standard",
) -> None:
    """Write a table: UTF-8, one line each.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    columns : sequence of str
        First line.
    rows : iterable of sequence
        Numbers are written to ten digits, None as nothing, and what a spreadsheet
        would take for a formula has an apostrophe before it, also within a text that
        one with another separator would split.
    dialect : {"standard", "excel", "excel-eu"}
        See `DIALECTS`.

    Raises
    ------
    CdseError
        The file cannot be written.
    """
    how = DIALECTS[dialect]
    table = io.StringIO(newline="")
    writer = csv.writer(table, delimiter=how.delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_written(cell, how) for cell in row] for row in rows)
    start = _BYTE_ORDER_MARK if how.byte_order_mark else b""
    write_file(path, start + utf8(table.getvalue()), CdseError)


def _written(cell: Cell, how: Dialect) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str):
        whole = _within(how.delimiter).sub(r"\1'\2", cell)
        return f"'{whole}" if _may_run(whole) else whole
    return f"{float(cell):z.10g}".replace(".", how.decimal_mark)


def without_apostrophe(text: str, delimiter: str = ",") -> str:
    """Give a text back as it was before `write_table` guarded it.

    Parameters
    ----------
    text : str
        Of a cell.
    delimiter : str
        Between two cells of the table.
    """
    guarded = text[:1] == "'" and _may_run(text[1:])
    whole = text[1:] if guarded else text
    return _within(delimiter, guarded="'").sub(r"\1\2", whole)


@functools.cache
def _within(delimiter: str, guarded: str = "") -> re.Pattern[str]:
    """Find what may run within a text that is split: what goes before, and itself."""
    splitters = _SPLITTERS.get(delimiter, _SPLITTERS[","])
    before = re.escape(_PASSED_OVER + '"')
    starts = re.escape("".join(_FORMULA_STARTS))
    return re.compile(f"([{splitters}][{before}]*){guarded}('*[{starts}])")


def _may_run(text: str) -> bool:
    """Whether a spreadsheet might take a text for a formula, but for apostrophes.

    A text with an apostrophe of its own gets another, or it would lose its own.
    """
    bare = text.lstrip("'")
    start = bare.lstrip(_PASSED_OVER)
    return start.startswith(_FORMULA_STARTS) or bare.startswith(("\t", "\r", "\n"))


def utf8(text: str) -> bytes:
    """Encode, with escapes for what file names hold that is no text."""
    return text.encode("utf-8", "backslashreplace")
