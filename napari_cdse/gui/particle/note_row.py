"""Field for a note on the particle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLineEdit, QWidget

from napari_cdse.gui.session.viewer_window import find_canvas
from napari_cdse.gui.widgets.layout import wrapped

if TYPE_CHECKING:
    from qtpy.QtGui import QFocusEvent, QHideEvent, QKeyEvent

    from napari_cdse.gui.session.session import Session
    from napari_cdse.project import Particle

_TIP = (
    "What no class says, in your words. Return stores it, Escape takes it back. It is "
    "exported in the column note of particles.csv."
)


class NoteRow(QLineEdit):
    """The current particle's note; stored with Enter, or when the field is left.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._particle_id: str | None = None
        self._stored = ""
        self.setPlaceholderText("Note")
        self.setToolTip(wrapped(_TIP))
        # Only by a click, since letters are keys for particles otherwise.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setEnabled(False)

    def show_note(self, particle: Particle | None) -> None:
        """Show a particle's note; an unfinished note on another one is stored first."""
        particle_id = None if particle is None else particle.id
        if particle_id != self._particle_id:
            self.store()
            self.setModified(False)
        self._particle_id = particle_id
        annotation = None if particle is None else particle.annotation
        self._stored = "" if annotation is None else annotation.note
        self.setEnabled(particle is not None)
        if not self.isModified():
            self.setText(self._stored)
            self.setCursorPosition(0)

    def store(self) -> None:
        """Store the note, if it was changed."""
        session, particle_id = self._session, self._particle_id
        if not self.isModified() or not session.is_open or particle_id is None:
            return
        project = session.project
        self.setModified(False)
        if project.particles.find(particle_id) is not None:
            with self._session.reporting_errors():
                project.edits.note({particle_id: self.text()})

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Store with Enter, discard with Escape; both leave the field."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.store()
            self._leave()
        elif event.key() == Qt.Key.Key_Escape:
            self.setText(self._stored)
            self.setModified(False)
            self._leave()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Store the note."""
        super().focusOutEvent(event)
        self.store()

    def hideEvent(self, event: QHideEvent) -> None:
        """Store the note when the window is closed."""
        super().hideEvent(event)
        self.store()

    def _leave(self) -> None:
        canvas = find_canvas(self._session.viewer)
        if canvas is not None:
            canvas.setFocus()
