"""Keep thumbnails in memory, and make missing ones in a worker."""

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
    RequestQueue,
    Thumbnails,
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
"""Most memory for pictures. A choice: several thousand of them."""
_SOON_MS = 30
"""Milliseconds for which new pictures are collected before the view is drawn. A choice:
not noticed as a delay."""


class Pictures:
    """Pictures in memory, up to a limit; those unused for longest are dropped first.

    Parameters
    ----------
    most : int
        Greatest number of pictures.
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
    """Makes the pictures in view in a worker, one micrograph after the other.

    Parameters
    ----------
    session : Session
    path : Path or None
        File that keeps pictures between sessions.

    Attributes
    ----------
    pictures : Pictures

    Signals
    -------
    came()
        New pictures are in memory, or could not be made.
    """

    came = Signal()

    def __init__(self, session: Session, path: Path | None, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._path = path
        self._queue = RequestQueue()
        self._job: Job | None = None
        self._failed: set[tuple[int, Circle]] = set()
        # Content ids of micrographs: as read here, and as the project knows them.
        self._read_ids: dict[int, str] = {}
        self._project_ids: tuple[str | None, ...] = ()
        self.pictures = Pictures()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self.came)

    def forget(self) -> None:
        """Forget the project that was open before."""
        self._queue.replace(())
        self._read_ids.clear()
        self._failed.clear()
        self.look_up()

    def look_up(self) -> None:
        """Read the content ids of the project's micrographs."""
        self._project_ids = tuple(
            entry.id for entry in self._session.project.micrographs.entries
        )

    def try_again(self) -> None:
        """Try again to read files that could not be read."""
        self._failed.clear()

    def picture(self, item: Item) -> QImage | None:
        """Return a particle's picture; None if it is not in memory."""
        content = self._content(item.micrograph)
        return self.pictures.get(content, item.particle.circle)

    def is_missing(self, item: Item) -> bool:
        """Whether a picture could not be made."""
        return (item.micrograph, item.particle.circle) in self._failed

    def want(self, items: Iterable[Item], others: Iterable[Item]) -> None:
        """Make the pictures of these items in their order, and no others.

        Parameters
        ----------
        items : iterable of Item
            Those in view, then those near it.
        others : iterable of Item
            More items, whose pictures are stored if their micrograph is read anyway.
        """
        wanted: dict[int, list[Circle]] = {}
        for item in items:
            if self.picture(item) is None and not self.is_missing(item):
                wanted.setdefault(item.micrograph, []).append(item.particle.circle)
        more: dict[int, list[Circle]] = {index: [] for index in wanted}
        for item in others if wanted else ():
            if item.micrograph in more:
                more[item.micrograph].append(item.particle.circle)
        self._queue.replace(
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
        ids = self._project_ids
        return (ids[index] if index < len(ids) else None) or self._read_ids.get(index)

    def _go_on(self, _complete: bool = True) -> None:
        busy = self._job is not None and self._job.running
        if busy or self._session.closed or not self._queue.waiting:
            return
        work = partial(thumbnailing, self._queue, self._path)
        job = Job("Thumbnails", work, heavy=False)
        job.produced.connect(self._on_made)
        job.finished.connect(self._go_on)
        self._job = self._session.runner.submit(job)

    def _on_made(self, made: Thumbnails) -> None:
        index = made.request.source.index
        if isinstance(made.failure, Unforeseen):
            self._session.warn(made.failure)
        if made.micrograph_id is not None:
            for circle, gray in made.pictures.items():
                self.pictures.put(made.micrograph_id, circle, gray)
        if made.micrograph is not None:
            self._register(index, made.micrograph)
        content = self._content(index)
        self._failed |= {
            (index, circle)
            for circle in made.request.circles
            if self.pictures.get(content, circle) is None
        }
        if not self._soon.isActive():
            self._soon.start()

    def _register(self, index: int, micrograph: Micrograph) -> None:
        """Register the content that was read, if the project knows another or none."""
        self._read_ids[index] = micrograph.id
        try:
            self._session.project.micrographs.register(index, micrograph)
        except CdseError:
            # The error is shown when the micrograph itself is opened.
            return
        self.look_up()
