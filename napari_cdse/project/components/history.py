"""Undo and redo: store the steps of a project, take them back, and show the result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cdse.io.store.micrograph_changes import keys_of_frames
from napari_cdse.io.store.store import COLUMNS, Edit, now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from napari_cdse.core.records import Annotation
    from napari_cdse.io.store.store import Change, MicrographChange, Store
    from napari_cdse.project.components.annotators import Annotators
    from napari_cdse.project.components.sync import Sync
    from napari_cdse.project.state.change_tracker import ChangeTracker
    from napari_cdse.project.state.events import ProjectEvents
    from napari_cdse.project.state.project_state import ProjectState
    from napari_cdse.project.state.selection import Selection


class History:
    """Undo and redo, across restarts and windows.

    Steps form a tree, as in Git: each has a parent, and `ProjectState.head` is the
    latest one in force. Undo moves the head to the parent, redo to the newest child, a
    new step becomes a child of the head. Only this class moves the head.

    Parameters
    ----------
    store : Store
        Keeps all steps; none is ever deleted.
    state : ProjectState
    selection : Selection
        Undo opens the micrograph that a step was made in.
    tracker : ChangeTracker
        Announces the particles that a step affects.
    annotators : Annotators
        The present annotator makes the steps; others' are named in summaries.
    sync : Sync
        Reads what other windows wrote before a step is built on it.
    events : ProjectEvents
    """

    def __init__(
        self,
        store: Store,
        state: ProjectState,
        selection: Selection,
        tracker: ChangeTracker,
        annotators: Annotators,
        sync: Sync,
        events: ProjectEvents,
    ) -> None:
        self._store = store
        self._state = state
        self._backlog = state.backlog
        self._table = state.micrographs
        self._particles = state.particles
        self._selection = selection
        self._tracker = tracker
        self._annotators = annotators
        self._sync = sync
        self._events = events

    # Undo and redo

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo; an import of label files isn't one."""
        return bool(self._backlog.steps) or self._state.head is not None

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to redo."""
        return self._next() is not None

    @property
    def undo_summary(self) -> str | None:
        """What undo would take back, in a few words."""
        waiting = self._backlog.steps
        return waiting[-1].summary if waiting else self._summary(self._state.head)

    @property
    def redo_summary(self) -> str | None:
        """What redo would make again, in a few words."""
        child = self._next()
        return None if child is None else self._summary(child)

    def undo(self) -> str | None:
        """Take the last step back, and open the micrograph where it was made.

        A step that still waits for the file is dropped.

        Returns
        -------
        str or None
            Summary of the step; None if there is none.

        Raises
        ------
        StoreError
            If it cannot be stored; then nothing has changed.
        """
        return self._sync.write(self._undo)

    def redo(self) -> str | None:
        """Make the newest undone step again; otherwise like `undo`."""
        return self._sync.write(self._redo)

    # New steps

    def append(
        self,
        summary: str,
        there: int | None,
        changes: Sequence[Change] = (),
        of_micrographs: Sequence[MicrographChange] = (),
        annotator: str | None = None,
    ) -> None:
        """Store a step and show it; if the file is busy, the step may wait.

        Parameters
        ----------
        summary : str
            A few words for the menu of undo.
        there : int or None
            Key of the micrograph that undo opens.
        changes : sequence of Change
            Of particles.
        of_micrographs : sequence of MicrographChange
            Of whole micrographs, like their pixel size.
        annotator : str, optional
            Who makes it; by default the present annotator.

        Raises
        ------
        StoreError
            If it cannot be stored; then nothing has changed.
        """
        edit = Edit(
            id=0,
            parent_id=self._state.head,
            kind="edit",
            micrograph_key=there,
            time=now(),
            annotator=self._annotators.current if annotator is None else annotator,
            summary=summary,
            after_run=self._latest_run(),
            changes=tuple(changes),
            micrograph_changes=tuple(of_micrographs),
        )
        stored = None
        if not self._backlog:
            with self._backlog.tolerate_busy():
                stored = self._store_step(edit, self._state.head)
        if stored is not None:
            self.show_stored(stored)
            return
        self._backlog.add_step(edit)
        self._show(edit, lambda: self._apply(edit), edit.micrograph_changes)

    def change_micrographs(
        self, summary: str, changes: Sequence[MicrographChange], there: int | None
    ) -> None:
        """Store and show a step that changes whole micrographs, unless it changes none.

        Parameters
        ----------
        summary, changes, there
            See `append`.

        Raises
        ------
        StoreError
            If it cannot be stored; then every view shows the stored state again.
        """
        if any(each.before != each.after for each in changes):
            self._sync.write(lambda: self.append(summary, there, (), changes))

    def show_stored(self, edit: Edit) -> None:
        """Show a step that is stored already, made here or in another window."""
        self._state.head = edit.id
        self._show(edit, lambda: self._apply(edit), edit.micrograph_changes)

    # Steps that wait for the file

    def store_waiting(self) -> None:
        """Store the steps that wait, on top of what the file holds.

        Raises
        ------
        StoreBusy
            If the file is still busy; then all of them go on waiting.
        StoreChanged
            If another window was quicker; then it has to be read first.
        """
        steps, head = self._backlog.steps, self._state.head
        if not steps:
            return
        with self._store.transaction():
            for each in steps:
                head = self._store_step(each, head).id
        self._state.head = head
        self._backlog.replace_steps(())
        self._events.history_changed.emit()

    def follow_waiting(self) -> None:
        """Apply the waiting steps to a project that was reloaded from its file.

        Steps about something that another window has changed meanwhile are dropped,
        with a notice.
        """
        waiting = list(self._backlog.steps)
        fitting, refused = [], []
        for edit in waiting:
            if self._fits(edit):
                self._apply(edit)
                self._particles.apply_micrograph_changes(edit.micrograph_changes)
                self._table.apply_micrograph_changes(edit.micrograph_changes)
                fitting.append(edit)
            else:
                refused.append(edit)
        if waiting:
            self._backlog.replace_steps(fitting)
            self._table.refresh()
        if refused:
            self._events.notice.emit(self._refusal(refused))

    def _fits(self, edit: Edit) -> bool:
        """Tell whether what a step changes is as it was when the step was made."""
        there = {row.key for row in self._table.rows} | {None}
        now = self._particles.annotation
        return (
            edit.micrograph_key in there
            and all(each.micrograph_key in there for each in edit.changes)
            and all(each.micrograph_key in there for each in edit.micrograph_changes)
            and all(_same(now(each.particle_id), each.before) for each in edit.changes)
            and all(map(self._fits_micrograph, edit.micrograph_changes))
        )

    def _fits_micrograph(self, change: MicrographChange) -> bool:
        key = change.micrograph_key
        if key is None:
            return True
        if change.what == "region":
            there = {each.id for each in self._particles.regions(key)}
            return (change.region_id in there) == (change.before is not None)
        value = getattr(self._table.row(key), COLUMNS[change.what])
        return bool(value == change.before)

    def _refusal(self, refused: Sequence[Edit]) -> str:
        names = []
        for edit in refused:
            there = edit.micrograph_key
            names.append(edit.summary)
            if there in {row.key for row in self._table.rows} and there is not None:
                names[-1] += f" in {self._table.path(self._table.row(there)).name}"
        return (
            f"Another window changed the same circles meanwhile, so this was not kept: "
            f"{'; '.join(names)}. Look at them and repeat it."
        )

    # Inside

    def _store_step(self, edit: Edit, head: int | None) -> Edit:
        with self._store.transaction():
            stored = self._store.edits.append(edit, head)
            changes = stored.micrograph_changes
            self._store.frames.keep(stored.id, changes, "before")
            self._store.apply_micrograph_changes(changes)
        return stored

    def _next(self) -> int | None:
        """Return the step that redo would make again."""
        if not self._backlog:
            with self._backlog.tolerate_busy():
                return self._store.edits.newest_child(self._state.head)
        return None

    def _latest_run(self) -> int:
        if not self._backlog:
            with self._backlog.tolerate_busy():
                return self._store.findings.latest_run()
        return self._particles.latest_run()

    def _take_back_waiting(self) -> str:
        edit = self._backlog.take_last_step()
        changes = [each.reversed() for each in reversed(edit.micrograph_changes)]
        take_back = self._particles.take_back
        self._show(edit, lambda: take_back(edit.changes), changes)
        self._open_place_of(edit)
        return edit.summary

    def _undo(self) -> str | None:
        if self._backlog.steps:
            return self._take_back_waiting()
        self._sync.catch_up()
        if self._state.head is None:
            return None
        edit = self._state.step(self._state.head)
        changes = [each.reversed() for each in reversed(edit.micrograph_changes)]
        with self._store.transaction():
            self._store.edits.move_head(edit.parent_id, self._state.head)
            self._store.frames.keep(edit.id, changes, "after")
            self._store.apply_micrograph_changes(changes)
            self._store.frames.bring_back(edit.id, changes, "before")
        self._state.head = edit.parent_id
        take_back = self._particles.take_back
        self._show(edit, lambda: take_back(edit.changes), changes)
        self._open_place_of(edit)
        return self._summary(edit.id)

    def _redo(self) -> str | None:
        self._sync.catch_up()
        child = self._store.edits.newest_child(self._state.head)
        if child is None:
            return None
        edit = self._state.step(child)
        with self._store.transaction():
            self._store.edits.move_head(edit.id, self._state.head)
            self._store.frames.keep(edit.id, edit.micrograph_changes, "before")
            self._store.apply_micrograph_changes(edit.micrograph_changes)
            self._store.frames.bring_back(edit.id, edit.micrograph_changes, "after")
        self.show_stored(edit)
        self._open_place_of(edit)
        return self._summary(edit.id)

    def _apply(self, edit: Edit) -> set[int]:
        return self._particles.apply(edit.changes, edit.after_run)

    def _open_place_of(self, edit: Edit) -> None:
        """Open the micrograph of a step, unless the open one is among its own."""
        keys = {each.micrograph_key for each in edit.changes}
        there = edit.micrograph_key
        if self._selection.key not in keys and there is not None:
            self._selection.open(self._table.index(there))

    def _show(
        self,
        edit: Edit,
        change: Callable[[], set[int]],
        of_micrographs: Sequence[MicrographChange],
    ) -> None:
        """Apply a step to the state in memory and announce what it affects.

        Parameters
        ----------
        edit : Edit
            The step, made or undone.
        change : callable
            Applies its changes of particles.
        of_micrographs : sequence of MicrographChange
            Its changes of whole micrographs; reversed for undo.
        """
        framed = set(filter(self._table.holds, keys_of_frames(of_micrographs)))
        keys = {each.micrograph_key for each in edit.changes} | framed
        keys |= {x.micrograph_key or 0 for x in of_micrographs if x.what == "region"}
        before = self._tracker.before(keys)
        change()
        self._particles.apply_micrograph_changes(of_micrographs)
        self._table.apply_micrograph_changes(of_micrographs)
        if framed:
            self._backlog.write_or_wait(lambda: self._recall_frames(framed))
        changed = self._tracker.changed(before)
        self._show_micrographs(of_micrographs)
        self._events.particles_changed.emit(changed)
        self._events.micrographs_changed.emit()
        self._events.history_changed.emit()

    def _recall_frames(self, keys: Collection[int]) -> None:
        """Show the stored detections of the frames that are read now."""
        before = self._tracker.before(keys)
        self._state.recall_frames(keys)
        self._tracker.announce(before)
        self._events.micrographs_changed.emit()

    def _show_micrographs(self, changes: Sequence[MicrographChange]) -> None:
        """Announce changes of whole micrographs."""
        if not changes:
            return
        # No order of review depends on the sample.
        if any(each.what != "sample" for each in changes):
            self._events.queue_outdated.emit()
        calibrated = {x.micrograph_key for x in changes if x.what == "pixel_size"}
        if self._selection.key in calibrated:
            self._selection.show_pixel_size()
        if self._selection.key in keys_of_frames(changes):
            self._selection.read_again()

    def _summary(self, edit_id: int | None) -> str | None:
        """Return a step's summary, with its annotator if it is another's."""
        found, who, seen = None, self._annotators, False
        with self._backlog.tolerate_busy():
            found = self._store.edits.summary(edit_id)
            if found is None or found[1] in ("", who.current, *who.also_me):
                return None if found is None else found[0]
            seen = self._is_in_view(edit_id)
        if found is None:
            return None
        # Undo takes back another's step even if what it did must not be shown.
        return f"{found[0] if seen else 'Step'} ({found[1]})"

    def _is_in_view(self, edit_id: int | None) -> bool:
        """Tell whether the present annotator may see all that a step did."""
        if self._annotators.hide_others or edit_id is None:
            return not self._annotators.hide_others
        touched = self._state.step(edit_id).changes
        return all(self._annotators.sees_others(each.particle_id) for each in touched)


def _same(now: Annotation | None, then: Annotation | None) -> bool:
    """Compare two annotations except for their micrograph's id.

    That may have become known, by reading the file, between the two.
    """
    if now is None or then is None:
        return now is then
    return replace(now, micrograph_id=then.micrograph_id) == then
