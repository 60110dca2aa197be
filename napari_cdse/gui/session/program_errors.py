"""Show unforeseen errors as lasting messages, and write reports."""

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
    """Shows errors of jobs and of the window's slots, each place in the code once.

    napari catches exceptions in slots, and shows them for a few seconds. If one came
    from our code, a report is written, and a lasting message is shown.

    Parameters
    ----------
    messages : StandingMessages
    """

    _caught = Signal(object)

    def __init__(self, messages: StandingMessages, parent: QObject) -> None:
        super().__init__(parent)
        self._messages = messages
        self._shown_places: set[tuple[str, str, int]] = set()
        # By a signal, since napari also reports exceptions of other threads.
        self._caught.connect(self._on_caught)
        notification_manager.notification_ready.connect(self._on_notification)

    def close(self) -> None:
        """Disconnect from napari."""
        notification_manager.notification_ready.disconnect(self._on_notification)

    def show(self, sentence: Unforeseen) -> None:
        """Show an error until the user closes the message."""
        self._messages.put(f"error: {sentence}", sentence)

    def _on_notification(self, notification: Any) -> None:
        error = getattr(notification, "exception", None)
        if isinstance(error, Exception) and not isinstance(error, CdseError):
            self._caught.emit(error)

    def _on_caught(self, error: Exception) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        if not any(each.filename.startswith(_OURS) for each in frames):
            return
        # A timer may raise the same error many times a second.
        place = (type(error).__name__, frames[-1].filename, frames[-1].lineno or 0)
        if place not in self._shown_places:
            self._shown_places.add(place)
            self.show(Unforeseen(unexpected(error, _SUBJECT)))
