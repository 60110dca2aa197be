"""The current particle and the selected ones, in project, layer and under the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_cdse.gui.canvas.particles.geometry import circle_at
from napari_cdse.gui.canvas.particles.shapes_style import OURS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers import Layer
    from napari.utils.events import Event

    from napari_cdse.core.records import SelectedBy
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session


class ParticleSelection(QObject):
    """Keeps the selection of the project and that of the layer the same.

    The project has one current particle (`napari_cdse.project.state.selection`); in the
    layer, several can be selected with napari's tools.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    """

    def __init__(self, session: Session, canvas: MicrographView) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._marked_id: str | None = None
        # How the user came to particles, by id.
        self._selected_by: dict[str, SelectedBy] = {}
        session.project_changed.connect(self._selected_by.clear)
        canvas.shown.connect(self._attach)
        canvas.leaving.connect(self._detach)
        canvas.particles_selected.connect(self.on_layer_selection)
        session.open_viewer.mouse_drag_callbacks.append(self._on_press)

    def close(self) -> None:
        """Disconnect from the mouse."""
        viewer = self._session.viewer
        if viewer is not None and self._on_press in viewer.mouse_drag_callbacks:
            viewer.mouse_drag_callbacks.remove(self._on_press)

    def _attach(self) -> None:
        """Connect the layer that was just shown."""
        layer = self._canvas.layers.particles
        if layer is not None:
            layer.events.mode.connect(self._on_mode)
        self._marked_id = None
        current = self._session.project.selection.particle_id
        if current is not None:
            self.on_project_selection(current)

    def _detach(self) -> None:
        """Disconnect the layer, which is released or will show another micrograph."""
        layer = self._canvas.layers.particles
        if layer is not None:
            layer.events.mode.disconnect(self._on_mode)
        self._marked_id = None

    @property
    def chosen(self) -> tuple[str, ...]:
        """Ids of the particles selected with napari's tools, or of the current one."""
        particles = self._canvas.particles
        ids = () if particles is None else particles.selection()
        if ids:
            return ids
        current = self._session.project.selection.particle_id
        return () if current is None else (current,)

    def how(self, ids: tuple[str, ...]) -> SelectedBy:
        """Return how the user came to these particles."""
        return self.arrived_by(ids[0]) if len(ids) == 1 else "hand"

    def arrived_by(self, particle_id: str | None) -> SelectedBy:
        """Return how the user came to a particle; undo does not change it."""
        return self._selected_by.get(particle_id or "", "hand")

    def go_to(self, particle_id: str, how: SelectedBy) -> None:
        """Make a particle the current one, which may open its micrograph."""
        self._selected_by[particle_id] = how
        self._session.project.selection.select(particle_id)

    def on_project_selection(self, particle_id: str | None) -> None:
        """Mark the current particle in the layer."""
        particles = self._canvas.particles
        before, self._marked_id = self._marked_id, particle_id
        if particles is None:
            return
        if particle_id not in particles.selection():
            particles.select(() if particle_id is None else (particle_id,))
        particles.update({one for one in (before, particle_id) if one is not None})

    def on_layer_selection(self, ids: tuple[str, ...]) -> None:
        """Make a particle that was selected with napari's tools the current one."""
        project = self._session.project
        if not ids or project.selection.particle_id in ids:
            return
        known = [one for one in ids if project.particles.find(one) is not None]
        if known:
            self.go_to(known[-1], "hand")

    def _on_mode(self) -> None:
        """Select the current particle in the layer when napari's tools are used."""
        particles = self._canvas.particles
        current = self._session.project.selection.particle_id
        if particles is not None and current is not None:
            particles.select((current,))

    def _on_press(self, _viewer: object, event: Event) -> Iterator[None]:
        """Select by a click in a mode in which dragging moves the picture."""
        moved = False
        yield
        while event.type == "mouse_move":
            moved = True
            yield
        if not moved:
            self._select_at(event.position)

    def _moves_picture(self, active: Layer | None) -> bool:
        """Tell whether dragging moves the picture, for the active layer."""
        if active is None:
            return True
        is_tool = OURS in active.metadata and active not in self._canvas.layers.present
        return active.mode == "pan_zoom" and not is_tool

    def _select_at(self, position: tuple[float, ...]) -> None:
        session = self._session
        active = session.open_viewer.layers.selection.active
        if self._canvas.particles is None or not self._moves_picture(active):
            return
        if not self._canvas.seen():
            return
        particles = session.project.particles.current
        row, col = self._canvas.layers.camera.pixel_at(position)
        found = circle_at([one.circle for one in particles], row, col)
        if found is not None:
            self._canvas.particles.select((particles[found].id,))
            self.go_to(particles[found].id, "hand")
