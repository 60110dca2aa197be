"""Read what other windows write into the project's file, and write what waited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError, StoreBusy, StoreError
from napari_cdse.io.store.store import StoreChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeVar

    from napari_cdse.io.store.store import Edit, MicrographRow, Store
    from napari_cdse.project.state.events import ProjectEvents
    from napari_cdse.project.state.project_state import ProjectState

    T = TypeVar("T")

_CONFLICT = (
    "Another window changed this project; its changes are shown now, "
    "please repeat your last step."
)
_SHOWN_NOW = "Another window works on this project too; what it changes is shown here."
_MANY_STEPS = 200
"""With more new steps than this, the whole project is reloaded. A choice: each new step
is a query of its own, where reloading reads all in one."""


class StepConflict(StoreChanged):
    """Another window changed the particles that a step is about."""


class Sync:
    """Keeps the state in memory up to date with the file, which others may write too.

    Parameters
    ----------
    store : Store
    state : ProjectState
    events : ProjectEvents
    follow : callable
        Shows new steps, oldest first, that follow those known here; called with them
        and with the id of the model that was active before.
    reload : callable
        Reads and shows everything anew, then applies the waiting steps.
    store_steps : callable
        Stores the waiting steps.
    """

    def __init__(
        self,
        store: Store,
        state: ProjectState,
        events: ProjectEvents,
        *,
        follow: Callable[[Sequence[Edit], str | None], None],
        reload: Callable[[], None],
        store_steps: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._state = state
        self._backlog = state.backlog
        self._table = state.micrographs
        self._particles = state.particles
        self._events = events
        self._follow = follow
        self._reload = reload
        self._store_steps = store_steps
        self._told = False
        self._unsure = False
        self._why: str | None = None

    def poll(self) -> bool:
        """Read what another window has written since; True if it has written anything.

        A window calls it every few seconds.
        """
        if self._backlog:
            # Waiting steps build on the state in memory, which must not change under
            # them; `write_waiting` reloads first.
            return False
        head = self._state.head
        found = self._take_in()
        if head != self._state.head:
            self._tell_once()
        return found

    def catch_up(self, touched: Iterable[str] | None = None) -> None:
        """Read what another window wrote; to be called before a step is made.

        Parameters
        ----------
        touched : iterable of str, optional
            Ids of the particles that the step is about; None: the whole history, as
            for undo.

        Raises
        ------
        StepConflict
            If another window has changed these particles, or (None) made any step.
        """
        if self._backlog:
            return
        find = self._particles.find
        ids = list(touched or ())
        before, head = [find(each) for each in ids], self._state.head
        found = False
        with self._backlog.tolerate_busy():
            found = self._take_in()
        if not found or head == self._state.head:
            return
        if touched is None or before != [find(each) for each in ids]:
            raise StepConflict(_CONFLICT)
        self._tell_once()

    def row(self, index: int) -> MicrographRow:
        """Return a micrograph, with the changes of other windows."""
        key = self._table.rows[index].key
        self.catch_up(())
        return self._table.row(key)

    def write_waiting(self, patience_s: float = 0.0) -> bool:
        """Write all that waits for the file; True if nothing waits any more.

        Parameters
        ----------
        patience_s : float
            Seconds to wait for a locked file.
        """
        backlog = self._backlog
        if not backlog:
            return True
        before = len(backlog)
        with backlog.patience(patience_s):
            try:
                self._write_steps()
                self._backlog.write_settings()
                self._write_calls()
            except StoreChanged:
                self._unsure = True
            except StoreBusy:
                pass
            except StoreError as error:
                # A full disk, say: all goes on waiting, and the user is told why.
                self._tell_why(error)
        if len(backlog) != before:
            backlog.changed.emit()
        return not backlog

    def write(self, write: Callable[[], T]) -> T:
        """Call a function that writes; if it fails, show the stored state again.

        Parameters
        ----------
        write : callable
            Its result is returned.

        Raises
        ------
        StoreError
            As it was raised.
        """
        try:
            return write()
        except StoreChanged:
            self._reload()
            raise
        except StoreError:
            self._events.particles_changed.emit(None)
            self._events.history_changed.emit()
            raise

    # Inside

    def _write_steps(self) -> None:
        if self._backlog.steps and self._news():
            self._unsure = True
            self._reload()
            self._unsure = False
        self._store_steps()

    def _write_calls(self) -> None:
        calls = self._backlog.calls
        while calls:
            call = calls.popleft()
            try:
                call()
            except StoreBusy:
                calls.appendleft(call)
                raise
            except CdseError as error:
                self._events.notice.emit(str(error))

    def _tell_why(self, error: StoreError) -> None:
        if self._why != str(error):
            self._why = str(error)
            self._events.notice.emit(str(error))

    def _tell_once(self) -> None:
        """Emit a notice that another window works on the project, the first time."""
        if not self._told:
            self._told = True
            self._events.notice.emit(_SHOWN_NOW)

    def _take_in(self) -> bool:
        """Read what another window wrote; tell whether it wrote anything."""
        if not self._news():
            return False
        if self._unsure:
            self._reload()
        else:
            self._follow_others()
        self._unsure = False
        return True

    def _news(self) -> bool:
        """Tell whether another window wrote.

        The store answers True once for each change, hence it has to be read then.
        """
        return self._store.changed_elsewhere() or self._unsure

    def _follow_others(self) -> None:
        # If reading fails half-way, the next attempt reloads everything.
        self._unsure = True
        model_id = self._state.models.active_id
        self._state.models.reload()
        before = _label_files(self._table.rows)
        self._table.reload()
        same = before == _label_files(self._table.rows)
        steps = self._steps_on_top() if same else None
        if steps is None:
            # A step was undone, or label files or micrographs were added.
            self._reload()
        else:
            self._follow(steps, model_id)

    def _steps_on_top(self) -> list[Edit] | None:
        """Return the stored steps that follow the last one known here, oldest first.

        None if the stored head does not descend from it, as after undo, or if there are
        more than `_MANY_STEPS`.
        """
        at = self._store.edits.head()
        chain: list[Edit] = []
        while at != self._state.head:
            if at is None or len(chain) >= _MANY_STEPS:
                return None
            chain.append(self._state.step(at))
            at = chain[-1].parent_id
        return chain[::-1]


def _label_files(rows: Iterable[MicrographRow]) -> set[tuple[object, ...]]:
    return {(row.key, row.labels_from, row.labels_shape) for row in rows}
