"""Assign micrographs to samples, if the annotator may know the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.tools.samples_dialog import SamplesDialog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cdse.gui.session.session import Session

_BLIND = (
    "Names of samples are hidden together with the labels of others: who knows which "
    "is which does not judge blind. The Annotators dock shows both again."
)


class Samples(QObject):
    """Asks for the sample of each micrograph, and stores the answers as one step.

    Parameters
    ----------
    session : Session

    Attributes
    ----------
    dialog : SamplesDialog or None
        None unless the user is asked.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.dialog: SamplesDialog | None = None

    @property
    def hidden(self) -> bool:
        """Whether the annotator must not know the samples, to judge blind."""
        session = self._session
        return session.is_open and session.project.annotators.hide_others

    def ask(self) -> None:
        """Show the dialog."""
        if self.dialog is not None or not self._session.is_open:
            return
        if self.hidden:
            self._session.warn(_BLIND)
            return
        window = main_window(self._session.viewer)
        project = self._session.project
        dialog = self.dialog = SamplesDialog(self._session.entries, window)
        dialog.accepted.connect(lambda: self._store(project, dialog.changed))
        dialog.finished.connect(self._on_answered)
        dialog.open()

    def _store(self, project: object, names: Mapping[int, str | None]) -> None:
        # The indices belong to the project that was open when the user was asked.
        if self._session.is_open and self._session.project is project:
            with self._session.reporting_errors():
                self._session.project.micrographs.set_samples(names)

    def _on_answered(self, _result: int) -> None:
        self.dialog = None
