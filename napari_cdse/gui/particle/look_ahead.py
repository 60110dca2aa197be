"""Analyse the next particle while the user judges this one."""

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
    """Has the particle examined that going on leads to.

    What is measured of it is then shown with its pictures at once, and not after them.

    Parameters
    ----------
    session : Session
    navigation : Navigation
        Knows which comes next.
    prefetch : Prefetch
        Has its micrograph, if that is another one.
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
        self._soon.timeout.connect(self._look)
        prefetch.came.connect(self.start)

    @Slot()
    def start(self) -> None:
        """Find out which is next, when Qt has drawn what is to be seen now."""
        self._soon.start(0)

    def _look(self) -> None:
        session = self._session
        if session.closed or not session.is_open:
            return
        project = session.project
        found = self._navigation.next_particle
        particle = None if found is None else project.particles.find(found)
        index = None if found is None else project.particles.micrograph_of(found)
        if project.selection.particle_id is None or particle is None or index is None:
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
