"""Cache of accumulation maps, kept between sessions.

A cache and nothing more: a map takes a second to be made and some milliseconds to be
read. Maps are found by a key that is a digest of all that they follow from, so that
they can never be those of another micrograph or of other parameters.
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
"""To be raised when maps are written in another way."""

_MOST_BYTES = 64 * 2**20
"""A choice: a map of 1024 x 1024 px has some 60 x 60 samples, of 4096 x 4096 px some
240 x 240, so that the maps of hundreds of large micrographs or of thousands of small
ones fit."""
_STEPS = 2**16 - 1
"""Between the least and the largest value of a map: sixteen bits, some hundred times
finer than a screen shows."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS maps (number INTEGER PRIMARY KEY AUTOINCREMENT, "
    "key TEXT NOT NULL UNIQUE, told TEXT NOT NULL, sum INTEGER NOT NULL, "
    "pixels BLOB NOT NULL)"
)


def default_path() -> Path:
    """Return where the maps are kept."""
    return cache_path(f"maps-{FORM}.sqlite")


class MapFile:
    """Maps of micrographs on disk, in sixteen bits. To be used by one thread.

    Parameters
    ----------
    path : Path
        Made when needed.
    most_bytes : int
        Of all maps; the oldest go first.
    """

    def __init__(self, path: Path, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._file = CacheFile(path, _TABLE)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def get(self, key: str) -> tuple[AccumulationMap, ...] | None:
        """Return the maps of a key; None if they are not there whole."""
        row = self._file.ask(lambda file: _select(file, key), None)
        return None if row is None else _unpacked(*row)

    def put(self, key: str, maps: Sequence[AccumulationMap]) -> None:
        """Keep maps; those that are too large for the whole file are not."""
        told = json.dumps([_told(one) for one in maps])
        pixels = b"".join(_sixteen_bits(one.values).tobytes() for one in maps)
        if len(pixels) <= self._most_bytes:
            row = (key, told, zlib.crc32(told.encode() + pixels), pixels)
            self._file.ask(lambda file: self._put(file, row), None)

    def _put(self, file: sqlite3.Connection, row: tuple[str, str, int, bytes]) -> None:
        file.execute(
            "INSERT OR REPLACE INTO maps (key, told, sum, pixels) VALUES (?, ?, ?, ?)",
            row,
        )
        # All that is older than what fits, counted from the newest.
        file.execute(
            "DELETE FROM maps WHERE number IN (SELECT number FROM (SELECT number, "
            "sum(length(pixels)) OVER (ORDER BY number DESC) AS bytes FROM maps) "
            "WHERE bytes > ?)",
            (self._most_bytes,),
        )


def _select(file: sqlite3.Connection, key: str) -> tuple[str, int, bytes] | None:
    found: tuple[str, int, bytes] | None = file.execute(
        "SELECT told, sum, pixels FROM maps WHERE key = ?", (key,)
    ).fetchone()
    return found


def _range(values: NDArray[np.float32]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 0.0
    return float(finite.min()), float(finite.max())


def _sixteen_bits(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Share of the map's range, from 1 up; 0 is no number."""
    low, high = _range(values)
    share = (values - low) / ((high - low) or 1.0)
    steps = np.where(np.isfinite(values), 1 + np.round(share * (_STEPS - 1)), 0)
    return steps.astype("<u2")


def _told(one: AccumulationMap) -> dict[str, Any]:
    """Tell what a map is, but for its values."""
    spectrum = one.endmember
    return {
        "name": one.name,
        "shape": one.values.shape,
        "range": _range(one.values),
        "origin_px": one.origin_px,
        "step_px": one.step_px,
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


def _unpacked(
    told: str, checksum: int, pixels: bytes
) -> tuple[AccumulationMap, ...] | None:
    """Give the maps of a row; None of one that was damaged or half written."""
    if zlib.crc32(told.encode() + pixels) != checksum:
        return None
    maps, start = [], 0
    for one in json.loads(told):
        rows, columns = one["shape"]
        steps = np.frombuffer(pixels, "<u2", rows * columns, start)
        start += steps.nbytes
        maps.append(_map(one, steps.reshape(rows, columns)))
    return tuple(maps)


def _map(told: dict[str, Any], steps: NDArray[np.uint16]) -> AccumulationMap:
    low, high = told["range"]
    values = low + (steps.astype(np.float32) - 1) * np.float32(
        (high - low) / (_STEPS - 1)
    )
    values[steps == 0] = np.nan
    return AccumulationMap(
        told["name"],
        values.astype(np.float32),
        tuple(told["origin_px"]),
        tuple(told["step_px"]),
        None if told["endmember"] is None else _spectrum(told["endmember"]),
    )


def _spectrum(told: dict[str, Any]) -> EndmemberSpectrum:
    return EndmemberSpectrum(
        told["number"],
        np.array(told["rings_per_px"], dtype=np.float64),
        np.array(told["power"], dtype=np.float32),
        told["is_lattice"],
        told["share"],
    )
