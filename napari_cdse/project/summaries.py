"""What a step did, in a few words for the menu of undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cdse.core.records import Label
    from napari_cdse.project.gesture import Gesture


def summary_of(gesture: Gesture) -> str:
    """Say in a few words what an edit did, for the menu of undo."""
    parts = []
    if gesture.drawn:
        parts.append(f"Draw {_circles(len(gesture.drawn))}")
    if gesture.reshaped:
        parts.append(f"Reshape {_circles(len(gesture.reshaped))}")
    if gesture.removed:
        parts.append(f"Remove {_circles(len(gesture.removed))}")
    if gesture.deferred:
        parts.append(f"Defer {_circles(len(gesture.deferred))}")
    labels = set(gesture.labelled.values())
    if gesture.labelled:
        what = _label_words(labels) if len(labels) == 1 else "several classes"
        parts.append(f"Label {_circles(len(gesture.labelled))} {what}")
    if gesture.noted:
        parts.append(f"Note on {_circles(len(gesture.noted))}")
    first, *others = parts
    return ", ".join([first, *(part[0].lower() + part[1:] for part in others)])


def _circles(number: int) -> str:
    return "1 circle" if number == 1 else f"{number} circles"


def _label_words(labels: set[Label | None]) -> str:
    (label,) = labels
    return "as not judged" if label is None else label
