"""Open an SQLite file of unknown origin safely; errors become sentences."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from napari_cdse.core.errors import ProjectUnreadable, StoreBusy, StoreError

READ_ONLY = sqlite3.SQLITE_READONLY
CANNOT_OPEN = sqlite3.SQLITE_CANTOPEN
NO_PROJECT = sqlite3.SQLITE_NOTADB

DAMAGED = sqlite3.SQLITE_CORRUPT

_UNREADABLE = (NO_PROJECT, DAMAGED, sqlite3.SQLITE_ERROR)
"""The last one is what a schema gives that lacks what every project has."""
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_SENTENCES = {
    sqlite3.SQLITE_FULL: (
        "The disk is full, so the last step was not saved in {name}; "
        "free some space and repeat it."
    ),
    sqlite3.SQLITE_BUSY: (
        "{name} is being written by another program; wait a moment and repeat "
        "the last step."
    ),
    sqlite3.SQLITE_LOCKED: (
        "{name} is being written by another program; wait a moment and repeat "
        "the last step."
    ),
    sqlite3.SQLITE_READONLY: (
        "{name} may not be written; copy the project to a folder of your own "
        "to go on with it."
    ),
    sqlite3.SQLITE_PERM: (
        "{name} may not be opened; ask for permission to read and write it."
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "{name} cannot be opened; check that its folder is there and may be read "
        "and written."
    ),
    sqlite3.SQLITE_NOTADB: (
        "{name} is not a napari-cdse project; open a file that ends in .cdse."
    ),
    sqlite3.SQLITE_CORRUPT: (
        "{name} is damaged; put back a backup with `napari-cdse restore`, which "
        "keeps the damaged file."
    ),
}
_LACKING = (
    "{name} lacks what every project has, or is damaged ({error}); put back a backup "
    "with `napari-cdse restore`, which keeps the damaged file."
)
_WORKED_OUT = (
    "{name} holds {what}, which no project has and which may be harmful; put back a "
    "backup with `napari-cdse restore`, which keeps this file."
)
_BESIDE = ("-journal", "-wal", "-shm")
"""Endings of the files that SQLite looks for beside one."""
_GUARD = re.compile(
    r"CREATE TRIGGER \w+ BEFORE (UPDATE|DELETE) ON [\"']?edits[\"']?\s+"
    r"BEGIN SELECT RAISE \(ABORT, '[a-z ]+'\); END"
)
"""A trigger of our own: it only refuses."""
_NEWER_SQLITE = (
    "{name} was written with SQLite 3.37 or newer, and this Python has {version}; open "
    "it with a newer Python. It is not damaged."
)
"""Older ones know no strict tables, and call a schema with them malformed."""
_OTHER_SENTENCE = (
    "{name} could not be read or written ({error}); check that the drive is there "
    "and has room, then repeat the last step."
)


def connect(path: Path, mode: str, patience_s: float) -> sqlite3.Connection:
    """Open a file that is there; nothing is read yet.

    Parameters
    ----------
    path : Path
        Absolute; any name that the system allows.
    mode : str
        For looking, ``ro``, or for writing too, ``rw``.
    patience_s : float
        How long to wait for another program that holds the file.

    Raises
    ------
    StoreError
        If something lies in the place of its journal that is no file: SQLite would
        wait at a pipe for ever.
    sqlite3.Error
        If it cannot be opened.
    """
    # SQLite looks beside the file that a link leads to.
    real = Path(os.path.realpath(path))
    for ending in _BESIDE:
        beside = real.with_name(real.name + ending)
        with suppress(OSError):
            if not stat.S_ISREG(os.lstat(beside).st_mode):
                raise StoreError(
                    f"Beside {path.name} lies {beside.name}, which is no file but a "
                    "pipe, a folder or a link; take it away and open the project again."
                )
    # Three slashes and a full path: right for POSIX, Windows and its network shares.
    location = path.as_posix()
    slash = "" if location.startswith("/") else "/"
    uri = f"file://{slash}{quote(os.fsencode(location))}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=patience_s, isolation_level=None)


def check_schema(connection: sqlite3.Connection, name: str) -> None:
    """Refuse what is worked out instead of stored: it may take for ever to read.

    A view in the place of a table may have rows without end, a trigger do anything at
    an edit, a column be made of a text of a gigabyte.

    Raises
    ------
    ProjectUnreadable
        For views, tables of other modules, generated columns, and triggers but those
        that keep edits from being changed.
    sqlite3.Error
        If the file cannot be read.
    """
    found = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    kinds = {"views": False, "triggers": False, "tables of other modules": False}
    for kind, _, sql in found:
        kinds["views"] |= kind == "view"
        kinds["triggers"] |= kind == "trigger" and not _GUARD.fullmatch(str(sql))
        kinds["tables of other modules"] |= (
            str(sql).upper().startswith("CREATE VIRTUAL")
        )
    what = [each for each, there in kinds.items() if there]
    if not what and any(
        column[-1]
        for kind, table, _ in found
        if kind == "table"
        for column in connection.execute("SELECT * FROM pragma_table_xinfo(?)", [table])
    ):
        what = ["columns that are worked out"]
    if what:
        raise ProjectUnreadable(_WORKED_OUT.format(name=name, what=" and ".join(what)))


def store_error(name: str, code: int, error: Exception | None = None) -> StoreError:
    """Make the error for a project file.

    Parameters
    ----------
    name : str
        The file's name.
    code : int
        SQLite's result code, extended or not.
    error : Exception, optional
        What SQLite said.
    """
    # Extended codes keep the primary one in their lowest byte.
    primary = code & 0xFF
    template = _SENTENCES.get(primary, _OTHER_SENTENCE)
    if primary in _UNREADABLE and 'near "STRICT"' in str(error):
        template = _NEWER_SQLITE
    elif primary == sqlite3.SQLITE_ERROR:
        template = _LACKING
    kind = StoreError
    if primary in _BUSY:
        kind = StoreBusy
    elif primary in _UNREADABLE:
        kind = ProjectUnreadable
    told = template.format(name=name, error=error, version=sqlite3.sqlite_version)
    return kind(told)
