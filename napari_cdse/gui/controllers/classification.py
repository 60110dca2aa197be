"""Classify circles that are in the project already, in workers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_cdse.core.errors import ModelError
from napari_cdse.gui.session.workers import Job
from napari_cdse.io.problem_report import Unforeseen
from napari_cdse.tasks.analysis import Classified, Problem, classifying

if TYPE_CHECKING:
    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.records import Circle
    from napari_cdse.gui.session.session import Session
    from napari_cdse.tasks.analysis import Circles, Source


class ClassificationController(QObject):
    """Gives circles without a prediction one of the forest in use.

    Parameters
    ----------
    session : Session
        Its project stores the predictions.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._job: Job | None = None
        # A circle that can't be classified is tried once with each forest.
        self._tried: set[tuple[str, str, Circle]] = set()
        self._model_problem: str | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.classify_missing)
        session.project_changed.connect(self._forget)

    def close(self) -> None:
        """Start no further jobs."""
        self._soon.stop()

    @property
    def waiting(self) -> bool:
        """Whether circles wait to be classified."""
        return self._soon.isActive()

    def _forget(self) -> None:
        """Forget the project that was open before."""
        self._tried.clear()
        self._model_problem = None

    def model(self) -> Model | None:
        """Return the forest in use; None, with one message, if it can't be used."""
        try:
            return self._session.project.models.active
        except ModelError as error:
            if self._model_problem != str(error):
                self._model_problem = str(error)
                self._session.warn(f"{error} Circles are found, but not classified.")
            return None

    # --- the open micrograph --------------------------------------------------

    def classify_soon(self) -> None:
        """Classify circles without a prediction, once pending events are processed."""
        if not self._session.closed:
            self._soon.start(0)

    def classify_missing(self) -> None:
        """Classify circles drawn, moved or imported in the open micrograph."""
        session = self._session
        if not session.is_open:
            return
        project = session.project
        index = project.selection.index
        if index is None or project.selection.micrograph is None:
            return
        if not project.particles.current:
            return
        if self._job is not None and self._job.running:
            return
        with self._session.reporting_errors():
            model = self.model()
            todo = [] if model is None else self._untried(model.card.id)
            if model is not None and todo:
                source = session.source(index)
                work = partial(classifying, [(source, tuple(todo))], model)
                job = Job("Classifying", work, heavy=False)
                job.produced.connect(self.store)
                job.failed.connect(self._session.warn)
                job.finished.connect(lambda _complete: self.classify_missing())
                self._job = session.runner.submit(job)

    def _untried(self, model_id: str) -> list[tuple[str, Circle]]:
        """Return circles that were not given to this forest before."""
        project = self._session.project
        missing = [
            project.particles.get(one) for one in project.detections.unclassified()
        ]
        todo = [
            (one.id, one.circle)
            for one in missing
            if (model_id, one.id, one.circle) not in self._tried
        ]
        self._tried |= {(model_id, *one) for one in todo}
        return todo

    # --- all micrographs ------------------------------------------------------

    def classify_everything(self) -> Job | None:
        """Classify circles without the active forest's prediction, everywhere."""
        session = self._session
        job = None
        with self._session.reporting_errors():
            model = self.model()
            todo = self.unclassified()
            if model is None or not todo:
                return None
            work = partial(classifying, todo, model)
            job = Job(f"Classifying {len(todo)} micrographs", work)
            job.produced.connect(self.store)
            job.failed.connect(self._session.warn)
            session.runner.submit(job)
        return job

    def unclassified(self) -> list[tuple[Source, Circles]]:
        """Return circles without the active forest's prediction, by micrograph."""
        todo = []
        for entry in self._session.project.micrographs.entries:
            circles = self.unclassified_in(entry.index)
            if circles and entry.problem is None:
                todo.append((self._session.source(entry.index), circles))
        return todo

    def unclassified_in(self, index: int) -> Circles:
        """Return circles of a micrograph without the active forest's prediction."""
        project = self._session.project
        ids = project.detections.unclassified(index)
        return tuple((one, project.particles.get(one).circle) for one in ids)

    def store(self, result: Classified | Problem) -> None:
        """Store predictions, or show why there are none."""
        if isinstance(result, Problem):
            self._session.set_problem(result.index, result.sentence)
            if isinstance(result.sentence, Unforeseen):
                self._session.warn(result.sentence)
            return
        project = self._session.project
        pairs = zip(result.predictions, result.circles, strict=True)
        circles = {one.particle_id: circle for one, circle in pairs}
        with self._session.reporting_errors():
            project.detections.put_predictions(
                result.model_id, result.predictions, circles
            )
