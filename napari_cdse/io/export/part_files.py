"""Intermediate results of a run over many micrographs, one file for each of them.

A file is written whole as soon as its micrograph is done, by whichever process did it,
and named after all that the findings follow from. So a run that was stopped or killed
goes on where it was, and another question never gets an old answer. No database is
shared: processes on several machines would have to agree on its locks.
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
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from typing import IO

FORM = 2
"""Of the files; to be raised when they say something else."""
SUFFIX = ".part"
_LOCK = ".lock"
_MOST_BYTES = 2**26
"""Of one file. A particle takes some 300 bytes, so this is 200 000 of them on one
micrograph; what is larger was not written here."""
_NEARLY = 1e-6
"""How far a forest's shares may add up beside 1: sums of doubles are nearer."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one micrograph adds to label files and tables; no pixels.

    Attributes
    ----------
    micrograph_id : str
        Of its content.
    shape : tuple of int
        Rows and columns.
    pixel_size : PixelSize
        The scale that it was looked at with.
    candidates : tuple of Candidate
    predictions : tuple of Prediction
        One per candidate; none where no forest was asked.
    notices : tuple of str
        What a person should know, one sentence each.
    quality : MicrographQuality or None
        Where the micrograph's spectrum tells.
    """

    micrograph_id: str
    shape: tuple[int, int]
    pixel_size: PixelSize
    candidates: tuple[Candidate, ...]
    predictions: tuple[Prediction, ...]
    notices: tuple[str, ...] = ()
    quality: MicrographQuality | None = None


class PartFiles:
    """The folder of parts. It holds no state: any number of processes may use it.

    Parameters
    ----------
    folder : Path
        Made if it is not there.

    Raises
    ------
    CdseError
        If it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = make_folder(folder, CdseError)

    def get(self, key: str) -> Findings | None:
        """Return what was found before; None where there is nothing.

        Parameters
        ----------
        key : str
            Hexadecimal digest of all that the findings follow from.

        Raises
        ------
        CdseError
            For a file that is damaged or of another kind; it may be written anew.
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
        """Keep what was found.

        Raises
        ------
        CdseError
            If it cannot be written.
        """
        write_file(self._path(key), _to_bytes(findings, key), CdseError)

    def keys(self) -> frozenset[str]:
        """Return the keys of all parts that are there."""
        return frozenset(path.stem for path in self.folder.glob(f"*{SUFFIX}"))

    def keep_only(self, keys: Collection[str]) -> None:
        """Remove the parts of other runs, and what killed ones left half written."""
        remove_drafts(self.folder)
        wanted = {f"{key}{SUFFIX}" for key in keys}
        for path in self.folder.glob(f"*{SUFFIX}"):
            if path.name not in wanted:
                # A part too many costs some kB; it goes another time.
                with contextlib.suppress(OSError):
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{SUFFIX}"


@contextlib.contextmanager
def sole_writer(folder: Path, results: Path) -> Iterator[None]:
    """Keep other runs out of a folder of results meanwhile.

    The system lets go of the lock when its process ends, however that happens. Where a
    file system knows no locks, there is none.

    Parameters
    ----------
    folder : Path
        Of the parts; the locked file lies here, and stays.
    results : Path
        What to call it in the message.

    Raises
    ------
    CdseError
        If another run holds it.
    """
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(
                open(folder / _LOCK, "ab", opener=open_without_waiting)
            )
        except OSError:
            # Not writable is told when the first part is to be written.
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
    """Write findings as one line of JSON after the line of its digest."""
    size = findings.pixel_size
    (found_by,) = {each.found_by for each in findings.candidates} or {""}
    (model_id,) = {each.model_id for each in findings.predictions} or {""}
    told = {
        "form": FORM,
        "key": key,
        "micrograph": findings.micrograph_id,
        "shape": findings.shape,
        "pixel_size": [size.nm, size.source.value, size.uncertainty, size.other_nm],
        "found_by": found_by,
        "candidates": [
            [float(value) for value in (c.row_px, c.col_px, c.radius_px, strength)]
            for c, strength in (
                (each.circle, each.strength) for each in findings.candidates
            )
        ],
        "model": model_id,
        "predictions": [
            [*each.probabilities, each.novelty] for each in findings.predictions
        ],
        "notices": findings.notices,
        "quality": None if findings.quality is None else findings.quality.as_dict(),
    }
    # Numbers in full: a double is read back as it was.
    body = json.dumps(told, allow_nan=False).encode("ascii")
    return hashlib.sha256(body).hexdigest().encode("ascii") + b"\n" + body + b"\n"


def _from_bytes(data: bytes, key: str) -> Findings:
    """Read it back.

    Raises
    ------
    ArithmeticError, LookupError, TypeError, ValueError, RecursionError
        For anything that `_to_bytes` did not write for this key.
    """
    digest, _, rest = data.partition(b"\n")
    body = rest.removesuffix(b"\n")
    if hashlib.sha256(body).hexdigest().encode("ascii") != digest:
        raise ValueError("another digest")
    told = json.loads(body)
    if told["form"] != FORM or told["key"] != key:
        raise ValueError("another form or key")
    micrograph_id = _text(told["micrograph"])
    candidates = tuple(
        _candidate(micrograph_id, _text(told["found_by"]), each)
        for each in told["candidates"]
    )
    rows, columns = told["shape"]
    model_id = _text(told["model"])
    predictions = tuple(
        _prediction(one.id, model_id, said)
        for one, said in zip(
            candidates if told["predictions"] else (), told["predictions"], strict=True
        )
    )
    return Findings(
        micrograph_id,
        (_count(rows), _count(columns)),
        _pixel_size(*told["pixel_size"]),
        candidates,
        predictions,
        tuple(_text(each) for each in told["notices"]),
        _quality(told["quality"]),
    )


def _candidate(micrograph_id: str, found_by: str, told: list[Any]) -> Candidate:
    row, col, radius, strength = map(_number, told)
    if radius <= 0:
        raise ValueError("no circle")
    circle = Circle(row, col, radius)
    return Candidate.propose(micrograph_id, circle, found_by, strength)


def _prediction(particle_id: str, model_id: str, told: list[Any]) -> Prediction:
    *shares, novelty = told
    yes, no, null, empty = map(_number, shares)
    values = (yes, no, null, empty)
    if min(values) < 0 or abs(sum(values) - 1) > _NEARLY * len(CLASSES):
        raise ValueError("no probabilities")
    far = None if novelty is None else _number(novelty)
    return Prediction(particle_id, model_id, values, far)


def _quality(told: Any) -> MicrographQuality | None:
    return None if told is None else MicrographQuality.from_dict(dict(told))


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
