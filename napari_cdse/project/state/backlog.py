"""Writes that wait because another program has locked the project's file."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_cdse.core.errors import StoreBusy, StoreError
from napari_cdse.io.store.waiting_steps import SettingChange, WaitingSteps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from typing import Any

    from napari_cdse.io.store.store import Edit, Store


class Backlog:
    """Steps and other writes that a window keeps until the file is free.

    Waiting steps and settings are kept in a file beside the project, so that nothing is
    lost if the program is killed. Results of detection are not: they are shown only
    once they are stored, and can be computed again. Only a window lets writes wait
    (`allow`), since it shows how many there are and tries again soon. Without a window,
    each write waits for the file and finally raises `StoreBusy`.

    Parameters
    ----------
    store : Store

    Attributes
    ----------
    steps : list of Edit
        Made and shown here, oldest first; not in the project's file yet.
    settings : dict of str to SettingChange
        Changed settings, by name.
    additions : dict of str to set
        Members to be added to settings that only grow, by name.
    calls : deque of callable
        Other writes, in their order; their results are shown once they are done.

    Signals
    -------
    changed()
        The number of waiting writes has changed.
    """

    changed = Signal()

    def __init__(self, store: Store) -> None:
        self._store = store
        self._patience_s: float | None = None
        self._on_disk: WaitingSteps | None = None
        self.steps: list[Edit] = []
        self.settings: dict[str, SettingChange] = {}
        self.additions: dict[str, set[Any]] = {}
        self.calls: deque[Callable[[], object]] = deque()

    def __len__(self) -> int:
        """Return how many writes wait."""
        waiting = (self.steps, self.settings, self.additions, self.calls)
        return sum(map(len, waiting))

    @property
    def allowed(self) -> bool:
        """Whether writes may wait."""
        return self._patience_s is not None

    @property
    def steps_kept(self) -> bool:
        """Whether all waiting steps and settings are on the disk beside the project."""
        return self._on_disk is not None and self._on_disk.kept

    def allow(self, patience_s: float) -> None:
        """Let writes wait once the file has been locked for ``patience_s`` seconds."""
        if self._on_disk is None:
            # A locked project does not tell its id, without which nothing can be kept
            # beside it.
            with suppress(StoreError):
                self._on_disk = WaitingSteps(self._store)
        self._patience_s = patience_s
        self._store.be_patient(patience_s)

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Wait for a locked file up to ``seconds``, within this context."""
        self._store.be_patient(seconds)
        try:
            yield
        finally:
            if self._patience_s is not None:
                self._store.be_patient(self._patience_s)

    @contextmanager
    def tolerate_busy(self) -> Iterator[None]:
        """Suppress `StoreBusy` within this context, if writes may wait."""
        try:
            yield
        except StoreBusy:
            if not self.allowed:
                raise

    def write_or_wait(self, write: Callable[[], object]) -> bool:
        """Write now, or later in its turn; return whether it is done.

        Parameters
        ----------
        write : callable
            Writes to the store, and shows the result.

        Raises
        ------
        StoreBusy
            If the file is busy and nothing may wait.
        """
        if self._written(write):
            return True
        self.calls.append(write)
        self.changed.emit()
        return False

    def set_setting(self, change: SettingChange) -> None:
        """Write a setting now, or let it wait.

        Raises
        ------
        StoreBusy
            If the file is busy and nothing may wait.
        """
        name = change.name
        if self._written(lambda: self._store.set_setting(name, change.after)):
            return
        self.settings[name] = self.settings.get(name, change).followed_by(change)
        if self._on_disk is not None:
            self._on_disk.add_setting(change)
        self.changed.emit()

    def add_to_setting(self, name: str, members: Collection[Any]) -> None:
        """Add to a setting that only grows now, or let it wait.

        Raises
        ------
        StoreBusy
            If the file is busy and nothing may wait.
        """
        if self._written(lambda: self._store.add_to_setting(name, members)):
            return
        self.additions.setdefault(name, set()).update(members)
        if self._on_disk is not None:
            self._on_disk.add_addition(name, members)
        self.changed.emit()

    def write_settings(self) -> None:
        """Write the settings that wait, and what is to be added to some.

        Raises
        ------
        StoreBusy
            If the file is still busy; then all of them go on waiting.
        """
        if not (self.settings or self.additions):
            return
        with self._store.transaction():
            for each in self.settings.values():
                self._store.set_setting(each.name, each.after)
            for name, members in self.additions.items():
                self._store.add_to_setting(name, members)
        self.settings.clear()
        self.additions.clear()
        self._save()

    def add_step(self, edit: Edit) -> None:
        """Let one more step wait."""
        self.steps.append(edit)
        if self._on_disk is not None:
            self._on_disk.add(edit)
        self.changed.emit()

    def take_last_step(self) -> Edit:
        """Take the newest step back that waits."""
        edit = self.steps.pop()
        if self._on_disk is not None:
            self._on_disk.take_back()
        self.changed.emit()
        return edit

    def replace_steps(self, edits: Iterable[Edit]) -> None:
        """Let these steps wait instead of the present ones."""
        self.steps[:] = edits
        self._save()

    def _written(self, write: Callable[[], object]) -> bool:
        """Write if nothing else waits and the file is free; tell whether it is done."""
        if not self:
            with self.tolerate_busy():
                write()
                return True
        return False

    def _save(self) -> None:
        """Write all that waits to the file beside the project."""
        if self._on_disk is None:
            return
        if self.steps or self.settings or self.additions:
            self._on_disk.replace(self.steps, self.settings.values(), self.additions)
        else:
            self._on_disk.clear()

    def close(self) -> None:
        """Close the file beside the project; the next opening reads it."""
        if self._on_disk is not None:
            self._on_disk.close()
