"""Intermediate results of a run over many micrographs, one file for each of them.

A file is written as soon as its micrograph is analysed, by the process that did it. Its
name is a digest of everything that the result depends on. So a run that was stopped or
killed can be resumed, and a run with other settings never uses an old result. There is
no shared database, since processes on several machines would have to agree on locks.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import CdseError
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.records import CLASSES, Candidate, Circle, Prediction
from napari_cdse.io.files import (
    make_folder,
    name_of,
    open_without_waiting,
    read_file,
    remove_drafts,
    shown,
    write_file,
)

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path
    from typing import IO

FORM = 2
"""Version of the files' format; to be raised with each change."""
SUFFIX = ".part"
_LOCK = ".lock"
_MOST_BYTES = 2**26
"""Largest file that is read. Chosen: 200 000 particles on one micrograph, some 300
bytes each."""
_SUM_TOLERANCE = 1e-6
"""Largest difference from 1 of a sum of probabilities, per class: far above rounding in
double precision."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Result of the analysis of one micrograph, without pixels.

    Attributes
    ----------
    micrograph_id : str
        Id of its content.
    shape : tuple of int
        Rows and columns.
    pixel_size : PixelSize
        Scale at which it was analysed.
    candidates : tuple of Candidate
        Detected circles.
    predictions : tuple of Prediction
        One for each candidate; empty without a forest.
    notices : tuple of str
        What a person should know, one sentence each.
    quality : MicrographQuality or None
        Figures of quality, if the spectrum allows them.
    """

    micrograph_id: str
    shape: tuple[int, int]
    pixel_size: PixelSize
    candidates: tuple[Candidate, ...]
    predictions: tuple[Prediction, ...]
    notices: tuple[str, ...] = ()
    quality: MicrographQuality | None = None


class PartFiles:
    """A folder of intermediate results, which several processes may use at once.

    Parameters
    ----------
    folder : Path
        Created if it is missing.

    Raises
    ------
    CdseError
        If it cannot be created.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = make_folder(folder, CdseError)

    def get(self, key: str) -> Findings | None:
        """Return the stored result of a key; None if there is none.

        Parameters
        ----------
        key : str
            Hexadecimal digest of everything that the result depends on.

        Raises
        ------
        CdseError
            If the file is damaged or no intermediate result; it may be replaced.
        """
        path = self._path(key)
        if not path.exists():
            return None
        data = read_file(path, _MOST_BYTES, CdseError)
        try:
            return _from_bytes(data, key)
        except (
            ArithmeticError,
            ValueError,
            TypeError,
            LookupError,
            RecursionError,
        ) as problem:
            raise CdseError(
                f"{name_of(path)}, kept from an earlier run, is damaged or of another "
                "kind; it was not used."
            ) from problem

    def put(self, key: str, findings: Findings) -> None:
        """Store a result.

        Parameters
        ----------
        key : str
            As for `get`.
        findings : Findings
            The result.

        Raises
        ------
        CdseError
            If it cannot be written.
        """
        write_file(self._path(key), _to_bytes(findings, key), CdseError)

    def keys(self) -> frozenset[str]:
        """Return the keys of all stored results."""
        return frozenset(path.stem for path in self.folder.glob(f"*{SUFFIX}"))

    def keep_only(self, keys: Collection[str]) -> None:
        """Remove results of other runs, and drafts of runs that were killed."""
        remove_drafts(self.folder)
        names = {f"{key}{SUFFIX}" for key in keys}
        for path in self.folder.glob(f"*{SUFFIX}"):
            if path.name not in names:
                # One that cannot be removed costs some kB until the next run.
                with contextlib.suppress(OSError):
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{SUFFIX}"


@contextlib.contextmanager
def sole_writer(folder: Path, results: Path) -> Iterator[None]:
    """Hold a lock that keeps other runs out of a folder of results.

    The operating system releases it when the process ends, however that happens. On a
    file system without locks nothing is locked.

    Parameters
    ----------
    folder : Path
        Folder of the intermediate results, which gets the lock file.
    results : Path
        Folder of results, for the message.

    Raises
    ------
    CdseError
        If another run holds the lock.
    """
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(
                open(folder / _LOCK, "ab", opener=open_without_waiting)
            )
        except OSError:
            # If the folder is not writable, storing the first result raises an error.
            yield
            return
        if not _locked(file):
            raise CdseError(
                f"Another run is writing to {shown(results)}; wait until it has ended, "
                "or choose another folder."
            )
        yield


def _locked(file: IO[bytes]) -> bool:
    """Lock an open file until it is closed; False if another process holds it."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        return problem.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def _to_bytes(findings: Findings, key: str) -> bytes:
    """Encode findings as one line of JSON, after a line with its digest."""
    size = findings.pixel_size
    (found_by,) = {each.found_by for each in findings.candidates} or {""}
    (model_id,) = {each.model_id for each in findings.predictions} or {""}
    record = {
        "form": FORM,
        "key": key,
        "micrograph": findings.micrograph_id,
        "shape": findings.shape,
        "pixel_size": [size.nm, size.source.value, size.uncertainty, size.other_nm],
        "found_by": found_by,
        "candidates": [
            [
                float(each.circle.row_px),
                float(each.circle.col_px),
                float(each.circle.radius_px),
                float(each.strength),
            ]
            for each in findings.candidates
        ],
        "model": model_id,
        "predictions": [
            [*each.probabilities, each.novelty] for each in findings.predictions
        ],
        "notices": findings.notices,
        "quality": None if findings.quality is None else findings.quality.as_dict(),
    }
    # All digits are written, so that doubles are read back exactly.
    body = json.dumps(record, allow_nan=False).encode("ascii")
    return hashlib.sha256(body).hexdigest().encode("ascii") + b"\n" + body + b"\n"


def _from_bytes(data: bytes, key: str) -> Findings:
    """Decode and check findings.

    Raises
    ------
    ArithmeticError, LookupError, TypeError, ValueError, RecursionError
        For anything that `_to_bytes` did not write for this key.
    """
    digest, _, rest = data.partition(b"\n")
    body = rest.removesuffix(b"\n")
    if hashlib.sha256(body).hexdigest().encode("ascii") != digest:
        raise ValueError("another digest")
    record = json.loads(body)
    if record["form"] != FORM or record["key"] != key:
        raise ValueError("another form or key")
    micrograph_id = _text(record["micrograph"])
    candidates = tuple(
        _candidate(micrograph_id, _text(record["found_by"]), each)
        for each in record["candidates"]
    )
    rows, columns = record["shape"]
    return Findings(
        micrograph_id,
        (_count(rows), _count(columns)),
        _pixel_size(*record["pixel_size"]),
        candidates,
        _predictions(candidates, _text(record["model"]), record["predictions"]),
        tuple(_text(each) for each in record["notices"]),
        _quality(record["quality"]),
    )


def _candidate(micrograph_id: str, found_by: str, values: list[Any]) -> Candidate:
    row, col, radius, strength = map(_number, values)
    if radius <= 0:
        raise ValueError("no circle")
    circle = Circle(row, col, radius)
    return Candidate.propose(micrograph_id, circle, found_by, strength)


def _predictions(
    candidates: Sequence[Candidate], model_id: str, records: list[Any]
) -> tuple[Prediction, ...]:
    """Decode the predictions: one for each candidate, or none at all."""
    pairs = zip(candidates if records else (), records, strict=True)
    return tuple(_prediction(each.id, model_id, values) for each, values in pairs)


def _prediction(particle_id: str, model_id: str, values: list[Any]) -> Prediction:
    *shares, novelty = values
    yes, no, null, empty = map(_number, shares)
    probabilities = (yes, no, null, empty)
    difference = abs(sum(probabilities) - 1)
    if min(probabilities) < 0 or difference > _SUM_TOLERANCE * len(CLASSES):
        raise ValueError("no probabilities")
    novelty = None if novelty is None else _number(novelty)
    return Prediction(particle_id, model_id, probabilities, novelty)


def _quality(record: Any) -> MicrographQuality | None:
    return None if record is None else MicrographQuality.from_dict(dict(record))


def _pixel_size(nm: Any, source: Any, uncertainty: Any, other_nm: Any) -> PixelSize:
    size_nm = _number(nm)
    if size_nm <= 0:
        raise ValueError("no pixel size")
    return PixelSize(
        size_nm,
        PixelSizeSource(source),
        None if uncertainty is None else _number(uncertainty),
        None if other_nm is None else _number(other_nm),
    )


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("no number")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("no finite number")
    return number


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("no number of pixels")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
