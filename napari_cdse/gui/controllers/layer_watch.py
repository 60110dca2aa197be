"""Warn when our layers can't be seen, with a button that restores them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from napari_cdse.gui.canvas.layer_problems import LayerProblem
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session

_POLL_MS = 400
"""Milliseconds between two checks. A choice: napari reports names, visibility, order
and views by a dozen events of as many objects; a check takes microseconds, and misses
no change."""
_NAME = "layers"
"""Name of the message."""


class LayerWatch(QObject):
    """Checks the layers at intervals, and shows a message while there is a problem.

    If the user closes the message, it comes back for another problem, or when keys are
    pressed that would change what is not seen.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    """

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._problem: LayerProblem | None = None
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self.look)
        self._poll.start()
        canvas.unseen.connect(self._update_message)

    def close(self) -> None:
        """Stop checking."""
        self._poll.stop()

    def look(self) -> None:
        """Check the layers, and update the message."""
        if self._session.viewer is None or self._canvas.in_gesture:
            return
        before, self._problem = self._problem, self._canvas.layer_problem
        if self._problem is not None and self._problem.hides:
            self._canvas.move_picture_only()
        if self._problem != before:
            self._update_message()

    def restore_layers(self) -> None:
        """Show our layers as they should be."""
        self._canvas.restore_layers()
        self.look()

    def _update_message(self) -> None:
        problem = self._canvas.layer_problem
        if problem is None:
            self._session.messages.withdraw(_NAME)
            return
        self._session.messages.put(
            _NAME, problem.sentence, remedy=problem.remedy, act=self.restore_layers
        )
