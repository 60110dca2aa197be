"""Who makes a gesture, and how the particles came before the eyes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_cdse.project.opinions import author

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from napari_cdse.core.records import Annotation, SelectedBy
    from napari_cdse.project.particles import Particle


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose gesture it is.

    Attributes
    ----------
    annotator : str
    selected_by : {"queue", "order", "hand"}
        How the person came to look at the particles.
    hidden : mapping of str to float
        Those whose prediction is hidden, with the chance of being drawn for that. One
        that the queue or an order brought up is an audit; one that the person chose
        herself is not, since she may have chosen the easy ones.
    others_labels : collection of str
        Those that another annotator labelled.
    others_hidden : bool
        These labels were out of view.
    others_notes : mapping of str to str
        Notes that are out of view, so that what she writes stands beside them.
    """

    annotator: str
    selected_by: SelectedBy = "hand"
    hidden: Mapping[str, float] = field(default_factory=dict)
    others_labels: Collection[str] = ()
    others_hidden: bool = False
    others_notes: Mapping[str, str] = field(default_factory=dict)

    def selection(self, particle: Particle) -> dict[str, Any]:
        """Return how a particle was selected, as an annotation records it."""
        is_audit = particle.id in self.hidden and self.selected_by != "hand"
        seen = particle.prediction is not None and particle.id not in self.hidden
        return {
            "selected_by": "audit" if is_audit else self.selected_by,
            "selection_chance": self.hidden[particle.id] if is_audit else None,
            "prediction_seen": seen,
        }

    def leaves_standing(self, annotation: Annotation) -> bool:
        """Tell whether a label is another's and out of view: she can't take it back."""
        own = author(annotation) == self.annotator
        return self.others_hidden and annotation.label is not None and not own
