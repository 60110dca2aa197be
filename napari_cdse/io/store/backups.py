"""Make and restore backups of a project file, in a folder beside it."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.io.files import make_folder, remove_drafts, replacing, sync_folder
from napari_cdse.io.store.sqlite_file import (
    DAMAGED,
    check_schema,
    connect,
    store_error,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEPT = 5
"""Number of backups that are kept; a new one replaces the oldest. Chosen: a week of
work days, at a few MB each."""
_TIME = "%Y-%m-%dT%H-%M-%S-%fZ"
_NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9-]{15}Z\.cdse")
_ASIDE = "set-aside-"
"""Beginning of the name of a project that a backup has replaced."""
_JOURNAL = "-journal"
_PATIENCE_S = 5.0
"""Time in s to wait for another program that has locked a backup, such as a virus
scanner. SQLite's default in Python."""
_STATE = (
    "SELECT (SELECT MAX(id) FROM edits), (SELECT MAX(edit_id) FROM head),"
    " (SELECT MAX(id) FROM runs), (SELECT MAX(id) FROM model_choices),"
    " (SELECT COUNT(*) FROM models), (SELECT COUNT(*) FROM micrographs)"
)
"""Numbers that change with any work on a project. All but the last are NULL or 0 in a
project that only lists its micrographs."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup.

    Attributes
    ----------
    path : Path
        The file.
    time : datetime
        When it was made, in UTC.
    """

    path: Path
    time: datetime


def folder_of(project: Path) -> Path:
    """Return the folder of a project's backups, which need not exist."""
    return project.with_name(f"{project.name}-backups")


def backups_of(project: Path) -> tuple[Backup, ...]:
    """List a project's backups, newest first; no file is opened."""
    return tuple(sorted(_listed(project), key=lambda each: each.time, reverse=True))


def back_up(connection: sqlite3.Connection, project: Path, *, always: bool) -> bool:
    """Make a backup of a project, and remove those beyond the newest `KEPT`.

    A backup is checked before it gets its name, so that a damaged file never replaces
    a sound one. To be called within a transaction of the connection, which keeps other
    programs from writing meanwhile.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the project.
    project : Path
        The project file.
    always : bool
        Make one even if nothing has changed since the newest one.

    Returns
    -------
    bool
        Whether one was made.

    Raises
    ------
    StoreError
        If it cannot be written: disk full, no permission, project damaged.
    sqlite3.Error
        If the project cannot be read.
    """
    earlier = backups_of(project)
    state = connection.execute(_STATE).fetchone()
    if not any(state[:-1]):
        return False
    if earlier and not always and _state(earlier[0].path) == state:
        return False
    folder = make_folder(folder_of(project), StoreError)
    remove_drafts(folder)
    with replacing(folder / _new_name(earlier), StoreError) as draft:
        try:
            _copy(connection, draft, project.name)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            # Only the backup failed, not a step of the user; see `replacing`.
            raise OSError(errno.ENOSPC, "disk full") from error
    for old in _superfluous(backups_of(project), n_edits=state[0] or 0):
        # Another window may have removed it already; one too many does no harm.
        with suppress(OSError):
            old.path.unlink()
    return True


def _superfluous(backups: tuple[Backup, ...], n_edits: int) -> list[Backup]:
    """Return the backups to remove: those beyond the newest `KEPT`, with an exception.

    Of backups with more edits than the project has now, the one with most is kept: a
    cloud folder may have replaced the project by an older file.
    """
    beyond = list(backups[KEPT:])
    if beyond:
        counts = {each: _n_edits(each) for each in backups}
        fullest = max(backups, key=lambda each: (counts[each], each.time))
        if fullest in beyond and counts[fullest] > n_edits:
            beyond.remove(fullest)
    return beyond


def _n_edits(backup: Backup) -> int:
    state = _state(backup.path)
    return 0 if state is None else int(str(state[0] or 0))


def restore(project: Path, source: Path) -> Path | None:
    """Replace a project by a backup, and keep the replaced file.

    If the process is killed at any moment, the project is either the old or the new
    file, and complete.

    Parameters
    ----------
    project : Path
        The project file, which may be damaged or missing.
    source : Path
        The backup.

    Returns
    -------
    Path or None
        Where the replaced file is now; None if there was none.

    Raises
    ------
    StoreError
        If the backup is damaged, or nothing can be written; nothing has changed then.
    """
    check(source)
    with replacing(project, StoreError) as draft:
        shutil.copyfile(source, draft)
        aside = _put_aside(project)
        # SQLite would apply a journal of this name to the new file.
        _journal_of(project).unlink(missing_ok=True)
        sync_folder(project.parent)
    return aside


def check(path: Path) -> None:
    """Check that a project file is intact.

    Parameters
    ----------
    path : Path
        The file, which no program has open.

    Raises
    ------
    StoreError
        If it is damaged or cannot be read.
    """
    try:
        with closing(connect(path.absolute(), "ro", _PATIENCE_S)) as connection:
            _check(connection, path.name)
            check_schema(connection, path.name)
    except sqlite3.Error as error:
        raise store_error(path.name, error.sqlite_errorcode, error) from error


def _listed(project: Path) -> Iterator[Backup]:
    with suppress(OSError):
        for path in folder_of(project).iterdir():
            with suppress(ValueError):
                if _NAME.fullmatch(path.name) and os.path.isfile(path):
                    time = datetime.strptime(path.stem, _TIME)
                    yield Backup(path, time.replace(tzinfo=UTC))


def _new_name(earlier: tuple[Backup, ...]) -> str:
    """Name a backup so that it is the newest, even if the clock was set back."""
    now = datetime.now(UTC)
    if earlier:
        now = max(now, earlier[0].time + timedelta(microseconds=1))
    return f"{now.strftime(_TIME)}.cdse"


def _state(path: Path) -> tuple[object, ...] | None:
    """Return the `_STATE` of a backup; None if it cannot be read."""
    try:
        with closing(connect(path.absolute(), "ro", _PATIENCE_S)) as connection:
            check_schema(connection, path.name)
            state: tuple[object, ...] = connection.execute(_STATE).fetchone()
            return state
    except (sqlite3.Error, StoreError):
        return None


def _copy(connection: sqlite3.Connection, draft: Path, name: str) -> None:
    with closing(sqlite3.connect(draft)) as target:
        # An incomplete draft is discarded, so that it needs no journal. `replacing`
        # flushes the complete one to the disk.
        target.execute("PRAGMA journal_mode = OFF")
        target.execute("PRAGMA synchronous = OFF")
        connection.backup(target)
        _check(target, name)


def _check(connection: sqlite3.Connection, name: str) -> None:
    answer = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != ("ok",):
        raise store_error(name, DAMAGED)


def _put_aside(project: Path) -> Path | None:
    """Keep a project and its journal under another name among the backups."""
    if not os.path.lexists(project):
        return None
    folder = make_folder(folder_of(project), StoreError)
    time = datetime.now(UTC).strftime(_TIME)
    aside = folder / f"{_ASIDE}{time}.cdse"
    _keep(project, aside)
    if _journal_of(project).exists():
        _keep(_journal_of(project), _journal_of(aside))
    sync_folder(folder)
    return aside


def _keep(path: Path, second: Path) -> None:
    try:
        os.link(path, second, follow_symlinks=False)
    except OSError:
        # No hard links on this drive. Unlike a copy, renaming works for damaged files.
        os.rename(path, second)


def _journal_of(project: Path) -> Path:
    return project.with_name(f"{project.name}{_JOURNAL}")
