"""Retrain in a thread, on immutable data; without Qt."""

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

_READ, _SCORED, _FIT, _ASKED = 0.1, 0.4, 0.5, 0.8


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRequest:
    """Everything a retraining needs, frozen.

    Attributes
    ----------
    labelled : tuple of LabelledMicrograph
    old : Model or None
        The forest in use.
    params : ForestParams
    own_micrographs : frozenset of str
        Content ids of the project's micrographs.
    shown : tuple of (Source, particles)
        Every particle of the project.
    onto : bool
        Whether the old forest's own table is learnt from, too.
    known : KnownFeatures
        What an earlier retraining computed.
    half_width : float
        Half the width that is wanted of the fraction's interval.
    evidence : tuple of Evidence
        Of every particle of the project, deleted ones too, as the project's own number
        takes it.
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
    """A new forest beside the old one.

    Attributes
    ----------
    model : Model
    data : bytes
        Of the model file.
    scores : Scores
        Of the new forest on the user's own labels.
    comparison : Comparison or None
        None where there is no old forest with these features.
    predicted : tuple of Classified
        What the new forest says of every particle.
    compared : int
        Particles that both forests were asked about.
    flips : tuple of Verdict
        Those of them with another class, the new forest's surest first.
    fraction : FractionChange
    notices : tuple of str
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
    """Train on the project's labels, compare, and ask both about every particle.

    What more labels would buy comes last: nobody has to wait for it.
    """
    own, training, told = taught(request, span(report, 0.0, _READ))
    old = request.old
    scores, comparison = _scored(request, own, training, span(report, _READ, _SCORED))
    model = fit(
        training,
        request.params,
        name=_name(own),
        parent=None if old is None else old.card.id,
        trained_on=_provenance(own, old if request.onto else None),
        scores=scores.as_dict(),
        calibration=scores.calibration,
        quality_range=_quality_range(request, training is not own),
        progress=span(report, _SCORED, _FIT),
    )
    found, problems = _predict(request, model, span(report, _FIT, _ASKED))
    verdicts = tuple(_verdicts(request, found))
    yield Outcome(
        model=model,
        data=model_bytes(model),
        scores=scores,
        comparison=comparison,
        predicted=tuple(found),
        compared=sum(each.old is not None for each in verdicts),
        flips=tuple(flipped(verdicts)),
        fraction=fraction_change(
            verdicts,
            learned_by_old=_learned(request.shown, old.training if old else None),
            learned_by_new=_learned(request.shown, training),
            half_width=request.half_width,
            deleted=tuple(_deleted(request)),
        ),
        notices=(*told, *problems),
    )
    mine = np.unique(own.particle_ids)
    yield forecast(training, mine, request.params, span(report, _ASKED, 1.0))


def taught(
    request: TrainingRequest, report: Progress
) -> tuple[TrainingSet, TrainingSet, tuple[str, ...]]:
    """Give the user's own examples, all that is learnt from, and notices."""
    own, told = training_from_annotations(
        request.labelled, request.params, report, request.known
    )
    earlier = request.old.training if request.old is not None and request.onto else None
    return own, joined(own, earlier, request.own_micrographs), told


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A forest from a file, and the file's bytes."""

    model: Model
    data: bytes


def loading(path: Path, _report: Progress) -> Iterator[Loaded]:
    """Read a forest from a file."""
    model = load_model(path)
    yield Loaded(model, model_bytes(model))


def saving(model: Model, path: Path, _report: Progress) -> Iterator[str]:
    """Write a forest to a file; give the sentence that says so."""
    save_model(model, path)
    yield f"{model.card.name or model.card.id} is in {path.name}."


def _scored(
    request: TrainingRequest, own: TrainingSet, training: TrainingSet, report: Progress
) -> tuple[Scores, Comparison | None]:
    """Score on the user's own labels; beside the old forest, where that can be."""
    old, mine = request.old, np.unique(own.particle_ids)
    below = forest_below(old, own, training)
    if old is None or old.card.feature_schema != training.table.schema:
        params = request.params
        return cross_validate(training, params, report, mine, below)[0], None
    draws = _draws(request)
    comparison = compare(
        old, training, request.params, mine, report, draws=draws, below=below
    )
    return comparison.new, comparison


def _quality_range(request: TrainingRequest, joined_on: bool) -> QualityRange | None:
    """Range of the quality of all micrographs that are learnt from."""
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
    """Classify every particle; a micrograph that cannot be read stops no other."""
    found: list[Classified] = []
    problems: list[str] = []
    for item in classifying(_circles(request.shown), model, report, request.known):
        if isinstance(item, Problem):
            problems.append(item.sentence)
        else:
            found.append(item)
    return found, problems


def _circles(
    shown: Sequence[Shown],
) -> list[tuple[Source, tuple[tuple[str, Circle], ...]]]:
    return [
        (source, tuple((each.id, each.circle) for each in particles))
        for source, particles in shown
    ]


def _verdicts(
    request: TrainingRequest, found: Sequence[Classified]
) -> Iterator[Verdict]:
    said = {one.particle_id: one for each in found for one in each.predictions}
    known = {each.particle: each for each in request.evidence}
    for source, particles in request.shown:
        for each in particles:
            if each.id in said:
                judged = each.annotation.label if each.annotation else None
                micrograph = _micrograph(source)
                told = known.get(each.id)
                yield Verdict(
                    each.id,
                    micrograph,
                    said[each.id],
                    each.prediction,
                    judged,
                    None if told is None else replace(told, micrograph=micrograph),
                )


def _deleted(request: TrainingRequest) -> Iterator[Evidence]:
    """Yield what is known of circles that were deleted, which no forest is asked of."""
    shown = {
        each.id: _micrograph(source)
        for source, particles in request.shown
        for each in particles
    }
    known = {each.particle: each for each in request.evidence}
    names = {known[one].micrograph: name for one, name in shown.items() if one in known}
    for each in request.evidence:
        if each.removed and each.particle not in shown:
            yield replace(each, micrograph=names.get(each.micrograph, each.micrograph))


def _micrograph(source: Source) -> str:
    return f"{source.path}/{source.frame}"


def _learned(shown: Sequence[Shown], training: TrainingSet | None) -> frozenset[str]:
    """Return the micrographs with a particle that was learnt from."""
    ids = set() if training is None else set(training.particle_ids.tolist())
    return frozenset(
        _micrograph(source)
        for source, particles in shown
        if any(each.id in ids for each in particles)
    )


def _draws(request: TrainingRequest) -> dict[str, JudgedDraw]:
    """Return the particles that were drawn and judged unseen, by id."""
    chances = answer_chances(request.evidence)
    return {
        each.particle: JudgedDraw(chances[each.particle], each.label)
        for each in request.evidence
        if each.particle in chances and each.label
    }


_READ = 0.1
"""Share of the time after which all labelled particles are measured."""


def tuning(request: TrainingRequest, report: Progress) -> Iterator[Tuning]:
    """Score a grid of settings on the user's own labels."""
    own, training, _ = taught(request, span(report, 0.0, _READ))
    ids = np.unique(own.particle_ids)
    below = forest_below(request.old, own, training)
    yield tune(training, request.params, span(report, _READ, 1.0), ids, below)


def weighing(request: TrainingRequest, report: Progress) -> Iterator[Importance]:
    """Tell what features are worth on the user's own labels."""
    own, training, _ = taught(request, span(report, 0.0, _READ))
    ids = np.unique(own.particle_ids)
    yield importance(training, request.params, span(report, _READ, 1.0), ids)
