"""Cache of accumulation maps, kept between sessions.

A map takes about a second to compute, and some milliseconds to read. The key is a
digest of everything that the maps of a micrograph depend on, its parameters included.
Values are stored with sixteen bits.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.detection.accumulation_map import (
    AccumulationMap,
    EndmemberSpectrum,
)
from napari_cdse.io.cache_file import CacheFile, cache_path

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FORM = 1
"""Version of the format; to be raised with each change."""

_MOST_BYTES = 64 * 2**20
"""Largest size of the cache. Chosen for hundreds of large or thousands of small
micrographs: a map of 1024 x 1024 px has some 60 x 60 samples, one of 4096 x 4096 px
some 240 x 240."""
_STEPS = 2**16 - 1
"""Steps between the least and the largest value of a map: far finer than a screen
shows."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS maps (number INTEGER PRIMARY KEY AUTOINCREMENT, "
    "key TEXT NOT NULL UNIQUE, told TEXT NOT NULL, sum INTEGER NOT NULL, "
    "pixels BLOB NOT NULL)"
)


def default_path() -> Path:
    """Return the path of the user's cache."""
    return cache_path(f"maps-{FORM}.sqlite")


class MapFile:
    """Maps of micrographs on disk, used by one thread.

    Parameters
    ----------
    path : Path
        Created if it is missing.
    most_bytes : int
        Largest size of all maps; the oldest are removed first.
    """

    def __init__(self, path: Path, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._file = CacheFile(path, _TABLE)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def get(self, key: str) -> tuple[AccumulationMap, ...] | None:
        """Return the maps of a key; None if there are none, or they are damaged."""
        row = self._file.ask(lambda file: _select(file, key), None)
        return None if row is None else _decoded(*row)

    def put(self, key: str, maps: Sequence[AccumulationMap]) -> None:
        """Store the maps of a key, unless they are larger than the whole cache."""
        records = json.dumps([_record(each) for each in maps])
        pixels = b"".join(_sixteen_bits(each.values).tobytes() for each in maps)
        if len(pixels) <= self._most_bytes:
            row = (key, records, zlib.crc32(records.encode() + pixels), pixels)
            self._file.ask(lambda file: self._put(file, row), None)

    def _put(self, file: sqlite3.Connection, row: tuple[str, str, int, bytes]) -> None:
        file.execute(
            "INSERT OR REPLACE INTO maps (key, told, sum, pixels) VALUES (?, ?, ?, ?)",
            row,
        )
        # A running sum from the newest on.
        file.execute(
            "DELETE FROM maps WHERE number IN (SELECT number FROM (SELECT number, "
            "sum(length(pixels)) OVER (ORDER BY number DESC) AS bytes FROM maps) "
            "WHERE bytes > ?)",
            (self._most_bytes,),
        )


def _select(file: sqlite3.Connection, key: str) -> tuple[str, int, bytes] | None:
    row: tuple[str, int, bytes] | None = file.execute(
        "SELECT told, sum, pixels FROM maps WHERE key = ?", (key,)
    ).fetchone()
    return row


def _range(values: NDArray[np.float32]) -> tuple[float, float]:
    """Return the least and the largest finite value; zeros if there is none."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 0.0
    return float(finite.min()), float(finite.max())


def _sixteen_bits(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Scale values from their range to 1 to `_STEPS`; 0 stands for NaN."""
    low, high = _range(values)
    fraction = (values - low) / ((high - low) or 1.0)
    steps = np.where(np.isfinite(values), 1 + np.round(fraction * (_STEPS - 1)), 0)
    return steps.astype("<u2")


def _record(each: AccumulationMap) -> dict[str, Any]:
    """Convert a map without its values to types of JSON."""
    spectrum = each.endmember
    return {
        "name": each.name,
        "shape": each.values.shape,
        "range": _range(each.values),
        "origin_px": each.origin_px,
        "step_px": each.step_px,
        "endmember": None
        if spectrum is None
        else {
            "number": spectrum.number,
            "rings_per_px": np.asarray(spectrum.rings_per_px).tolist(),
            "power": np.asarray(spectrum.power).tolist(),
            "is_lattice": bool(spectrum.is_lattice),
            "share": float(spectrum.share),
        },
    }


def _decoded(
    records: str, checksum: int, pixels: bytes
) -> tuple[AccumulationMap, ...] | None:
    """Decode the maps of a row; None if its checksum is wrong."""
    if zlib.crc32(records.encode() + pixels) != checksum:
        return None
    maps, start = [], 0
    for record in json.loads(records):
        rows, columns = record["shape"]
        steps = np.frombuffer(pixels, "<u2", rows * columns, start)
        start += steps.nbytes
        maps.append(_map(record, steps.reshape(rows, columns)))
    return tuple(maps)


def _map(record: dict[str, Any], steps: NDArray[np.uint16]) -> AccumulationMap:
    low, high = record["range"]
    values = low + (steps.astype(np.float32) - 1) * np.float32(
        (high - low) / (_STEPS - 1)
    )
    values[steps == 0] = np.nan
    return AccumulationMap(
        record["name"],
        values.astype(np.float32),
        tuple(record["origin_px"]),
        tuple(record["step_px"]),
        None if record["endmember"] is None else _spectrum(record["endmember"]),
    )


def _spectrum(record: dict[str, Any]) -> EndmemberSpectrum:
    return EndmemberSpectrum(
        record["number"],
        np.array(record["rings_per_px"], dtype=np.float64),
        np.array(record["power"], dtype=np.float32),
        record["is_lattice"],
        record["share"],
    )
