"""Turn requests for edits into changes of annotations; pure functions."""

from __future__ import annotations

import math
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.core.records import CLASSES, Annotation, Circle
from napari_cdse.io.store.records import Change
from napari_cdse.project.state.annotator_labels import deferred_by, joined_note

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from napari_cdse.core.records import Label, Origin
    from napari_cdse.project.editing.edit_request import (
        Drawing,
        EditContext,
        EditRequest,
    )
    from napari_cdse.project.state.records import Particle


def changes_of(
    request: EditRequest,
    particles: Mapping[str, Particle],
    keys: Mapping[str, int],
    drawn_on: int | None,
    content_ids: Mapping[int, str],
    context: EditContext,
) -> tuple[Change, ...]:
    """Return the changes of annotations that a request leads to.

    Parameters
    ----------
    request : EditRequest
        What is to be changed.
    particles : mapping of str to Particle
        At least the existing ones that the request changes, by id.
    keys : mapping of str to int
        Their micrographs' keys, by particle id.
    drawn_on : int or None
        Key of the micrograph that receives drawn circles.
    content_ids : mapping of int to str
        Micrograph ids by key, where known.
    context : EditContext
        Who makes it, and what they could see.

    Returns
    -------
    tuple of Change
        Drawn particles come last, in the order given. Unchanged particles are left
        out.

    Raises
    ------
    StoreError
        If a circle has no finite place and positive radius, or for an unknown class.
    """
    changes = [
        Change(
            particle_id,
            keys[particle_id],
            before=particles[particle_id].annotation,
            after=_after(request, particles[particle_id], context),
        )
        for particle_id in sorted(request.touched)
    ]
    changed = [each for each in changes if each.after != each.before]
    drawn = [_drawn(each, drawn_on, context) for each in request.drawn]
    return tuple(_placed(each, content_ids) for each in [*changed, *drawn])


def check_circle(circle: Circle) -> None:
    """Raise `StoreError` for a circle that cannot be stored."""
    numbers = (circle.row_px, circle.col_px, circle.radius_px)
    if not all(math.isfinite(number) for number in numbers) or circle.radius_px <= 0:
        raise StoreError(
            "A circle needs a place and a radius above 0; draw it again by dragging "
            "from one side of the particle to the other."
        )


def _after(
    request: EditRequest, particle: Particle, context: EditContext
) -> Annotation | None:
    annotation = particle.annotation
    if particle.id in request.reshaped:
        annotation = _reshaped(particle, request.reshaped[particle.id], context)
    if particle.id in request.labelled:
        moved = replace(particle, annotation=annotation)
        annotation = _labelled(moved, request.labelled[particle.id], context)
    if particle.id in request.noted:
        moved = replace(particle, annotation=annotation)
        annotation = _noted(moved, request.noted[particle.id], context)
    if particle.id in request.deferred:
        annotation = _deferred(replace(particle, annotation=annotation), context)
    if particle.id in request.removed:
        annotation = _removed(replace(particle, annotation=annotation), context)
    return annotation


def _removed(particle: Particle, context: EditContext) -> Annotation:
    """Mark a circle as removed.

    If it had no label, the removal counts as a judgement, like the label ``empty``:
    how the particle was selected is recorded with it.
    """
    start = particle.annotation or _first(particle, "corrected", context)
    how: dict[str, Any] = {}
    if start.label is None:
        how = {"shown": particle.prediction, **context.selection(particle)}
    return _stamped(start, context, removed=True, **how)


def _reshaped(
    particle: Particle, circle: Circle, context: EditContext
) -> Annotation | None:
    circle = _plain(circle)
    if circle == particle.circle:
        return particle.annotation
    start = particle.annotation or _first(particle, "corrected", context)
    origin = "drawn" if start.origin == "drawn" else "corrected"
    return _stamped(start, context, circle=circle, origin=origin)


def _labelled(
    particle: Particle, label: Label | None, context: EditContext
) -> Annotation | None:
    if label is not None and label not in CLASSES:
        raise _no_class(label)
    start = particle.annotation
    if start is None and label is None:
        return None
    if start is not None and _says_nothing_new(start, label, context):
        return start
    return replace(
        start or _first(particle, "corrected", context),
        id=str(uuid.uuid4()),
        label=label,
        origin=_origin(particle, label, context),
        annotator=context.annotator,
        time=context.time,
        shown=particle.prediction,
        deferred=False,
        deferred_by="",
        others_seen=context.sees_others_label(particle.id),
        **context.selection(particle),
    )


def _noted(particle: Particle, note: str, context: EditContext) -> Annotation | None:
    """Set the note; annotator and time of the label stay the same."""
    start, note = particle.annotation, " ".join(note.split())
    note = joined_note(context.others_notes.get(particle.id, ""), note)
    if note == ("" if start is None else start.note):
        return start
    start = start or _first(particle, "confirmed", context)
    return replace(start, id=str(uuid.uuid4()), note=note, note_by=context.annotator)


def _deferred(particle: Particle, context: EditContext) -> Annotation:
    """Mark it as left for later; a label that is in view is taken back."""
    start = particle.annotation
    if start is not None and deferred_by(start) == context.annotator:
        return start
    start = start or _first(particle, "confirmed", context)
    stands = context.leaves_standing(start)
    start = replace(start, deferred=True, deferred_by=context.annotator)
    if stands:
        return replace(start, id=str(uuid.uuid4()))
    # Whoever leaves an imported particle for later is its annotator from then on.
    origin: Origin = "confirmed" if start.origin == "imported" else start.origin
    return _stamped(replace(start, label=None, origin=origin), context)


def _says_nothing_new(
    start: Annotation, label: Label | None, context: EditContext
) -> bool:
    # Confirming an imported label, or another annotator's, is a new statement.
    if start.label != label:
        return False
    if label is None:
        return not start.deferred
    same_hand = (start.annotator, start.selected_by) == (
        context.annotator,
        context.selected_by,
    )
    return same_hand and start.origin != "imported"


def _origin(particle: Particle, label: Label | None, context: EditContext) -> Origin:
    start = particle.annotation
    if start is not None and start.origin == "drawn":
        return "drawn"
    moved = start is not None and start.origin == "corrected"
    labelled = particle.id in context.others_labels
    hidden = labelled and not context.sees_others_label(particle.id)
    in_view = replace(particle, annotation=None) if hidden else particle
    return "confirmed" if label == in_view.label and not moved else "corrected"


def _first(particle: Particle, origin: Origin, context: EditContext) -> Annotation:
    return Annotation(
        id=str(uuid.uuid4()),
        particle_id=particle.id,
        micrograph_id="",
        circle=particle.circle,
        label=None,
        origin=origin,
        annotator=context.annotator,
        time=context.time,
        shown=particle.prediction,
        **context.selection(particle),
    )


def _drawn(drawing: Drawing, key: int | None, context: EditContext) -> Change:
    if key is None:
        raise StoreError("No micrograph is open; open one before you draw on it.")
    circle = _plain(drawing.circle)
    if drawing.label is not None and drawing.label not in CLASSES:
        raise _no_class(drawing.label)
    annotation = Annotation(
        id=str(uuid.uuid4()),
        particle_id=drawing.id,
        micrograph_id="",
        circle=circle,
        label=drawing.label,
        origin="drawn",
        annotator=context.annotator,
        time=context.time,
    )
    return Change(drawing.id, key, before=None, after=annotation)


def _placed(change: Change, content_ids: Mapping[int, str]) -> Change:
    if change.after is None:
        return change
    micrograph_id = content_ids.get(change.micrograph_key, "")
    return replace(change, after=replace(change.after, micrograph_id=micrograph_id))


def _stamped(start: Annotation, context: EditContext, **values: Any) -> Annotation:
    """Return a copy with a new id; annotator and time stay those of its label."""
    if start.label is None:
        values |= {"annotator": context.annotator, "time": context.time}
    return replace(start, id=str(uuid.uuid4()), **values)


def _plain(circle: Circle) -> Circle:
    """Convert to Python floats, since NumPy's can't be written as JSON; check it."""
    plain = Circle(float(circle.row_px), float(circle.col_px), float(circle.radius_px))
    check_circle(plain)
    return plain


def _no_class(label: object) -> StoreError:
    return StoreError(f"{label!r} is not a class; use one of {', '.join(CLASSES)}.")
