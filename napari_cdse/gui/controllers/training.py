"""Run a retraining in a worker, keep its outcome, and choose the forest in use."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_cdse.core.evaluation.feature_importance import Importance
from napari_cdse.core.evaluation.label_forecast import Forecast
from napari_cdse.core.evaluation.tuning import Tuning
from napari_cdse.core.features.cache import KnownFeatures
from napari_cdse.gui.session import notifications
from napari_cdse.gui.session.workers import Job
from napari_cdse.tasks.training import (
    Outcome,
    TrainingRequest,
    loading,
    retraining,
    saving,
    tuning,
    weighing,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_cdse.core.params import ForestParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.controllers.classification import ClassificationController
    from napari_cdse.gui.session.session import Session
    from napari_cdse.project.components.models import Models
    from napari_cdse.tasks.training import Loaded, Shown

    Study = Callable[[TrainingRequest, Progress], Iterator[object]]

_FILE = "forest file"
"""Name of the message about a file that could not be read or written."""
_SAME = (
    "The same labels and settings gave the forest that is in use: nothing would change."
)


class TrainingController(QObject):
    """Retrains the forest, and keeps the outcome until the user has decided.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        Pending edits there belong to the labels, and are applied first.
    classification : ClassificationController
        Classifies all circles when another forest is taken into use.

    Attributes
    ----------
    job : Job or None
        The retraining or study that runs.
    outcome : Outcome or None
        The new forest, while the user has not decided.
    forecast : Forecast or None
    tuning : Tuning or None
    importance : Importance or None
        Results of studies.

    Signals
    -------
    changed()
        One of these has changed.
    """

    changed = Signal()

    def __init__(
        self,
        session: Session,
        canvas: MicrographView,
        classification: ClassificationController,
    ) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._classification = classification
        self.job: Job | None = None
        self.outcome: Outcome | None = None
        self.forecast: Forecast | None = None
        self.tuning: Tuning | None = None
        self.importance: Importance | None = None
        # Whether the outcome's forest was not in the project before.
        self._is_new = False
        self._known_features = KnownFeatures()
        session.project_changed.connect(self._forget)

    # --- a new forest ---------------------------------------------------------

    def retrain(self, params: ForestParams, *, onto: bool = True) -> Job | None:
        """Train a new forest in a worker; the one in use stays until the user decides.

        Parameters
        ----------
        params : ForestParams
            Parameters of the new forest.
        onto : bool
            Whether to learn from the table of the forest in use, too.
        """
        if self.job is not None:
            return None
        self._canvas.apply_pending_edits()
        with self._session.reporting_errors():
            self._session.project.check_writable()
            self._drop_outcome()
            request = self._request(params, onto)
            self._start(Job("Retraining", partial(retraining, request)))
        self.changed.emit()
        return self.job

    def try_settings(self, params: ForestParams, *, onto: bool = True) -> Job | None:
        """Score a grid of settings in a worker; `tuning` holds the result."""
        return self._study("Trying settings", tuning, params, onto)

    def weigh_features(self, params: ForestParams, *, onto: bool = True) -> Job | None:
        """Measure in a worker how important features are; see `importance`."""
        return self._study("Weighing features", weighing, params, onto)

    def _study(
        self, title: str, study: Study, params: ForestParams, onto: bool
    ) -> Job | None:
        if self.job is not None:
            return None
        self._canvas.apply_pending_edits()
        with self._session.reporting_errors():
            self._start(Job(title, partial(study, self._request(params, onto))))
        self.changed.emit()
        return self.job

    def _start(self, job: Job) -> None:
        self.job = job
        job.produced.connect(self._on_produced)
        job.failed.connect(self._session.warn)
        job.finished.connect(self._on_finished)
        self._session.runner.submit(job)

    def keep(self, name: str) -> None:
        """Take the new forest into use."""
        self._decide(name, take=True)

    def keep_both(self, name: str) -> None:
        """Keep the new forest in the project, and the old one in use."""
        self._decide(name, take=False)

    def reject(self) -> None:
        """Drop the new forest; its card stays on record."""
        with self._session.reporting_errors():
            self._drop_outcome()
        self.changed.emit()

    def _decide(self, name: str, *, take: bool) -> None:
        project, outcome = self._session.project, self.outcome
        if outcome is None:
            return
        with self._session.reporting_errors():
            model_id = outcome.model.card.id
            if name.strip() and name.strip() != outcome.model.card.name:
                project.models.rename(model_id, name)
            self._store_predictions(outcome)
            self.outcome = None
            if take:
                self._use(lambda: project.models.keep(model_id))
        self.changed.emit()

    def _store_predictions(self, outcome: Outcome) -> None:
        """Store all predictions of the new forest in one transaction."""
        predictions = [one for each in outcome.predicted for one in each.predictions]
        circles = [one for each in outcome.predicted for one in each.circles]
        ids = [one.particle_id for one in predictions]
        self._session.project.detections.put_predictions(
            outcome.model.card.id, predictions, dict(zip(ids, circles, strict=True))
        )

    # --- the forests of the project -------------------------------------------

    def use(self, model_id: str) -> None:
        """Take another forest of the project into use."""
        project = self._session.project
        if model_id == project.models.active_id:
            return
        with self._session.reporting_errors():
            self._use(lambda: project.models.keep(model_id))
        self.changed.emit()

    def roll_back(self) -> None:
        """Take the previous forest into use again."""
        with self._session.reporting_errors():
            self._use(self._session.project.models.roll_back)
        self.changed.emit()

    def rename(self, model_id: str, name: str) -> None:
        """Rename a forest of the project."""
        with self._session.reporting_errors():
            self._session.project.models.rename(model_id, name)

    def save(self, path: Path) -> Job | None:
        """Write the forest in use to a file, in a worker."""
        model = self._classification.model()
        if model is None:
            return None
        job = Job("Saving the forest", partial(saving, model, path), heavy=False)
        job.produced.connect(notifications.inform)
        job.failed.connect(self._show_file_problem)
        return self._session.runner.submit(job)

    def load(self, path: Path) -> Job | None:
        """Take a forest from a file into use; a worker reads and checks it."""
        job = Job("Reading a forest", partial(loading, path), heavy=False)
        job.produced.connect(self._on_loaded)
        job.failed.connect(self._show_file_problem)
        self._session.messages.withdraw(_FILE)
        return self._session.runner.submit(job)

    def _show_file_problem(self, sentence: str) -> None:
        """Show what is wrong with a file as a lasting message."""
        self._session.messages.put(_FILE, sentence)

    def _on_loaded(self, loaded: Loaded) -> None:
        project = self._session.project
        with self._session.reporting_errors():
            for sentence in loaded.model.notices:
                notifications.inform(sentence)
            project.models.add(loaded.model, loaded.data)
            self._use(lambda: project.models.keep(loaded.model.card.id))
        self.changed.emit()

    def _use(self, choose: Callable[[], object]) -> None:
        """Take another forest into use, and classify with it."""
        choose()
        self._classification.classify_everything()

    # --- requests and results -------------------------------------------------

    def _request(self, params: ForestParams, onto: bool) -> TrainingRequest:
        project = self._session.project
        return TrainingRequest(
            labelled=tuple(project.micrographs.labelled()),
            old=self._classification.model(),
            params=params,
            own_micrographs=frozenset(
                one.id for one in project.micrographs.entries if one.id
            ),
            shown=tuple(self._shown()),
            onto=onto,
            known=self._known_features,
            half_width=project.settings.half_width,
            evidence=tuple(project.statistics.evidence()),
        )

    def _shown(self) -> Iterator[Shown]:
        """Yield the particles of every micrograph in use."""
        session = self._session
        for entry in session.entries:
            particles = session.project.particles.of(entry.index)
            if particles and entry.problem is None and entry.excluded is None:
                yield session.source(entry.index), particles

    def _on_produced(self, result: object) -> None:
        if isinstance(result, Outcome):
            self._on_outcome(result)
        elif isinstance(result, Forecast):
            self.forecast = result
        elif isinstance(result, Tuning):
            self.tuning = result
        elif isinstance(result, Importance):
            self.importance = result
        self.changed.emit()

    def _on_outcome(self, outcome: Outcome) -> None:
        project, model_id = self._session.project, outcome.model.card.id
        for sentence in outcome.notices:
            self._session.warn(sentence)
        if model_id == project.models.active_id:
            notifications.inform(_SAME)
            return
        with self._session.reporting_errors():
            # If the file is busy, the forest waits and is not lost.
            project.backlog.write_or_wait(lambda: self._store(outcome, project.models))
        if self.job is not None:
            self.job.title = "Estimating what more labels would give"

    def _store(self, outcome: Outcome, models: Models) -> None:
        """Store a new forest, and let the user decide on it."""
        model_id = outcome.model.card.id
        is_new = models.role(model_id) in (None, "rejected")
        models.add(outcome.model, outcome.data)
        self._is_new, self.outcome = is_new, outcome
        self.changed.emit()

    def _on_finished(self, _complete: bool) -> None:
        self.job = None
        self.changed.emit()

    def _drop_outcome(self) -> None:
        project, outcome = self._session.project, self.outcome
        self.outcome = None
        # A forest that was in the project before this retraining stays there.
        if outcome is not None and self._is_new:
            project.models.reject(outcome.model.card.id)

    def _forget(self) -> None:
        self.outcome = self.forecast = self.tuning = self.importance = None
        self._known_features = KnownFeatures()
        self.changed.emit()
