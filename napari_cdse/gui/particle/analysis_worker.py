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
class ExaminationRequest:
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
class ExaminationResult:
    """What was seen, and the micrograph's background for the next request."""

    request: ExaminationRequest
    examination: Examination
    around: Surroundings


class AnalysisWorker(QObject):
    """Examines the latest request only; earlier ones that wait are dropped.

    Signals
    -------
    examined()
        `known` has something new.

    Parameters
    ----------
    session : Session
        Its runner does the work.
    """

    examined = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._results: OrderedDict[ExaminationRequest, Examination] = OrderedDict()
        self._around: tuple[str, Surroundings] | None = None
        self._wanted: tuple[ExaminationRequest, Micrograph] | None = None
        self._job: Job | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._start)

    @property
    def idle(self) -> bool:
        """Whether nothing is being looked at, and nothing waits."""
        return self._wanted is None and self._job is None

    def known(self, request: ExaminationRequest) -> Examination | None:
        """Return the result to a request if it is there."""
        return self._results.get(request)

    def ask(self, micrograph: Micrograph, request: ExaminationRequest) -> None:
        """Want a particle looked at, instead of what was asked for before."""
        if request in self._results:
            self._results.move_to_end(request)
            self.forget()
            return
        self._wanted = (request, micrograph)
        self._pause.start(_PAUSE_MS)

    def forget(self) -> None:
        """Want nothing any more."""
        self._wanted = None
        self._pause.stop()

    def _start(self) -> None:
        if self._wanted is None or self._job is not None or self._session.closed:
            return
        (request, micrograph), self._wanted = self._wanted, None
        around = None
        if self._around is not None and self._around[0] == request.micrograph_id:
            around = self._around[1]
        work = partial(_examining, micrograph, request, around)
        about = f"{micrograph.name}, looking at a particle"
        self._job = Job("Looking at the particle", work, heavy=False, about=about)
        self._job.produced.connect(self._on_result)
        self._job.finished.connect(self._on_finished)
        self._session.runner.submit(self._job)

    def _on_result(self, result: ExaminationResult) -> None:
        request = result.request
        self._around = (request.micrograph_id, result.around)
        self._results[request] = result.examination
        while len(self._results) > _KEPT:
            self._results.popitem(last=False)
        self.examined.emit()

    def _on_finished(self, _complete: bool) -> None:
        self._job = None
        self._start()


def _examining(
    micrograph: Micrograph,
    request: ExaminationRequest,
    around: Surroundings | None,
    _report: Progress,
) -> Iterator[ExaminationResult]:
    """Look at one particle; the background is measured anew where it is another."""
    if around is None or around.pixel_size_nm != request.pixel_size_nm:
        around = Surroundings.of(micrograph, request.pixel_size_nm)
    yield ExaminationResult(request, examine(around, request.circle), around)
