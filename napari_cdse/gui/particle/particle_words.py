"""Sentences on a particle's labels and prediction; without Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.classifier.novelty import is_novel
from napari_cdse.gui.particle.provenance_text import difference, history, person_says

if TYPE_CHECKING:
    from napari_cdse.core.records import Annotation
    from napari_cdse.project import MicrographEntry, Particle, Project

_NO_PARTICLE = "Click a circle, or press {} for the next particle."
_NO_CIRCLES = (
    'No circles here yet: press "Detect in this one", or {} and drag over a particle.'
)
_NOT_CLASSIFIED = "Not classified yet"
_HIDDEN = "Blind audit: judge it before the prediction is shown"
_NOVEL = "; it is unlike anything in the forest's training set"


def no_particle_words(
    entry: MicrographEntry | None, next_key: str, draw_key: str
) -> str:
    """Write what to do if no particle is selected.

    Parameters
    ----------
    entry : MicrographEntry or None
        The open micrograph.
    next_key, draw_key : str
        Keys for the next particle, and to draw a circle.
    """
    if entry is None or entry.found or entry.analysed or entry.problem:
        return _NO_PARTICLE.format(next_key)
    return _NO_CIRCLES.format(draw_key)


def particle_words(project: Project, particle: Particle) -> str:
    """Say who labelled a particle, if annotators differ, and which forest predicts it.

    Parameters
    ----------
    project : Project
        Knows the labels of all annotators, and the forests.
    particle : Particle
        As it may be seen: without a prediction if an audit hides it.
    """
    lines = []
    if particle.annotation is not None:
        statements = project.annotators.statements_in_view(particle.id)
        lines.append(_label_words(project, particle.annotation, len(statements)))
    if project.annotators.sees_others(particle.id):
        lines.append(difference(project.annotators.labels_of(particle.id)))
    lines.append(_forest_words(project, particle))
    return "\n".join(filter(None, lines))


def history_words(project: Project, particle_id: str) -> str:
    """Write all statements on a particle, the latest first."""
    statements = project.annotators.statements_in_view(particle_id)
    return history(statements, lambda model_id: model_name(project, model_id))


def model_name(project: Project, model_id: str) -> str:
    """Return the name of a forest."""
    names = {card.id: card.name for card in project.models.cards}
    return names.get(model_id, "another forest")


def _label_words(project: Project, annotation: Annotation, number: int) -> str:
    """Write the last statement, and how many there were before.

    The forest is named only if it is not the one in use, which is named in the next
    line.
    """
    shown = annotation.shown
    is_active = shown is None or shown.model_id == project.models.active_id
    words = person_says(
        annotation,
        None if is_active else lambda model_id: model_name(project, model_id),
    )
    return f"{words} (and {number - 1} before)" if number > 1 else words


def _forest_words(project: Project, particle: Particle) -> str:
    """Name the forest whose prediction is shown, or write why there is none."""
    if project.audits.hides(particle.id):
        return _HIDDEN
    prediction = particle.prediction
    if prediction is None:
        return _NOT_CLASSIFIED
    novel = _NOVEL if is_novel(prediction.novelty) else ""
    return f"Forest: {model_name(project, prediction.model_id)}{novel}"
