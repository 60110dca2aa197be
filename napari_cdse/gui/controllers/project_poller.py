"""Looks now and then what other windows wrote into the open project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_cdse.core.errors import CdseError
from napari_cdse.gui.session import notifications

if TYPE_CHECKING:
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session

EVERY_MS = 2000


class ProjectPoller(QObject):
    """Keeps a session in step with other windows on its project.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    """

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._told: str | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.poll)
        session.project_changed.connect(self._timer.start)

    def close(self) -> None:
        """Look no more."""
        self._timer.stop()

    def poll(self) -> None:
        """Take in what was written, unless a circle is being drawn or moved."""
        particles = self._canvas.particles
        in_gesture = particles is not None and particles.in_gesture
        if in_gesture or not self._session.is_open:
            return
        try:
            self._session.project.sync.poll()
            self._told = None
        except CdseError as error:
            # A drive that is away stays away for a while; say so once.
            if self._told != str(error):
                self._told = str(error)
                notifications.warn(str(error))
