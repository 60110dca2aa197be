"""Signals that are delivered to docks only after the circles are drawn."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

    from napari_cdse.gui.session.signals import Signals


class DeferredSignals(QObject):
    """Sends a session's signals to the docks, at once or after drawing.

    One key labels a particle, changes the history and selects the next particle. Docks
    that showed themselves anew for each of them would hold up the circle on the screen;
    Qt draws before it comes to a timer, so they hear of it once, and afterwards.

    Parameters
    ----------
    signals : Signals
        Those that are sent.
    """

    def __init__(self, signals: Signals) -> None:
        super().__init__(signals)
        # Qt binds a signal anew at each access: held once, they can be told apart.
        self._opened = signals.opened
        self._particles = signals.particles_changed
        self._micrographs = signals.micrographs_changed
        self._selection = signals.selection_changed
        self._history = signals.history_changed
        self._held = False
        self._ids: set[str] | None = set()
        self._waiting: list[Any] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._send)

    @property
    def waiting(self) -> bool:
        """Whether there is something to be sent."""
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

    def opened(self) -> None:
        """Say that another micrograph is the current one, or that its pixels came."""
        self._add(self._opened)

    def particles_changed(self, ids: Collection[str] | None) -> None:
        """Say that these particles are others now; None: all."""
        if ids is None or self._ids is None:
            self._ids = None
        else:
            self._ids.update(ids)
        self._add(self._particles)

    def micrographs_changed(self) -> None:
        """Say that the table of micrographs is another now."""
        self._add(self._micrographs)

    def selection_changed(self) -> None:
        """Say that another particle is the current one."""
        self._add(self._selection)

    def history_changed(self) -> None:
        """Say that something else can be undone or redone."""
        self._add(self._history)

    def forget(self) -> None:
        """Send nothing of what has gone."""
        self._timer.stop()
        self._ids, self._waiting = set(), []

    def _add(self, signal: Any) -> None:
        """Let a signal wait, or send it with all that waits."""
        if not any(signal is one for one in self._waiting):
            self._waiting.append(signal)
        if not self._held:
            self._send()

    def _send(self) -> None:
        ids, waiting = self._ids, self._waiting
        self.forget()
        for signal in waiting:
            if signal is self._particles:
                signal.emit(None if ids is None else frozenset(ids))
            else:
                signal.emit()
