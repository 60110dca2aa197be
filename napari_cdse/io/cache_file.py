"""SQLite files in the user's cache folder, whose content can always be recomputed.

It is bounded by whoever fills it, made anew when it is damaged, and done without when
it cannot be used: no cache is a reason to trouble the user.
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


def cache_path(name: str) -> Path:
    """Return where a cache of some name lies: ``NAPARI_CDSE_CACHE``, or the user's."""
    place = os.environ.get("NAPARI_CDSE_CACHE")
    return Path(place or user_cache_path("napari-cdse", appauthor=False)) / name


class CacheFile:
    """A file with some tables. To be used by one thread; others may have it open too.

    Parameters
    ----------
    path : Path
        Made when needed.
    tables : str
        The statements that make the tables where there are none.
    """

    def __init__(self, path: Path, tables: str) -> None:
        self.path = path
        self._tables = tables
        self._connection = self._open()

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Work with the file in one transaction.

        Parameters
        ----------
        work : callable
            Gets the connection.
        otherwise : object
            What comes back where the file cannot be used; nor is it from then on. A
            damaged one is made anew next time.
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
            # Of this very class are damages alone: a busy file or a full disk has one
            # of its own.
            if type(problem) is sqlite3.DatabaseError:
                with suppress(OSError):
                    self.path.unlink(missing_ok=True)
            return otherwise

    def _open(self) -> sqlite3.Connection | None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self._connect()
        except sqlite3.OperationalError:
            # Busy, or a disk that may not be written: not the file's fault.
            return None
        except sqlite3.DatabaseError:
            return self._start_over()
        except OSError:
            return None

    def _start_over(self) -> sqlite3.Connection | None:
        try:
            self.path.unlink(missing_ok=True)
            return self._connect()
        except (OSError, sqlite3.Error):
            return None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY_S)
        try:
            # A cache may be lost with the power; waiting for the disk is for naught.
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript(self._tables)
        except sqlite3.Error:
            connection.close()
            raise
        return connection
