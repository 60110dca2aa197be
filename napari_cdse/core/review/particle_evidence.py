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
    """Return the evidence on one particle.

    Parameters
    ----------
    micrograph : str
        The micrograph's id.
    prediction : Prediction or None
        By the forest in use.
    annotation : Annotation or None
        An annotator's statement in force; for a drawn particle the first label, which
        was given unseen.
    chance : float or None, optional
        If the particle was drawn, judged or not: the present chance, after changes of
        the share. Without it, that of the annotation if it was an audit.
    reach : float or None, optional
        See `Evidence`.
    from_file : bool, optional
        Whether its first label came from a label file, even if it was changed since.

    Returns
    -------
    Evidence
    """
    label = _label(annotation)
    if chance is None and annotation is not None and label is not None:
        # Only for judged ones: a particle left for later that would not be drawn any
        # more is no draw.
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
    # A particle left for later and deleted afterwards is judged.
    return (
        None
        if annotation.deferred and not annotation.removed
        else judged_as(annotation)
    )


def _route(
    annotation: Annotation | None, chance: float | None, *, from_file: bool
) -> Route:
    """Return how the annotator came to it; "draw" for any drawn particle."""
    if chance:
        return "draw"
    if annotation is None or (annotation.label is None and not annotation.removed):
        return "none"
    if from_file or annotation.origin == "imported":
        return "file"
    # Audits in early projects, without a stored chance, can't be weighted.
    return "hand" if annotation.selected_by == "audit" else annotation.selected_by
