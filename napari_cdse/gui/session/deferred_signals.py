"""News for the docks; of what a key did, they hear after the circles are drawn."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from napari_cdse.gui.session.session import Session


class Herald(QObject):
    """Sends the session's signals to the docks.

    One key labels a particle, changes the history and selects the next particle. Docks
    that showed themselves anew for each of them would hold up the circle on the screen;
    Qt draws before it comes to a timer, so they hear of it once, and afterwards.

    Parameters
    ----------
    session : Session
        Whose signals are sent.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._held = False
        self._ids: set[str] | None = set()
        self._waiting: list[str] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tell)

    @property
    def waiting(self) -> bool:
        """Whether there is something to be told."""
        return self._timer.isActive()

    @contextmanager
    def after_drawing(self) -> Iterator[None]:
        """Keep what happens meanwhile until the circles are drawn."""
        before, self._held = self._held, True
        try:
            yield
        finally:
            self._held = before
            if self._waiting:
                self._timer.start(0)

    def tell(self, signal: str) -> None:
        """Send a signal of the session, by its name; one that waits is sent once."""
        if signal not in self._waiting:
            self._waiting.append(signal)
        if not self._held:
            self._tell()

    def tell_of(self, ids: Collection[str] | None) -> None:
        """Tell that these particles are others now; None: all."""
        if ids is None or self._ids is None:
            self._ids = None
        else:
            self._ids.update(ids)
        self.tell("particles_changed")

    def forget(self) -> None:
        """Tell nothing of what has gone."""
        self._timer.stop()
        self._ids, self._waiting = set(), []

    def _tell(self) -> None:
        ids, waiting = self._ids, self._waiting
        self.forget()
        for name in waiting:
            signal = getattr(self._session, name)
            if name == "particles_changed":
                signal.emit(None if ids is None else frozenset(ids))
            else:
                signal.emit()
