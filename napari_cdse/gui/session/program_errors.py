"""Show unforeseen errors as a lasting message, and write a report."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import notification_manager
from qtpy.QtCore import QObject, Signal

import napari_cdse
from napari_cdse.core.errors import CdseError
from napari_cdse.io.problem_report import Unforeseen, unexpected

if TYPE_CHECKING:
    from napari_cdse.gui.session.standing_messages import StandingMessages

_OURS = str(Path(napari_cdse.__file__).parent)
_SUBJECT = "The window"


class ProgramErrors(QObject):
    """Hears of errors in jobs and in the window's slots; says each place once.

    napari catches what a slot raises, and shows the exception for a few seconds. Of
    those that went through our code a report is written, and a message stays.

    Parameters
    ----------
    messages : StandingMessages
    """

    _caught = Signal(object)

    def __init__(self, messages: StandingMessages, parent: QObject) -> None:
        super().__init__(parent)
        self._messages = messages
        self._told: set[tuple[str, str, int]] = set()
        # napari also tells of what other threads raised.
        self._caught.connect(self._on_caught)
        notification_manager.notification_ready.connect(self._on_notification)

    def close(self) -> None:
        """Hear no more."""
        notification_manager.notification_ready.disconnect(self._on_notification)

    def tell(self, sentence: Unforeseen) -> None:
        """Let the sentence of an error stand until it is closed."""
        self._messages.put(f"error: {sentence}", sentence)

    def _on_notification(self, notification: Any) -> None:
        error = getattr(notification, "exception", None)
        if isinstance(error, Exception) and not isinstance(error, CdseError):
            self._caught.emit(error)

    def _on_caught(self, error: Exception) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        if not any(each.filename.startswith(_OURS) for each in frames):
            return
        # A timer may raise the same many times a second.
        place = (type(error).__name__, frames[-1].filename, frames[-1].lineno or 0)
        if place not in self._told:
            self._told.add(place)
            self.tell(Unforeseen(unexpected(error, _SUBJECT)))
