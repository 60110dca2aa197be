"""What one gesture of a person did."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from napari_cdse.core.records import Circle, Label


@dataclass(frozen=True, slots=True)
class Drawing:
    """A new circle; its id may be chosen by whoever shows it already."""

    circle: Circle
    label: Label | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True)
class Gesture:
    """Everything that one gesture did, to become one undoable step.

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
