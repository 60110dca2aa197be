"""The steps of a project: the way back and forth, and what follows from each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.io.store import Edit, StoreChanged, now
from napari_cdse.project.micrographs import ProjectMicrographs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TypeVar

    from napari_cdse.io.store import Change, MicrographChange
    from napari_cdse.project.particles import Particle

    T = TypeVar("T")

_ELSEWHERE = (
    "Another window changed this project; its changes are shown now, "
    "please repeat your last step."
)


class ProjectSteps(ProjectMicrographs):
    """Steps made, taken back and made again; see `Project`."""

    # Undo and redo

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back; imports of label files are none."""
        return self._head is not None

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to make again."""
        return self._store.edits.newest_child(self._head) is not None

    @property
    def undo_summary(self) -> str | None:
        """What undo would take back, in a few words."""
        return self._store.edits.summary(self._head)

    @property
    def redo_summary(self) -> str | None:
        """What redo would make again, in a few words."""
        return self._store.edits.summary(self._store.edits.newest_child(self._head))

    def undo(self) -> str | None:
        """Take the last step back, and show the micrograph where it was made.

        Returns
        -------
        str or None
            What was taken back; None if there is nothing left.

        Raises
        ------
        StoreError
            If it cannot be stored; then nothing has changed.
        """
        return self._stored(self._undo)

    def redo(self) -> str | None:
        """Make the step again that was taken back last; otherwise as `undo`."""
        return self._stored(self._redo)

    # Inside

    def _undo(self) -> str | None:
        self._catch_up()
        if self._head is None:
            return None
        edit = self._get(self._head)
        changes = [each.reversed() for each in reversed(edit.micrograph_changes)]
        with self._store.transaction():
            self._store.edits.move_head(edit.parent_id, self._head)
            self._store.set_of_micrographs(changes)
        self._head = edit.parent_id
        self._follow(edit, lambda: self._state.take_back(edit.changes), changes)
        return edit.summary

    def _redo(self) -> str | None:
        self._catch_up()
        child = self._store.edits.newest_child(self._head)
        if child is None:
            return None
        edit = self._get(child)
        with self._store.transaction():
            self._store.edits.move_head(edit.id, self._head)
            self._store.set_of_micrographs(edit.micrograph_changes)
        self._head = edit.id
        self._follow(edit, lambda: self._made(edit), edit.micrograph_changes)
        return edit.summary

    def _get(self, edit_id: int) -> Edit:
        return self._store.edits.get(edit_id, self._catalog.content_ids())

    def _made(self, edit: Edit) -> set[int]:
        return self._state.apply(edit.changes, edit.after_run)

    def _append(
        self,
        summary: str,
        there: int | None,
        changes: Sequence[Change] = (),
        of_micrographs: Sequence[MicrographChange] = (),
        annotator: str | None = None,
    ) -> None:
        """Store a step and show it.

        Parameters
        ----------
        summary : str
            A few words for the menu of undo.
        there : int or None
            Key of the micrograph that undo should go back to.
        changes : sequence of Change
            Of particles.
        of_micrographs : sequence of MicrographChange
            Of micrographs as wholes.
        annotator : str, optional
            Whose step it is; the project's annotator without it.
        """
        edit = Edit(
            id=0,
            parent_id=self._head,
            kind="edit",
            micrograph_key=there,
            time=now(),
            annotator=self.annotator if annotator is None else annotator,
            summary=summary,
            after_run=self._store.findings.latest_run(),
            changes=tuple(changes),
            micrograph_changes=tuple(of_micrographs),
        )
        with self._store.transaction():
            stored = self._store.edits.append(edit, self._head)
            self._store.set_of_micrographs(of_micrographs)
        self._head = stored.id
        self._shown(lambda: self._made(stored), stored, of_micrographs)

    def _stored(self, write: Callable[[], T]) -> T:
        """Write; when that fails, make every view show what is stored."""
        try:
            return write()
        except StoreChanged:
            self.reload()
            raise
        except StoreError:
            self.particles_changed.emit(None)
            self.history_changed.emit()
            raise

    def _follow(
        self,
        edit: Edit,
        change: Callable[[], set[int]],
        of_micrographs: Sequence[MicrographChange],
    ) -> None:
        """Change what is in memory and go where it happened."""
        keys = {each.micrograph_key for each in edit.changes}
        there = edit.micrograph_key
        self._shown(change, edit, of_micrographs)
        if self._current not in keys and there is not None:
            self.open(self._catalog.index(there))

    def _shown(
        self,
        change: Callable[[], set[int]],
        edit: Edit,
        of_micrographs: Sequence[MicrographChange],
    ) -> None:
        """Change what is in memory and tell whose particles are others now."""
        keys = {each.micrograph_key for each in edit.changes}
        keys |= {x.micrograph_key or 0 for x in of_micrographs if x.what == "region"}
        before = {key: self._present(key) for key in keys}
        change()
        self._state.set_regions(of_micrographs)
        self._catalog.refresh(keys)
        changed = set()
        for key in keys:
            changed |= self._compare(before[key], self._present(key))
        if self._selected is not None and self.find(self._selected) is None:
            self.select(None)
        self._follow_micrographs(of_micrographs)
        self.particles_changed.emit(frozenset(changed))
        self.micrographs_changed.emit()
        self.history_changed.emit()

    def _follow_micrographs(self, changes: Sequence[MicrographChange]) -> None:
        """Change what is in memory of micrographs as wholes."""
        if not changes:
            return
        self._catalog.follow(changes)
        self._forget_order()
        calibrated = {x.micrograph_key for x in changes if x.what == "pixel_size"}
        if self._current in calibrated:
            self._show_pixel_size()

    def _compare(
        self, before: Mapping[str, Particle], after: Mapping[str, Particle]
    ) -> set[str]:
        changed = {
            each
            for each in before.keys() | after.keys()
            if before.get(each) != after.get(each)
        }
        pairs = [(before.get(each), after.get(each)) for each in changed]
        if any(not _same_place_in_queue(old, new) for old, new in pairs):
            self._forget_order()
        return changed

    def _catch_up(self, touched: Iterable[str] | None = None) -> None:
        """Read what another window wrote before building on it.

        Without particles the whole history is touched, as by undo.

        Raises
        ------
        StoreChanged
            If that concerns the very particles, or the step to take back.
        """
        if not self._store.changed_elsewhere():
            return
        ids = list(touched or ())
        before, head = [self.find(each) for each in ids], self._head
        self.reload()
        if head == self._head:
            return
        if touched is None or before != [self.find(each) for each in ids]:
            raise StoreChanged(_ELSEWHERE)
        self.notice.emit(
            "Another window changed this project; its changes are shown now."
        )


def _same_place_in_queue(old: Particle | None, new: Particle | None) -> bool:
    if old is None or new is None:
        return False
    return (old.circle, old.prediction) == (new.circle, new.prediction)
