"""Read the open micrograph in a worker, or take it from those read ahead."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_cdse.gui.canvas.prefetch import Prefetch
from napari_cdse.gui.session import notifications
from napari_cdse.gui.session.workers import Job
from napari_cdse.io.problem_report import Unforeseen
from napari_cdse.tasks.analysis import reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.core.records import Micrograph
    from napari_cdse.gui.session.session import Session
    from napari_cdse.tasks.analysis import Source


class MicrographReader(QObject):
    """Reads the open micrograph, and gives its pixels to the project.

    Parameters
    ----------
    session : Session
    on_unreadable : callable
        Called when the open micrograph could not be read, before the message.

    Attributes
    ----------
    prefetch : Prefetch
        Micrographs read ahead.
    """

    def __init__(self, session: Session, on_unreadable: Callable[[], None]) -> None:
        super().__init__(session)
        self._session = session
        self._on_unreadable = on_unreadable
        self._job: Job | None = None
        self._notices_shown: set[str] = set()
        self.prefetch = Prefetch(session.runner, self)

    def read(self, index: int) -> None:
        """Read a micrograph; cancel the reading of an earlier one."""
        if self._job is not None:
            self._job.cancel()
        source = self._session.source(index)
        micrograph = self.prefetch.take(source)
        if micrograph is not None:
            self._on_read(source, micrograph)
            return
        work = partial(reading, source)
        job = Job("Reading", work, heavy=False, about=source.path.name)
        job.produced.connect(lambda found: self._on_read(source, found))
        job.failed.connect(lambda sentence: self._on_failed(index, sentence))
        job.broke.connect(lambda sentence: self._on_failed(index, sentence))
        self._job = self._session.runner.submit(job)

    def forget(self) -> None:
        """Forget what was read of the project that is left."""
        self.prefetch.clear()
        self._notices_shown.clear()

    def _is_open(self, index: int) -> bool:
        return self._session.project.selection.index == index

    def _on_read(self, source: Source, micrograph: Micrograph) -> None:
        index = source.index
        if not self._is_open(index):
            return
        self.prefetch.keep(source, micrograph)
        with self._session.reporting_errors():
            self._session.project.micrographs.set_pixels(index, micrograph)
        self._show_notices(micrograph)

    def _show_notices(self, micrograph: Micrograph) -> None:
        """Show the reader's notices, each sentence only once per project."""
        for sentence in micrograph.notices:
            if sentence not in self._notices_shown:
                self._notices_shown.add(sentence)
                notifications.inform(f"{micrograph.name}: {sentence}")

    def _on_failed(self, index: int, sentence: str) -> None:
        if self._is_open(index):
            self._on_unreadable()
            if not isinstance(sentence, Unforeseen):
                self._session.warn(sentence)
            self._session.set_problem(index, sentence)
