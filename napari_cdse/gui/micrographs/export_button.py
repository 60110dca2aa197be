"""Button and menu for export of results and import of annotations."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QUrl, Slot
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QAction, QMenu, QPushButton

from napari_cdse.gui.micrographs.results_dialog import ResultsDialog, proposed_folder
from napari_cdse.gui.session.plain_text import caption
from napari_cdse.gui.session.workers import Job
from napari_cdse.gui.widgets.dialogs import ask_annotations
from napari_cdse.io.annotations.format_names import FORMAT_TITLES, FORMATS
from napari_cdse.io.problem_report import Unforeseen
from napari_cdse.tasks.analysis import exporting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.controllers.annotation_import import AnnotationImport
    from napari_cdse.gui.session.session import Session
    from napari_cdse.io.annotations.format_names import FormatName
    from napari_cdse.project import Exported, Project

_TIP = (
    "Label files, tables, figures and the visible-defect fraction in a folder; or what "
    "other programs annotated, into this project"
)
_NOT_YET = (
    "Another program is writing {}, and what you did last is not in it yet; export "
    "once the message at the top is gone."
)
_NO_FILE_MANAGER = "No program here shows folders; the results are in {}."
_MESSAGE = "results"
_FAILED = "results that could not be written"


class ExportButton(QPushButton):
    """Asks for a folder and writes the results there, like the command ``export``.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        Edits that are pending there are applied first, so that the results have them.
    annotation_import : AnnotationImport
        Imports annotations of other programs.
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
        self._folder: Path | None = None
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
        session.opened.connect(self._forget)
        self.refresh()

    def _offer(self, menu: QMenu, name: FormatName) -> QAction:
        """Add a further format to the menu, which stays ticked until unticked."""
        action = menu.addAction(caption(f"Also as {FORMAT_TITLES[name]}"))
        action.setCheckable(True)
        return action

    def _ask_files(self) -> None:
        files = ask_annotations(self, self._session.project.folder)
        if files:
            self._import.start(files)

    def _ask_reviewed(self) -> None:
        self.ask(False)

    def _ask_all(self) -> None:
        self.ask(True)

    @Slot()
    def refresh(self) -> None:
        """Disable the button while heavy work runs."""
        self.setEnabled(self._session.runner.heavy is None)

    def ask(self, include_predictions: bool) -> ResultsDialog:
        """Let the user choose a folder, then write the results in a worker."""
        project = self._session.project
        self._folder = self._folder or proposed_folder(project.folder)
        pictures = {entry.path.parent for entry in project.micrographs.entries}
        dialog = ResultsDialog(self._folder, pictures, self, project.origin)
        dialog.accepted.connect(
            lambda: self._export(project, dialog.folder, include_predictions)
        )
        dialog.open()
        return dialog

    @Slot()
    def _forget(self) -> None:
        """Propose another folder for another project."""
        self._folder = None

    def _export(
        self, project: Project, folder: Path, include_predictions: bool
    ) -> None:
        if not self._session.is_open or self._session.project is not project:
            return
        self._folder = folder
        self._canvas.apply_pending_edits()
        if not project.sync.write_waiting():
            self._session.warn(_NOT_YET.format(project.path.name), _FAILED)
            return
        work = partial(
            exporting, project.path, folder, include_predictions, self._chosen()
        )
        job = Job("Exporting", work)
        job.produced.connect(lambda exported: self._report(exported, folder))
        job.failed.connect(lambda why: self._session.warn(why, _FAILED))
        for each in (_MESSAGE, _FAILED):
            self._session.messages.withdraw(each)
        self._session.runner.submit(job)

    def _chosen(self) -> tuple[FormatName, ...]:
        return tuple(name for name, each in self.formats.items() if each.isChecked())

    def _report(self, exported: Exported, folder: Path) -> None:
        if exported.problems:
            self._session.warn(_not_written(exported.problems), _FAILED)
        for sentence in exported.problems:
            if isinstance(sentence, Unforeseen):
                self._session.warn(sentence)
        self._session.messages.put(
            _MESSAGE,
            exported.sentences[-1],
            remedy="Open folder",
            act=lambda: self._show(folder),
            good=True,
        )

    def _show(self, folder: Path) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._session.warn(_NO_FILE_MANAGER.format(folder))


def _not_written(problems: Sequence[str]) -> str:
    number = len(problems)
    what = "1 label file was" if number == 1 else f"{number} label files were"
    return f"{what} not written: {problems[0]}"
