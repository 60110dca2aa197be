"""What SQLite's error codes mean to a person."""

from __future__ import annotations

import sqlite3

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
_NEWER_SQLITE = (
    "{name} was written with SQLite 3.37 or newer, and this Python has {version}; open "
    "it with a newer Python. It is not damaged."
)
"""Older ones know no strict tables, and call a schema with them malformed."""
_OTHER_SENTENCE = (
    "{name} could not be read or written ({error}); check that the drive is there "
    "and has room, then repeat the last step."
)


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
    kind = StoreError
    if primary in _BUSY:
        kind = StoreBusy
    elif primary in _UNREADABLE:
        kind = ProjectUnreadable
    told = template.format(name=name, error=error, version=sqlite3.sqlite_version)
    return kind(told)
