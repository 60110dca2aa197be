"""Flags that assign micrographs to samples: by folder, file name or table."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.cli.command import path_of
from napari_cdse.cli.console import tell
from napari_cdse.core.errors import CdseError
from napari_cdse.io.files import read_file, shown
from napari_cdse.project.sample_names import SampleTable, by_folder, by_pattern

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from napari_cdse.project.sample_names import Naming
    from napari_cdse.project.state.records import MicrographEntry

_LARGEST_TABLE = 10_000_000
"""Largest table of samples in bytes. Chosen: a hundred thousand micrographs with long
names."""

_COLUMNS = ("micrograph", "sample")


def add_naming(group: argparse._MutuallyExclusiveGroup) -> None:
    """Add ``--by-folder``, ``--by-pattern`` and ``--by-table``."""
    group.add_argument(
        "--by-folder",
        action="store_true",
        help="micrographs of one folder are a sample",
    )
    group.add_argument(
        "--by-pattern",
        metavar="PATTERN",
        help="a part of the file name is the sample: {sample}_* takes what stands "
        "before the first underscore (* is any text, ? one character); without "
        "{sample} it is a regular expression, and its first group is the name",
    )
    group.add_argument(
        "--by-table",
        type=path_of,
        metavar="CSV",
        help="a table with the columns micrograph (file name; its suffix may be left "
        "out where no two differ in that alone) and sample",
    )


@dataclass(frozen=True, slots=True)
class NamingRule:
    """A rule that names the samples of micrographs in one or more projects.

    Attributes
    ----------
    naming : callable
        From all micrographs of a project to the function that names each one's sample.
    table : SampleTable or None
        The user's table, if there is one. Once all projects were named, it knows which
        of its lines matched no micrograph.
    """

    naming: Callable[[Sequence[MicrographEntry]], Naming]
    table: SampleTable | None = None

    def tell(self) -> None:
        """Report lines of the table that matched no micrograph, or more than one."""
        for sentence in () if self.table is None else self.table.sentences:
            tell(sentence)


def naming_of(arguments: argparse.Namespace) -> NamingRule | None:
    """Return the rule that was chosen by a flag; None if there is none.

    Parameters
    ----------
    arguments : Namespace
        Of a command with `add_naming`.

    Raises
    ------
    CdseError
        If a pattern is wrong, or a table cannot be read.
    """
    if arguments.by_folder:
        return NamingRule(lambda _: by_folder)
    if arguments.by_pattern is not None:
        fits = by_pattern(arguments.by_pattern)
        return NamingRule(lambda _: fits)
    if arguments.by_table is not None:
        table = SampleTable(_read_table(arguments.by_table))
        return NamingRule(table.naming, table)
    return None


def _read_table(path: Path) -> dict[str, str]:
    data = read_file(path, _LARGEST_TABLE, CdseError)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CdseError(
            f"{path.name} is not text in UTF-8; save it as CSV in UTF-8."
        ) from error
    # Excel separates columns by semicolons on systems with decimal commas.
    first = text.partition("\n")[0]
    mark = ";" if first.count(";") > first.count(",") else ","
    try:
        rows = list(csv.DictReader(io.StringIO(text), delimiter=mark))
    except csv.Error as error:
        raise CdseError(f"{path.name} is no readable table ({error}).") from error
    if not rows or not {"micrograph", "sample"} <= set(rows[0]):
        raise CdseError(
            f"{path.name} is no table of samples; its first line must name the columns "
            "micrograph and sample, with a comma or a semicolon between them."
        )
    return _one_each(
        path.name, (((row[each] or "").strip() for each in _COLUMNS) for row in rows)
    )


def _one_each(name: str, rows: Iterable[Iterable[str]]) -> dict[str, str]:
    """Return the sample of each micrograph; refuse a micrograph with two."""
    samples: dict[str, str] = {}
    for micrograph, sample in rows:
        if not (micrograph and sample):
            continue
        first = samples.setdefault(micrograph, sample)
        if first != sample:
            raise CdseError(
                f"{name} says of {shown(micrograph)} that it is of {shown(first)} and "
                f"of {shown(sample)}; leave one of them."
            )
    return samples
