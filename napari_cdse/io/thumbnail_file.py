"""Cache of the particles' thumbnails, kept between sessions.

The key of a picture is made of the id of the micrograph's content and of the circle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.io.cache_file import CacheFile, cache_path

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle

FORM = 1
"""Version of the pictures; to be raised when they are made in another way."""

_MOST = 16_000
"""Most pictures in the cache. Chosen: 250 MiB."""
_VALUES_AT_ONCE = 500
"""Most values in one query; SQLite before 3.32 allows 999."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS thumbnails (number INTEGER PRIMARY KEY AUTOINCREMENT, "
    "key TEXT NOT NULL UNIQUE, pixels BLOB NOT NULL)"
)


def default_path() -> Path:
    """Return the path of the user's cache."""
    return cache_path(f"thumbnails-{FORM}.sqlite")


class ThumbnailFile:
    """Pictures of particles on disk, used by one thread.

    Parameters
    ----------
    path : Path
        Created if it is missing.
    edge_px : int
        Edge of the square pictures.
    most : int
        Most pictures; the oldest are removed first.
    """

    def __init__(self, path: Path, edge_px: int, most: int = _MOST) -> None:
        self._edge_px = edge_px
        self._most = most
        self._file = CacheFile(path, _TABLE)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def get(
        self, micrograph_id: str, circles: Iterable[Circle]
    ) -> dict[Circle, NDArray[np.uint8]]:
        """Return the stored pictures of a micrograph's circles.

        Parameters
        ----------
        micrograph_id : str
            Id of the micrograph's content.
        circles : iterable of Circle
            The circles.

        Returns
        -------
        dict of Circle to ndarray of uint8, shape (edge_px, edge_px)
            Of those circles whose pictures are stored.
        """
        by_key = {_key(micrograph_id, circle): circle for circle in circles}
        none: list[tuple[str, bytes]] = []
        rows = self._file.ask(lambda file: _select(file, list(by_key)), none)
        shape = (self._edge_px, self._edge_px)
        return {
            by_key[key]: np.frombuffer(data, np.uint8).reshape(shape)
            for key, data in rows
            if len(data) == self._edge_px**2
        }

    def put(
        self, micrograph_id: str, pictures: Mapping[Circle, NDArray[np.uint8]]
    ) -> None:
        """Store pictures of a micrograph's circles."""
        if not pictures:
            return
        rows = [(_key(micrograph_id, c), p.tobytes()) for c, p in pictures.items()]
        self._file.ask(lambda file: self._put(file, rows), None)

    def _put(self, file: sqlite3.Connection, rows: list[tuple[str, bytes]]) -> None:
        file.executemany(
            "INSERT OR REPLACE INTO thumbnails (key, pixels) VALUES (?, ?)", rows
        )
        file.execute(
            "DELETE FROM thumbnails WHERE number <= "
            "(SELECT max(number) FROM thumbnails) - ?",
            (self._most,),
        )


def _select(connection: sqlite3.Connection, keys: list[str]) -> list[tuple[str, bytes]]:
    rows: list[tuple[str, bytes]] = []
    for start in range(0, len(keys), _VALUES_AT_ONCE):
        batch = keys[start : start + _VALUES_AT_ONCE]
        placeholders = ", ".join("?" * len(batch))
        rows += connection.execute(
            f"SELECT key, pixels FROM thumbnails WHERE key IN ({placeholders})", batch
        )
    return rows


def _key(micrograph_id: str, circle: Circle) -> str:
    place = (circle.row_px, circle.col_px, circle.radius_px)
    return "/".join((micrograph_id, *(repr(float(number)) for number in place)))
