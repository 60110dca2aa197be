"""Whose labels a particle has: the latest of each annotator, and where they differ.

Everything follows from the statements in force about one particle, oldest first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from napari_cdse.core.records import Annotation, Label

LABEL_FILES = "label files"
"""Who gave the labels that were imported: their files name nobody."""
NO_NAME = "no name"


def author(annotation: Annotation) -> str:
    """Return who gave a label."""
    if annotation.origin == "imported":
        return LABEL_FILES
    return annotation.annotator or NO_NAME


def latest(said: Iterable[Annotation]) -> dict[str, Annotation]:
    """Return the label that each annotator stands by, by name."""
    return _latest(_labels(said))


def independent(said: Iterable[Annotation]) -> dict[str, Annotation]:
    """Return each annotator's latest label that was given without seeing another's.

    These alone can be compared: who sees a label tends to agree with it, and who goes
    through the disagreements does away with them.
    """
    labels = _labels(said)
    return _latest(one for one in labels if one.label is None or not one.others_seen)


def in_dispute(said: Iterable[Annotation]) -> bool:
    """Tell whether annotators differ and nobody has settled it.

    It is settled by the next label that anyone gives with the differing ones in view.
    """
    given: dict[str, Annotation] = {}
    settled: Label | None = None
    for one in _labels(said):
        if one.others_seen and _differ(given):
            settled = one.label
        elif one.label != settled:
            settled = None
        given = _latest([*given.values(), one])
    return settled is None and _differ(given)


def own_view(
    annotation: Annotation, said: Iterable[Annotation], annotator: str
) -> Annotation:
    """Return an annotation as it looks to who shall not see others' labels.

    Circle, deferral and note are those of all.
    """
    if author(annotation) == annotator:
        return annotation
    mine = latest(said).get(annotator)
    return replace(
        mine or replace(annotation, label=None, shown=None),
        circle=annotation.circle,
        removed=annotation.removed,
        deferred=annotation.deferred,
        note=annotation.note,
    )


def _labels(said: Iterable[Annotation]) -> Iterator[Annotation]:
    """Pick what was said of the class, not of the circle alone."""
    before: tuple[object, ...] = (None,)
    for one in said:
        key = (one.label, one.annotator, one.time)
        told_again = one.label is None and before[0] is None
        if key != before and not told_again:
            yield one
        before = key


def _latest(labels: Iterable[Annotation]) -> dict[str, Annotation]:
    given: dict[str, Annotation] = {}
    for one in labels:
        given.pop(author(one), None)
        if one.label is not None:
            given[author(one)] = one
    return given


def _differ(given: Mapping[str, Annotation]) -> bool:
    return len({one.label for one in given.values()}) > 1
