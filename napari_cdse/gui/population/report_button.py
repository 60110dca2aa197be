"""Button that writes the report of a project."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QPushButton

from napari_cdse.gui.session.workers import Job
from napari_cdse.gui.widgets.dialogs import ask_report
from napari_cdse.gui.widgets.layout import keyless
from napari_cdse.tasks.population import reporting

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session


class ReportButton(QPushButton):
    """Asks for a file and writes the report there; disabled while heavy work runs.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        Edits that are pending there are applied first, so that the report has them.
    """

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__("Report\u2026")
        keyless(self)
        self._session = session
        self._canvas = canvas
        self.setToolTip(
            "One page with all figures, typical particles, the method and a paragraph "
            "for a paper, to read, print or send"
        )
        self.clicked.connect(self.ask)
        session.runner.changed.connect(self._enable)

    @Slot()
    def _enable(self) -> None:
        self.setEnabled(self._session.runner.heavy is None)

    def ask(self) -> Job | None:
        """Let the user choose a file, and write the report in a worker."""
        project = self._session.project
        file = ask_report(self, project.folder / f"{project.path.stem}.html")
        return None if file is None else self._write(file)

    def _write(self, file: Path) -> Job:
        self._canvas.apply_pending_edits()
        work = partial(reporting, self._session.project.path, file)
        job = Job("Writing the report", work)
        job.produced.connect(self._show_place)
        job.failed.connect(self._session.warn)
        self._session.runner.submit(job)
        return job

    def _show_place(self, sentences: str) -> None:
        """Show where the report is; its numbers are in the dock already."""
        *_, place = sentences.splitlines()
        self._session.tell(place, "the report")
