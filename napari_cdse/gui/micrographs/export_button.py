"""The way out of the window, and in: results in a folder, files of other programs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QAction, QMenu, QPushButton

from napari_cdse.gui.session import notifications
from napari_cdse.gui.session.plain_text import caption
from napari_cdse.gui.session.workers import Job
from napari_cdse.gui.widgets.dialogs import ask_annotations, ask_results
from napari_cdse.io.annotations.format_names import FORMAT_TITLES, FORMATS
from napari_cdse.io.problem_report import Unforeseen
from napari_cdse.tasks.analysis import exporting

if TYPE_CHECKING:
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.controllers.annotation_import import AnnotationImport
    from napari_cdse.gui.session.session import Session
    from napari_cdse.io.annotations.format_names import FormatName
    from napari_cdse.project import Exported

_TIP = (
    "Label files, tables, figures and the visible-defect fraction in a folder; or what "
    "other programs annotated, into this project"
)
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
    annotation_import : AnnotationImport
        Takes in what other programs annotated.
    """

    def __init__(
        self,
        session: Session,
        canvas: MicrographView,
        annotation_import: AnnotationImport,
    ) -> None:
        super().__init__("Export")
        self._session = session
        self._canvas = canvas
        self._import = annotation_import
        self.setToolTip(_TIP)
        menu = QMenu(self)
        menu.addAction("What you reviewed\u2026", self._ask_reviewed)
        menu.addAction("That and the forest's word\u2026", self._ask_all)
        menu.addSeparator()
        self.formats = {name: self._offer(menu, name) for name in FORMATS}
        menu.addSeparator()
        menu.addAction("Import annotations\u2026", self._ask_files)
        self.setMenu(menu)
        session.runner.changed.connect(self.refresh)
        self.refresh()

    def _offer(self, menu: QMenu, name: FormatName) -> QAction:
        """Offer to write a format besides label files; it stays chosen."""
        action = menu.addAction(caption(f"Also as {FORMAT_TITLES[name]}"))
        action.setCheckable(True)
        return action

    def _ask_files(self) -> None:
        files = ask_annotations(self, self._session.project.folder)
        if files:
            self._import.take(files)

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
            self._session.warn(_NOT_YET.format(project.path.name))
            return None
        work = partial(
            exporting, project.path, folder, include_predictions, self._chosen()
        )
        job = Job("Exporting", work)
        job.produced.connect(self._tell)
        job.failed.connect(self._session.warn)
        self._session.runner.submit(job)
        return job

    def _chosen(self) -> tuple[FormatName, ...]:
        return tuple(name for name, each in self.formats.items() if each.isChecked())

    def _tell(self, found: Exported) -> None:
        if found.problems:
            first = found.problems[0]
            self._session.warn(_ALSO_FAILED.format(len(found.problems), first))
        for sentence in found.problems:
            if isinstance(sentence, Unforeseen):
                self._session.warn(sentence)
        notifications.inform(found.sentences[-1])
