"""Undo and redo, and show the micrograph and particle concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session


class HistoryController(QObject):
    """Undoes and redoes steps, and shows where they were made.

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
        """Undo the last step."""
        if self._canvas.ready():
            undo = self._session.project.history.undo
            self._step(undo, "Undone", "There is nothing to undo.")

    def redo(self) -> None:
        """Redo the step that was undone last."""
        if self._canvas.ready():
            redo = self._session.project.history.redo
            self._step(redo, "Done again", "There is nothing to redo.")

    def _step(self, step: Callable[[], str | None], done: str, nothing: str) -> None:
        """Undo or redo a step, and show it in the status line.

        Parameters
        ----------
        step : callable
            Returns the step's summary; None if there is no step.
        done, nothing : str
            What the status line says in either case.
        """
        session, project = self._session, self._session.project
        changed: set[str] = set()

        def collect(ids: frozenset[str] | None) -> None:
            changed.update(ids or ())

        project.events.particles_changed.connect(collect)
        before = project.selection.index
        self._canvas.keeps_zoom = True
        try:
            with self._session.reporting_errors():
                summary = step()
                session.say(nothing if summary is None else f"{done}: {summary}")
                self._return_to(changed)
        finally:
            project.events.particles_changed.disconnect(collect)
            if project.selection.index == before:
                # Otherwise the canvas resets it when it shows the other micrograph.
                self._canvas.keeps_zoom = False

    def _return_to(self, ids: set[str]) -> None:
        """Select and show the particle of a step, if there is only one."""
        project = self._session.project
        if len(ids) == 1 and project.particles.find(next(iter(ids))) is not None:
            (particle_id,) = ids
            project.selection.select(particle_id)
            self._canvas.bring_into_sight(particle_id)
