"""The steps of a project: the way back and forth, and what follows from each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.io.store.store import Edit, StoreChanged, now
from napari_cdse.project.components.sync import ProjectElsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from napari_cdse.io.store.store import Change, MicrographChange

    T = TypeVar("T")


class ProjectSteps(ProjectElsewhere):
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
        return self._summary(self._head)

    @property
    def redo_summary(self) -> str | None:
        """What redo would make again, in a few words."""
        return self._summary(self._store.edits.newest_child(self._head))

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
        return self._summary(edit.id)

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
        return self._summary(edit.id)

    def _summary(self, edit_id: int | None) -> str | None:
        """Say what a step did, and whose it was if it was another's."""
        found = self._store.edits.summary(edit_id)
        if found is None:
            return None
        summary, annotator = found
        if annotator in ("", self.annotator):
            return summary
        # What another did may be hidden, and is no less undone by that.
        return f"{'Step' if self._hide_others else summary} ({annotator})"

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
