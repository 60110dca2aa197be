"""Find other project files in a project's folder, and count the labels in them."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import StoreError
from napari_cdse.io.files import name_of
from napari_cdse.io.store.migrations import APPLICATION_ID
from napari_cdse.io.store.sqlite_file import check_schema, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SUFFIX = ".cdse"
_MAGIC = b"SQLite format 3\x00"
_KIND_AT = 68
"""Offset of the application id in an SQLite file: 4 bytes, big-endian.
https://www.sqlite.org/fileformat.html#the_database_header"""
_IN_FORCE = """
WITH RECURSIVE chain (id) AS (
    SELECT edit_id FROM head
    UNION
    SELECT edits.parent_id FROM edits JOIN chain ON edits.id = chain.id
)
SELECT changes FROM edits WHERE kind = 'import' OR id IN (SELECT id FROM chain)
ORDER BY kind = 'edit', id
"""
"""Query of the imports, then the edits from the root to the head."""
_INVALID = (TypeError, KeyError, ValueError, AttributeError, RecursionError)
"""Errors of decoding a damaged edit."""


@dataclass(frozen=True, slots=True)
class FoundProject:
    """A project file that is not open.

    Attributes
    ----------
    path : Path
        The file.
    n_labels : int or None
        Number of labelled particles; None if the file cannot be read.
    """

    path: Path
    n_labels: int | None

    def __str__(self) -> str:
        """Return its name and number of labels."""
        return f"{name_of(self.path)} ({labels_in_words(self.n_labels)})"


def labels_in_words(n_labels: int | None) -> str:
    """Describe the number of labels in a project file; None if it cannot be read."""
    if n_labels is None:
        return "cannot be read"
    return "1 label" if n_labels == 1 else f"{n_labels} labels"


def projects_beside(project: Path, *, all_names: bool) -> tuple[FoundProject, ...]:
    """Find other project files in a project's folder, in the order of their names.

    Among them are conflict copies of cloud folders and renamed copies: all files with
    ``.cdse`` in the name that begin like a project file.

    Parameters
    ----------
    project : Path
        The project file, which may be missing.
    all_names : bool
        False for those alone whose names begin with that of the project, as copies do,
        in case several projects share a folder.
    """
    beginning = re.compile(rf"{re.escape(project.stem)}(?![^\W_])", re.IGNORECASE)
    return tuple(
        FoundProject(path, count_labels(path))
        for path in _candidates(project)
        if all_names or beginning.match(path.name)
    )


def count_labels(path: Path) -> int | None:
    """Count the labelled particles of a project file of any version.

    Parameters
    ----------
    path : Path
        The file, which is neither migrated nor changed.

    Returns
    -------
    int or None
        None if it cannot be read.
    """
    try:
        with closing(connect(path.absolute(), "ro", 0)) as connection:
            check_schema(connection, path.name)
            return _count(row[0] for row in connection.execute(_IN_FORCE))
    except (sqlite3.Error, StoreError, UnicodeDecodeError):
        return None


def _candidates(project: Path) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(project.parent))
    except OSError:
        return
    for name in names:
        path = project.with_name(name)
        if _SUFFIX in name.casefold() and not _is_same(path, project):
            if os.path.isfile(path) and _is_project(path):
                yield path


def _is_same(path: Path, project: Path) -> bool:
    try:
        return path.samefile(project)
    except OSError:
        return path == project


def _is_project(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(_KIND_AT + 4)
    except OSError:
        return False
    kind = int.from_bytes(start[_KIND_AT:], "big")
    return start.startswith(_MAGIC) and kind == APPLICATION_ID


def _count(changes: Iterator[object]) -> int:
    labelled: dict[str, bool] = {}
    for text in changes:
        # As when the project is opened, an edit that cannot be read changes nothing.
        try:
            labelled |= dict(map(_outcome, _of_particles(text)))
        except _INVALID:
            continue
    return sum(labelled.values())


def _of_particles(text: object) -> list[dict[str, Any]]:
    return [each for each in json.loads(str(text)) if "what" not in each]


def _outcome(change: dict[str, Any]) -> tuple[str, bool]:
    """Return the id of a particle, and whether it has a label after a change."""
    after = change["after"]
    stands = after is not None and not after.get("removed")
    return str(change["particle_id"]), stands and after.get("label") is not None
