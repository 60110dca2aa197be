"""The request for one edit, and the context in which the user made it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_cdse.io.store.records import now
from napari_cdse.project.state.annotator_labels import author

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from napari_cdse.core.records import Annotation, Circle, Label, SelectedBy
    from napari_cdse.project.state.records import Particle


@dataclass(frozen=True, slots=True)
class Drawing:
    """A new circle; a view that shows it already has chosen its id."""

    circle: Circle
    label: Label | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True)
class EditRequest:
    """All changes that one gesture of a user makes, to become one step of undo.

    Attributes
    ----------
    labelled : mapping of str to label or None
        New classes by particle id; None takes a label back.
    drawn : sequence of Drawing
        New circles.
    reshaped : mapping of str to Circle
        Moved and resized circles by particle id.
    removed : collection of str
        Deleted circles.
    noted : mapping of str to str
        New notes by particle id; an empty text deletes a note.
    deferred : collection of str
        Particles left for later; their labels are taken back.
    """

    labelled: Mapping[str, Label | None] = field(default_factory=dict)
    drawn: Sequence[Drawing] = ()
    reshaped: Mapping[str, Circle] = field(default_factory=dict)
    removed: Collection[str] = ()
    noted: Mapping[str, str] = field(default_factory=dict)
    deferred: Collection[str] = ()

    @property
    def touched(self) -> set[str]:
        """Ids of the existing particles that it changes."""
        return {
            *self.labelled,
            *self.reshaped,
            *self.removed,
            *self.noted,
            *self.deferred,
        }


@dataclass(frozen=True, slots=True)
class EditContext:
    """Who makes a request, and what they could see then.

    Attributes
    ----------
    annotator : str
    selected_by : {"queue", "order", "hand"}
        How the user came to look at the particles.
    hidden : mapping of str to float
        Particles drawn for the audit, whose prediction was hidden, with the chance of
        being drawn. Labels on those that the queue or an order brought up are recorded
        as audits. Labels on those that the user picked are not, since users may pick
        easy ones.
    others_labels : collection of str
        Particles that another annotator has labelled.
    others_unseen : collection of str
        Particles on which other annotators' statements were hidden.
    others_notes : mapping of str to str
        Hidden notes by particle id; a new note is appended to them.
    time : str
        ISO 8601 in UTC, the same for all changes of a request.
    """

    annotator: str
    selected_by: SelectedBy = "hand"
    hidden: Mapping[str, float] = field(default_factory=dict)
    others_labels: Collection[str] = ()
    others_unseen: Collection[str] = ()
    others_notes: Mapping[str, str] = field(default_factory=dict)
    time: str = field(default_factory=now)

    def selection(self, particle: Particle) -> dict[str, Any]:
        """Return an annotation's fields on how the particle was selected."""
        is_audit = particle.id in self.hidden and self.selected_by != "hand"
        seen = particle.prediction is not None and particle.id not in self.hidden
        return {
            "selected_by": "audit" if is_audit else self.selected_by,
            "selection_chance": self.hidden[particle.id] if is_audit else None,
            "prediction_seen": seen,
        }

    def sees_others_label(self, particle_id: str) -> bool:
        """Tell whether another annotator's label on a particle was in view."""
        return particle_id in self.others_labels and (
            particle_id not in self.others_unseen
        )

    def leaves_standing(self, annotation: Annotation) -> bool:
        """Tell whether a label must not be taken back: it is another's and hidden."""
        own = author(annotation) == self.annotator
        hidden = annotation.particle_id in self.others_unseen
        return hidden and annotation.label is not None and not own


def summary_of(request: EditRequest) -> str:
    """Return a few words on what an edit did, for the menu of undo."""
    parts = []
    if request.drawn:
        parts.append(f"Draw {_circles(len(request.drawn))}")
    if request.reshaped:
        parts.append(f"Reshape {_circles(len(request.reshaped))}")
    if request.removed:
        parts.append(f"Remove {_circles(len(request.removed))}")
    if request.deferred:
        parts.append(f"Leave {_circles(len(request.deferred))} for later")
    labels = set(request.labelled.values())
    if request.labelled:
        what = _label_words(labels) if len(labels) == 1 else "several classes"
        parts.append(f"Label {_circles(len(request.labelled))} {what}")
    if request.noted:
        parts.append(f"Note on {_circles(len(request.noted))}")
    first, *others = parts
    return ", ".join([first, *(part[0].lower() + part[1:] for part in others)])


def _circles(number: int) -> str:
    return "1 circle" if number == 1 else f"{number} circles"


def _label_words(labels: set[Label | None]) -> str:
    (label,) = labels
    return "as not judged" if label is None else label
