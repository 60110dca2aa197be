"""Looks closely at the particle that was asked for last, in a worker."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_cdse.core.crystal.particle_analysis import Examination, examine
from napari_cdse.core.features.surroundings import Surroundings
from napari_cdse.gui.session.workers import Job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Micrograph
    from napari_cdse.gui.session.session import Session

_PAUSE_MS = 30
"""The circle is drawn first; who steps on within this time asks for nothing."""
_KEPT = 16


@dataclass(frozen=True, slots=True)
class Question:
    """A particle to look at.

    Attributes
    ----------
    micrograph_id : str
    pixel_size_nm : float
    circle : Circle
    """

    micrograph_id: str
    pixel_size_nm: float
    circle: Circle


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What was seen, and the micrograph's background for the next question."""

    question: Question
    examination: Examination
    around: Surroundings


class AnalysisWorker(QObject):
    """Answers the latest question only; earlier ones that wait are dropped.

    Signals
    -------
    answered()
        `known` has something new.

    Parameters
    ----------
    session : Session
        Its runner does the work.
    """

    answered = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._answers: OrderedDict[Question, Examination] = OrderedDict()
        self._around: tuple[str, Surroundings] | None = None
        self._wanted: tuple[Question, Micrograph] | None = None
        self._job: Job | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._start)

    @property
    def idle(self) -> bool:
        """Whether nothing is being looked at, and nothing waits."""
        return self._wanted is None and self._job is None

    def known(self, question: Question) -> Examination | None:
        """Return the answer to a question if it is there."""
        return self._answers.get(question)

    def ask(self, micrograph: Micrograph, question: Question) -> None:
        """Want a particle looked at, instead of what was asked for before."""
        if question in self._answers:
            self._answers.move_to_end(question)
            self.forget()
            return
        self._wanted = (question, micrograph)
        self._pause.start(_PAUSE_MS)

    def forget(self) -> None:
        """Want nothing any more."""
        self._wanted = None
        self._pause.stop()

    def _start(self) -> None:
        if self._wanted is None or self._job is not None or self._session.closed:
            return
        (question, micrograph), self._wanted = self._wanted, None
        around = None
        if self._around is not None and self._around[0] == question.micrograph_id:
            around = self._around[1]
        work = partial(_examining, micrograph, question, around)
        about = f"{micrograph.name}, looking at a particle"
        self._job = Job("Looking at the particle", work, heavy=False, about=about)
        self._job.produced.connect(self._on_answer)
        self._job.finished.connect(self._on_finished)
        self._session.runner.submit(self._job)

    def _on_answer(self, answer: Answer) -> None:
        question = answer.question
        self._around = (question.micrograph_id, answer.around)
        self._answers[question] = answer.examination
        while len(self._answers) > _KEPT:
            self._answers.popitem(last=False)
        self.answered.emit()

    def _on_finished(self, _complete: bool) -> None:
        self._job = None
        self._start()


def _examining(
    micrograph: Micrograph,
    question: Question,
    around: Surroundings | None,
    _report: Progress,
) -> Iterator[Answer]:
    """Look at one particle; the background is measured anew where it is another."""
    if around is None or around.pixel_size_nm != question.pixel_size_nm:
        around = Surroundings.of(micrograph, question.pixel_size_nm)
    yield Answer(question, examine(around, question.circle), around)
