"""Small pictures of particles, kept from one session to the next.

A cache and nothing more: one SQLite file in the user's cache folder, bounded, made
anew when it is damaged, done without when it cannot be used. A picture is found by the
micrograph's content and the circle, so that it can never be of another particle.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from platformdirs import user_cache_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle

FORM = 1
"""To be raised when the pictures are made in another way."""

_MOST = 16_000
_BUSY_S = 2.0
_VALUES_AT_ONCE = 500


def default_path() -> Path:
    """Return where the pictures are kept."""
    folder = user_cache_path("napari-cdse", appauthor=False)
    return folder / f"thumbnails-{FORM}.sqlite"


class ThumbnailFile:
    """Pictures of particles on disk. To be used by one thread.

    Parameters
    ----------
    path : Path
        Made when needed.
    edge_px : int
        Edge of the square pictures.
    most : int
        Pictures kept; the oldest go first.
    """

    def __init__(self, path: Path, edge_px: int, most: int = _MOST) -> None:
        self.path = path
        self._edge_px = edge_px
        self._most = most
        self._connection = self._open()

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get(
        self, micrograph_id: str, circles: Iterable[Circle]
    ) -> dict[Circle, NDArray[np.uint8]]:
        """Return those of a micrograph's pictures that are there.

        Parameters
        ----------
        micrograph_id : str
            Content hash.
        circles : iterable of Circle
            Those asked for.

        Returns
        -------
        dict of Circle to ndarray of uint8, shape (edge_px, edge_px)
        """
        wanted = {_key(micrograph_id, circle): circle for circle in circles}
        if self._connection is None or not wanted:
            return {}
        try:
            rows = _select(self._connection, list(wanted))
        except sqlite3.Error:
            self._give_up()
            return {}
        shape = (self._edge_px, self._edge_px)
        return {
            wanted[key]: np.frombuffer(data, np.uint8).reshape(shape)
            for key, data in rows
            if len(data) == self._edge_px**2
        }

    def put(
        self, micrograph_id: str, pictures: Mapping[Circle, NDArray[np.uint8]]
    ) -> None:
        """Keep pictures of a micrograph's circles."""
        if self._connection is None or not pictures:
            return
        rows = [(_key(micrograph_id, c), p.tobytes()) for c, p in pictures.items()]
        try:
            with self._connection:
                self._connection.executemany(
                    "INSERT OR REPLACE INTO thumbnails (key, pixels) VALUES (?, ?)",
                    rows,
                )
                self._connection.execute(
                    "DELETE FROM thumbnails WHERE number <= "
                    "(SELECT max(number) FROM thumbnails) - ?",
                    (self._most,),
                )
        except sqlite3.Error:
            self._give_up()

    def _open(self) -> sqlite3.Connection | None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return _connect(self.path)
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
            return _connect(self.path)
        except (OSError, sqlite3.Error):
            return None

    def _give_up(self) -> None:
        """Do without from now on; a damaged file is made anew next time."""
        with suppress(sqlite3.Error):
            self.close()
        self._connection = None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_S)
    try:
        # A cache may be lost with the power; waiting for the disk would be for naught.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS thumbnails ("
            "number INTEGER PRIMARY KEY AUTOINCREMENT, "
            "key TEXT NOT NULL UNIQUE, pixels BLOB NOT NULL)"
        )
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _select(connection: sqlite3.Connection, keys: list[str]) -> list[tuple[str, bytes]]:
    rows: list[tuple[str, bytes]] = []
    for start in range(0, len(keys), _VALUES_AT_ONCE):
        some = keys[start : start + _VALUES_AT_ONCE]
        marks = ", ".join("?" * len(some))
        rows += connection.execute(
            f"SELECT key, pixels FROM thumbnails WHERE key IN ({marks})", some
        )
    return rows


def _key(micrograph_id: str, circle: Circle) -> str:
    place = (circle.row_px, circle.col_px, circle.radius_px)
    return "/".join((micrograph_id, *(repr(float(number)) for number in place)))
