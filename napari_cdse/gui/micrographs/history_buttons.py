"""Undo and redo as buttons that say beforehand what they would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QPushButton, QWidget

from napari_cdse.gui.widgets.layout import flush_row, keyless

if TYPE_CHECKING:
    from napari_cdse.gui.session.session import Session

_WIDTH_PX = 30


class HistoryButtons(QWidget):
    """Two buttons; their tooltips name the step.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.undo = keyless(QPushButton("\u21b6"))
        self.redo = keyless(QPushButton("\u21b7"))
        self.undo.clicked.connect(session.review.undo)
        self.redo.clicked.connect(session.review.redo)
        line = flush_row(self)
        line.setSpacing(2)
        for button in (self.undo, self.redo):
            button.setFixedWidth(_WIDTH_PX)
            line.addWidget(button)
        for signal in (
            session.project_changed,
            session.history_changed,
            session.keys.changed,
        ):
            signal.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Say what undo and redo would do now."""
        project = self._session.project
        steps = (
            (self.undo, "Undo", "undo", project and project.history.undo_summary),
            (self.redo, "Redo", "redo", project and project.history.redo_summary),
        )
        for button, word, name, summary in steps:
            button.setEnabled(bool(summary))
            what = f"{word}: {summary}" if summary else f"Nothing to {name}"
            button.setToolTip(f"{what} ({self._session.keys.words(name)})")
