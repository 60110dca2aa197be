"""The person's edits: each one a step, stored before it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.core.regions import region_of
from napari_cdse.io.store.store import StoreChanged
from napari_cdse.project.components.blind_audit import ProjectAudits
from napari_cdse.project.components.sync import StepConflict
from napari_cdse.project.editing.edit_changes import changes_of
from napari_cdse.project.editing.edit_request import Drawing, Gesture, Hand, summary_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_cdse.core.records import Circle, Label, SelectedBy

_TRIES = 5
"""How often a step is tried while another window writes at the same time."""


class ProjectHistory(ProjectAudits):
    """Edits of circles and classes; see `Project`."""

    # Edits

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
            How the person came to look at them. What the queue or an order brought
            up with its prediction hidden (see `hides`) is recorded as an audit.

        Raises
        ------
        StoreError
            If it cannot be stored; then nothing has changed.
        """
        self._do(Gesture(labelled=dict.fromkeys(ids, label)), selected_by)

    def defer(self, ids: Iterable[str], *, selected_by: SelectedBy = "hand") -> None:
        """Leave particles for later; one step. They count as not judged."""
        self._do(Gesture(deferred=tuple(ids)), selected_by)

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
        found = [self.particle(each) for each in ids if not self.hides(each)]
        if len(found) < len(ids):
            self.notice.emit(
                "This particle is judged before the forest's word is shown; press "
                "the key of a class."
            )
        said = {each.id: each.prediction.label for each in found if each.prediction}
        if len(said) < len(found):
            self.notice.emit(
                "There is no prediction to accept yet; detect and classify first, or "
                "press the key of a class."
            )
        if said:
            self._do(Gesture(labelled=said), selected_by)
        return bool(said)

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
        self._do(gesture)
        return tuple(each.id for each in gesture.drawn)

    # Inside

    def _do(self, gesture: Gesture, selected_by: SelectedBy = "hand") -> None:
        self._stored(lambda: self._make(gesture, selected_by))

    def _make(self, gesture: Gesture, selected_by: SelectedBy) -> None:
        """Make a step; when another window was quicker, look again and make it."""
        for _ in range(_TRIES - 1):
            try:
                return self._try(gesture, selected_by)
            except StepConflict:
                raise
            except StoreChanged:
                continue
        return self._try(gesture, selected_by)

    def _try(self, gesture: Gesture, selected_by: SelectedBy) -> None:
        self._catch_up(gesture.touched)
        touched = {each: self._as_stored(each) for each in gesture.touched}
        hand = Hand(
            self.annotator,
            selected_by,
            self._chances(gesture.touched),
            others_labels=[each for each in touched if self._others_labelled(each)],
            others_hidden=self._hide_others,
            others_notes={each: self._others_note(each) for each in gesture.noted},
        )
        keys = {each: self._state.key(each) or 0 for each in touched}
        self._check_new([each.id for each in gesture.drawn])
        ids = self._catalog.content_ids()
        changes = changes_of(gesture, touched, keys, self._current, ids, hand)
        if not changes:
            self.particles_changed.emit(frozenset(touched))
            return
        self._check_places(gesture, keys)
        there = changes[0].micrograph_key
        self._append(summary_of(gesture), there, changes, annotator=hand.annotator)

    def _check_places(self, gesture: Gesture, keys: Mapping[str, int]) -> None:
        """Refuse circles beside the micrograph, or in a region that is left out."""
        here = self._current or 0
        placed = [(here, each.circle) for each in gesture.drawn]
        placed += [(keys[each], circle) for each, circle in gesture.reshaped.items()]
        for key, circle in placed:
            if not _holds(self._catalog.row(key).shape, circle):
                raise StoreError(
                    "The centre of this circle lies beside the micrograph; keep it on "
                    "the picture, or remove the circle."
                )
            region = region_of(self._state.regions(key), circle)
            if region is not None:
                raise StoreError(
                    "The centre of this circle lies in a region that is left out "
                    f"({region.reason}); take the region in again first, or keep the "
                    "circle outside it."
                )

    def _check_new(self, ids: list[str]) -> None:
        if len(set(ids)) < len(ids) or any(self._state.key(each) for each in ids):
            raise StoreError(
                "A new circle has the id of another one; draw it again instead of "
                "copying its row."
            )


def _holds(shape: tuple[int, int] | None, circle: Circle) -> bool:
    """Tell whether a circle's centre is on a micrograph; one unread holds any."""
    if shape is None:
        return True
    rows, columns = shape
    return -0.5 <= circle.row_px < rows and -0.5 <= circle.col_px < columns
