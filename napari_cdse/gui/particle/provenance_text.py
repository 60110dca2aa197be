"""Text on who labelled a particle, and when."""

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
    """Say in one sentence who said what, when, and what the forest said then.

    Parameters
    ----------
    annotation : Annotation
        What was said.
    model_name : callable, optional
        Names the forest by its id; it stays unnamed without.
    now : datetime, optional
        What counts as today; the present without it.
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
    said: Sequence[Annotation], model_name: ModelName, now: datetime | None = None
) -> str:
    """List everything that was said of a particle, latest first, one line each."""
    return "\n".join(person_says(each, model_name, now) for each in reversed(said))


def difference(labels: Mapping[str, Annotation]) -> str:
    """Say who calls a particle what where annotators differ; else nothing.

    Parameters
    ----------
    labels : mapping of str to Annotation
        The label that each of them stands by.
    """
    if len({each.label for each in labels.values()}) < 2:
        return ""
    words = [f"{who} {class_name(each.label)}" for who, each in labels.items()]
    return f"Annotators differ: {', '.join(words)}"


def when(time: str, now: datetime | None = None) -> str:
    """Say an ISO 8601 time in words, on the clock of this place.

    Parameters
    ----------
    time : str
        As stored, in UTC.
    now : datetime, optional
        What counts as today; the present without it.
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
