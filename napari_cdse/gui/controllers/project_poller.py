"""Poll the open project's file for changes by other windows, and write what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_cdse.core.errors import CdseError, StoreBusy

if TYPE_CHECKING:
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.project import Project

EVERY_MS = 2000
"""Milliseconds between polls of the file. A choice: two people who work on a project
see each other's labels soon, and a network drive is not kept busy."""
_WRITE_EVERY_MS = 200
"""Milliseconds between attempts to write to a busy file. A choice: not noticed as a
delay."""
PATIENCE_S = 0.1
"""Seconds that a key waits for the file. A choice: longer than another window's commit
to a disk, and not noticed as a delay. After that the step waits in memory."""
BUSY = "busy"
"""Name of the message that another program holds the file."""
IN_VIEW_WORDS = "what was in view"
"""Words for notes that predictions of a micrograph have been in view; the audit must
not draw from those."""
_HOLDS = (
    "Another program is writing {}. You can go on: {} kept here, and written as soon "
    "as the file is free."
)
_ONLY_HOLDS = (
    "Another program is writing {}; what other windows did is shown as soon as the "
    "file is free."
)


class ProjectPoller(QObject):
    """Reads what other windows wrote, and writes steps that wait for a busy file.

    As long as the file is busy, a message says so.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    """

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._problem: str | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.poll)
        self._writing = QTimer(self)
        self._writing.setInterval(_WRITE_EVERY_MS)
        self._writing.timeout.connect(self.write)
        session.project_changed.connect(self._start)

    def close(self) -> None:
        """Stop polling."""
        self._timer.stop()
        self._writing.stop()

    def follow_backlog(self) -> None:
        """Show what waits for the file, and try again soon."""
        project, messages = self._session.project, self._session.messages
        if not project.backlog:
            self._writing.stop()
            messages.withdraw(BUSY)
            return
        words = _HOLDS.format(project.path.name, waiting_words(project))
        messages.put(BUSY, words, passes=True)
        self._writing.start()

    def write(self) -> None:
        """Write what waits, unless the file is busy or a circle is being drawn."""
        if self._session.is_open and not self._in_gesture:
            self._session.project.sync.write_waiting()

    def poll(self) -> None:
        """Read what was written, unless a circle is being drawn or moved."""
        if self._in_gesture or not self._session.is_open:
            return
        project, messages = self._session.project, self._session.messages
        try:
            with project.backlog.patience(0.0):
                project.sync.poll()
            self._withdraw_problem()
            if not project.backlog:
                messages.withdraw(BUSY)
        except StoreBusy:
            messages.put(BUSY, _ONLY_HOLDS.format(project.path.name), passes=True)
        except CdseError as error:
            # A drive that is not available stays so for a while; warn only once.
            if self._problem != str(error):
                self._withdraw_problem()
                self._problem = str(error)
                self._session.warn(self._problem)

    def _withdraw_problem(self) -> None:
        """Withdraw the message on a file that can be read again."""
        if self._problem is not None:
            self._session.messages.withdraw(self._problem)
            self._problem = None

    @property
    def _in_gesture(self) -> bool:
        particles = self._canvas.particles
        return particles is not None and particles.in_gesture

    def _start(self) -> None:
        self._session.messages.withdraw(BUSY)
        self._withdraw_problem()
        self._timer.start()


def waiting_words(project: Project) -> str:
    """Return how much waits for a project's file, with its verb."""
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
