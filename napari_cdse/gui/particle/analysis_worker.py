"""Examine particles in a worker: the one requested last, then the next of the queue."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from qtpy.QtCore import QObject, QTimer, Signal

from napari_cdse.core.crystal.particle_analysis import Examination, examine
from napari_cdse.core.crystal.reflections import fringe_band_per_nm
from napari_cdse.core.features.surroundings import Surroundings
from napari_cdse.core.pixel_size import TYPICAL_PIXEL_SIZE_NM
from napari_cdse.gui.session.workers import Job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cdse.core.material import Material
    from napari_cdse.core.pixel_size import PixelSize
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Micrograph
    from napari_cdse.gui.session.session import Session

K = TypeVar("K")
V = TypeVar("V")
_PAUSE_MS = 30
"""Milliseconds before an examination starts. A choice: the circle is drawn first, and a
user who goes on within this time has nothing examined."""
_MOST_RESULTS = 16
"""Most results in memory. A choice: those of the particles judged last."""
_MOST_BACKGROUNDS = 2
"""Most micrographs' backgrounds in memory: that of the open one, and that of the one
with the next particle."""


@dataclass(frozen=True, slots=True)
class ExaminationRequest:
    """A particle to examine.

    Attributes
    ----------
    micrograph_id : str
    pixel_size_nm : float
    circle : Circle
    material : Material or None
        The lattice whose fringes are sought; None for CdSe.
    """

    micrograph_id: str
    pixel_size_nm: float
    circle: Circle
    material: Material | None = None


def request_for(
    micrograph: Micrograph,
    pixel_size: PixelSize | None,
    circle: Circle,
    material: Material | None,
) -> ExaminationRequest:
    """Return a request; instead of an unsure pixel size, a typical one is used."""
    is_sure = pixel_size is not None and pixel_size.source.is_trusted
    size_nm = pixel_size.nm if pixel_size and is_sure else TYPICAL_PIXEL_SIZE_NM
    return ExaminationRequest(micrograph.id, size_nm, circle, material)


@dataclass(frozen=True, slots=True, eq=False)
class ExaminationResult:
    """The answer to a request.

    Attributes
    ----------
    request : ExaminationRequest
    examination : Examination
    background : Surroundings
        Background of the micrograph, for further requests.
    """

    request: ExaminationRequest
    examination: Examination
    background: Surroundings


class AnalysisWorker(QObject):
    """Examines the latest request only; earlier ones that wait are dropped.

    After it, one more particle can be examined that will be requested next.

    Signals
    -------
    examined()
        The result of the latest request is available.

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
        self._backgrounds: OrderedDict[str, Surroundings] = OrderedDict()
        self._latest: ExaminationRequest | None = None
        self._pending: tuple[ExaminationRequest, Micrograph] | None = None
        self._ahead: tuple[ExaminationRequest, Micrograph] | None = None
        self._job: Job | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._start)

    @property
    def idle(self) -> bool:
        """Whether nothing is examined, and nothing waits."""
        return self._pending is None and self._ahead is None and self._job is None

    def result(self, request: ExaminationRequest) -> Examination | None:
        """Return the result of a request; None if it is not available."""
        return self._results.get(request)

    def request(self, micrograph: Micrograph, request: ExaminationRequest) -> None:
        """Examine a particle, instead of the one requested before."""
        self.forget()
        self._latest = request
        if request in self._results:
            self._results.move_to_end(request)
            return
        self._pending = (request, micrograph)
        self._pause.start(_PAUSE_MS)

    def look_ahead(self, micrograph: Micrograph, request: ExaminationRequest) -> None:
        """Examine one more particle, after the one that was requested."""
        is_known = request in self._results or request == self._latest
        self._ahead = None if is_known else (request, micrograph)
        if not self._pause.isActive():
            self._start()

    def forget(self) -> None:
        """Drop all requests."""
        self._latest = self._pending = self._ahead = None
        self._pause.stop()

    def _start(self) -> None:
        if self._job is not None or self._session.closed:
            return
        todo = self._pending or self._ahead
        if todo is None:
            return
        if todo is self._pending:
            self._pending = None
        else:
            self._ahead = None
        request, micrograph = todo
        background = self._backgrounds.get(request.micrograph_id)
        work = partial(_examining, micrograph, request, background)
        about = f"{micrograph.name}, looking at a particle"
        self._job = Job("Looking at the particle", work, heavy=False, about=about)
        self._job.produced.connect(self._on_result)
        self._job.finished.connect(self._on_finished)
        self._session.runner.submit(self._job)

    def _on_result(self, result: ExaminationResult) -> None:
        request, background = result.request, result.background
        _keep(self._backgrounds, request.micrograph_id, background, _MOST_BACKGROUNDS)
        _keep(self._results, request, result.examination, _MOST_RESULTS)
        if request == self._latest:
            self._pending = None
            self.examined.emit()

    def _on_finished(self, _complete: bool) -> None:
        self._job = None
        self._start()


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """Keep a value, and drop the oldest ones beyond a number."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)


def _examining(
    micrograph: Micrograph,
    request: ExaminationRequest,
    background: Surroundings | None,
    _report: Progress,
) -> Iterator[ExaminationResult]:
    """Examine one particle; measure the background if the given one doesn't fit."""
    band = fringe_band_per_nm(request.material)
    wanted = (request.pixel_size_nm, band)
    if (
        background is None
        or (background.pixel_size_nm, background.band_per_nm) != wanted
    ):
        background = Surroundings.of(micrograph, *wanted)
    examination = examine(background, request.circle)
    yield ExaminationResult(request, examination, background)
