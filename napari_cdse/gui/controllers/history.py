"""Undo and redo, and show the micrograph and particle concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session


class HistoryController(QObject):
    """Takes steps back and makes them again.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    """

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas

    def undo(self) -> None:
        """Take the last step back and show where it was."""
        if self._canvas.ready():
            undo = self._session.project.history.undo
            self._walk(undo, "Undone", "There is nothing to undo.")

    def redo(self) -> None:
        """Make the step again that was taken back last."""
        if self._canvas.ready():
            redo = self._session.project.history.redo
            self._walk(redo, "Done again", "There is nothing to redo.")

    def _walk(self, walk: Callable[[], str | None], says: str, nothing: str) -> None:
        session, project = self._session, self._session.project
        touched: set[str] = set()

        def collect(ids: frozenset[str] | None) -> None:
            touched.update(ids or ())

        project.events.particles_changed.connect(collect)
        before = project.selection.index
        self._canvas.keeps_zoom = True
        try:
            with self._session.reporting_errors():
                summary = walk()
                session.say(nothing if summary is None else f"{says}: {summary}")
                self._return_to(touched)
        finally:
            project.events.particles_changed.disconnect(collect)
            if project.selection.index == before:
                # None is shown that would end it.
                self._canvas.keeps_zoom = False

    def _return_to(self, ids: set[str]) -> None:
        """Select the particle that a step was about, if only one, and show it."""
        project = self._session.project
        if len(ids) == 1 and project.particles.find(next(iter(ids))) is not None:
            (particle_id,) = ids
            project.selection.select(particle_id)
            self._canvas.bring_into_sight(particle_id)
