"""Edits of circles and classes; each is a step of undo, stored before it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.core.regions import is_inside, region_of
from napari_cdse.io.store.store import StoreChanged
from napari_cdse.project.components.sync import StepConflict
from napari_cdse.project.editing.edit_changes import changes_of
from napari_cdse.project.editing.edit_request import (
    Drawing,
    EditContext,
    EditRequest,
    summary_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_cdse.core.records import Circle, Label, SelectedBy
    from napari_cdse.project.components.annotators import Annotators
    from napari_cdse.project.components.audits import Audits
    from napari_cdse.project.components.history import History
    from napari_cdse.project.components.sync import Sync
    from napari_cdse.project.state.events import ProjectEvents
    from napari_cdse.project.state.project_state import ProjectState
    from napari_cdse.project.state.records import Particle
    from napari_cdse.project.state.selection import Selection

_TRIES = 5
"""Attempts to store a step while another window writes at the same time. A choice: each
reads first what that window wrote, and fails only if it has written again since."""


class Edits:
    """Edits particles; circles are drawn on the open micrograph, all else works in any.

    Parameters
    ----------
    state : ProjectState
    selection : Selection
        New circles are drawn on the open micrograph.
    history : History
        Stores and shows the steps.
    sync : Sync
        Reads what other windows wrote before a step is made.
    annotators : Annotators
        Who edits, and whose labels are hidden.
    audits : Audits
        Tells which predictions are hidden.
    events : ProjectEvents
    """

    def __init__(
        self,
        state: ProjectState,
        selection: Selection,
        history: History,
        sync: Sync,
        annotators: Annotators,
        audits: Audits,
        events: ProjectEvents,
    ) -> None:
        self._table = state.micrographs
        self._particles = state.particles
        self._selection = selection
        self._history = history
        self._sync = sync
        self._annotators = annotators
        self._audits = audits
        self._events = events

    def label(
        self,
        ids: Iterable[str],
        label: Label | None,
        *,
        selected_by: SelectedBy = "hand",
    ) -> None:
        """Give particles a class, or (None) take it back; one step.

        Parameters
        ----------
        ids : iterable of str
            Of any micrograph.
        label : {"yes", "no", "null", "empty"} or None
            The same for all of them.
        selected_by : {"queue", "order", "hand"}
            How the user came to look at them. Particles that the queue or an order
            brought up while their prediction was hidden (`Audits.hides`) are recorded
            as "audit".

        Raises
        ------
        StoreError
            If it cannot be stored; then nothing has changed.
        """
        self._write(EditRequest(labelled=dict.fromkeys(ids, label)), selected_by)

    def defer(self, ids: Iterable[str], *, selected_by: SelectedBy = "hand") -> None:
        """Leave particles for later; one step. They count as not judged."""
        self._write(EditRequest(deferred=tuple(ids)), selected_by)

    def accept(
        self,
        ids: Iterable[str],
        *,
        selected_by: SelectedBy = "hand",
    ) -> bool:
        """Label particles as the forest does; one step. See `label`.

        Particles without a prediction, or with a hidden one, stay as they are, with a
        notice; False if all do.
        """
        ids = list(ids)
        found = [
            self._particles.get(each) for each in ids if not self._audits.hides(each)
        ]
        if len(found) < len(ids):
            self._events.notice.emit(
                "This particle is judged before the forest's word is shown; press "
                "the key of a class."
            )
        said = {each.id: each.prediction.label for each in found if each.prediction}
        if len(said) < len(found):
            self._events.notice.emit(
                "There is no prediction to accept yet; detect and classify first, or "
                "press the key of a class."
            )
        if said:
            self._write(EditRequest(labelled=said), selected_by)
        return bool(said)

    def draw(self, circle: Circle, label: Label | None = None) -> str:
        """Add a circle to the open micrograph; return its id."""
        (particle_id,) = self.apply(EditRequest(drawn=[Drawing(circle, label)]))
        return particle_id

    def reshape(self, circles: Mapping[str, Circle]) -> None:
        """Move or resize circles; one step."""
        self.apply(EditRequest(reshaped=circles))

    def remove(self, ids: Iterable[str], *, selected_by: SelectedBy = "hand") -> None:
        """Delete circles; one step. They stay away in later detections.

        One that a lot fell on counts as ``empty``; see `label` for how it is recorded.
        """
        self._write(EditRequest(removed=tuple(ids)), selected_by)

    def note(self, notes: Mapping[str, str]) -> None:
        """Write notes about particles, by id; an empty text takes one away."""
        self.apply(EditRequest(noted=notes))

    def apply(self, request: EditRequest) -> tuple[str, ...]:
        """Carry out a request as one step of undo.

        Returns
        -------
        tuple of str
            Ids of the drawn particles, in the request's order.

        Raises
        ------
        StoreError
            If it cannot be stored, or touches a circle that is no longer there.
            Nothing has changed then, and ``particles_changed`` was emitted so that
            every view shows the stored state again.
        """
        self._write(request)
        return tuple(each.id for each in request.drawn)

    # Inside

    def _write(self, request: EditRequest, selected_by: SelectedBy = "hand") -> None:
        self._sync.write(lambda: self._apply_retrying(request, selected_by))

    def _apply_retrying(self, request: EditRequest, selected_by: SelectedBy) -> None:
        """Make a step; if another window stored one in between, try again on top."""
        for _ in range(_TRIES - 1):
            try:
                return self._apply(request, selected_by)
            except StepConflict:
                raise
            except StoreChanged:
                continue
        return self._apply(request, selected_by)

    def _apply(self, request: EditRequest, selected_by: SelectedBy) -> None:
        self._sync.catch_up(request.touched)
        context = self._context(request, selected_by)
        touched = {each: self._as_stored(each) for each in request.touched}
        keys = {each: self._particles.key(each) or 0 for each in touched}
        self._check_new([each.id for each in request.drawn])
        ids = self._table.content_ids()
        drawn_on = self._selection.key
        changes = changes_of(request, touched, keys, drawn_on, ids, context)
        if not changes:
            self._events.particles_changed.emit(frozenset(touched))
            return
        self._check_places(request, keys)
        there = changes[0].micrograph_key
        summary = summary_of(request)
        self._history.append(summary, there, changes, annotator=context.annotator)

    def _context(self, request: EditRequest, selected_by: SelectedBy) -> EditContext:
        who = self._annotators
        return EditContext(
            who.current,
            selected_by,
            self._audits.chances(request.touched),
            others_labels=[
                each for each in request.touched if who.others_labelled(each)
            ],
            others_unseen=[
                each for each in request.touched if not who.sees_others(each)
            ],
            others_notes={each: who.hidden_note(each) for each in request.noted},
        )

    def _as_stored(self, particle_id: str) -> Particle:
        """Return a particle with its annotation, even if that is hidden."""
        particle = self._particles.get(particle_id)
        return self._particles.stored(particle_id) or particle

    def _check_places(self, request: EditRequest, keys: Mapping[str, int]) -> None:
        """Refuse circles beside the micrograph, or in a region that is left out."""
        here = self._selection.key or 0
        placed = [(here, each.circle) for each in request.drawn]
        placed += [(keys[each], circle) for each, circle in request.reshaped.items()]
        for key, circle in placed:
            shape = self._table.row(key).shape
            # The shape of a micrograph that was never read is unknown.
            if shape and not is_inside(circle.row_px, circle.col_px, shape):
                raise StoreError(
                    "The centre of this circle lies beside the micrograph; keep it on "
                    "the picture, or remove the circle."
                )
            region = region_of(self._particles.regions(key), circle)
            if region is not None:
                raise StoreError(
                    "The centre of this circle lies in a region that is left out "
                    f"({region.reason}); take the region in again first, or keep the "
                    "circle outside it."
                )

    def _check_new(self, ids: list[str]) -> None:
        known = self._particles.key
        if len(set(ids)) < len(ids) or any(known(each) for each in ids):
            raise StoreError(
                "A new circle has the id of another one; draw it again instead of "
                "copying its row."
            )
