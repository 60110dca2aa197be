"""Before a window or project is closed: write what waits, warn of a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject

from napari_cdse.gui.controllers.project_poller import IN_VIEW_WORDS
from napari_cdse.gui.session.viewer_window import find_main_window, main_window
from napari_cdse.gui.widgets.dialogs import ask_to_leave

if TYPE_CHECKING:
    from napari_cdse.gui.session.session import Session
    from napari_cdse.project import Project

PATIENCE_S = 3.0
"""Seconds that closing waits for a busy file before it asks. A choice: most programs
have written by then, and the window does not seem to hang."""
_NOT_IN_IT = (
    "Another program is still writing {file}, so this is not in it yet:\n{what}"
)
_KEPT = (
    "Your {what} are kept beside it, and come into it when it is next opened here. "
    "If you mean to copy or move it before, wait until the other program is done."
)
_LOST = "{} would be lost. Wait until the other program is done, or close it."
_STOPPED = "{}\n\nThis would be stopped. Your labels and all that is finished are safe."
_MOST_NAMED = 8
"""Most steps that the question lists. A choice: it stays readable."""


class CloseGuard(QObject):
    """Lets the user cancel a close that would lose something.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        main_window(session.viewer).installEventFilter(self)

    def close(self) -> None:
        """Remove the event filter from the window."""
        window = find_main_window(self._session.viewer)
        if window is not None:
            window.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stop the closing of the window if the user cancels it."""
        if event.type() != QEvent.Type.Close:
            return super().eventFilter(watched, event)
        # A script that closes its viewer is not asked whether its own work may stop.
        by_user = event.spontaneous()
        if self.may_close() and not (by_user and self._keeps_job()):
            return super().eventFilter(watched, event)
        event.ignore()
        return True

    def may_close(self) -> bool:
        """Write what waits for the project's file, or ask; True if it may be closed."""
        session = self._session
        if not session.is_open or session.project.sync.write_waiting(PATIENCE_S):
            return True
        window = find_main_window(session.viewer)
        return window is None or ask_to_leave(window, loss_words(session.project))

    def _keeps_job(self) -> bool:
        """Ask whether the running job may be stopped; True if it shall go on."""
        job, window = self._session.runner.heavy, find_main_window(self._session.viewer)
        if job is None or window is None:
            return False
        return not ask_to_leave(window, _STOPPED.format(job.title))


def loss_words(project: Project) -> str:
    """Write what waits for a project's file, and what of it would be lost."""
    backlog = project.backlog
    results = _results_words(len(backlog.calls))
    lines = "\n".join(f"\u2022 {each}" for each in _waiting_lines(project))
    sentences = [_NOT_IN_IT.format(file=project.path.name, what=lines)]
    kept = _kept_words(project)
    if kept:
        sentences.append(_KEPT.format(what=kept))
        sentences += [_LOST.format(results)] if backlog.calls else []
    else:
        sentences.append(_LOST.format("It"))
    return "\n\n".join(sentences)


def _waiting_lines(project: Project) -> list[str]:
    """Return a line for each step, setting and result that waits."""
    backlog = project.backlog
    lines = [each.summary for each in backlog.steps]
    if len(lines) > _MOST_NAMED:
        more = len(lines) - _MOST_NAMED
        lines = [*lines[:_MOST_NAMED], f"and {more} more"]
    lines += [f"Set: {each}" for each in project.settings.waiting]
    if backlog.calls:
        lines.append(_results_words(len(backlog.calls)))
    if backlog.additions:
        lines.append(IN_VIEW_WORDS.capitalize())
    return lines


def _kept_words(project: Project) -> str:
    """Name what is kept in a file beside the project; empty if nothing is."""
    backlog = project.backlog
    if not backlog.steps_kept:
        return ""
    kinds = {
        "steps": backlog.steps,
        "settings": backlog.settings,
        "notes of what was in view": backlog.additions,
    }
    return " and ".join(name for name, waiting in kinds.items() if waiting)


def _results_words(number: int) -> str:
    results = "1 result" if number == 1 else f"{number} results"
    return f"{results} of the program"
