"""What waits to be written while another program holds the project's file."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_cdse.core.errors import StoreBusy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_cdse.io.store.store import Edit, Store


class Backlog:
    """Steps and other writes that a window keeps in memory until the file is free.

    Only a window allows it, since it says what waits and writes it soon. Whoever uses
    a project without one waits for the file, and gets `StoreBusy` in the end.

    Parameters
    ----------
    store : Store

    Attributes
    ----------
    steps : list of Edit
        Made and shown here, oldest first; not in the file yet.
    calls : deque of callable
        Other writes, in their order; what they bring is shown once they are done.

    Signals
    -------
    changed()
        Something more waits, or less.
    """

    changed = Signal()

    def __init__(self, store: Store) -> None:
        self._store = store
        self._patience_s: float | None = None
        self.steps: list[Edit] = []
        self.calls: deque[Callable[[], object]] = deque()

    def __len__(self) -> int:
        """Return how many writes wait."""
        return len(self.steps) + len(self.calls)

    @property
    def allowed(self) -> bool:
        """Whether anything may wait."""
        return self._patience_s is not None

    def allow(self, patience_s: float) -> None:
        """Let writes wait in memory that the file was not free for in so long."""
        self._patience_s = patience_s
        self._store.be_patient(patience_s)

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Wait for the file as long as this meanwhile."""
        self._store.be_patient(seconds)
        try:
            yield
        finally:
            if self._patience_s is not None:
                self._store.be_patient(self._patience_s)

    @contextmanager
    def tolerate_busy(self) -> Iterator[None]:
        """Go on without what a busy file does not tell, where that is allowed."""
        try:
            yield
        except StoreBusy:
            if not self.allowed:
                raise

    def do(self, write: Callable[[], object]) -> bool:
        """Write now, or later in its turn; True if it is done.

        Raises
        ------
        StoreBusy
            If the file is busy and nothing may wait.
        """
        if not self:
            with self.tolerate_busy():
                write()
                return True
        self.calls.append(write)
        self.changed.emit()
        return False

    def add_step(self, edit: Edit) -> None:
        """Let one more step wait."""
        self.steps.append(edit)
        self.changed.emit()

    def take_last_step(self) -> Edit:
        """Take the newest step back that waits."""
        edit = self.steps.pop()
        self.changed.emit()
        return edit
