"""Import annotation files of other programs into the open project."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_cdse.gui.session import notifications
from napari_cdse.gui.session.workers import Job
from napari_cdse.tasks.annotations import reading_annotations

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.project import Project, Reading

_MESSAGE = "import"
"""Name of the message about what could not be imported."""
_NAMED = 5
"""Most sentences in that message. A choice: more take room from the micrograph; the
command line lists all."""


class AnnotationImport(QObject):
    """Reads annotation files in a worker, and stores what fits as one step.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        Pending edits there are applied before.
    """

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas

    def start(self, paths: Sequence[Path]) -> Job:
        """Import files and folders.

        Parameters
        ----------
        paths : sequence of Path
            A file that names no micrograph belongs to the open one.
        """
        project = self._session.project
        pictures, index = project.imports.pictures(), project.selection.index
        open_one = None if index is None else pictures[index]
        work = partial(reading_annotations, list(paths), pictures, open_one)
        job = Job("Importing", work)
        job.produced.connect(partial(self._store, project))
        job.failed.connect(self._session.warn)
        self._session.runner.submit(job)
        return job

    def _store(self, project: Project, reading: Reading) -> None:
        if not self._session.is_open or self._session.project is not project:
            return
        self._canvas.apply_pending_edits()
        with self._session.reporting_errors():
            notifications.inform(project.imports.store(reading.placed).sentence)
        self._show_problems([*reading.left_out, *reading.notices])

    def _show_problems(self, sentences: Sequence[str]) -> None:
        if not sentences:
            self._session.messages.withdraw(_MESSAGE)
            return
        shown = list(sentences[:_NAMED])
        more = len(sentences) - _NAMED
        if more > 0:
            shown.append(
                f"There are {more} more of these; `napari-cdse import` lists all."
            )
        self._session.messages.put(_MESSAGE, " ".join(shown))
