"""The labels that different annotators gave one particle, and where they differ.

Everywhere ``said`` are the statements in force about one particle, oldest first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from napari_cdse.core.records import Annotation, Label

LABEL_FILES = "label files"
"""Name in place of the annotator of imported labels, whose files name nobody."""
NO_NAME = "no name"
"""Name in place of an annotator who gave none."""
_NOTE_SEPARATOR = " | "
"""Stands in a note between what others wrote and what one could not see of it."""


def author(annotation: Annotation) -> str:
    """Return who gave a label."""
    if annotation.origin == "imported":
        return LABEL_FILES
    return annotation.annotator or NO_NAME


def renamed(
    annotation: Annotation | None, names: Mapping[str, str]
) -> Annotation | None:
    """Return a statement with its annotators' present names.

    Parameters
    ----------
    annotation : Annotation or None
        As it was stated; None is returned as it is.
    names : mapping of str to str
        New name by old name.
    """
    if annotation is None or not names:
        return annotation
    told = (annotation.annotator, annotation.deferred_by, annotation.note_by)
    annotator, deferred, noted = (names.get(each, each) for each in told)
    # Empty means nobody here, and must not get the new name of an unnamed annotator.
    return replace(
        annotation,
        annotator=annotator,
        deferred_by=deferred if annotation.deferred_by else "",
        note_by=noted if annotation.note_by else "",
    )


def latest(said: Iterable[Annotation]) -> dict[str, Annotation]:
    """Return the label that each annotator stands by, by name."""
    return _latest(_label_statements(said))


def independent(said: Iterable[Annotation]) -> dict[str, Annotation]:
    """Return each annotator's latest label that was given without seeing another's.

    Agreement can be measured with these alone: an annotator who sees a label tends to
    agree with it. An annotator who has given a label may read others' notes, so a label
    given after that is not independent either.
    """
    found, named = [], set()
    for one in _label_statements(said):
        told = author(one) in named and one.note_by not in ("", one.annotator)
        if one.label is None or not (one.others_seen or told):
            found.append(one)
        named.add(author(one))
    return _latest(found)


def in_dispute(said: Iterable[Annotation]) -> bool:
    """Tell whether annotators' labels differ and nobody has settled it.

    The next label that anyone gives while the differing ones are in view settles it.
    """
    given: dict[str, Annotation] = {}
    settled: Label | None = None
    for one in _label_statements(said):
        if one.others_seen and _differ(given):
            settled = one.label
        elif one.label != settled:
            settled = None
        given = _latest([*given.values(), one])
    return settled is None and _differ(given)


def own_view(
    annotation: Annotation, said: Sequence[Annotation], annotator: str
) -> Annotation | None:
    """Return an annotation as shown to an annotator from whom others' are hidden.

    The label is the annotator's own, the circle the present one. The note is their own
    until they have given a label, then the whole one.

    Parameters
    ----------
    annotation : Annotation
        The one in force.
    said : sequence of Annotation
        All statements on the particle, oldest first.
    annotator : str
        To whom it is shown.

    Returns
    -------
    Annotation or None
        None if the annotator has stated nothing.
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
    """Return the note as others wrote it, and what the annotator added to it."""
    others = own = before = ""
    for one in said:
        if one.note != before and one.note_by == annotator:
            own = _own_part(one.note, others)
        elif one.note != before:
            others, own = one.note, ""
        before = one.note
    return others, own


def joined_note(others: str, own: str) -> str:
    """Join a new note with others' note, which its writer could not see."""
    return _NOTE_SEPARATOR.join(filter(None, (others, own)))


def deferred_by(annotation: Annotation) -> str | None:
    """Return who left a particle for later; None if nobody did."""
    if not annotation.deferred:
        return None
    return annotation.deferred_by or annotation.annotator


def _defers(said: Iterable[Annotation], annotator: str) -> bool:
    """Tell whether the annotator left the particle for later and hasn't judged it."""
    deferred = False
    for one in said:
        if deferred_by(one) == annotator:
            deferred = True
        elif author(one) == annotator and not one.deferred:
            deferred = False
    return deferred


def _nothing_said(annotation: Annotation, annotator: str) -> Annotation:
    """Return an empty statement of an annotator, with the circle of another's."""
    return replace(
        annotation,
        label=None,
        origin="confirmed",
        annotator=annotator,
        time="",
        shown=None,
    )


def _own_part(note: str, others: str) -> str:
    if not others:
        return note
    return "" if note == others else note.removeprefix(others + _NOTE_SEPARATOR)


def _label_statements(said: Iterable[Annotation]) -> Iterator[Annotation]:
    """Yield the statements that give, change or take back a label.

    Others only change circle or note and repeat label, annotator and time.
    """
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
