"""Warn when our layers can't be seen, and repair that at one click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from napari_cdse.gui.canvas.layer_problems import LayerProblem
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session

_POLL_MS = 400
"""Between two looks. A choice: napari tells of names, eyes, order and views by a dozen
events of as many objects; a look takes microseconds, and misses none of them."""
_NAME = "layers"


class LayerWatch(QObject):
    """Looks at the layers again and again, and has a message stand while one is amiss.

    A message that the user closed comes back when something else is wrong, or when keys
    are pressed that would change what is not seen.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    """

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._found: LayerProblem | None = None
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self.look)
        self._poll.start()
        canvas.unseen.connect(self._tell)

    def close(self) -> None:
        """Look no more."""
        self._poll.stop()

    def look(self) -> None:
        """Say what is wrong now, and no longer what is not."""
        if self._session.viewer is None or self._canvas.in_gesture:
            return
        before, self._found = self._found, self._canvas.layer_problem
        if self._found is not None and self._found.hides:
            self._canvas.move_picture_only()
        if self._found != before:
            self._tell()

    def put_right(self) -> None:
        """Show our layers as they should be."""
        self._canvas.restore_layers()
        self.look()

    def _tell(self) -> None:
        found = self._canvas.layer_problem
        if found is None:
            self._session.messages.withdraw(_NAME)
            return
        self._session.messages.put(
            _NAME, found.sentence, remedy=found.remedy, act=self.put_right
        )
