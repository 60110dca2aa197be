"""Run detection in workers, and store and show its results."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_cdse.gui.controllers.map_display import MapDisplay
from napari_cdse.gui.session import notifications
from napari_cdse.gui.session.workers import Job
from napari_cdse.io.problem_report import Unforeseen
from napari_cdse.tasks.analysis import Analysed, Problem, analysing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.detection.methods import Detection
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.controllers.classification import ClassificationController
    from napari_cdse.gui.session.session import Session
    from napari_cdse.tasks.analysis import Circles

_NOTHING_FOUND = "nothing found"
"""Name of the message that no particle was found."""


class DetectionController(QObject):
    """Finds the particles of micrographs, and classifies them with the forest in use.

    Parameters
    ----------
    session : Session
        Its project stores the results.
    canvas : MicrographView
        Shows the results.
    classification : ClassificationController
        Knows the forest in use, and which circles have no prediction.

    Attributes
    ----------
    maps : MapDisplay
        The accumulation maps over the micrograph.
    """

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
        self.maps = MapDisplay(session, canvas, classification.model)

    def set_params(self, params: DetectionParams) -> None:
        """Store the parameters; for another method, show its earlier detections."""
        project = self._session.project
        with self._session.reporting_errors():
            before = project.settings.detection
            material = before.material
            project.settings.detection = params
            if params.method != before.method and project.detections.bring_back():
                self.maps.show()
            if params.material != material:
                # The particle's card names the lattice's planes.
                project.events.particles_changed.emit(None)

    def detect_current(self) -> None:
        """Find and classify the particles of the open micrograph."""
        current = self._session.project.selection.index
        if current is not None:
            self.analyse([current])

    def detect_all(self) -> None:
        """Analyse every micrograph, or those that are left after an interruption."""
        failed = [one.index for one in self._session.entries if one.problem]
        self.analyse(self._session.project.detections.due(failed))

    def analyse(self, indices: Sequence[int]) -> Job | None:
        """Detect and classify micrographs in a worker."""
        session, project = self._session, self._session.project
        self._canvas.apply_pending_edits()
        job = None
        with self._session.reporting_errors():
            project.check_writable()
            params = project.settings.detection
            model = self._classification.model()
            todo = [(session.source(one), self._standing(one)) for one in indices]
            work = partial(analysing, todo, model, params, maps=self.maps.path)
            job = Job(_title(0, len(todo)), work)
            tally = _Tally(job, len(todo))
            job.produced.connect(lambda result: self._on_result(result, params, tally))
            job.failed.connect(self._session.warn)
            job.finished.connect(lambda complete: tally.close(complete))
            session.runner.submit(job)
        return job

    def _standing(self, index: int) -> Circles:
        """Return circles with annotations that have to be classified after a detection.

        A detection does not replace them. If the pixel size has changed, these are all
        circles with annotations, since features depend on it.
        """
        project = self._session.project
        circles = self._classification.unclassified_in(index)
        if project.detections.other_scale(index) is not None:
            circles = tuple((one.id, one.circle) for one in project.particles.of(index))
        return tuple(
            (one, circle)
            for one, circle in circles
            if project.particles.statements(one)
        )

    # --- results --------------------------------------------------------------

    def _on_result(
        self, result: Analysed | Problem, params: DetectionParams, tally: _Tally
    ) -> None:
        tally.add(result)
        if isinstance(result, Problem):
            self._session.set_problem(result.index, result.sentence)
            if tally.total == 1 or isinstance(result.sentence, Unforeseen):
                self._session.warn(result.sentence)
            return
        with self._session.reporting_errors():
            self._store(result, params)
        if tally.total == 1:
            self._show_notices(result.analysis.detection)

    def _store(self, result: Analysed, params: DetectionParams) -> None:
        project, analysis = self._session.project, result.analysis
        is_open = project.selection.index == result.index
        if not is_open or project.selection.micrograph is None:
            project.micrographs.register(result.index, analysis.micrograph)
        if result.standing is not None:
            self._classification.store(result.standing)
        project.detections.put(
            analysis.micrograph.id,
            analysis.detection,
            analysis.candidates,
            analysis.predictions,
            params=params,
        )
        self._session.set_problem(result.index, None)
        if project.selection.index == result.index:
            self._canvas.show_maps(analysis.detection.maps)

    def _show_notices(self, detection: Detection) -> None:
        """Show a detection's notices; as a lasting message if nothing was found."""
        self._session.messages.withdraw(_NOTHING_FOUND)
        if not detection.circles:
            # The last notice gives the reason, if one is known.
            sentences = ("No particle was found.", *detection.notices[-1:])
            self._session.warn(" ".join(sentences), _NOTHING_FOUND)
            return
        for sentence in detection.notices:
            notifications.inform(sentence)


class _Tally:
    """Counts a job's results; updates its title, and in the end its outcome."""

    def __init__(self, job: Job, total: int) -> None:
        self.total = total
        self._job = job
        self._done = self._particles = self._unsure = self._failed = 0

    def add(self, result: Analysed | Problem) -> None:
        """Count one more micrograph."""
        self._done += 1
        if isinstance(result, Problem):
            self._failed += 1
        else:
            analysis = result.analysis
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


def _number(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


def _title(done: int, total: int) -> str:
    if total == 1:
        return "Finding and classifying particles"
    return f"Finding and classifying: {total - done} of {total} micrographs to go"
