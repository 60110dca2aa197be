"""Pass the signals of the open project on to the parts of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.controllers.classification import ClassificationController
    from napari_cdse.gui.controllers.map_display import MapDisplay
    from napari_cdse.gui.controllers.particle_selection import ParticleSelection
    from napari_cdse.gui.controllers.project_poller import ProjectPoller
    from napari_cdse.gui.session.session import Session
    from napari_cdse.project import Project


class ProjectLink:
    """Connects one project at a time.

    The canvas follows at once; docks hear of it by the session's signals, which are
    sent after the circles are drawn.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    classification : ClassificationController
        Classifies new circles.
    maps : MapDisplay
        Shows the maps of the open micrograph.
    selection : ParticleSelection
    poller : ProjectPoller
        Shows what waits for a busy file.
    """

    def __init__(
        self,
        session: Session,
        canvas: MicrographView,
        classification: ClassificationController,
        maps: MapDisplay,
        selection: ParticleSelection,
        poller: ProjectPoller,
    ) -> None:
        self._session = session
        self._canvas = canvas
        self._classification = classification
        self._maps = maps
        self._selection = selection
        self._poller = poller
        self._subjects: set[str] = set()

    def connect(self, project: Project) -> None:
        """Connect a project that was opened."""
        for signal, receiver in self._connections(project):
            signal.connect(receiver)

    def disconnect(self, project: Project) -> None:
        """Disconnect a project that is left, and withdraw notices on its settings."""
        for subject in self._subjects:
            self._session.messages.withdraw(subject)
        self._subjects.clear()
        for signal, receiver in self._connections(project):
            signal.disconnect(receiver)

    def _connections(
        self, project: Project
    ) -> tuple[tuple[Any, Callable[..., None]], ...]:
        """Return the project's signals, each with its receiver."""
        return (
            (project.events.opened, self._on_opened),
            (project.events.pixels_changed, self._on_pixels_changed),
            (project.events.particles_changed, self._on_particles_changed),
            (project.events.selection_changed, self._on_selection_changed),
            (project.events.micrographs_changed, self._on_micrographs_changed),
            (project.events.models_changed, self._on_models_changed),
            (project.events.history_changed, self._on_history_changed),
            (project.events.notice, self._on_notice),
            (project.backlog.changed, self._poller.follow_backlog),
        )

    def _on_opened(self, index: int) -> None:
        self._canvas.read(index)
        self._session.deferred.opened()

    def _on_pixels_changed(self, _index: int) -> None:
        if self._session.micrograph is None or self._session.viewer is None:
            return
        self._canvas.show()
        self._maps.show()
        self._classification.classify_soon()
        self._session.deferred.opened()

    def _on_particles_changed(self, ids: frozenset[str] | None) -> None:
        self._canvas.update(ids)
        self._classification.classify_soon()
        self._session.deferred.particles_changed(ids)

    def _on_selection_changed(self, particle_id: str | None) -> None:
        self._selection.on_project_selection(particle_id)
        self._session.deferred.selection_changed()

    def _on_micrographs_changed(self) -> None:
        self._canvas.show_regions()
        self._session.deferred.micrographs_changed()

    def _on_models_changed(self) -> None:
        self._session.models_changed.emit()
        self._classification.classify_soon()

    def _on_history_changed(self) -> None:
        self._session.deferred.history_changed()

    def _on_notice(self, sentence: str, subject: str = "") -> None:
        if sentence:
            self._session.warn(sentence, subject)
            # A notice on a setting does not hold for the next project.
            self._subjects |= {subject} if subject else set()
        else:
            self._session.messages.withdraw(subject)
