"""Cache of circles and features of micrographs, kept between trainings.

A cache and nothing more: circles and features of a micrograph take about a second to
be worked out and some milliseconds to be read. What is kept is bytes under a key that
is a digest of all that they follow from; nothing in the file is ever executed.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from napari_cdse.io.cache_file import CacheFile, cache_path

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

FORM = 1
"""To be raised when what is kept is written in another way."""

MOST_BYTES = 512 * 2**20
"""A choice: a labelled micrograph of thirty particles takes some 50 kB with the
physical features, so that ten thousand fit."""
_TABLES = """
CREATE TABLE IF NOT EXISTS features (
    key TEXT PRIMARY KEY, sum INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS uses (
    key TEXT PRIMARY KEY, used INTEGER NOT NULL, bytes INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS by_use ON uses (used, bytes);
"""
"""Uses are apart from the data: those that are noted don't write the data again."""


def default_path() -> Path:
    """Return where it is kept."""
    return cache_path(f"features-{FORM}.sqlite")


class FeatureFile:
    """Bytes by key on disk. To be used by one thread; other processes may use it too.

    Parameters
    ----------
    path : Path
        Made when needed.
    most_bytes : int
        Of all that is kept; what was not used for longest goes first.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._file = CacheFile(path, _TABLES)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key; None if it isn't there whole."""
        row = self._file.ask(lambda file: _select(file, key), None)
        if row is None or zlib.crc32(row[1]) != row[0]:
            return None
        return row[1]

    def put(self, new: Mapping[str, bytes], used: Collection[str] = ()) -> None:
        """Keep what is new, and note the use of what was there, in one transaction.

        Parameters
        ----------
        new : mapping of str to bytes
            By key; what was under it before goes. What is too large for the whole
            file is not kept.
        used : collection of str
            Keys that were read.
        """
        fitting = {k: data for k, data in new.items() if len(data) <= self._most_bytes}
        if fitting or used:
            self._file.ask(lambda file: self._put(file, fitting, used), None)

    def _put(
        self,
        file: sqlite3.Connection,
        new: Mapping[str, bytes],
        used: Collection[str],
    ) -> None:
        # Whoever will write says so first: two that have read can't both write.
        file.execute("BEGIN IMMEDIATE")
        (turn,) = file.execute("SELECT coalesce(max(used), 0) + 1 FROM uses").fetchone()
        file.executemany(
            "INSERT OR REPLACE INTO features (key, sum, data) VALUES (?, ?, ?)",
            [(key, zlib.crc32(data), data) for key, data in new.items()],
        )
        file.executemany(
            "INSERT OR REPLACE INTO uses (key, used, bytes) VALUES (?, ?, ?)",
            [(key, turn, len(data)) for key, data in new.items()],
        )
        file.executemany(
            "UPDATE uses SET used = ? WHERE key = ?", [(turn, key) for key in used]
        )
        if new:
            self._forget(file)

    def _forget(self, file: sqlite3.Connection) -> None:
        (held,) = file.execute("SELECT total(bytes) FROM uses").fetchone()
        if held <= self._most_bytes:
            return
        # All that is older than what fits, counted from what was used last.
        gone: Sequence[tuple[str]] = file.execute(
            "SELECT key FROM (SELECT key, sum(bytes) OVER "
            "(ORDER BY used DESC, key) AS bytes FROM uses) WHERE bytes > ?",
            (self._most_bytes,),
        ).fetchall()
        file.executemany("DELETE FROM features WHERE key = ?", gone)
        file.executemany("DELETE FROM uses WHERE key = ?", gone)


def _select(file: sqlite3.Connection, key: str) -> tuple[int, bytes] | None:
    found: tuple[int, bytes] | None = file.execute(
        "SELECT sum, data FROM features WHERE key = ?", (key,)
    ).fetchone()
    return found
