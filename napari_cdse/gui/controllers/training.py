"""Run a retraining in a worker, show its outcome, choose the forest in use."""

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
    from napari_cdse.gui.controllers.detection import DetectionController
    from napari_cdse.gui.session.session import Session
    from napari_cdse.project.components.models import Models
    from napari_cdse.tasks.training import Loaded, Shown

    Study = Callable[[TrainingRequest, Progress], Iterator[object]]

_FILE = "forest file"
"""Name of the message about a file that was not read or written."""
_SAME = (
    "The same labels and settings gave the forest that is in use: nothing would change."
)


class TrainingController(QObject):
    """Retrains a session's forest and keeps the outcome until it is decided on.

    `changed` says that a job began or ended, or that `outcome` is another.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        What was drawn there and not taken in belongs to the labels.
    detection : DetectionController
        It classifies anew when another forest is in use.
    """

    changed = Signal()

    def __init__(
        self, session: Session, canvas: MicrographView, detection: DetectionController
    ) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._detection = detection
        self.job: Job | None = None
        self.outcome: Outcome | None = None
        self.forecast: Forecast | None = None
        self.tuning: Tuning | None = None
        self.importance: Importance | None = None
        self._fresh = False
        self._known = KnownFeatures()
        session.project_changed.connect(self._forget)

    # --- a new forest ---------------------------------------------------------

    def retrain(self, params: ForestParams, *, onto: bool = True) -> Job | None:
        """Train a new forest in a worker; the one in use stays until it is kept.

        Parameters
        ----------
        params : ForestParams
            How the forest is grown.
        onto : bool
            Learn from the table of the forest in use, too.
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
        """Score a grid of settings in a worker; `tuning` holds what comes of it."""
        return self._study("Trying settings", tuning, params, onto)

    def weigh_features(self, params: ForestParams, *, onto: bool = True) -> Job | None:
        """Tell in a worker what features are worth; `importance` holds it."""
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
        """Put the new forest in the old one's place."""
        self._decide(name, take=True)

    def keep_both(self, name: str) -> None:
        """Leave the old forest in use, and the new one in the project."""
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
            self._put(outcome)
            self.outcome = None
            if take:
                self._use(lambda: project.models.keep(model_id))
        self.changed.emit()

    def _put(self, outcome: Outcome) -> None:
        """Store all that the new forest has said, in one go."""
        said = [one for found in outcome.predicted for one in found.predictions]
        circles = [one for found in outcome.predicted for one in found.circles]
        ids = [one.particle_id for one in said]
        self._session.project.detections.put_predictions(
            outcome.model.card.id, said, dict(zip(ids, circles, strict=True))
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
        """Take the forest into use that was in use before."""
        with self._session.reporting_errors():
            self._use(self._session.project.models.roll_back)
        self.changed.emit()

    def rename(self, model_id: str, name: str) -> None:
        """Call a forest of the project by another name."""
        with self._session.reporting_errors():
            self._session.project.models.rename(model_id, name)

    def save(self, path: Path) -> Job | None:
        """Write the forest in use to a file, in a worker."""
        model = self._detection.model()
        if model is None:
            return None
        job = Job("Saving the forest", partial(saving, model, path), heavy=False)
        job.produced.connect(notifications.inform)
        job.failed.connect(self._refuse)
        return self._session.runner.submit(job)

    def load(self, path: Path) -> Job | None:
        """Take a forest from a file into use; a worker reads and checks it."""
        job = Job("Reading a forest", partial(loading, path), heavy=False)
        job.produced.connect(self._on_loaded)
        job.failed.connect(self._refuse)
        self._session.messages.withdraw(_FILE)
        return self._session.runner.submit(job)

    def _refuse(self, sentence: str) -> None:
        """Say what is wrong with a file until read: napari's notice is cut off."""
        self._session.messages.put(_FILE, sentence)

    def _on_loaded(self, found: Loaded) -> None:
        project = self._session.project
        with self._session.reporting_errors():
            for sentence in found.model.notices:
                notifications.inform(sentence)
            project.models.add(found.model, found.data)
            self._use(lambda: project.models.keep(found.model.card.id))
        self.changed.emit()

    def _use(self, choose: Callable[[], object]) -> None:
        choose()
        self._detection.classify_everything()

    # --- inside ---------------------------------------------------------------

    def _request(self, params: ForestParams, onto: bool) -> TrainingRequest:
        project = self._session.project
        return TrainingRequest(
            labelled=tuple(project.micrographs.labelled()),
            old=self._detection.model(),
            params=params,
            own_micrographs=frozenset(
                one.id for one in project.micrographs.entries if one.id
            ),
            shown=tuple(self._shown()),
            onto=onto,
            known=self._known,
            half_width=project.settings.half_width,
            evidence=tuple(project.statistics.evidence()),
        )

    def _shown(self) -> Iterator[Shown]:
        """Every particle of every micrograph in use."""
        session = self._session
        for entry in session.entries:
            particles = session.project.particles.of(entry.index)
            if particles and entry.problem is None and entry.excluded is None:
                yield session.source(entry.index), particles

    def _on_produced(self, found: object) -> None:
        if isinstance(found, Outcome):
            self._on_outcome(found)
        elif isinstance(found, Forecast):
            self.forecast = found
        elif isinstance(found, Tuning):
            self.tuning = found
        elif isinstance(found, Importance):
            self.importance = found
        self.changed.emit()

    def _on_outcome(self, outcome: Outcome) -> None:
        project, model_id = self._session.project, outcome.model.card.id
        for sentence in outcome.notices:
            self._session.warn(sentence)
        if model_id == project.models.active_id:
            notifications.inform(_SAME)
            return
        with self._session.reporting_errors():
            # A busy file must not cost the minutes that the forest took.
            project.backlog.write_or_wait(lambda: self._take(outcome, project.models))
        if self.job is not None:
            self.job.title = "Estimating what more labels would give"

    def _take(self, outcome: Outcome, models: Models) -> None:
        """Store a new forest, and offer it."""
        model_id = outcome.model.card.id
        fresh = models.role(model_id) in (None, "rejected")
        models.add(outcome.model, outcome.data)
        self._fresh, self.outcome = fresh, outcome
        self.changed.emit()

    def _on_finished(self, _complete: bool) -> None:
        self.job = None
        self.changed.emit()

    def _drop_outcome(self) -> None:
        project, outcome = self._session.project, self.outcome
        self.outcome = None
        # One that was in the project before this retraining stays there.
        if outcome is not None and self._fresh:
            project.models.reject(outcome.model.card.id)

    def _forget(self) -> None:
        self.outcome = self.forecast = self.tuning = self.importance = None
        self._known = KnownFeatures()
        self.changed.emit()
