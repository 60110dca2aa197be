"""Before a window or project closes: write what waits, warn of what would be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject

from napari_cdse.gui.controllers.project_poller import IN_VIEW_WORDS
from napari_cdse.gui.session.viewer_window import find_main_window, main_window
from napari_cdse.gui.widgets.dialogs import ask_to_leave

if TYPE_CHECKING:
    from napari_cdse.gui.session.session import Session

PATIENCE_S = 3.0
"""How long leaving waits for a busy file before it asks. A choice: most programs have
written by then, and nobody takes the window for dead."""
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


class LeaveTaking(QObject):
    """Stands between the user and a close that would lose something.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        main_window(session.viewer).installEventFilter(self)

    def close(self) -> None:
        """Watch no longer."""
        window = find_main_window(self._session.viewer)
        if window is not None:
            window.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stop a close that the user takes back."""
        if event.type() != QEvent.Type.Close:
            return super().eventFilter(watched, event)
        # A script that closes its viewer is not asked whether its own work may stop.
        by_hand = event.spontaneous()
        if self.agreed() and not (by_hand and self._works_on()):
            return super().eventFilter(watched, event)
        event.ignore()
        return True

    def agreed(self) -> bool:
        """Write what waits; where that can't be, ask. True if the project may go."""
        session = self._session
        if not session.is_open or session.project.sync.write_waiting(PATIENCE_S):
            return True
        window = find_main_window(session.viewer)
        return window is None or ask_to_leave(window, self._what_is_lost())

    def _works_on(self) -> bool:
        """Ask whether what runs may be stopped; True if it shall go on."""
        job, window = self._session.runner.heavy, find_main_window(self._session.viewer)
        if job is None or window is None:
            return False
        return not ask_to_leave(window, _STOPPED.format(job.title))

    def _what_is_lost(self) -> str:
        backlog, path = self._session.project.backlog, self._session.project.path
        names = [each.summary for each in backlog.steps]
        if len(names) > _MOST_NAMED:
            rest = len(names) - _MOST_NAMED
            names = [*names[:_MOST_NAMED], f"and {rest} more"]
        names += [f"Set: {each}" for each in self._session.project.settings.waiting]
        n = len(backlog.calls)
        results = "1 result" if n == 1 else f"{n} results"
        results += " of the program"
        if backlog.calls:
            names.append(results)
        names += [IN_VIEW_WORDS.capitalize()] * bool(backlog.additions)
        what = "\n".join(f"\u2022 {each}" for each in names)
        told = [_NOT_IN_IT.format(file=path.name, what=what)]
        kinds = {
            "steps": backlog.steps,
            "settings": backlog.settings,
            "notes of what was in view": backlog.additions,
        }
        own = " and ".join(each for each, waiting in kinds.items() if waiting)
        if own and backlog.steps_kept:
            told.append(_KEPT.format(what=own))
            told += [_LOST.format(results)] if backlog.calls else []
        else:
            told.append(_LOST.format("It"))
        return "\n\n".join(told)
