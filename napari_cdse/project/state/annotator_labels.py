"""Whose labels a particle has: the latest of each annotator, and where they differ.

Everything follows from the statements in force about one particle, oldest first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from napari_cdse.core.records import Annotation, Label

LABEL_FILES = "label files"
"""Who gave the labels that were imported: their files name nobody."""
NO_NAME = "no name"
_BESIDE = " | "


def author(annotation: Annotation) -> str:
    """Return who gave a label."""
    if annotation.origin == "imported":
        return LABEL_FILES
    return annotation.annotator or NO_NAME


def renamed(
    annotation: Annotation | None, names: Mapping[str, str]
) -> Annotation | None:
    """Return a statement under the names that its annotators go by now."""
    if annotation is None or not names:
        return annotation
    told = (annotation.annotator, annotation.deferred_by, annotation.note_by)
    annotator, deferred, noted = (names.get(each, each) for each in told)
    # Nobody in the last two means that nobody did.
    return replace(
        annotation,
        annotator=annotator,
        deferred_by=deferred if annotation.deferred_by else "",
        note_by=noted if annotation.note_by else "",
    )


def latest(said: Iterable[Annotation]) -> dict[str, Annotation]:
    """Return the label that each annotator stands by, by name."""
    return _latest(_labels(said))


def independent(said: Iterable[Annotation]) -> dict[str, Annotation]:
    """Return each annotator's latest label that was given without seeing another's.

    These alone can be compared: who sees a label tends to agree with it, and who goes
    through the disagreements does away with them. Those who have given
    their label see the notes of others; what they give after that is not independent
    either.
    """
    found, named = [], set()
    for one in _labels(said):
        told = author(one) in named and one.note_by not in ("", one.annotator)
        if one.label is None or not (one.others_seen or told):
            found.append(one)
        named.add(author(one))
    return _latest(found)


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
    annotation: Annotation, said: Sequence[Annotation], annotator: str
) -> Annotation | None:
    """Return an annotation as it looks to who shall not see what others said.

    None where they stated nothing of their own. The circle is that of all; once they
    have given their label, so is the note.
    """
    own = own_statements(said, annotator)
    deferred = _defers(said, annotator)
    _, note = notes(said, annotator)
    if not (own or deferred or note):
        return None
    start = own[-1] if own else _nothing_said(annotation, annotator)
    label = None if deferred else start.label
    return replace(
        start,
        circle=annotation.circle,
        removed=annotation.removed,
        label=label,
        deferred=deferred,
        note=note if label is None else annotation.note,
    )


def own_statements(
    said: Iterable[Annotation], annotator: str
) -> tuple[Annotation, ...]:
    """Return the statements that are one annotator's own."""
    return tuple(
        replace(one, deferred=deferred_by(one) == annotator)
        for one in said
        if author(one) == annotator
    )


def notes(said: Iterable[Annotation], annotator: str) -> tuple[str, str]:
    """Return the note as others wrote it, and what one annotator wrote after them."""
    others = own = before = ""
    for one in said:
        if one.note != before and one.note_by == annotator:
            own = _without(one.note, others)
        elif one.note != before:
            others, own = one.note, ""
        before = one.note
    return others, own


def beside(others: str, own: str) -> str:
    """Write a note beside one that its writer could not see."""
    return _BESIDE.join(filter(None, (others, own)))


def deferred_by(annotation: Annotation) -> str | None:
    """Return who left a particle for later; None if nobody did."""
    if not annotation.deferred:
        return None
    return annotation.deferred_by or annotation.annotator


def _defers(said: Iterable[Annotation], annotator: str) -> bool:
    """Tell whether one left it for later and has not judged it since."""
    deferred = False
    for one in said:
        if deferred_by(one) == annotator:
            deferred = True
        elif author(one) == annotator and not one.deferred:
            deferred = False
    return deferred


def _nothing_said(annotation: Annotation, annotator: str) -> Annotation:
    """Take everything out of another's statement; one's own does not know its time."""
    return replace(
        annotation,
        label=None,
        origin="confirmed",
        annotator=annotator,
        time="",
        shown=None,
    )


def _without(note: str, others: str) -> str:
    if not others:
        return note
    return "" if note == others else note.removeprefix(others + _BESIDE)


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
