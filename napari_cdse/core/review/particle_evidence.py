"""Convert what a project knows of a particle to evidence for an estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.review.blind_audit import judged_as
from napari_cdse.core.statistics.evidence import Evidence, Route

if TYPE_CHECKING:
    from napari_cdse.core.records import Annotation, Label, Prediction


def evidence_of(
    micrograph: str,
    prediction: Prediction | None = None,
    annotation: Annotation | None = None,
    *,
    chance: float | None = None,
    reach: float | None = None,
    from_file: bool = False,
) -> Evidence:
    """Say what is known of one particle.

    Parameters
    ----------
    micrograph : str
        By an id that no other micrograph has.
    prediction : Prediction or None
        Of the forest in use.
    annotation : Annotation or None
        One annotator's statement that is in force; of a draw, the first label, which
        was given unseen.
    chance : float or None, optional
        Where a lot fell on the particle, judged or not: the chance with which it would
        have done so by now, after raises too. Left out, an annotation that was judged
        as an audit brings its own.
    reach : float or None, optional
        See `Evidence`.
    from_file : bool, optional
        Whether its first label came from a label file, whoever changed it since.

    Returns
    -------
    Evidence
    """
    label = _label(annotation)
    if chance is None and annotation is not None and label is not None:
        # One that was left for later, and that no lot would fall on any more, waits
        # for nothing.
        audited = annotation.selected_by == "audit"
        chance = annotation.selection_chance if audited else None
    route = _route(annotation, chance, from_file=from_file)
    return Evidence(
        micrograph=micrograph,
        probabilities=None if prediction is None else prediction.probabilities,
        label=label,
        route=route,
        chance=chance,
        reach=reach,
        proposed=annotation is None or annotation.origin != "drawn",
        deferred=annotation is not None
        and annotation.deferred
        and not annotation.removed,
        removed=annotation is not None and annotation.removed,
        in_view=annotation is not None
        and annotation.prediction_seen
        and route == "draw"
        and label is not None,
    )


def _label(annotation: Annotation | None) -> Label | None:
    if annotation is None:
        return None
    # One that was left for later and deleted afterwards is not waiting any more.
    return (
        None
        if annotation.deferred and not annotation.removed
        else judged_as(annotation)
    )


def _route(
    annotation: Annotation | None, chance: float | None, *, from_file: bool
) -> Route:
    """Tell how the person came to it; a drawn particle is a draw, whoever judged it."""
    if chance:
        return "draw"
    if annotation is None or (annotation.label is None and not annotation.removed):
        return "none"
    if from_file or annotation.origin == "imported":
        return "file"
    # Audits of projects that did not write the chance down can stand for nothing.
    return "hand" if annotation.selected_by == "audit" else annotation.selected_by
