"""Serve thumbnails from memory, and fetch missing ones in the background."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtGui import QImage

from napari_cdse.core.errors import CdseError
from napari_cdse.gui.session.workers import Job
from napari_cdse.io.problem_report import Unforeseen
from napari_cdse.io.thumbnail_image import EDGE_PX
from napari_cdse.tasks.thumbnails import (
    Request,
    Thumbnails,
    Wishes,
    thumbnailing,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle, Micrograph
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.thumbnails.item import Item

_MOST_BYTES = 64 * 2**20
_SOON_MS = 30


class Pictures:
    """Pictures in memory, up to a bound; those unused for longest go first.

    Parameters
    ----------
    most : int
        How many are kept.
    """

    def __init__(self, most: int = _MOST_BYTES // EDGE_PX**2) -> None:
        self._most = most
        self._images: OrderedDict[tuple[str, Circle], QImage] = OrderedDict()

    def __len__(self) -> int:
        """Return how many are in memory."""
        return len(self._images)

    def get(self, micrograph_id: str | None, circle: Circle) -> QImage | None:
        """Return a picture; None if it is not in memory."""
        key = (micrograph_id or "", circle)
        image = self._images.get(key)
        if image is not None:
            self._images.move_to_end(key)
        return image

    def put(self, micrograph_id: str, circle: Circle, gray: NDArray[np.uint8]) -> None:
        """Keep a picture."""
        rows, cols = gray.shape
        form = QImage.Format.Format_Grayscale8
        image = QImage(gray.tobytes(), cols, rows, cols, form)
        self._images[micrograph_id, circle] = image.copy()
        while len(self._images) > self._most:
            self._images.popitem(last=False)


class ThumbnailMaker(QObject):
    """Fetches the pictures of what is in view, in a worker, one micrograph at a time.

    Parameters
    ----------
    session : Session
    path : Path or None
        File that keeps pictures between sessions.

    Attributes
    ----------
    pictures : Pictures
    """

    came = Signal()

    def __init__(self, session: Session, path: Path | None, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._path = path
        self._wishes = Wishes()
        self._job: Job | None = None
        self._in_vain: set[tuple[int, Circle]] = set()
        self._ids: dict[int, str] = {}
        self._told: tuple[str | None, ...] = ()
        self.pictures = Pictures()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self.came)

    def forget(self) -> None:
        """Want nothing any more: another project is there."""
        self._wishes.want(())
        self._ids.clear()
        self._in_vain.clear()
        self.look_up()

    def look_up(self) -> None:
        """Learn which content each micrograph has."""
        self._told = tuple(
            entry.id for entry in self._session.project.micrographs.entries
        )

    def try_again(self) -> None:
        """Give files that could not be read another chance."""
        self._in_vain.clear()

    def picture(self, item: Item) -> QImage | None:
        """Return a particle's picture, if it is there."""
        content = self._content(item.micrograph)
        return self.pictures.get(content, item.particle.circle)

    def is_missing(self, item: Item) -> bool:
        """Whether a picture could not be made."""
        return (item.micrograph, item.particle.circle) in self._in_vain

    def want(self, items: Iterable[Item], others: Iterable[Item]) -> None:
        """Fetch the pictures of these, first things first, and of nothing else.

        Parameters
        ----------
        items : iterable of Item
            Those in view, then those near it.
        others : iterable of Item
            More of the same micrographs, worth keeping when they are read anyway.
        """
        wanted: dict[int, list[Circle]] = {}
        for item in items:
            if self.picture(item) is None and not self.is_missing(item):
                wanted.setdefault(item.micrograph, []).append(item.particle.circle)
        more: dict[int, list[Circle]] = {index: [] for index in wanted}
        for item in others if wanted else ():
            if item.micrograph in more:
                more[item.micrograph].append(item.particle.circle)
        self._wishes.want(
            self._request(index, circles, more[index])
            for index, circles in wanted.items()
        )
        self._go_on()

    def _request(
        self, index: int, circles: list[Circle], more: list[Circle]
    ) -> Request:
        others = tuple(one for one in more if one not in circles)
        source = self._session.source(index)
        return Request(source, self._content(index), tuple(circles), others)

    def _content(self, index: int) -> str | None:
        told = self._told[index] if index < len(self._told) else None
        return told or self._ids.get(index)

    def _go_on(self, _complete: bool = True) -> None:
        busy = self._job is not None and self._job.running
        if busy or self._session.closed or not self._wishes.waiting:
            return
        work = partial(thumbnailing, self._wishes, self._path)
        job = Job("Thumbnails", work, heavy=False)
        job.produced.connect(self._on_found)
        job.finished.connect(self._go_on)
        self._job = self._session.runner.submit(job)

    def _on_found(self, found: Thumbnails) -> None:
        index = found.request.source.index
        if isinstance(found.failure, Unforeseen):
            self._session.warn(found.failure)
        if found.micrograph_id is not None:
            for circle, gray in found.pictures.items():
                self.pictures.put(found.micrograph_id, circle, gray)
        if found.micrograph is not None:
            self._know(index, found.micrograph)
        content = self._content(index)
        self._in_vain |= {
            (index, circle)
            for circle in found.request.circles
            if self.pictures.get(content, circle) is None
        }
        if not self._soon.isActive():
            self._soon.start()

    def _know(self, index: int, micrograph: Micrograph) -> None:
        """Tell the project what was read, since it knew another content or none."""
        self._ids[index] = micrograph.id
        try:
            self._session.project.micrographs.register(index, micrograph)
        except CdseError:
            # A picture is no reason to trouble the user; opening it will tell.
            return
        self.look_up()
