"""What waits to be written while another program holds the project's file."""

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

    Steps and settings lie on the disk meanwhile, beside the project, so that a program
    that is killed loses none. What the program found is shown only once it is stored,
    and can be found again. Only a window allows it, since it says what waits and writes
    it soon. Whoever uses a project without one waits for the file, and gets `StoreBusy`
    in the end.

    Parameters
    ----------
    store : Store

    Attributes
    ----------
    steps : list of Edit
        Made and shown here, oldest first; not in the file yet.
    settings : dict of str to SettingChange
        Those that wait, by name.
    additions : dict of str to set
        What waits to be added to settings that only grow, by name.
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
        """Whether anything may wait."""
        return self._patience_s is not None

    @property
    def steps_kept(self) -> bool:
        """Whether the next opening brings all steps and settings that wait."""
        return self._on_disk is not None and self._on_disk.kept

    def allow(self, patience_s: float) -> None:
        """Let writes wait that the file was not free for in so long."""
        if self._on_disk is None:
            # One that is busy already does not tell whose steps they would be.
            with suppress(StoreError):
                self._on_disk = WaitingSteps(self._store)
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
        if self._done(write):
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
        if self._done(lambda: self._store.set_setting(name, change.after)):
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
        if self._done(lambda: self._store.add_to_setting(name, members)):
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
        self._keep()

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

    def hold_steps(self, edits: Iterable[Edit]) -> None:
        """Let these steps wait, and no others."""
        self.steps[:] = edits
        self._keep()

    def _done(self, write: Callable[[], object]) -> bool:
        """Write now, if nothing waits before it and the file is free."""
        if not self:
            with self.tolerate_busy():
                write()
                return True
        return False

    def _keep(self) -> None:
        """Hold on the disk what waits now."""
        if self._on_disk is None:
            return
        if self.steps or self.settings or self.additions:
            self._on_disk.replace(self.steps, self.settings.values(), self.additions)
        else:
            self._on_disk.clear()

    def close(self) -> None:
        """Leave what waits on the disk to the next opening."""
        if self._on_disk is not None:
            self._on_disk.close()
