"""Buttons for undo and redo whose tooltips name the step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QPushButton, QWidget

from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.widgets.layout import flush_row, keyless

if TYPE_CHECKING:
    from napari_cdse.gui.controllers.history import HistoryController
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.shortcuts.settings import KeySettings

_WIDTH_PX = 30


class HistoryButtons(QWidget):
    """Undo and redo, disabled when there is no step.

    Parameters
    ----------
    session : Session
    history : HistoryController
        Undoes and redoes.
    keys : KeySettings
    """

    def __init__(
        self, session: Session, history: HistoryController, keys: KeySettings
    ) -> None:
        super().__init__()
        self._session = session
        self._keys = keys
        self.undo = keyless(QPushButton("\u21b6"))
        self.redo = keyless(QPushButton("\u21b7"))
        self.undo.clicked.connect(history.undo)
        self.redo.clicked.connect(history.redo)
        line = flush_row(self)
        line.setSpacing(2)
        for button in (self.undo, self.redo):
            button.setFixedWidth(_WIDTH_PX)
            line.addWidget(button)
        for signal in (session.project_changed, session.history_changed):
            signal.connect(self.refresh)
        keys.changed.connect(self._show)
        self._steps: tuple[str | None, str | None] = (None, None)
        if session.is_open:
            self.refresh()
        else:
            self._show()

    @Slot()
    def refresh(self) -> None:
        """Read which steps can be undone and redone."""
        project = self._session.project
        self._steps = (project.history.undo_summary, project.history.redo_summary)
        self._show()

    @Slot()
    def _show(self) -> None:
        undo, redo = self._steps
        steps = (
            (self.undo, "Undo", "undo", undo),
            (self.redo, "Redo", "redo", redo),
        )
        for button, word, name, summary in steps:
            button.setEnabled(bool(summary))
            what = f"{word}: {summary}" if summary else f"Nothing to {name}"
            button.setToolTip(plain(f"{what} ({self._keys.words(name)})"))
