"""The person's edits: each one a step, stored before it is shown, undone at will."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.io.store import Edit, StoreChanged, now
from napari_cdse.project.editing import Drawing, Gesture, Hand, changes_of, summary_of
from napari_cdse.project.micrographs import ProjectMicrographs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeVar

    from napari_cdse.core.records import Circle, Label, SelectedBy
    from napari_cdse.project.particles import Particle

    T = TypeVar("T")

_ELSEWHERE = (
    "Another window changed this project; its changes are shown now, "
    "please repeat your last step."
)


class ProjectHistory(ProjectMicrographs):
    """Edits, undo and redo; see `Project`."""

    # Edits

    def label(
        self,
        ids: Iterable[str],
        label: Label | None,
        *,
        selected_by: SelectedBy = "hand",
        selection_chance: float | None = None,
        prediction_seen: bool = True,
    ) -> None:
        """Give particles a class, or (None) take it back; one step.

        Parameters
        ----------
        ids : iterable of str
            Of any micrograph.
        label : {"yes", "no", "null", "empty"} or None
            The same for all of them.
        selected_by : {"queue", "audit", "order", "hand"}
            How the person came to look at them.
        selection_chance : float, optional
            Chance with which an audit drew them.
        prediction_seen : bool
            Whether the prediction was in view before the label was given.

        Raises
        ------
        StoreError
            If it cannot be stored; then nothing has changed.
        """
        hand = Hand(self.annotator, selected_by, selection_chance, prediction_seen)
        self._do(Gesture(labelled=dict.fromkeys(ids, label)), hand)

    def accept(
        self,
        ids: Iterable[str],
        *,
        selected_by: SelectedBy = "hand",
        selection_chance: float | None = None,
    ) -> None:
        """Label particles as the forest does; one step. See `label`.

        Particles without a prediction stay as they are, with a notice.
        """
        found = [self.particle(each) for each in ids]
        said = {each.id: each.prediction.label for each in found if each.prediction}
        if len(said) < len(found):
            self.notice.emit(
                "There is no prediction to accept yet; detect and classify first, or "
                "press the key of a class."
            )
        hand = Hand(self.annotator, selected_by, selection_chance)
        if said:
            self._do(Gesture(labelled=said), hand)

    def draw(self, circle: Circle, label: Label | None = None) -> str:
        """Add a circle to the open micrograph; return its id."""
        (particle_id,) = self.apply(Gesture(drawn=[Drawing(circle, label)]))
        return particle_id

    def reshape(self, circles: Mapping[str, Circle]) -> None:
        """Move or resize circles; one step."""
        self.apply(Gesture(reshaped=circles))

    def remove(self, ids: Iterable[str]) -> None:
        """Delete circles; one step. They stay away in later detections."""
        self.apply(Gesture(removed=tuple(ids)))

    def apply(self, gesture: Gesture) -> tuple[str, ...]:
        """Do everything that one gesture did, as one undoable step.

        Returns
        -------
        tuple of str
            Ids of the drawn particles, in the gesture's order.

        Raises
        ------
        StoreError
            If it cannot be stored, or touches a circle that is no longer there.
            Nothing has changed then, and ``particles_changed`` has gone out so that
            every view shows again what is stored.
        """
        self._do(gesture, Hand(self.annotator))
        return tuple(each.id for each in gesture.drawn)

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
        self._store.edits.move_head(edit.parent_id, self._head)
        self._head = edit.parent_id
        self._follow(edit, lambda: self._state.take_back(edit.changes))
        return edit.summary

    def _redo(self) -> str | None:
        self._catch_up()
        child = self._store.edits.newest_child(self._head)
        if child is None:
            return None
        edit = self._get(child)
        self._store.edits.move_head(edit.id, self._head)
        self._head = edit.id
        self._follow(edit, lambda: self._state.apply(edit.changes, edit.after_run))
        return edit.summary

    def _get(self, edit_id: int) -> Edit:
        return self._store.edits.get(edit_id, self._catalog.content_ids())

    def _do(self, gesture: Gesture, hand: Hand) -> None:
        self._stored(lambda: self._make(gesture, hand))

    def _make(self, gesture: Gesture, hand: Hand) -> None:
        self._catch_up(gesture.touched)
        touched = {each: self.particle(each) for each in gesture.touched}
        keys = {each: self._state.key(each) or 0 for each in touched}
        self._check_new([each.id for each in gesture.drawn])
        ids = self._catalog.content_ids()
        changes = changes_of(gesture, touched, keys, self._current, ids, hand)
        if not changes:
            self.particles_changed.emit(frozenset(touched))
            return
        edit = Edit(
            id=0,
            parent_id=self._head,
            kind="edit",
            micrograph_key=changes[0].micrograph_key,
            time=now(),
            annotator=hand.annotator,
            summary=summary_of(gesture),
            after_run=self._store.findings.latest_run(),
            changes=changes,
        )
        edit = self._store.edits.append(edit, self._head)
        self._head = edit.id
        self._shown(lambda: self._state.apply(changes, edit.after_run), edit)

    def _check_new(self, ids: list[str]) -> None:
        if len(set(ids)) < len(ids) or any(self._state.key(each) for each in ids):
            raise StoreError(
                "A new circle has the id of another one; draw it again instead of "
                "copying its row."
            )

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

    def _follow(self, edit: Edit, change: Callable[[], set[int]]) -> None:
        """Change what is in memory and go where it happened."""
        keys = {each.micrograph_key for each in edit.changes}
        there = edit.micrograph_key
        self._shown(change, edit)
        if self._current not in keys and there is not None:
            self.open(self._catalog.index(there))

    def _shown(self, change: Callable[[], set[int]], edit: Edit) -> None:
        """Change what is in memory and tell whose particles are others now."""
        keys = {each.micrograph_key for each in edit.changes}
        before = {key: self._present(key) for key in keys}
        change()
        self._catalog.refresh(keys)
        changed = set()
        for key in keys:
            changed |= self._compare(before[key], self._present(key))
        if self._selected is not None and self.find(self._selected) is None:
            self.select(None)
        self.particles_changed.emit(frozenset(changed))
        self.micrographs_changed.emit()
        self.history_changed.emit()

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
