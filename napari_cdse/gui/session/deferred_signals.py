"""Emit signals to the docks after the circles are drawn."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

    from napari_cdse.gui.session.signals import Signals


class DeferredSignals(QObject):
    """Emits a session's signals, at once or after drawing.

    One key labels a particle, changes the history and selects the next particle. If the
    docks were updated after each of these, the circle would appear late. Qt draws
    before it calls a timer; so the docks get one signal of each kind, after the circle
    is drawn.

    Parameters
    ----------
    signals : Signals
        The signals that are emitted.
    """

    def __init__(self, signals: Signals) -> None:
        super().__init__(signals)
        # Kept, since each access to a signal returns another object.
        self._opened = signals.opened
        self._particles = signals.particles_changed
        self._micrographs = signals.micrographs_changed
        self._selection = signals.selection_changed
        self._history = signals.history_changed
        self._defers = False
        # Ids for `particles_changed`; None stands for all particles.
        self._ids: set[str] | None = set()
        self._waiting: list[Any] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._emit)

    @property
    def waiting(self) -> bool:
        """Whether signals wait to be emitted."""
        return self._timer.isActive()

    @contextmanager
    def after_drawing(self) -> Iterator[None]:
        """Defer signals of this block until the circles are drawn."""
        before, self._defers = self._defers, True
        try:
            yield
        finally:
            self._defers = before
            if self._waiting:
                self._timer.start(0)

    def opened(self) -> None:
        """Report that a micrograph was opened, or its pixels were read."""
        self._add(self._opened)

    def particles_changed(self, ids: Collection[str] | None) -> None:
        """Report that these particles have changed; None: all."""
        if ids is None or self._ids is None:
            self._ids = None
        else:
            self._ids.update(ids)
        self._add(self._particles)

    def micrographs_changed(self) -> None:
        """Report that the table of micrographs has changed."""
        self._add(self._micrographs)

    def selection_changed(self) -> None:
        """Report that another particle was selected."""
        self._add(self._selection)

    def history_changed(self) -> None:
        """Report that another step can be undone or redone."""
        self._add(self._history)

    def forget(self) -> None:
        """Drop all signals that wait."""
        self._timer.stop()
        self._ids, self._waiting = set(), []

    def _add(self, signal: Any) -> None:
        """Defer a signal, or emit it with all that wait."""
        if not any(signal is one for one in self._waiting):
            self._waiting.append(signal)
        if not self._defers:
            self._emit()

    def _emit(self) -> None:
        ids, waiting = self._ids, self._waiting
        self.forget()
        for signal in waiting:
            if signal is self._particles:
                signal.emit(None if ids is None else frozenset(ids))
            else:
                signal.emit()
