"""Run detection and classification in workers, and store their results."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_cdse.core.errors import ModelError
from napari_cdse.gui.controllers.map_display import MapDisplay
from napari_cdse.gui.session import notifications
from napari_cdse.gui.session.workers import Job
from napari_cdse.io.problem_report import Unforeseen
from napari_cdse.tasks.analysis import (
    Analysed,
    Classified,
    Problem,
    analysing,
    classifying,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.detection.methods import Detection
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.records import Circle
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.tasks.analysis import Circles, Source

_NOTHING_FOUND = "nothing found"


class DetectionController(QObject):
    """Runs detection and classification in workers, and stores their results.

    Parameters
    ----------
    session : Session
        Its project stores the results.
    canvas : MicrographView
        Shows the results.

    Attributes
    ----------
    maps : MapDisplay
        The accumulation maps over the micrograph.
    """

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self.maps = MapDisplay(session, canvas, self.model)
        self._classifying: Job | None = None
        self._tried: set[tuple[str, str, Circle]] = set()
        self._told: str | None = None
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
        self._told = None

    def model(self) -> Model | None:
        """Return the forest in use; None, with one message, if it can't be used."""
        try:
            return self._session.project.models.active
        except ModelError as error:
            if self._told != str(error):
                self._told = str(error)
                self._session.warn(f"{error} Circles are found, but not classified.")
            return None

    # --- detection ------------------------------------------------------------

    def set_params(self, params: DetectionParams) -> None:
        """Store the parameters; for another method, show its earlier detections."""
        project = self._session.project
        with self._session.reporting_errors():
            before = project.settings.detection
            lattice = before.material
            project.settings.detection = params
            if params.method != before.method and project.detections.bring_back():
                self.maps.show()
            if params.material != lattice:
                # The particle's card names the lattice's planes.
                project.events.particles_changed.emit(None)

    def detect_current(self) -> None:
        """Find and classify the particles of the open micrograph."""
        current = self._session.project.selection.index
        if current is not None:
            self.analyse([current])

    def detect_all(self) -> None:
        """Analyse every micrograph, or those that are left after an interruption."""
        broken = [one.index for one in self._session.entries if one.problem]
        self.analyse(self._session.project.detections.due(broken))

    def analyse(self, indices: Sequence[int]) -> Job | None:
        """Detect and classify micrographs in a worker."""
        session, project = self._session, self._session.project
        self._canvas.apply_pending_edits()
        job = None
        with self._session.reporting_errors():
            project.check_writable()
            params = project.settings.detection
            model = self.model()
            todo = [(session.source(one), self._standing(one)) for one in indices]
            work = partial(analysing, todo, model, params, maps=self.maps.path)
            job = Job(_title(0, len(todo)), work)
            tally = _Tally(job, len(todo))
            job.produced.connect(lambda found: self._on_found(found, params, tally))
            job.failed.connect(self._session.warn)
            job.finished.connect(lambda complete: tally.close(complete))
            session.runner.submit(job)
        return job

    def _on_found(
        self, found: Analysed | Problem, params: DetectionParams, tally: _Tally
    ) -> None:
        tally.add(found)
        if isinstance(found, Problem):
            self._session.set_problem(found.index, found.sentence)
            if tally.total == 1 or isinstance(found.sentence, Unforeseen):
                self._session.warn(found.sentence)
            return
        with self._session.reporting_errors():
            self._put(found, params)
        if tally.total == 1:
            self._tell_notices(found.analysis.detection)

    def _tell_notices(self, detection: Detection) -> None:
        """Show a detection's notices; as a lasting message if nothing was found."""
        self._session.messages.withdraw(_NOTHING_FOUND)
        if not detection.circles:
            # The last notice gives the reason, if one is known.
            told = " ".join(("No particle was found.", *detection.notices[-1:]))
            self._session.warn(told, _NOTHING_FOUND)
            return
        for sentence in detection.notices:
            notifications.inform(sentence)

    def _put(self, found: Analysed, params: DetectionParams) -> None:
        project, analysis = self._session.project, found.analysis
        if (
            project.selection.index != found.index
            or project.selection.micrograph is None
        ):
            project.micrographs.register(found.index, analysis.micrograph)
        if found.standing is not None:
            self._on_classified(found.standing)
        project.detections.put(
            analysis.micrograph.id,
            analysis.detection,
            analysis.candidates,
            analysis.predictions,
            params=params,
        )
        self._session.set_problem(found.index, None)
        if project.selection.index == found.index:
            self._canvas.show_maps(analysis.detection.maps)

    # --- classification of existing circles -----------------------------------

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
        if self._classifying is not None and self._classifying.running:
            return
        with self._session.reporting_errors():
            model = self.model()
            todo = [] if model is None else self._untried(model.card.id)
            if model is not None and todo:
                source = session.source(index)
                work = partial(classifying, [(source, tuple(todo))], model)
                job = Job("Classifying", work, heavy=False)
                job.produced.connect(self._on_classified)
                job.failed.connect(self._session.warn)
                job.finished.connect(lambda _complete: self.classify_missing())
                self._classifying = session.runner.submit(job)

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
            job.produced.connect(self._on_classified)
            job.failed.connect(self._session.warn)
            session.runner.submit(job)
        return job

    def unclassified(self) -> list[tuple[Source, Circles]]:
        """Return circles without the active forest's prediction, by micrograph."""
        todo = []
        for entry in self._session.project.micrographs.entries:
            circles = self._missing(entry.index)
            if circles and entry.problem is None:
                todo.append((self._session.source(entry.index), circles))
        return todo

    def _missing(self, index: int) -> Circles:
        """Return circles of a micrograph without the active forest's prediction."""
        project = self._session.project
        ids = project.detections.unclassified(index)
        return tuple((one, project.particles.get(one).circle) for one in ids)

    def _standing(self, index: int) -> Circles:
        """Return circles with annotations that have to be classified after a detection.

        A detection does not replace them. If the pixel size has changed, these are all
        circles with annotations, since features depend on it.
        """
        project = self._session.project
        wanted = self._missing(index)
        if project.detections.other_scale(index) is not None:
            wanted = tuple((one.id, one.circle) for one in project.particles.of(index))
        return tuple(
            (one, circle) for one, circle in wanted if project.particles.statements(one)
        )

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

    def _on_classified(self, found: Classified | Problem) -> None:
        if isinstance(found, Problem):
            self._session.set_problem(found.index, found.sentence)
            if isinstance(found.sentence, Unforeseen):
                self._session.warn(found.sentence)
            return
        project = self._session.project
        pairs = zip(found.predictions, found.circles, strict=True)
        circles = {one.particle_id: circle for one, circle in pairs}
        with self._session.reporting_errors():
            project.detections.put_predictions(
                found.model_id, found.predictions, circles
            )


class _Tally:
    """Counts a job's results; updates its title, and in the end its outcome."""

    def __init__(self, job: Job, total: int) -> None:
        self.total = total
        self._job = job
        self._done = self._particles = self._unsure = self._failed = 0

    def add(self, found: Analysed | Problem) -> None:
        """Count one more micrograph."""
        self._done += 1
        if isinstance(found, Problem):
            self._failed += 1
        else:
            analysis = found.analysis
            empty = sum(one.label == "empty" for one in analysis.predictions)
            self._particles += len(analysis.candidates) - empty
            self._unsure += not analysis.detection.pixel_size.source.is_trusted
        self._job.title = _title(self._done, self.total)

    def close(self, complete: bool) -> None:
        """Write the outcome of a job that has ended or was stopped."""
        words = self._words()
        if not complete:
            words = f"Stopped at {self._done} of {self.total}: {words}"
        self._job.outcome = f"{words}."

    def _words(self) -> str:
        words = [
            _number(self._done - self._failed, "micrograph"),
            _number(self._particles, "particle"),
        ]
        if self._unsure:
            words.append(f"{self._unsure} with an unsure or assumed pixel size")
        if self._failed:
            words.append(f"{self._failed} not done (the table says why)")
        return ", ".join(words)


def _number(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _title(done: int, total: int) -> str:
    if total == 1:
        return "Finding and classifying particles"
    return f"Finding and classifying: {total - done} of {total} micrographs to go"
