"""Tasks that train forests on a project's labels, and load and save them.

`retraining` measures the labelled particles, scores and fits a new forest, and compares
it with the forest in use. `tuning` and `weighing` study the settings and the features
on the same `training_sets`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.classifier.quality_range import joined_range
from napari_cdse.core.evaluation.feature_importance import importance
from napari_cdse.core.evaluation.label_forecast import Forecast, forecast
from napari_cdse.core.evaluation.model_comparison import (
    Verdict,
    flipped,
    fraction_change,
)
from napari_cdse.core.evaluation.scores import JudgedDraw
from napari_cdse.core.evaluation.tuning import tune
from napari_cdse.core.evaluation.validation import compare, cross_validate
from napari_cdse.core.features.cache import KnownFeatures
from napari_cdse.core.progress import span
from napari_cdse.core.statistics.evidence import answer_chances
from napari_cdse.core.statistics.visible_defects import HALF_WIDTH
from napari_cdse.io.models.model_file import load_model, model_bytes, save_model
from napari_cdse.pipeline import forest_below, joined, training_from_annotations
from napari_cdse.tasks.analysis import Classified, Problem, classifying

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.classifier.quality_range import QualityRange
    from napari_cdse.core.classifier.training_set import TrainingSet
    from napari_cdse.core.evaluation.feature_importance import Importance
    from napari_cdse.core.evaluation.model_comparison import FractionChange
    from napari_cdse.core.evaluation.scores import Scores
    from napari_cdse.core.evaluation.tuning import Tuning
    from napari_cdse.core.evaluation.validation import Comparison
    from napari_cdse.core.params import ForestParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle
    from napari_cdse.core.statistics.evidence import Evidence
    from napari_cdse.project import LabelledMicrograph, Particle
    from napari_cdse.tasks.analysis import Source

    Shown = tuple[Source, tuple[Particle, ...]]

_MEASURED = 0.1
"""Progress when the labelled particles are measured."""
_SCORED, _FITTED, _PREDICTED = 0.4, 0.5, 0.8
"""Progress of a retraining after each of its further steps."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRequest:
    """Snapshot of all that a retraining needs.

    Attributes
    ----------
    labelled : tuple of LabelledMicrograph
    old : Model or None
        The forest in use.
    params : ForestParams
    own_micrographs : frozenset of str
        Content ids of the project's micrographs.
    shown : tuple of (Source, particles)
        Every particle of the project, by micrograph.
    onto : bool
        Whether to train on the old forest's training table as well.
    known : KnownFeatures
        Cache of features from earlier retrainings.
    half_width : float
        Desired half-width of the interval of the visible-defect fraction.
    evidence : tuple of Evidence
        Evidence on every particle of the project, including deleted ones; the same as
        for the fraction that the project states.
    """

    labelled: tuple[LabelledMicrograph, ...]
    old: Model | None
    params: ForestParams
    own_micrographs: frozenset[str]
    shown: tuple[Shown, ...]
    onto: bool = True
    known: KnownFeatures = field(default_factory=KnownFeatures)
    half_width: float = HALF_WIDTH
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A new forest, compared with the old one.

    Attributes
    ----------
    model : Model
    data : bytes
        Content of the model file.
    scores : Scores
        Scores of the new forest on the user's own labels.
    comparison : Comparison or None
        None without an old forest with the same features.
    predicted : tuple of Classified
        Predictions of the new forest for every particle.
    compared : int
        Number of particles with predictions of both forests.
    flips : tuple of Verdict
        Particles to which the forests give different classes; first those that the new
        forest is surest of.
    fraction : FractionChange
    notices : tuple of str
        Sentences about micrographs that could not be used.
    """

    model: Model
    data: bytes
    scores: Scores
    comparison: Comparison | None
    predicted: tuple[Classified, ...]
    compared: int
    flips: tuple[Verdict, ...]
    fraction: FractionChange
    notices: tuple[str, ...]


def retraining(
    request: TrainingRequest, report: Progress
) -> Iterator[Outcome | Forecast]:
    """Train on the project's labels and compare with the forest in use.

    Yields
    ------
    Outcome
        The new forest, with its predictions for every particle.
    Forecast
        What more labels would improve. It comes last, so that nobody waits for it.
    """
    own, training, notices = training_sets(request, span(report, 0.0, _MEASURED))
    scoring = span(report, _MEASURED, _SCORED)
    scores, comparison = _score(request, own, training, scoring)
    model = _fit(request, own, training, scores, span(report, _SCORED, _FITTED))
    predicting = span(report, _FITTED, _PREDICTED)
    predicted, problems = _predict(request, model, predicting)
    verdicts = tuple(_verdicts(request, predicted))
    yield Outcome(
        model=model,
        data=model_bytes(model),
        scores=scores,
        comparison=comparison,
        predicted=tuple(predicted),
        compared=sum(each.old is not None for each in verdicts),
        flips=tuple(flipped(verdicts)),
        fraction=_fraction_change(request, verdicts, training),
        notices=(*notices, *problems),
    )
    own_ids = np.unique(own.particle_ids)
    yield forecast(training, own_ids, request.params, span(report, _PREDICTED, 1.0))


def training_sets(
    request: TrainingRequest, report: Progress
) -> tuple[TrainingSet, TrainingSet, tuple[str, ...]]:
    """Build the training sets of a request.

    Returns
    -------
    own : TrainingSet
        Examples from the project's labels.
    training : TrainingSet
        Those, joined with the table of the old forest if the request asks for it.
    notices : tuple of str
        Sentences about micrographs that could not be used.
    """
    own, notices = training_from_annotations(
        request.labelled, request.params, report, request.known
    )
    earlier = request.old.training if request.old is not None and request.onto else None
    return own, joined(own, earlier, request.own_micrographs), notices


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A forest and the content of its file."""

    model: Model
    data: bytes


def loading(path: Path, _report: Progress) -> Iterator[Loaded]:
    """Yield a forest, read from a file."""
    model = load_model(path)
    yield Loaded(model, model_bytes(model))


def saving(model: Model, path: Path, _report: Progress) -> Iterator[str]:
    """Write a forest to a file and yield the sentence that says where it is."""
    save_model(model, path)
    yield f"{model.card.name or model.card.id} is in {path.name}."


def _score(
    request: TrainingRequest, own: TrainingSet, training: TrainingSet, report: Progress
) -> tuple[Scores, Comparison | None]:
    """Score on the user's own labels, and compare with an old forest if possible."""
    old, own_ids = request.old, np.unique(own.particle_ids)
    below = forest_below(old, own, training)
    if old is None or old.card.feature_schema != training.table.schema:
        params = request.params
        return cross_validate(training, params, report, own_ids, below)[0], None
    draws = _judged_draws(request)
    comparison = compare(
        old, training, request.params, own_ids, report, draws=draws, below=below
    )
    return comparison.new, comparison


def _fit(
    request: TrainingRequest,
    own: TrainingSet,
    training: TrainingSet,
    scores: Scores,
    report: Progress,
) -> Model:
    old = request.old
    return fit(
        training,
        request.params,
        name=_name(own),
        parent=None if old is None else old.card.id,
        trained_on=_provenance(own, old if request.onto else None),
        scores=scores.as_dict(),
        calibration=scores.calibration,
        quality_range=_quality_range(request, training is not own),
        progress=report,
    )


def _quality_range(request: TrainingRequest, joined_on: bool) -> QualityRange | None:
    """Return the range of quality of all micrographs in the training set."""
    own = [each.quality for each in request.labelled if each.quality is not None]
    earlier = request.old.card if request.old is not None and joined_on else None
    return joined_range(own, earlier)


def _name(own: TrainingSet) -> str:
    return f"{len(np.unique(own.particle_ids))} labels, {date.today().isoformat()}"


def _provenance(own: TrainingSet, old: Model | None) -> str:
    particles = len(np.unique(own.particle_ids))
    micrographs = len(np.unique(own.micrograph_ids))
    words = f"{particles} labelled particles of {micrographs} own micrographs"
    if old is None or old.training is None:
        return words
    return f"{words}, joined with the training table of {old.card.name or old.card.id}"


def _predict(
    request: TrainingRequest, model: Model, report: Progress
) -> tuple[list[Classified], list[str]]:
    """Classify every particle; collect why micrographs could not be read."""
    predicted: list[Classified] = []
    problems: list[str] = []
    for item in classifying(_circles(request.shown), model, report, request.known):
        if isinstance(item, Problem):
            problems.append(item.sentence)
        else:
            predicted.append(item)
    return predicted, problems


def _circles(
    shown: Sequence[Shown],
) -> list[tuple[Source, tuple[tuple[str, Circle], ...]]]:
    return [
        (source, tuple((each.id, each.circle) for each in particles))
        for source, particles in shown
    ]


def _verdicts(
    request: TrainingRequest, predicted: Sequence[Classified]
) -> Iterator[Verdict]:
    """Yield both forests' predictions and the label of every classified particle."""
    new = {one.particle_id: one for each in predicted for one in each.predictions}
    evidence_of = {each.particle: each for each in request.evidence}
    for source, particles in request.shown:
        micrograph = _micrograph_name(source)
        for each in particles:
            if each.id in new:
                label = each.annotation.label if each.annotation else None
                evidence = evidence_of.get(each.id)
                yield Verdict(
                    each.id,
                    micrograph,
                    new[each.id],
                    each.prediction,
                    label,
                    None
                    if evidence is None
                    else replace(evidence, micrograph=micrograph),
                )


def _fraction_change(
    request: TrainingRequest, verdicts: Sequence[Verdict], training: TrainingSet
) -> FractionChange:
    old = request.old
    return fraction_change(
        verdicts,
        learned_by_old=_learned(request.shown, old.training if old else None),
        learned_by_new=_learned(request.shown, training),
        half_width=request.half_width,
        deleted=tuple(_deleted(request)),
    )


def _deleted(request: TrainingRequest) -> Iterator[Evidence]:
    """Yield the evidence on deleted circles, which have no predictions.

    The evidence names micrographs by their ids, verdicts by `_micrograph_name`; the
    particles that are not deleted tell which belong together.
    """
    shown = {
        each.id: _micrograph_name(source)
        for source, particles in request.shown
        for each in particles
    }
    evidence_of = {each.particle: each for each in request.evidence}
    names = {
        evidence_of[one].micrograph: name
        for one, name in shown.items()
        if one in evidence_of
    }
    for each in request.evidence:
        if each.removed and each.particle not in shown:
            yield replace(each, micrograph=names.get(each.micrograph, each.micrograph))


def _micrograph_name(source: Source) -> str:
    return f"{source.path}/{source.frame}"


def _learned(shown: Sequence[Shown], training: TrainingSet | None) -> frozenset[str]:
    """Return the micrographs that have a particle in a training set."""
    ids = set() if training is None else set(training.particle_ids.tolist())
    return frozenset(
        _micrograph_name(source)
        for source, particles in shown
        if any(each.id in ids for each in particles)
    )


def _judged_draws(request: TrainingRequest) -> dict[str, JudgedDraw]:
    """Return the random draws that were judged without the forest's answer, by id."""
    chances = answer_chances(request.evidence)
    return {
        each.particle: JudgedDraw(chances[each.particle], each.label)
        for each in request.evidence
        if each.particle in chances and each.label
    }


def tuning(request: TrainingRequest, report: Progress) -> Iterator[Tuning]:
    """Yield the scores of a grid of settings on the user's own labels."""
    own, training, _ = training_sets(request, span(report, 0.0, _MEASURED))
    ids = np.unique(own.particle_ids)
    below = forest_below(request.old, own, training)
    yield tune(training, request.params, span(report, _MEASURED, 1.0), ids, below)


def weighing(request: TrainingRequest, report: Progress) -> Iterator[Importance]:
    """Yield the importance of the features for the user's own labels."""
    own, training, _ = training_sets(request, span(report, 0.0, _MEASURED))
    ids = np.unique(own.particle_ids)
    yield importance(training, request.params, span(report, _MEASURED, 1.0), ids)
