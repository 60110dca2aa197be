"""What a user asks for in one step."""

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
    """A new circle; its id may be chosen by whoever shows it already."""

    circle: Circle
    label: Label | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True)
class EditRequest:
    """Everything that one gesture of a user did, to become one undoable step.

    Attributes
    ----------
    labelled : mapping of str to label or None
        New classes by particle id; None takes a class back.
    drawn : sequence of Drawing
        New circles.
    reshaped : mapping of str to Circle
        Moved and resized circles by particle id.
    removed : collection of str
        Deleted circles.
    noted : mapping of str to str
        What was written down about particles by id; an empty text takes a note away.
    deferred : collection of str
        Left for later; a class that one has is taken back.
    """

    labelled: Mapping[str, Label | None] = field(default_factory=dict)
    drawn: Sequence[Drawing] = ()
    reshaped: Mapping[str, Circle] = field(default_factory=dict)
    removed: Collection[str] = ()
    noted: Mapping[str, str] = field(default_factory=dict)
    deferred: Collection[str] = ()

    @property
    def touched(self) -> set[str]:
        """Ids of the particles that must be there."""
        return {
            *self.labelled,
            *self.reshaped,
            *self.removed,
            *self.noted,
            *self.deferred,
        }


@dataclass(frozen=True, slots=True)
class EditContext:
    """Who makes a request, and what they could see when they made it.

    Attributes
    ----------
    annotator : str
    selected_by : {"queue", "order", "hand"}
        How the user came to look at the particles.
    hidden : mapping of str to float
        Those whose prediction is hidden, with the chance of being drawn for that. One
        that the queue or an order brought up is an audit; one that users chose
        themselves is not, since they may have chosen the easy ones.
    others_labels : collection of str
        Those that another annotator labelled.
    others_unseen : collection of str
        Those of which what others said was out of view.
    others_notes : mapping of str to str
        Notes that are out of view, so that a new one stands beside them.
    time : str
        When, as ISO 8601 in UTC: one for all that a request does.
    """

    annotator: str
    selected_by: SelectedBy = "hand"
    hidden: Mapping[str, float] = field(default_factory=dict)
    others_labels: Collection[str] = ()
    others_unseen: Collection[str] = ()
    others_notes: Mapping[str, str] = field(default_factory=dict)
    time: str = field(default_factory=now)

    def selection(self, particle: Particle) -> dict[str, Any]:
        """Return how a particle was selected, as an annotation records it."""
        is_audit = particle.id in self.hidden and self.selected_by != "hand"
        seen = particle.prediction is not None and particle.id not in self.hidden
        return {
            "selected_by": "audit" if is_audit else self.selected_by,
            "selection_chance": self.hidden[particle.id] if is_audit else None,
            "prediction_seen": seen,
        }

    def sees_others_label(self, particle_id: str) -> bool:
        """Tell whether another's label of a particle was in view."""
        return particle_id in self.others_labels and (
            particle_id not in self.others_unseen
        )

    def leaves_standing(self, annotation: Annotation) -> bool:
        """Tell whether a label is another's and out of view; it is not taken back."""
        own = author(annotation) == self.annotator
        hidden = annotation.particle_id in self.others_unseen
        return hidden and annotation.label is not None and not own


def summary_of(request: EditRequest) -> str:
    """Say in a few words what an edit did, for the menu of undo."""
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
