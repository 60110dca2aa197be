"""Cache circles and features of labelled micrographs between runs.

They follow from the micrograph's content, the pixel size, the parameters, the circle,
the feature schema and the program, and are found by a digest of these. So another
question never gets an old answer, and what is kept changes no result.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.detection.methods import Detection, detect
from napari_cdse.core.features import names_of, schema_of
from napari_cdse.core.features.cache import KnownFeatures
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.params import recorded
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.records import Circle
from napari_cdse.io.feature_file import MOST_BYTES, FeatureFile
from napari_cdse.pipeline.program_state import program_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cdse.core.features import FeatureTable
    from napari_cdse.core.features.cache import Rows
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Micrograph

_MOST_OF_ONE = 8 * 2**20
"""Bytes of the rows of one micrograph. A choice: fifty thousand circles by the physical
features, or two thousand by those of 2018; those asked for long ago go first."""
_PLACE = np.dtype("<f8")
_VALUE = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class FeatureCache:
    """Where circles and features are kept; sent to each process of a run.

    Attributes
    ----------
    path : Path
        Of a file in the user's cache folder, made when needed; see
        `napari_cdse.io.feature_file.default_path`.
    again : bool
        Whether to work out anew, and replace, what is kept.
    most_bytes : int
        Of all that is kept.
    """

    path: Path
    again: bool = False
    most_bytes: int = MOST_BYTES


@contextmanager
def known_features(cache: FeatureCache | None) -> Iterator[MicrographFeatures]:
    """Open what is kept while one micrograph is worked on, and keep what was new.

    Parameters
    ----------
    cache : FeatureCache or None
        Without one, features are known within this micrograph only.
    """
    if cache is None:
        yield MicrographFeatures(None)
        return
    file = FeatureFile(cache.path, cache.most_bytes)
    try:
        known = MicrographFeatures(file, again=cache.again)
        yield known
        known.keep()
    finally:
        file.close()


class MicrographFeatures:
    """Works out circles and features of one micrograph, each once.

    Parameters
    ----------
    file : FeatureFile or None
        Where they may be kept.
    again : bool
        Whether to work out what is kept, too.
    """

    def __init__(self, file: FeatureFile | None, *, again: bool = False) -> None:
        self._file = file
        self._again = again
        self._known = KnownFeatures(_MOST_OF_ONE)
        self._new: dict[str, bytes] = {}
        self._used: set[str] = set()
        # Micrograph and schema of the rows that were read, and of those that are new.
        self._read: set[tuple[str, str]] = set()
        self._grown: set[tuple[str, str]] = set()

    def detect(self, micrograph: Micrograph, params: DetectionParams) -> Detection:
        """Give what `napari_cdse.core.detection.methods.detect` gives, without maps."""
        key = _detection_key(micrograph, params)
        kept = self._kept(key)
        found = None if kept is None else _detection(kept)
        if found is None:
            # Nobody looks at the maps, which are as large as all pictures together.
            found = replace(detect(micrograph, params), maps=())
            self._new[key] = _detection_bytes(found)
        return found

    def compute(
        self,
        micrograph: Micrograph,
        circles: Sequence[Circle],
        groups: str,
        pixel_size_nm: float,
        progress: Progress | None = None,
    ) -> FeatureTable:
        """Give what `napari_cdse.core.features.compute_features` gives."""
        whose = (micrograph.id, schema_of(groups))
        if whose not in self._read:
            self._read.add(whose)
            kept = self._kept(_rows_key(*whose))
            rows = None if kept is None else _rows(kept, len(names_of(groups)))
            self._known.add(*whose, rows or {})
        before = self._known.n_computed
        table = self._known.compute(
            micrograph, circles, groups, pixel_size_nm, progress
        )
        if self._known.n_computed > before:
            self._grown.add(whose)
        return table

    def keep(self) -> None:
        """Write what is new, and note the use of what was there."""
        if self._file is None:
            return
        for whose in self._grown:
            self._new[_rows_key(*whose)] = _rows_bytes(self._known.rows(*whose))
        self._file.put(self._new, self._used - set(self._new))

    def _kept(self, key: str) -> bytes | None:
        if self._file is None or self._again:
            return None
        found = self._file.get(key)
        if found is not None:
            self._used.add(key)
        return found


def _detection_key(micrograph: Micrograph, params: DetectionParams) -> str:
    return _digest(
        what="circles",
        micrograph=micrograph.id,
        pixel_size_nm=micrograph.pixel_size_nm,
        source=micrograph.pixel_size_source,
        parameters=recorded(params),
    )


def _rows_key(micrograph_id: str, schema: str) -> str:
    return _digest(what="features", micrograph=micrograph_id, schema=schema)


def _digest(**told: Any) -> str:
    told["program"] = program_state()
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _detection_bytes(found: Detection) -> bytes:
    size = found.pixel_size
    told = {
        # Numbers in full: a double is read back as it was.
        "circles": [[c.row_px, c.col_px, c.radius_px] for c in found.circles],
        "strengths": found.strengths,
        "found_by": found.found_by,
        "pixel_size": [size.nm, size.source, size.uncertainty, size.other_nm],
        "window_px": found.window_px,
        "notices": found.notices,
        "quality": None if found.quality is None else found.quality.as_dict(),
    }
    return json.dumps(told).encode("ascii")


def _detection(kept: bytes) -> Detection | None:
    """Read it back; None of what was written otherwise."""
    try:
        told = json.loads(kept)
        nm, source, uncertainty, other_nm = told["pixel_size"]
        quality = told["quality"]
        return Detection(
            tuple(Circle(*map(float, each)) for each in told["circles"]),
            tuple(map(float, told["strengths"])),
            told["found_by"],
            (),
            PixelSize(float(nm), PixelSizeSource(source), uncertainty, other_nm),
            told["window_px"],
            tuple(told["notices"]),
            None if quality is None else MicrographQuality.from_dict(quality),
        )
    except (ValueError, TypeError, LookupError):
        return None


def _rows_bytes(rows: Rows) -> bytes:
    """Write size and circle of all rows, then all their features."""
    places = [(size_nm, c.row_px, c.col_px, c.radius_px) for size_nm, c in rows]
    values = [row.astype(_VALUE).tobytes() for row in rows.values()]
    return np.array(places, _PLACE).tobytes() + b"".join(values)


def _rows(kept: bytes, n_features: int) -> Rows | None:
    """Read them back; None of bytes that are no whole number of rows."""
    each = 4 * _PLACE.itemsize + n_features * _VALUE.itemsize
    number, rest = divmod(len(kept), each)
    if rest:
        return None
    places = np.frombuffer(kept, _PLACE, 4 * number).reshape(number, 4)
    values = np.frombuffer(kept, _VALUE, offset=places.nbytes)
    values = values.reshape(number, n_features).astype(np.float32)
    return {
        (size_nm, Circle(row, col, radius)): one
        for (size_nm, row, col, radius), one in zip(
            places.tolist(), values, strict=True
        )
    }
