"""Make thumbnails of particles in a thread; without Qt and layers."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_cdse.io.problem_report import Failure, attempt
from napari_cdse.io.thumbnail_file import ThumbnailFile
from napari_cdse.io.thumbnail_image import EDGE_PX, thumbnail

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Micrograph
    from napari_cdse.tasks.analysis import Source

_MOST_OTHERS = 50


@dataclass(frozen=True, slots=True)
class Request:
    """Pictures that are wanted of one micrograph.

    Attributes
    ----------
    source : Source
    micrograph_id : str or None
        Content hash, where it is known already.
    circles : tuple of Circle
        Those in view.
    others : tuple of Circle
        More of the same micrograph, to be kept on disk since it is read anyway.
    """

    source: Source
    micrograph_id: str | None
    circles: tuple[Circle, ...]
    others: tuple[Circle, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnails:
    """What became of a request, or of a part of it.

    Attributes
    ----------
    request : Request
        With the circles that this is the answer for.
    micrograph_id : str or None
        Content hash of what the pictures show; None: nothing could be read.
    pictures : mapping of Circle to ndarray of uint8, shape (EDGE_PX, EDGE_PX)
    micrograph : Micrograph or None
        If it turned out to be another one than the request was for.
    failure : Failure or None
        Why there are none.
    """

    request: Request
    micrograph_id: str | None
    pictures: Mapping[Circle, NDArray[np.uint8]] = field(default_factory=dict)
    micrograph: Micrograph | None = None
    failure: Failure | None = None


class Wishes:
    """What the view wants now, handed from one thread to the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._new: deque[Request] = deque()
        self._to_read: deque[Request] = deque()
        self._at_work: Request | None = None

    def want(self, requests: Iterable[Request]) -> None:
        """Want these from now on and nothing else."""
        with self._lock:
            rest = (_without(request, self._at_work) for request in requests)
            self._new = deque(request for request in rest if request.circles)
            self._to_read.clear()

    @property
    def waiting(self) -> bool:
        """Whether anything is still to be done."""
        with self._lock:
            return bool(self._new or self._to_read)

    def next(self) -> tuple[Request, bool] | None:
        """Take what comes first, and whether its file has to be read."""
        with self._lock:
            read = not self._new
            line = self._to_read if read else self._new
            self._at_work = line.popleft() if line else None
            return None if self._at_work is None else (self._at_work, read)

    def read_later(self, request: Request) -> None:
        """Let a request wait until the disk was asked for all others."""
        with self._lock:
            self._to_read.append(request)


def _without(request: Request, at_work: Request | None) -> Request:
    """Leave out what is being made just now."""
    if at_work is None or request.source.index != at_work.source.index:
        return request
    rest = tuple(one for one in request.circles if one not in at_work.circles)
    return replace(request, circles=rest)


def thumbnailing(
    wishes: Wishes, path: Path | None, report: Progress
) -> Iterator[Thumbnails]:
    """Answer wishes until there are none; what lies on disk comes first.

    Parameters
    ----------
    wishes : Wishes
        They may change meanwhile.
    path : Path or None
        File that keeps pictures between sessions; None: none is kept.
    report : callable
        Raises `Cancelled` when nobody wants them any more.
    """
    if path is None:
        yield from _answers(wishes, None, report)
        return
    with closing(ThumbnailFile(path, EDGE_PX)) as kept:
        yield from _answers(wishes, kept, report)


def _answers(
    wishes: Wishes, kept: ThumbnailFile | None, report: Progress
) -> Iterator[Thumbnails]:
    while (wish := wishes.next()) is not None:
        report(0.0)
        request, read = wish
        if read:
            yield _made(request, kept)
            continue
        found = _found(request, kept)
        if found:
            known = replace(request, circles=tuple(found))
            yield Thumbnails(known, request.micrograph_id, found)
        rest = tuple(one for one in request.circles if one not in found)
        if rest:
            wishes.read_later(replace(request, circles=rest))


def _found(
    request: Request, kept: ThumbnailFile | None
) -> dict[Circle, NDArray[np.uint8]]:
    if kept is None or request.micrograph_id is None:
        return {}
    return kept.get(request.micrograph_id, request.circles)


def _made(request: Request, kept: ThumbnailFile | None) -> Thumbnails:
    found = attempt(request.source.path, lambda: _drawn(request, kept))
    if isinstance(found, Failure):
        return Thumbnails(request, None, failure=found)
    return found


def _drawn(request: Request, kept: ThumbnailFile | None) -> Thumbnails:
    micrograph = request.source.read()
    pictures = {one: thumbnail(micrograph.pixels, one) for one in request.circles}
    same = micrograph.id == request.micrograph_id
    if kept is not None:
        others = request.others[:_MOST_OTHERS] if same else ()
        there = kept.get(micrograph.id, others)
        more = {
            one: thumbnail(micrograph.pixels, one) for one in others if one not in there
        }
        kept.put(micrograph.id, pictures | more)
    return Thumbnails(request, micrograph.id, pictures, None if same else micrograph)
