"""Retraining for one window: the worker, its outcome, keep or reject."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_cdse.batch import classify, training_from_annotations
from napari_cdse.batch.analysis import predictions_of
from napari_cdse.core.errors import TrainingError
from napari_cdse.core.forest import fit
from napari_cdse.core.training import join
from napari_cdse.core.validation import compare
from napari_cdse.gui import notices
from napari_cdse.gui.jobs import Job
from napari_cdse.gui.work import Classified
from napari_cdse.io.model_file import model_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_cdse.core.detection import Progress
    from napari_cdse.core.forest import Model
    from napari_cdse.core.params import ForestParams
    from napari_cdse.core.records import Circle
    from napari_cdse.core.training import TrainingSet
    from napari_cdse.core.validation import Comparison
    from napari_cdse.gui.session import Session
    from napari_cdse.gui.work import Source
    from napari_cdse.project import LabelledMicrograph

    Shown = tuple[Source, tuple[tuple[str, Circle], ...]]

_READ, _FIT, _COMPARED = 0.2, 0.4, 0.9
_MOST_COMPARED = 20
"""Micrographs in which it is counted how many particles would change class."""


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """Everything a retraining needs, frozen.

    Attributes
    ----------
    labelled : tuple of LabelledMicrograph
    old : Model or None
    params : ForestParams
    own_micrographs : frozenset of str
        Content ids of the project's micrographs: what an earlier forest learnt from
        them is replaced by what the labels say now.
    shown : tuple of (Source, circles)
        Particles to count changes of class on.
    """

    labelled: tuple[LabelledMicrograph, ...]
    old: Model | None
    params: ForestParams
    own_micrographs: frozenset[str]
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A new forest beside the old one.

    Attributes
    ----------
    model : Model
    data : bytes
        Of the model file.
    comparison : Comparison or None
        None where there is no old forest.
    predicted : tuple of Classified
        What the new forest says of the particles in view.
    notices : tuple of str
    """

    model: Model
    data: bytes
    comparison: Comparison | None
    predicted: tuple[Classified, ...]
    notices: tuple[str, ...]


def retraining(order: Order, report: Progress) -> Iterator[Outcome]:
    """Train on the project's labels joined with the old forest's own table."""
    own, told = training_from_annotations(
        order.labelled, order.params, _part(report, 0.0, _READ)
    )
    training = _joined(order, own)
    old = order.old
    model = fit(
        training,
        order.params,
        name="retrained here",
        parent=None if old is None else old.card.id,
        trained_on=_provenance(own, old),
        progress=_part(report, _READ, _FIT),
    )
    comparison = None
    if old is not None and old.card.feature_schema == model.card.feature_schema:
        progress = _part(report, _FIT, _COMPARED)
        ids = np.unique(own.particle_ids)
        comparison = compare(old, training, order.params, ids, progress)
    predicted = tuple(_predict(order.shown, model, _part(report, _COMPARED, 1.0)))
    yield Outcome(model, model_bytes(model), comparison, predicted, told)


def _joined(order: Order, own: TrainingSet) -> TrainingSet:
    old = order.old
    if old is None or old.training is None:
        return own
    if old.training.table.schema != own.table.schema:
        raise TrainingError(
            f"The forest in use was trained on features {old.training.table.schema}, "
            f"these labels give {own.table.schema}; choose the same features."
        )
    foreign = ~np.isin(old.training.micrograph_ids, list(order.own_micrographs))
    return join(old.training.rows(foreign), own) if foreign.any() else own


def _provenance(own: TrainingSet, old: Model | None) -> str:
    particles = len(np.unique(own.particle_ids))
    micrographs = len(np.unique(own.micrograph_ids))
    words = f"{particles} labelled particles of {micrographs} own micrographs"
    if old is None or old.training is None:
        return words
    return f"{words}, joined with the training table of {old.card.name or old.card.id}"


def _predict(
    shown: Sequence[Shown], model: Model, report: Progress
) -> Iterator[Classified]:
    for done, (source, particles) in enumerate(shown):
        report(done / len(shown))
        ids = [particle_id for particle_id, _ in particles]
        circles = tuple(circle for _, circle in particles)
        probabilities = classify(source.read(), circles, model)
        predictions = predictions_of(ids, model, probabilities)
        yield Classified(source.index, model.card.id, predictions, circles)


def _part(report: Progress, start: float, end: float) -> Progress:
    return lambda share: report(start + share * (end - start))


class Trainer(QObject):
    """Retrains a session's forest and keeps the outcome until it is decided on.

    Parameters
    ----------
    session : Session
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.job: Job | None = None
        self.outcome: Outcome | None = None
        session.project_changed.connect(self._forget)

    def retrain(self, params: ForestParams) -> Job | None:
        """Train a new forest in a worker; the one in use stays until it is kept."""
        session = self._session
        if session.project is None or self.job is not None:
            return None
        session.stage.check()
        with notices.told():
            self._drop_outcome()
            order = self._order(params)
            self.job = Job("Retraining", partial(retraining, order))
            self.job.produced.connect(self._on_outcome)
            self.job.failed.connect(notices.warn)
            self.job.finished.connect(self._on_finished)
            session.runner.submit(self.job)
        self.changed.emit()
        return self.job

    def keep(self) -> None:
        """Put the new forest in the old one's place, and classify anew with it."""
        project, outcome = self._session.project, self.outcome
        if project is None or outcome is None:
            return
        with notices.told():
            for found in outcome.predicted:
                pairs = zip(found.predictions, found.circles, strict=True)
                circles = {one.particle_id: circle for one, circle in pairs}
                project.put_predictions(found.model_id, found.predictions, circles)
            project.keep(outcome.model.card.id)
            self.outcome = None
            self._session.analyst.classify_everything()
        self.changed.emit()

    def reject(self) -> None:
        """Drop the new forest; its card stays on record."""
        with notices.told():
            self._drop_outcome()
        self.changed.emit()

    def flips(self) -> tuple[int, int]:
        """How many particles would change class, of how many."""
        project = self._session.project
        if project is None or self.outcome is None:
            return 0, 0
        flipped = total = 0
        for found in self.outcome.predicted:
            for prediction in found.predictions:
                particle = project.find(prediction.particle_id)
                if particle is not None and particle.prediction is not None:
                    total += 1
                    flipped += particle.prediction.label != prediction.label
        return flipped, total

    def _order(self, params: ForestParams) -> Order:
        project = self._session.project
        old = self._session.analyst.model()
        return Order(
            labelled=tuple(project.labelled()),
            old=old,
            params=params,
            own_micrographs=frozenset(one.id for one in project.entries if one.id),
            shown=tuple(self._shown()),
        )

    def _shown(self) -> Iterator[Shown]:
        """Particles of the open micrograph, then of others, up to a limit."""
        project = self._session.project
        first = [] if project.current is None else [project.current]
        others = [one.index for one in self._session.entries if one.problem is None]
        todo = dict.fromkeys([*first, *others])
        for index in list(todo)[:_MOST_COMPARED]:
            particles = project.particles_of(index)
            if particles:
                circles = tuple((one.id, one.circle) for one in particles)
                yield self._session.source(index), circles

    def _on_outcome(self, outcome: Outcome) -> None:
        with notices.told():
            self._session.project.add_model(outcome.model, outcome.data)
            self.outcome = outcome
        for sentence in outcome.notices:
            notices.warn(sentence)

    def _on_finished(self, _complete: bool) -> None:
        self.job = None
        self.changed.emit()

    def _drop_outcome(self) -> None:
        project, outcome = self._session.project, self.outcome
        self.outcome = None
        if project is not None and outcome is not None:
            project.reject(outcome.model.card.id)

    def _forget(self) -> None:
        self.outcome = None
        self.changed.emit()
