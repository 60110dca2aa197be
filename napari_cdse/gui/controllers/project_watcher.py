"""Looks now and then what other windows wrote into the open project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_cdse.core.errors import CdseError
from napari_cdse.gui.session import notifications as notices

if TYPE_CHECKING:
    from napari_cdse.gui.session.session import Session

EVERY_MS = 2000


class Watcher(QObject):
    """Keeps a session in step with other windows on its project."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._told: str | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)
        session.project_changed.connect(self._timer.start)

    def close(self) -> None:
        """Look no more."""
        self._timer.stop()

    def look(self) -> None:
        """Take in what was written, unless a circle is being drawn or moved."""
        project, view = self._session.project, self._session.view
        if project is None or (view is not None and view.in_gesture):
            return
        try:
            project.sync.poll()
            self._told = None
        except CdseError as error:
            # A drive that is away stays away for a while; say so once.
            if self._told != str(error):
                self._told = str(error)
                notices.warn(str(error))
