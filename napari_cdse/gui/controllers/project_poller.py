"""Poll the open project's file for changes of others, and write what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_cdse.core.errors import CdseError, StoreBusy

if TYPE_CHECKING:
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.project import Project

EVERY_MS = 2000
_WRITE_EVERY_MS = 200
"""How often a busy file is tried again. A choice: sooner than a hand notices."""
PATIENCE_S = 0.1
"""How long a key waits for the file: longer than another window's commit to a disk,
shorter than a hand notices. After that the step waits in memory."""
BUSY = "busy"
IN_VIEW_WORDS = "what was in view"
"""What waits where a micrograph was opened: no draw may fall on what was seen."""
_HOLDS = (
    "Another program is writing {}. You can go on: {} kept here, and written as soon "
    "as the file is free."
)
_ONLY_HOLDS = (
    "Another program is writing {}; what other windows did is shown as soon as the "
    "file is free."
)


class ProjectPoller(QObject):
    """Reads what other windows wrote, and writes what a busy file kept waiting.

    While the file is busy, one message says so; it goes when that is over.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    """

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._told: str | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.poll)
        self._writing = QTimer(self)
        self._writing.setInterval(_WRITE_EVERY_MS)
        self._writing.timeout.connect(self.write)
        session.project_changed.connect(self._start)

    def close(self) -> None:
        """Look no more."""
        self._timer.stop()
        self._writing.stop()

    def follow_backlog(self) -> None:
        """Say what waits for the file, and try again soon."""
        project, messages = self._session.project, self._session.messages
        if not project.backlog:
            self._writing.stop()
            messages.withdraw(BUSY)
            return
        words = _HOLDS.format(project.path.name, waiting_words(project))
        messages.put(BUSY, words, passes=True)
        self._writing.start()

    def write(self) -> None:
        """Write what waits, if the file is free and no circle is being drawn."""
        if self._session.is_open and not self._in_gesture:
            self._session.project.sync.write_waiting()

    def poll(self) -> None:
        """Take in what was written, unless a circle is being drawn or moved."""
        if self._in_gesture or not self._session.is_open:
            return
        project, messages = self._session.project, self._session.messages
        try:
            with project.backlog.patience(0.0):
                project.sync.poll()
            self._unsay()
            if not project.backlog:
                messages.withdraw(BUSY)
        except StoreBusy:
            messages.put(BUSY, _ONLY_HOLDS.format(project.path.name), passes=True)
        except CdseError as error:
            # A drive that is away stays away for a while; say so once.
            if self._told != str(error):
                self._unsay()
                self._told = str(error)
                self._session.warn(self._told)

    def _unsay(self) -> None:
        """Withdraw what was told of a file that can be read again."""
        if self._told is not None:
            self._session.messages.withdraw(self._told)
            self._told = None

    @property
    def _in_gesture(self) -> bool:
        particles = self._canvas.particles
        return particles is not None and particles.in_gesture

    def _start(self) -> None:
        self._session.messages.withdraw(BUSY)
        self._unsay()
        self._timer.start()


def waiting_words(project: Project) -> str:
    """Say how much waits for a project's file."""
    backlog = project.backlog
    numbers = {
        "step": len(backlog.steps),
        "setting": len(backlog.settings),
        "result": len(backlog.calls),
    }
    parts = [f"{n} {what}{'s' * (n > 1)}" for what, n in numbers.items() if n]
    parts += [IN_VIEW_WORDS] * bool(backlog.additions)
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
    one = sum(numbers.values()) + bool(backlog.additions) == 1
    return f"{listed} {'is' if one else 'are'}"
