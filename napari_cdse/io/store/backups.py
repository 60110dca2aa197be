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
"""How many backups of a project stay; the oldest goes when a new one comes. A choice:
a week of work days, at a few MB each."""
_TIME = "%Y-%m-%dT%H-%M-%S-%fZ"
_NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9-]{15}Z\.cdse")
_ASIDE = "set-aside-"
_JOURNAL = "-journal"
_PATIENCE_S = 5.0
"""How long to wait for another program that holds a backup, a scanner for viruses
perhaps. SQLite's own default in Python."""
_STATE = (
    "SELECT (SELECT MAX(id) FROM edits), (SELECT MAX(edit_id) FROM head),"
    " (SELECT MAX(id) FROM runs), (SELECT MAX(id) FROM model_choices),"
    " (SELECT COUNT(*) FROM models), (SELECT COUNT(*) FROM micrographs)"
)
"""What is the same in two files between which nobody worked. All but the last is
nothing in a project that only lists its micrographs."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup.

    Attributes
    ----------
    path : Path
    time : datetime
        When it was made.
    """

    path: Path
    time: datetime


def folder_of(project: Path) -> Path:
    """Return the folder of a project's backups, whether it is there or not."""
    return project.with_name(f"{project.name}-backups")


def backups_of(project: Path) -> tuple[Backup, ...]:
    """List a project's backups, newest first; no file is opened."""
    return tuple(sorted(_listed(project), key=lambda each: each.time, reverse=True))


def back_up(connection: sqlite3.Connection, project: Path, *, always: bool) -> bool:
    """Keep a backup of a project as it is now, and the `KEPT` newest of all.

    A backup is checked before it gets its name, so that no damaged file takes the
    place of a sound one. To be called within a transaction of the connection, which
    keeps other programs from writing meanwhile.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the project.
    project : Path
        The project file.
    always : bool
        Otherwise none is made while nobody has worked since the newest one.

    Returns
    -------
    bool
        Whether one was made.

    Raises
    ------
    StoreError
        If it can't be written: disk full, no permission, project damaged.
    sqlite3.Error
        If the project can't be read.
    """
    earlier = backups_of(project)
    state = connection.execute(_STATE).fetchone()
    if not any(state[:-1]) or (
        earlier and not always and _state(earlier[0].path) == state
    ):
        return False
    folder = make_folder(folder_of(project), StoreError)
    remove_drafts(folder)
    with replacing(folder / _new_name(earlier), StoreError) as draft:
        try:
            _copy(connection, draft, project.name)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            # It is the backup that has no room; no step of the user's is lost.
            raise OSError(errno.ENOSPC, "disk full") from error
    for old in _spare(backups_of(project), steps=state[0] or 0):
        # Another window may have taken it away; and one too many does no harm.
        with suppress(OSError):
            old.path.unlink()
    return True


def _spare(backups: tuple[Backup, ...], steps: int) -> list[Backup]:
    """List the backups that may go: those beyond the newest `KEPT`, but one.

    Where one knows of more steps than the project has now, the fullest of them stays: a
    cloud folder may have put an emptier file in the project's place.
    """
    beyond = list(backups[KEPT:])
    if beyond:
        known = {each: _steps(each) for each in backups}
        fullest = max(backups, key=lambda each: (known[each], each.time))
        if fullest in beyond and known[fullest] > steps:
            beyond.remove(fullest)
    return beyond


def _steps(backup: Backup) -> int:
    state = _state(backup.path)
    return 0 if state is None else int(str(state[0] or 0))


def restore(project: Path, source: Path) -> Path | None:
    """Put a backup in a project's place; what is there now is kept.

    Killed at any moment, the project is the old file or the new one, each whole.

    Parameters
    ----------
    project : Path
        The project file, which may be damaged or gone.
    source : Path
        The backup.

    Returns
    -------
    Path or None
        Where the file lies now that was the project; None if there was none.

    Raises
    ------
    StoreError
        If the backup is damaged too, or nothing can be written; all is as before.
    """
    check(source)
    with replacing(project, StoreError) as draft:
        shutil.copyfile(source, draft)
        aside = _put_aside(project)
        # A journal under its old name would be played into the new file.
        _journal_of(project).unlink(missing_ok=True)
        sync_folder(project.parent)
    return aside


def check(path: Path) -> None:
    """See whether a file that nobody has open is sound.

    Raises
    ------
    StoreError
        If it is damaged or can't be read.
    """
    try:
        with closing(connect(path.absolute(), "ro", _PATIENCE_S)) as found:
            _check(found, path.name)
            check_schema(found, path.name)
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
    """Name the newest backup, also where the clock was put back."""
    now = datetime.now(UTC)
    if earlier:
        now = max(now, earlier[0].time + timedelta(microseconds=1))
    return f"{now.strftime(_TIME)}.cdse"


def _state(path: Path) -> tuple[object, ...] | None:
    """Return the `_STATE` of a backup; None where it can't be read."""
    try:
        with closing(connect(path.absolute(), "ro", _PATIENCE_S)) as found:
            check_schema(found, path.name)
            state: tuple[object, ...] = found.execute(_STATE).fetchone()
            return state
    except (sqlite3.Error, StoreError):
        return None


def _copy(connection: sqlite3.Connection, draft: Path, name: str) -> None:
    with closing(sqlite3.connect(draft)) as target:
        # The draft is brought to the disk as a whole; half of one is nothing anyway.
        target.execute("PRAGMA journal_mode = OFF")
        target.execute("PRAGMA synchronous = OFF")
        connection.backup(target)
        _check(target, name)


def _check(connection: sqlite3.Connection, name: str) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != ("ok",):
        raise store_error(name, DAMAGED)


def _put_aside(project: Path) -> Path | None:
    """Give a project and its journal a second name among the backups."""
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
        # No links on this drive. A move keeps what can't be read any more, too.
        os.rename(path, second)


def _journal_of(project: Path) -> Path:
    return project.with_name(f"{project.name}{_JOURNAL}")
