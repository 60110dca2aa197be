"""SQLite files in the user's cache folder, whose content can always be recomputed.

A damaged cache is created anew, and one that cannot be used is ignored: the user is
never told. The modules that fill a cache limit its size.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

_BUSY_S = 2.0
"""Time in s to wait for another process that has locked the file. Chosen."""


def cache_path(name: str) -> Path:
    """Return the path of a cache: in ``NAPARI_CDSE_CACHE``, or the user's folder."""
    folder = os.environ.get("NAPARI_CDSE_CACHE")
    return Path(folder or user_cache_path("napari-cdse", appauthor=False)) / name


class CacheFile:
    """An SQLite file of a cache, used by one thread; other processes may use it too.

    Parameters
    ----------
    path : Path
        Created if it is missing.
    tables : str
        SQL statements that create the tables if they are missing.
    """

    def __init__(self, path: Path, tables: str) -> None:
        self.path = path
        self._tables = tables
        self._connection = self._open()

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Use the file in one transaction.

        Parameters
        ----------
        work : callable
            Called with the connection.
        otherwise : object
            Returned if the file cannot be used. It is not tried again until the next
            start; a damaged file is deleted.

        Returns
        -------
        object
            What ``work`` returned, or ``otherwise``.
        """
        if self._connection is None:
            return otherwise
        try:
            with self._connection:
                return work(self._connection)
        except sqlite3.Error as problem:
            with suppress(sqlite3.Error):
                self.close()
            self._connection = None
            # Only damage is of this very class; a locked file or a full disk raises a
            # subclass.
            if type(problem) is sqlite3.DatabaseError:
                with suppress(OSError):
                    self.path.unlink(missing_ok=True)
            return otherwise

    def _open(self) -> sqlite3.Connection | None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self._connect()
        except sqlite3.OperationalError:
            # Locked, or not writable, but not damaged.
            return None
        except sqlite3.DatabaseError:
            return self._recreate()
        except OSError:
            return None

    def _recreate(self) -> sqlite3.Connection | None:
        try:
            self.path.unlink(missing_ok=True)
            return self._connect()
        except (OSError, sqlite3.Error):
            return None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY_S)
        try:
            # Flushing to the disk takes time, and a cache may be lost.
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript(self._tables)
        except sqlite3.Error:
            connection.close()
            raise
        return connection
