"""Task that makes thumbnails of particles.

The gallery changes what it wants while the task runs. Both share a `RequestQueue`: the
main thread replaces the requests, and the task takes one after the other. Pictures in
the file come first, since a micrograph takes long to read.
"""

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
"""Most further pictures that are made because their micrograph was read anyway."""


@dataclass(frozen=True, slots=True)
class Request:
    """Request for pictures of particles of one micrograph.

    Attributes
    ----------
    source : Source
    micrograph_id : str or None
        Content hash, if it is known already.
    circles : tuple of Circle
        Particles in view.
    others : tuple of Circle
        Further particles of the micrograph, whose pictures go to the file if the
        micrograph has to be read anyway.
    """

    source: Source
    micrograph_id: str | None
    circles: tuple[Circle, ...]
    others: tuple[Circle, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnails:
    """Answer to a request, or to a part of it.

    Attributes
    ----------
    request : Request
        Reduced to the circles that are answered here.
    micrograph_id : str or None
        Content hash of what the pictures show; None: nothing could be read.
    pictures : mapping of Circle to ndarray of uint8, shape (EDGE_PX, EDGE_PX)
    micrograph : Micrograph or None
        The micrograph read, if its content is not that of the request.
    failure : Failure or None
        Why there are no pictures.
    """

    request: Request
    micrograph_id: str | None
    pictures: Mapping[Circle, NDArray[np.uint8]] = field(default_factory=dict)
    micrograph: Micrograph | None = None
    failure: Failure | None = None


class RequestQueue:
    """Requests of a view for the thread that answers them; safe to use from both."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unanswered: deque[Request] = deque()
        self._to_read: deque[Request] = deque()
        self._at_work: Request | None = None

    def replace(self, requests: Iterable[Request]) -> None:
        """Drop what is queued and queue these, but for circles now being drawn."""
        with self._lock:
            rest = (_without(request, self._at_work) for request in requests)
            self._unanswered = deque(request for request in rest if request.circles)
            self._to_read.clear()

    @property
    def waiting(self) -> bool:
        """Whether any request is queued."""
        with self._lock:
            return bool(self._unanswered or self._to_read)

    def next(self) -> tuple[Request, bool] | None:
        """Take the next request, and whether its micrograph has to be read."""
        with self._lock:
            read = not self._unanswered
            queue = self._to_read if read else self._unanswered
            self._at_work = queue.popleft() if queue else None
            return None if self._at_work is None else (self._at_work, read)

    def read_later(self, request: Request) -> None:
        """Queue a request behind all that the file has not been asked for yet."""
        with self._lock:
            self._to_read.append(request)


def _without(request: Request, at_work: Request | None) -> Request:
    """Return a request without the circles that are being drawn."""
    if at_work is None or request.source.index != at_work.source.index:
        return request
    rest = tuple(one for one in request.circles if one not in at_work.circles)
    return replace(request, circles=rest)


def thumbnailing(
    queue: RequestQueue, path: Path | None, report: Progress
) -> Iterator[Thumbnails]:
    """Answer requests until the queue is empty.

    Parameters
    ----------
    queue : RequestQueue
        May be changed meanwhile.
    path : Path or None
        File that keeps pictures between sessions; without one they are not kept.
    report : callable
        Called before each request; may raise `Cancelled`.
    """
    if path is None:
        yield from _answer_all(queue, None, report)
        return
    with closing(ThumbnailFile(path, EDGE_PX)) as file:
        yield from _answer_all(queue, file, report)


def _answer_all(
    queue: RequestQueue, file: ThumbnailFile | None, report: Progress
) -> Iterator[Thumbnails]:
    while (taken := queue.next()) is not None:
        report(0.0)
        request, read = taken
        if read:
            yield _draw_or_fail(request, file)
            continue
        pictures = _load(request, file)
        if pictures:
            loaded = replace(request, circles=tuple(pictures))
            yield Thumbnails(loaded, request.micrograph_id, pictures)
        rest = tuple(one for one in request.circles if one not in pictures)
        if rest:
            queue.read_later(replace(request, circles=rest))


def _load(
    request: Request, file: ThumbnailFile | None
) -> dict[Circle, NDArray[np.uint8]]:
    if file is None or request.micrograph_id is None:
        return {}
    return file.get(request.micrograph_id, request.circles)


def _draw_or_fail(request: Request, file: ThumbnailFile | None) -> Thumbnails:
    answer = attempt(request.source.path, lambda: _draw(request, file))
    if isinstance(answer, Failure):
        return Thumbnails(request, None, failure=answer)
    return answer


def _draw(request: Request, file: ThumbnailFile | None) -> Thumbnails:
    micrograph = request.source.read()
    pictures = {one: thumbnail(micrograph.pixels, one) for one in request.circles}
    same = micrograph.id == request.micrograph_id
    if file is not None:
        others = request.others[:_MOST_OTHERS] if same else ()
        stored = file.get(micrograph.id, others)
        more = {
            one: thumbnail(micrograph.pixels, one)
            for one in others
            if one not in stored
        }
        file.put(micrograph.id, pictures | more)
    return Thumbnails(request, micrograph.id, pictures, None if same else micrograph)
