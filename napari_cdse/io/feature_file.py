"""Cache of circles and features of micrographs, kept between trainings.

They take about a second per micrograph to compute, and some milliseconds to read. An
entry is bytes under a key, a digest of everything that the bytes depend on. Nothing in
the file is ever executed; `napari_cdse.pipeline.kept_features` decodes the bytes.
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
"""Version of the format; to be raised with each change."""

MOST_BYTES = 512 * 2**20
"""Largest size of the cache. Chosen for ten thousand labelled micrographs: one of
thirty particles takes some 50 kB with the physical features."""
_TABLES = """
CREATE TABLE IF NOT EXISTS features (
    key TEXT PRIMARY KEY, sum INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS uses (
    key TEXT PRIMARY KEY, used INTEGER NOT NULL, bytes INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS by_use ON uses (used, bytes);
"""
"""Uses are in a table of their own, so that noting one does not rewrite the data."""


def default_path() -> Path:
    """Return the path of the user's cache."""
    return cache_path(f"features-{FORM}.sqlite")


class FeatureFile:
    """Bytes by key on disk, used by one thread; other processes may use the file too.

    Parameters
    ----------
    path : Path
        Created if it is missing.
    most_bytes : int
        Largest size of all entries; the least recently used are removed first.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._file = CacheFile(path, _TABLES)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def get(self, key: str) -> bytes | None:
        """Return the bytes of a key; None if there are none, or they are damaged."""
        row = self._file.ask(lambda file: _select(file, key), None)
        if row is None or zlib.crc32(row[1]) != row[0]:
            return None
        return row[1]

    def put(self, new: Mapping[str, bytes], used: Collection[str] = ()) -> None:
        """Store new entries, and note the use of others, in one transaction.

        Parameters
        ----------
        new : mapping of str to bytes
            By key; earlier entries are replaced. Those larger than the whole cache are
            ignored.
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
        # The lock is taken before reading: of two that have read, only one could write.
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
            self._remove_excess(file)

    def _remove_excess(self, file: sqlite3.Connection) -> None:
        """Remove the least recently used entries that exceed the largest size."""
        (n_bytes,) = file.execute("SELECT total(bytes) FROM uses").fetchone()
        if n_bytes <= self._most_bytes:
            return
        # A running sum from the most recently used on.
        excess: Sequence[tuple[str]] = file.execute(
            "SELECT key FROM (SELECT key, sum(bytes) OVER "
            "(ORDER BY used DESC, key) AS bytes FROM uses) WHERE bytes > ?",
            (self._most_bytes,),
        ).fetchall()
        file.executemany("DELETE FROM features WHERE key = ?", excess)
        file.executemany("DELETE FROM uses WHERE key = ?", excess)


def _select(file: sqlite3.Connection, key: str) -> tuple[int, bytes] | None:
    row: tuple[int, bytes] | None = file.execute(
        "SELECT sum, data FROM features WHERE key = ?", (key,)
    ).fetchone()
    return row
