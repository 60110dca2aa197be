"""Analyse the particle requested last in a thread, then the next one."""

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
"""The circle is drawn first; who steps on within this time asks for nothing."""
_KEPT = 16
_BACKGROUNDS = 2
"""The open micrograph's, and that of the one in which the next particle may be."""


@dataclass(frozen=True, slots=True)
class ExaminationRequest:
    """A particle to look at.

    Attributes
    ----------
    micrograph_id : str
    pixel_size_nm : float
    circle : Circle
    material : Material or None
        Whose fringes are looked for; None for CdSe.
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
    """Name what is to be looked at; an unsure pixel size sets no windows."""
    sure = pixel_size is not None and pixel_size.source.is_trusted
    size_nm = pixel_size.nm if pixel_size and sure else TYPICAL_PIXEL_SIZE_NM
    return ExaminationRequest(micrograph.id, size_nm, circle, material)


@dataclass(frozen=True, slots=True, eq=False)
class ExaminationResult:
    """What was seen, and the micrograph's background for the next request."""

    request: ExaminationRequest
    examination: Examination
    around: Surroundings


class AnalysisWorker(QObject):
    """Examines the latest request only; earlier ones that wait are dropped.

    When that is done, one more may be examined that will be asked for next.

    Signals
    -------
    examined()
        `known` has what was asked for last.

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
        self._around: OrderedDict[str, Surroundings] = OrderedDict()
        self._asked: ExaminationRequest | None = None
        self._wanted: tuple[ExaminationRequest, Micrograph] | None = None
        self._ahead: tuple[ExaminationRequest, Micrograph] | None = None
        self._job: Job | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._start)

    @property
    def idle(self) -> bool:
        """Whether nothing is being looked at, and nothing waits."""
        return self._wanted is None and self._ahead is None and self._job is None

    def known(self, request: ExaminationRequest) -> Examination | None:
        """Return the result to a request if it is there."""
        return self._results.get(request)

    def ask(self, micrograph: Micrograph, request: ExaminationRequest) -> None:
        """Want a particle looked at, instead of what was asked for before."""
        self.forget()
        self._asked = request
        if request in self._results:
            self._results.move_to_end(request)
            return
        self._wanted = (request, micrograph)
        self._pause.start(_PAUSE_MS)

    def look_ahead(self, micrograph: Micrograph, request: ExaminationRequest) -> None:
        """Have one more looked at, once what was asked for is done."""
        known = request in self._results or request == self._asked
        self._ahead = None if known else (request, micrograph)
        if not self._pause.isActive():
            self._start()

    def forget(self) -> None:
        """Want nothing any more."""
        self._asked = self._wanted = self._ahead = None
        self._pause.stop()

    def _start(self) -> None:
        if self._job is not None or self._session.closed:
            return
        todo = self._wanted or self._ahead
        if todo is None:
            return
        if todo is self._wanted:
            self._wanted = None
        else:
            self._ahead = None
        request, micrograph = todo
        around = self._around.get(request.micrograph_id)
        work = partial(_examining, micrograph, request, around)
        about = f"{micrograph.name}, looking at a particle"
        self._job = Job("Looking at the particle", work, heavy=False, about=about)
        self._job.produced.connect(self._on_result)
        self._job.finished.connect(self._on_finished)
        self._session.runner.submit(self._job)

    def _on_result(self, result: ExaminationResult) -> None:
        request = result.request
        _keep(self._around, request.micrograph_id, result.around, _BACKGROUNDS)
        _keep(self._results, request, result.examination, _KEPT)
        if request == self._asked:
            self._wanted = None
            self.examined.emit()

    def _on_finished(self, _complete: bool) -> None:
        self._job = None
        self._start()


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """Keep what is newest, up to a number."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)


def _examining(
    micrograph: Micrograph,
    request: ExaminationRequest,
    around: Surroundings | None,
    _report: Progress,
) -> Iterator[ExaminationResult]:
    """Look at one particle; the background is measured anew where it is another."""
    band = fringe_band_per_nm(request.material)
    wanted = (request.pixel_size_nm, band)
    if around is None or (around.pixel_size_nm, around.band_per_nm) != wanted:
        around = Surroundings.of(micrograph, *wanted)
    yield ExaminationResult(request, examine(around, request.circle), around)
