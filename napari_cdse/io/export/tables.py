"""Tables as CSV: UTF-8, one line each, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError
from napari_cdse.io.files import write_file

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_table(
    path: str | os.PathLike[str],
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
) -> None:
    """Write a table.

    Raises
    ------
    CdseError
        The file cannot be written.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_file(path, utf8(table.getvalue()), CdseError)


def text_cell(value: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA_STARTS) else value


def number_cell(value: float | None) -> str:
    """Write a number to ten digits, and nothing where it is not known."""
    return "" if value is None else f"{float(value):.10g}"


def utf8(text: str) -> bytes:
    """Encode, with escapes for what file names hold that is no text."""
    return text.encode("utf-8", "backslashreplace")
