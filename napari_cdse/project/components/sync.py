"""What other windows wrote, and how any step is shown here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_cdse.io.store.store import Edit, StoreChanged
from napari_cdse.project.components.micrographs import ProjectMicrographs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from napari_cdse.io.store.store import MicrographChange, MicrographRow
    from napari_cdse.project.state.records import Particle

_ELSEWHERE = (
    "Another window changed this project; its changes are shown now, "
    "please repeat your last step."
)
_SHOWN_NOW = "Another window works on this project too; what it changes is shown here."
_MANY_STEPS = 200
"""With more new steps than this, the project is read anew."""


class StepConflict(StoreChanged):
    """Another window changed the very thing that a step is about."""


class ProjectElsewhere(ProjectMicrographs):
    """Steps of this window and of others, taken in; see `Project`."""

    _told_elsewhere = False

    def look_elsewhere(self) -> bool:
        """Take in what another window has written since; True if that is something.

        To be called now and then by whoever shows the project.
        """
        head = self._head
        found = self._take_in()
        if head != self._head:
            self._tell_elsewhere()
        return found

    # Inside

    def _get(self, edit_id: int) -> Edit:
        return self._store.edits.get(edit_id, self._catalog.content_ids())

    def _made(self, edit: Edit) -> set[int]:
        return self._state.apply(edit.changes, edit.after_run)

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
        StepConflict
            If that concerns the very particles, or the step to take back.
        """
        ids = list(touched or ())
        before, head = [self.find(each) for each in ids], self._head
        if not self._take_in() or head == self._head:
            return
        if touched is None or before != [self.find(each) for each in ids]:
            raise StepConflict(_ELSEWHERE)
        self._tell_elsewhere()

    def _tell_elsewhere(self) -> None:
        """Say it once: who works side by side sees it happen."""
        if not self._told_elsewhere:
            self._told_elsewhere = True
            self.notice.emit(_SHOWN_NOW)

    def _take_in(self) -> bool:
        """Read what another window wrote, if it did."""
        if not self._store.changed_elsewhere():
            return False
        model_id = self._shelf.active_id
        self._shelf.reload()
        there = _known_labels(self._store.micrographs())
        same = there == _known_labels(self._catalog.rows)
        self._catalog.reload()
        steps = self._steps_on_top() if same else None
        if steps is None:
            # A step was taken back, or label files or micrographs came.
            self.reload()
            return True
        for edit in steps:
            self._head = edit.id
            self._shown(partial(self._made, edit), edit, edit.micrograph_changes)
        self._follow_runs()
        if self._shelf.active_id != model_id:
            self._show_active()
        self.micrographs_changed.emit()
        return True

    def _follow_runs(self) -> None:
        """Show what was found elsewhere since the newest detection here."""
        ids = self._catalog.content_ids()
        runs = self._store.findings.candidates(ids, after=self._state.latest_run())
        changed: set[str] = set()
        for key, (run, found) in runs.items():
            before = self._present(key)
            self._state.set_candidates(key, run, found)
            self._read_predictions(key)
            changed |= self._compare(before, self._present(key))
        if runs:
            self._catalog.refresh(runs)
            self._forget_order()
            self._tell_changed(changed)

    def _read_predictions(self, key: int) -> None:
        model_id = self._shelf.active_id
        if model_id is not None:
            ids = self._present(key).keys()
            said = self._store.findings.predictions_of(model_id, ids)
            self._state.set_predictions(said)

    def _tell_changed(self, ids: set[str]) -> None:
        """Tell whose particles are others now; one that is gone is not chosen."""
        if self._selected is not None and self.find(self._selected) is None:
            self.select(None)
        self.particles_changed.emit(frozenset(ids))

    def _show_active(self) -> None:
        """Show what the forest in use says, because it is another one."""
        self._load_predictions()
        self._catalog.refresh()
        self._forget_order()
        self.models_changed.emit()
        self.particles_changed.emit(None)

    def _steps_on_top(self) -> list[Edit] | None:
        """Return the steps that follow the last one here, oldest first.

        None where there is no such way, as after undo, or a very long one.
        """
        at = self._store.edits.head()
        chain: list[Edit] = []
        while at != self._head:
            if at is None or len(chain) >= _MANY_STEPS:
                return None
            chain.append(self._get(at))
            at = chain[-1].parent_id
        return chain[::-1]


def _known_labels(rows: Iterable[MicrographRow]) -> set[tuple[object, ...]]:
    return {(row.key, row.labels_from, row.labels_shape) for row in rows}


def _same_place_in_queue(old: Particle | None, new: Particle | None) -> bool:
    if old is None or new is None:
        return False
    return (old.circle, old.prediction) == (new.circle, new.prediction)
