"""Write who labelled a particle, when, and what the forest had predicted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.canvas.class_colours import class_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_cdse.core.records import Annotation, Prediction

    ModelName = Callable[[str], str]

_HOW = {
    "confirmed": "as the forest said",
    "corrected": "corrected",
    "drawn": "drawn by hand",
    "imported": "imported",
}


def person_says(
    annotation: Annotation,
    model_name: ModelName | None = None,
    now: datetime | None = None,
) -> str:
    """Write a statement: who, what, when, and the forest's prediction at that time.

    Parameters
    ----------
    annotation : Annotation
        The statement.
    model_name : callable, optional
        Returns the name of a forest by its id; without it, the forest is not named.
    now : datetime, optional
        The present time; by default the clock's.
    """
    words = f"{annotation.annotator or 'You'}: {_what(annotation)}"
    if annotation.time:
        words += f", {when(annotation.time, now)}"
    if annotation.label is None:
        return words
    words += f", {_HOW[annotation.origin]}"
    shown = annotation.shown
    if shown is None:
        return words
    seen = "" if annotation.prediction_seen else ", out of view"
    whose = "" if model_name is None else f", by {model_name(shown.model_id)}"
    return f"{words}; forest said {_sure(shown)} at the time{seen}{whose}"


def history(
    statements: Sequence[Annotation],
    model_name: ModelName,
    now: datetime | None = None,
) -> str:
    """Write all statements on a particle, the latest first, one in each line."""
    lines = (person_says(each, model_name, now) for each in reversed(statements))
    return "\n".join(lines)


def difference(labels: Mapping[str, Annotation]) -> str:
    """Write who gave which label if annotators differ; empty if they agree.

    Parameters
    ----------
    labels : mapping of str to Annotation
        The latest label of each annotator, by name.
    """
    if len({each.label for each in labels.values()}) < 2:
        return ""
    words = [f"{who} {class_name(each.label)}" for who, each in labels.items()]
    return f"Annotators differ: {', '.join(words)}"


def when(time: str, now: datetime | None = None) -> str:
    """Write an ISO 8601 time in local time.

    Parameters
    ----------
    time : str
        Time in UTC, as stored.
    now : datetime, optional
        The present time; by default the clock's.
    """
    try:
        moment = datetime.fromisoformat(time).astimezone()
    except ValueError:
        return time
    today = (now or datetime.now()).astimezone().date()
    clock = f"{moment:%H:%M}"
    if moment.date() == today:
        return f"today {clock}"
    if moment.date() == today - timedelta(days=1):
        return f"yesterday {clock}"
    return f"{moment.day} {moment:%b %Y} {clock}"


def _what(annotation: Annotation) -> str:
    if annotation.removed:
        return "removed"
    if annotation.label is not None:
        return class_name(annotation.label)
    if annotation.deferred:
        return "left for later"
    placed = annotation.origin in ("drawn", "corrected")
    return "placed the circle" if placed else "wrote a note"


def _sure(prediction: Prediction) -> str:
    label = prediction.label
    return f"{label} ({prediction.probabilities[CLASSES.index(label)]:.2f})"
