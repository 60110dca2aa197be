"""The way out of the window: label files, tables and figures in a folder."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QMenu, QPushButton

from napari_cdse.gui.session import notifications
from napari_cdse.gui.session.workers import Job
from napari_cdse.gui.widgets.dialogs import ask_results
from napari_cdse.io.problem_report import Unforeseen
from napari_cdse.tasks.analysis import exporting

if TYPE_CHECKING:
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.project import Exported

_TIP = "Label files, tables, figures and the visible-defect fraction, in a folder"
_NOT_YET = (
    "Another program is writing {}, and what you did last is not in it yet; export "
    "once the message at the top is gone."
)
_ALSO_FAILED = "{} label files were not written: {}"


class ExportButton(QPushButton):
    """Asks for a folder and writes there what the command ``export`` writes.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        What was drawn there belongs to it too.
    """

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__("Export")
        self._session = session
        self._canvas = canvas
        self.setToolTip(_TIP)
        menu = QMenu(self)
        menu.addAction("What you reviewed\u2026", self._ask_reviewed)
        menu.addAction("That and the forest's word\u2026", self._ask_all)
        self.setMenu(menu)
        session.runner.changed.connect(self.refresh)
        self.refresh()

    def _ask_reviewed(self) -> None:
        self.ask(False)

    def _ask_all(self) -> None:
        self.ask(True)

    @Slot()
    def refresh(self) -> None:
        """Wait for heavy work to end."""
        self.setEnabled(self._session.runner.heavy is None)

    def ask(self, include_predictions: bool) -> Job | None:
        """Let the user choose a folder, and fill it in a worker."""
        project = self._session.project
        folder = ask_results(self, project.folder)
        if folder is None:
            return None
        # What is drawn and not yet taken in belongs to it too.
        self._canvas.take_in()
        if not project.sync.write_waiting():
            notifications.warn(_NOT_YET.format(project.path.name))
            return None
        work = partial(exporting, project.path, folder, include_predictions)
        job = Job("Exporting", work)
        job.produced.connect(self._tell)
        job.failed.connect(notifications.warn)
        self._session.runner.submit(job)
        return job

    def _tell(self, found: Exported) -> None:
        if found.problems:
            first = found.problems[0]
            notifications.warn(_ALSO_FAILED.format(len(found.problems), first))
        for sentence in found.problems:
            if isinstance(sentence, Unforeseen):
                self._session.warn(sentence)
        notifications.inform(found.sentences[-1])
