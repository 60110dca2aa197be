"""Examine the next particle of the queue while the user judges this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Slot

from napari_cdse.gui.particle.analysis_worker import request_for

if TYPE_CHECKING:
    from napari_cdse.gui.canvas.prefetch import Prefetch
    from napari_cdse.gui.controllers.navigation import Navigation
    from napari_cdse.gui.particle.analysis_worker import AnalysisWorker
    from napari_cdse.gui.session.session import Session


class LookAhead(QObject):
    """Requests the examination of the next particle.

    Its pictures and peaks can then be shown at once.

    Parameters
    ----------
    session : Session
    navigation : Navigation
        Knows the next particle.
    prefetch : Prefetch
        Has its micrograph, if that is not the open one.
    analysis : AnalysisWorker
    """

    def __init__(
        self,
        session: Session,
        navigation: Navigation,
        prefetch: Prefetch,
        analysis: AnalysisWorker,
    ) -> None:
        super().__init__(analysis)
        self._session = session
        self._navigation = navigation
        self._prefetch = prefetch
        self._analysis = analysis
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._examine_next)
        prefetch.came.connect(self.start)

    @Slot()
    def start(self) -> None:
        """Examine the next particle, after Qt has drawn the present one."""
        self._soon.start(0)

    def _examine_next(self) -> None:
        session = self._session
        if session.closed or not session.is_open:
            return
        project = session.project
        next_id = self._navigation.next_particle
        if next_id is None or project.selection.particle_id is None:
            return
        particle = project.particles.find(next_id)
        index = project.particles.micrograph_of(next_id)
        if particle is None or index is None:
            return
        source = session.source(index)
        micrograph = source.micrograph or self._prefetch.take(source)
        if micrograph is not None:
            size = project.micrographs.pixel_size(index)
            request = request_for(
                micrograph,
                size,
                particle.circle,
                project.settings.detection.material,
            )
            self._analysis.look_ahead(micrograph, request)
