"""The project's SQLite connection: transactions, and errors as sentences.

The journal is SQLite's rollback journal, never WAL, because a project may lie on a
network drive; every commit reaches the disk before it returns.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import FolderNotWritable, StoreError
from napari_cdse.io.files import permits
from napari_cdse.io.store.backups import back_up
from napari_cdse.io.store.migrations import (
    APPLICATION_ID,
    MIGRATIONS,
    migrate,
    schema_version,
)
from napari_cdse.io.store.sqlite_file import (
    CANNOT_OPEN,
    DAMAGED,
    NO_PROJECT,
    READ_ONLY,
    check_schema,
    connect,
    store_error,
)
from napari_cdse.io.store.unreadable import UnreadableRecords

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PATIENCE_S = 5.0
"""Seconds to wait for another program that has locked the file. A choice: longer than
any commit to a slow network drive, and acceptable in a command; windows wait less."""
_JOURNAL_BYTES = 2**20
"""Size to which the journal is truncated after a commit. A choice: more than most
edits need."""
_KEPT = " (as it was open)"
"""Added to the name of the copy that is made if the file is replaced while open."""


class Database:
    """A connection to a project file.

    Use `Database.create` or `Database.open`. Not to be shared between threads.

    Attributes
    ----------
    path : Path
        The file, absolute.
    read_only : bool
        Whether writing raises `StoreError`.
    unreadable : UnreadableRecords
        Records that the tables could not read.
    notices : list of str
        Sentences on problems by which nothing was lost.
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._connection = _connect(path, "ro" if read_only else "rw")
        self._identity = _identity(path)
        self._kept: Path | None = None
        self.unreadable = UnreadableRecords()
        self.notices: list[str] = []

    @classmethod
    def create(cls, path: Path) -> Database:
        """Create a new, empty project file.

        Parameters
        ----------
        path : Path
            Name of the file; none must be there.

        Raises
        ------
        StoreError
            If a file is there already, or none can be created.
        """
        path = path.absolute()
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            if path.is_symlink() and not path.exists():
                raise StoreError(
                    f"{path.name} is a link to a file that is gone; mend or remove the "
                    "link."
                ) from None
            raise StoreError(
                f"{path.name} is there already; open it, or choose another name."
            ) from None
        except OSError as error:
            reason = error.strerror or "it cannot be written"
            raise FolderNotWritable(path.parent, reason) from error
        try:
            return cls.open(path)
        except StoreError:
            path.unlink(missing_ok=True)
            raise

    @classmethod
    def open(cls, path: Path, *, read_only: bool | None = None) -> Database:
        """Open a project file, and migrate it to this version's schema.

        Parameters
        ----------
        path : Path
            The file; it must exist.
        read_only : bool or None
            None decides by the permissions of file and folder.

        Raises
        ------
        StoreError
            If it is missing, not a project, damaged, locked or of a newer version.
        """
        path = path.absolute()
        _check_file(path)
        if read_only is None:
            read_only = not _may_write(path)
        database = cls(path, read_only=read_only)
        try:
            with database.translated():
                database._prepare()
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Close the connection; calling it again does nothing."""
        # If another window has the file open, its connection removes the journal.
        with suppress(sqlite3.Error, UnicodeDecodeError):
            # If the file was replaced, the journal belongs to the new one.
            if not self.read_only and self._is_in_place:
                self._connection.execute("PRAGMA busy_timeout = 0")
                self._connection.execute("PRAGMA journal_mode = DELETE")
        self._connection.close()

    def be_patient(self, seconds: float) -> None:
        """Set how long to wait for a locked file before raising `StoreBusy`."""
        with self.translated():
            self._connection.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")

    def back_up(self, *, always: bool = False) -> None:
        """Make a backup, unless nothing has changed since the last one.

        A failure becomes a notice, since work can go on without a backup.

        Parameters
        ----------
        always : bool
            Make one in any case.
        """
        try:
            with self.snapshot():
                back_up(self._connection, self.path, always=always)
        except StoreError as error:
            self.notices.append(f"No backup was made this time: {error}")

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy of the file.

        Parameters
        ----------
        path : Path
            Name of the copy; no file must be there.

        Raises
        ------
        StoreError
            If a file is there already, or none can be created.
        """
        Database.create(path).close()
        with self.translated():
            target = sqlite3.connect(path)
            try:
                self._connection.backup(target)
            except sqlite3.Error:
                path.unlink(missing_ok=True)
                raise
            finally:
                target.close()

    def rows(self, statement: str, values: Iterable[Any] = ()) -> list[Any]:
        """Return all rows of a query; undecodable bytes of texts are replaced."""
        with self.translated():
            try:
                return self._connection.execute(statement, tuple(values)).fetchall()
            except sqlite3.OperationalError as error:
                if "decode" not in str(error):
                    raise
            self._connection.text_factory = _replaced
            return self._connection.execute(statement, tuple(values)).fetchall()

    def execute(self, statement: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        """Run one statement inside a transaction."""
        with self.translated():
            return self._connection.execute(statement, tuple(values))

    def execute_many(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run one statement for each row inside a transaction."""
        with self.translated():
            self._connection.executemany(statement, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit when the block ends, roll back when it raises.

        A nested block is part of the outer transaction.

        Raises
        ------
        StoreError
            If the project is read-only, locked or damaged, the disk is full, or the
            file was replaced; nothing of the block is stored then.
        """
        if self._connection.in_transaction:
            yield
            return
        self.check_writable()
        self._check_in_place()
        with self.translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def check_writable(self) -> None:
        """Raise `StoreError` if the project is read-only."""
        if self.read_only:
            raise store_error(self.path.name, READ_ONLY)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Make all reads of the block see the same state of the file."""
        if self._connection.in_transaction:
            yield
            return
        with self.translated():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._roll_back()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Convert SQLite's errors to a `StoreError` with a sentence."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
            raise store_error(self.path.name, code, error) from error
        except UnicodeDecodeError as error:
            # With a damaged schema sqlite3 may fail to decode SQLite's error message.
            corrupt = sqlite3.SQLITE_CORRUPT
            raise store_error(self.path.name, corrupt) from error

    def data_version(self) -> int:
        """Return a number that changes when another connection has written."""
        ((version,),) = self.rows("PRAGMA data_version")
        return int(version)

    def integrity_problems(self) -> list[str]:
        """Return the results of SQLite's integrity check; empty for an intact file."""
        results = [str(row[0]) for row in self.rows("PRAGMA integrity_check")]
        return [] if results == ["ok"] else results

    def _prepare(self) -> None:
        connection = self._connection
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA synchronous = FULL")
        self._check_kind()
        if not self.read_only:
            # Edits are three times as fast if the journal is not deleted at each
            # commit; `close` deletes it.
            connection.execute("PRAGMA journal_mode = PERSIST")
            connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_BYTES}")
            if 0 < schema_version(connection) < len(MIGRATIONS):
                self.back_up(always=True)
            migrate(connection)

    def _check_kind(self) -> None:
        """Refuse files of other programs and of newer versions."""
        version = schema_version(self._connection)
        (kind,) = self._connection.execute("PRAGMA application_id").fetchone()
        (tables,) = self._connection.execute(
            "SELECT COUNT(*) FROM sqlite_master"
        ).fetchone()
        if (version or tables) and kind != APPLICATION_ID:
            raise store_error(self.path.name, NO_PROJECT)
        if version < 0:
            raise store_error(self.path.name, DAMAGED)
        check_schema(self._connection, self.path.name)
        if version > len(MIGRATIONS):
            raise StoreError(
                f"{self.path.name} was written by a newer napari-cdse (its version is "
                f"{version}, this program knows {len(MIGRATIONS)}); update the program."
            )
        if self.read_only and version < len(MIGRATIONS):
            raise StoreError(
                f"{self.path.name} must be brought up to date but may not be written; "
                "copy it to a folder of your own first."
            )

    def _check_in_place(self) -> None:
        """Refuse to write if the file was replaced, moved or deleted while open.

        A cloud folder or a user may do that; edits would be lost when the file is
        closed. Its contents so far are copied to a new name in the same folder.
        """
        if self._is_in_place:
            return
        kept = self._keep_content()
        until_now = (
            "what was in it until now could not be kept beside it"
            if kept is None
            else f"what was in it until now is kept as {kept.name}"
        )
        raise StoreError(
            f"{self.path.name} was replaced, moved or removed while it was open, by a "
            f"cloud folder perhaps. The last step was not saved; {until_now}. Close "
            "this project and open the file that you want to go on with."
        )

    @property
    def _is_in_place(self) -> bool:
        return self._identity is None or _identity(self.path) == self._identity

    def _keep_content(self) -> Path | None:
        """Copy the file that is still open to an unused name, once; return the copy."""
        if self._kept is None:
            stem, suffix = f"{self.path.stem}{_KEPT}", self.path.suffix
            names = (f"{stem}{f' {n}' if n > 1 else ''}{suffix}" for n in count(1))
            paths = (self.path.with_name(name) for name in names)
            free = next(path for path in paths if not path.exists())
            with suppress(StoreError, OSError), _named(self.path):
                self.copy_to(free)
                self._kept = free
        return self._kept

    def _roll_back(self) -> None:
        # After some errors, such as a full disk, SQLite has rolled back already.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _replaced(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    try:
        return connect(path, mode, PATIENCE_S)
    except sqlite3.Error as error:
        raise store_error(path.name, CANNOT_OPEN) from error


def _identity(path: Path) -> tuple[int, int] | None:
    """Return device and inode number of a path's file; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Make sure that a file of this name exists during the block.

    SQLite takes the permissions of new files from the one that it has open, by name.
    """
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        yield
        return
    own = _identity(path)
    try:
        yield
    finally:
        # It may have been replaced meanwhile.
        if _identity(path) == own:
            path.unlink()


def _check_file(path: Path) -> None:
    """Refuse paths that SQLite must not open, such as pipes and devices.

    The file is not opened here: closing it would release the POSIX locks that this
    process holds on it through other connections. SQLite checks its contents.
    """
    try:
        if not path.is_file():
            raise StoreError(
                f"There is no project file {path.name} in {path.parent}; "
                "check the name, or open the folder of micrographs."
            )
        readable = permits(path, os.R_OK)
    except OSError as error:
        reason = error.strerror or "it is out of reach"
        raise _unreadable(path, reason) from error
    if not readable:
        raise _unreadable(path, os.strerror(errno.EACCES))


def _unreadable(path: Path, reason: str) -> StoreError:
    return StoreError(
        f"{path.name} cannot be read ({reason}); ask for permission to read it."
    )


def _may_write(path: Path) -> bool:
    # The journal is made beside the file, so its folder must be writable too.
    return all(permits(each, os.W_OK) for each in (path, path.parent))
