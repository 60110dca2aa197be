"""Convert the changes of an edit to JSON, and back with every field checked."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

from napari_cdse.core.records import (
    CLASSES,
    Annotation,
    Circle,
    Origin,
    Prediction,
    SelectedBy,
)
from napari_cdse.io.store.micrograph_changes import from_entries, to_entry
from napari_cdse.io.store.records import Change, damaged, dump_json, load_json
from napari_cdse.io.store.unreadable import is_circle, is_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cdse.io.store.micrograph_changes import MicrographChange


_INVALID = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    OverflowError,
)
"""Errors of decoding a record that `changes_to_json` did not write."""
_TEXTS = ("id", "annotator", "time", "note", "deferred_by", "note_by")
_FLAGS = ("removed", "prediction_seen", "deferred", "others_seen")
"""Fields of `Annotation` that are texts, and that are true or false."""


def changes_to_json(
    changes: tuple[Change, ...], of_micrographs: tuple[MicrographChange, ...] = ()
) -> str:
    """Encode the changes of an edit: those of particles, then those of micrographs."""
    return dump_json(
        [
            {
                "particle_id": change.particle_id,
                "micrograph": change.micrograph_key,
                "before": _annotation_to_dict(change.before),
                "after": _annotation_to_dict(change.after),
            }
            for change in changes
        ]
        + [to_entry(change) for change in of_micrographs]
    )


def changes_from_json(
    text: str, content_ids: Mapping[int, str]
) -> tuple[tuple[Change, ...], tuple[MicrographChange, ...]]:
    """Decode the changes of an edit.

    Parameters
    ----------
    text : str
        JSON from `changes_to_json`.
    content_ids : mapping of int to str
        Micrograph ids by key. Changes refer to micrographs by key alone, since labels
        may be imported before any pixel was read.

    Returns
    -------
    changes : tuple of Change
    micrograph_changes : tuple of MicrographChange

    Raises
    ------
    StoreError
        If the record is damaged.
    """
    entries = load_json(text, "an edit")
    try:
        particles = [entry for entry in entries if "what" not in entry]
        changes = tuple(_change(entry, content_ids) for entry in particles)
        return changes, from_entries(entries)
    except _INVALID as error:
        raise damaged("an edit") from error


def _change(entry: dict[str, Any], content_ids: Mapping[int, str]) -> Change:
    key, particle_id = int(entry["micrograph"]), str(entry["particle_id"])
    content_id = content_ids.get(key, "")
    before, after = (
        _annotation_from_dict(entry[side], particle_id, content_id)
        for side in ("before", "after")
    )
    return Change(particle_id, key, before, after)


def _annotation_to_dict(annotation: Annotation | None) -> dict[str, Any] | None:
    if annotation is None:
        return None
    skipped = ("particle_id", "micrograph_id", "circle", "shown")
    values = {
        entry.name: getattr(annotation, entry.name)
        for entry in fields(annotation)
        if entry.name not in skipped
    }
    circle, shown = annotation.circle, annotation.shown
    values["circle"] = [circle.row_px, circle.col_px, circle.radius_px]
    values["shown"] = shown and [shown.model_id, list(shown.probabilities)]
    return values


def _annotation_from_dict(
    values: dict[str, Any] | None, particle_id: str, content_id: str
) -> Annotation | None:
    if values is None:
        return None
    values = dict(values)
    row, col, radius = values.pop("circle")
    shown = values.pop("shown")
    annotation = Annotation(
        particle_id=particle_id,
        micrograph_id=content_id,
        circle=Circle(row, col, radius),
        shown=shown and Prediction(particle_id, shown[0], tuple(shown[1])),
        **values,
    )
    _check(annotation)
    return annotation


def _check(annotation: Annotation) -> None:
    """Raise `ValueError` for an annotation with an impossible value."""
    circle, shown = annotation.circle, annotation.shown
    chance = annotation.selection_chance
    is_valid = (
        is_circle(circle.row_px, circle.col_px, circle.radius_px)
        and annotation.label in (None, *CLASSES)
        and annotation.origin in get_args(Origin)
        and annotation.selected_by in get_args(SelectedBy)
        and (chance is None or is_number(chance))
        and all(isinstance(getattr(annotation, name), str) for name in _TEXTS)
        and all(isinstance(getattr(annotation, name), bool) for name in _FLAGS)
        and (shown is None or _is_prediction(shown))
    )
    if not is_valid:
        raise ValueError(annotation)


def _is_prediction(shown: Prediction) -> bool:
    shares = shown.probabilities
    named = isinstance(shown.model_id, str)
    return named and len(shares) == len(CLASSES) and all(map(is_number, shares))
