"""Open an SQLite file of unknown origin safely, and describe SQLite's errors.

A project may come from a stranger. `connect` refuses pipes and links beside it, and
`check_schema` refuses views, triggers and generated columns, which may run for ever.
"""

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
"""Codes of unreadable files; the last one is that of a missing table or column."""
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
_SIDE_FILES = ("-journal", "-wal", "-shm")
"""Endings of the files that SQLite opens beside a database."""
_OWN_TRIGGER = re.compile(
    r"CREATE TRIGGER \w+ BEFORE (UPDATE|DELETE) ON [\"']?edits[\"']?\s+"
    r"BEGIN SELECT RAISE \(ABORT, '[a-z ]+'\); END"
)
"""A trigger of the project's schema, which only refuses changes of edits."""
_NEWER_SQLITE = (
    "{name} was written with SQLite 3.37 or newer, and this Python has {version}; open "
    "it with a newer Python. It is not damaged."
)
"""Older versions do not know strict tables, and report the schema as malformed."""
_OTHER_SENTENCE = (
    "{name} could not be read or written ({error}); check that the drive is there "
    "and has room, then repeat the last step."
)


def connect(path: Path, mode: str, patience_s: float) -> sqlite3.Connection:
    """Open an existing file, without reading it yet.

    Parameters
    ----------
    path : Path
        Absolute; with any name that the system allows.
    mode : {"ro", "rw"}
        For reading only, or for reading and writing.
    patience_s : float
        Time in s to wait for another program that has locked the file.

    Returns
    -------
    sqlite3.Connection
        In autocommit mode.

    Raises
    ------
    StoreError
        If its journal is a pipe, a folder or a link; SQLite would block at a pipe.
    sqlite3.Error
        If it cannot be opened.
    """
    # SQLite opens the files beside the target of a link.
    real = Path(os.path.realpath(path))
    for ending in _SIDE_FILES:
        side_file = real.with_name(real.name + ending)
        with suppress(OSError):
            if not stat.S_ISREG(os.lstat(side_file).st_mode):
                raise StoreError(
                    f"Beside {path.name} lies {side_file.name}, which is no file but a "
                    "pipe, a folder or a link; take it away and open the project again."
                )
    # Three slashes and an absolute path work on POSIX, Windows and network shares.
    location = path.as_posix()
    slash = "" if location.startswith("/") else "/"
    uri = f"file://{slash}{quote(os.fsencode(location))}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=patience_s, isolation_level=None)


def check_schema(connection: sqlite3.Connection, name: str) -> None:
    """Refuse a schema with parts that are computed instead of stored.

    A view in place of a table may have endless rows, a trigger may do anything at an
    edit, and a generated column may be a gigabyte of text.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the file.
    name : str
        What the file is called in messages.

    Raises
    ------
    ProjectUnreadable
        For views, virtual tables, generated columns, and triggers other than those
        that keep edits from being changed.
    sqlite3.Error
        If the file cannot be read.
    """
    schema = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    kinds = {"views": False, "triggers": False, "tables of other modules": False}
    for kind, _, sql in schema:
        kinds["views"] |= kind == "view"
        kinds["triggers"] |= kind == "trigger" and not _OWN_TRIGGER.fullmatch(str(sql))
        kinds["tables of other modules"] |= (
            str(sql).upper().startswith("CREATE VIRTUAL")
        )
    what = [kind for kind, occurs in kinds.items() if occurs]
    # The last cell tells whether a column is hidden or generated.
    if not what and any(
        column[-1]
        for kind, table, _ in schema
        if kind == "table"
        for column in connection.execute("SELECT * FROM pragma_table_xinfo(?)", [table])
    ):
        what = ["columns that are worked out"]
    if what:
        raise ProjectUnreadable(_WORKED_OUT.format(name=name, what=" and ".join(what)))


def store_error(name: str, code: int, error: Exception | None = None) -> StoreError:
    """Make the error for one of SQLite's result codes.

    Parameters
    ----------
    name : str
        Name of the project file.
    code : int
        SQLite's result code, primary or extended.
    error : Exception, optional
        SQLite's own error.

    Returns
    -------
    StoreError
        `StoreBusy` if the file is locked, `ProjectUnreadable` if it is damaged or no
        project.
    """
    # The lowest byte of an extended code is the primary one.
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
    return kind(template.format(name=name, error=error, version=sqlite3.sqlite_version))
