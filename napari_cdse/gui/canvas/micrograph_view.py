"""Show the open micrograph in the viewer, and keep it in step with the project."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_cdse.gui.canvas.layer_problems import find_problem
from napari_cdse.gui.canvas.layers import MicrographLayers
from napari_cdse.gui.canvas.micrograph_reader import MicrographReader
from napari_cdse.gui.canvas.napari_private.window import outlive_removed_layers
from napari_cdse.gui.canvas.particles.particles_layer import ParticlesLayer
from napari_cdse.gui.canvas.particles.project_particles import ProjectParticles
from napari_cdse.gui.session.session import NO_PROJECT
from napari_cdse.gui.session.viewer_window import application

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from napari.utils.events import Event

    from napari_cdse.core.detection.accumulation_map import AccumulationMap
    from napari_cdse.gui.canvas.layer_problems import LayerProblem
    from napari_cdse.gui.canvas.prefetch import Prefetch
    from napari_cdse.gui.session.session import Session

_IN_GESTURE = "Let go of the mouse first: a circle is being drawn or moved."


class MicrographView(QObject):
    """Shows the open micrograph in layers; the rest of the window works through it.

    Parameters
    ----------
    session : Session

    Attributes
    ----------
    layers : MicrographLayers
    particles : ParticlesLayer or None
        None while no micrograph is shown.
    maps : tuple of AccumulationMap
        Those shown over the open micrograph.
    keeps_zoom : bool
        Whether the next micrograph shown does not move the camera.

    Signals
    -------
    shown()
        A micrograph is shown in the layers.
    leaving()
        The layers are about to be released or to show another micrograph.
    layer_added(layer)
        One of our layers was added to the viewer.
    particles_selected(ids)
        Particles were selected with napari's tools.
    maps_changed()
        Other maps are shown, or none.
    unseen()
        The user tried to change something that is hidden.
    """

    shown = Signal()
    leaving = Signal()
    layer_added = Signal(object)
    particles_selected = Signal(object)
    maps_changed = Signal()
    unseen = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._fits = True
        self.keeps_zoom = False
        self.layers = MicrographLayers(session.open_viewer)
        self._reader = MicrographReader(session, self.layers.clear)
        self._project_particles = ProjectParticles(session)
        self.particles: ParticlesLayer | None = None
        self.maps: tuple[AccumulationMap, ...] = ()
        outlive_removed_layers(session.open_viewer)
        session.open_viewer.layers.events.removed.connect(self._on_layer_removed)
        application().focusChanged.connect(self._on_focus)

    def close(self) -> None:
        """Disconnect from the viewer."""
        self.drop()
        application().focusChanged.disconnect(self._on_focus)
        viewer = self._session.viewer
        if viewer is not None:
            viewer.layers.events.removed.disconnect(self._on_layer_removed)

    def clear(self) -> None:
        """Remove all layers, and forget what was read."""
        self._reader.forget()
        self.drop()
        self.layers.clear()
        self._keep_maps(())

    def drop(self) -> None:
        """Disconnect from the layer of particles, which stays in the viewer."""
        if self.particles is not None:
            self.leaving.emit()
            self.particles.close()
            self.particles = None

    def _on_layer_removed(self, event: Event) -> None:
        if self.particles is not None and event.value is self.particles.layer:
            self.drop()

    # --- may the user act now? ------------------------------------------------

    @property
    def at_rest(self) -> bool:
        """Whether a micrograph is shown, and no gesture of the mouse is under way."""
        return self.particles is not None and not self.in_gesture

    @property
    def in_gesture(self) -> bool:
        """Whether the user is drawing or moving a circle with the mouse."""
        return self.particles is not None and self.particles.in_gesture

    @property
    def draws(self) -> bool:
        """Whether the layer of particles is in a mode for drawing."""
        if self.particles is None:
            return False
        return str(self.particles.layer.mode).startswith("add_")

    @property
    def layer_problem(self) -> LayerProblem | None:
        """What is wrong with our layers' order or visibility; None if nothing is."""
        viewer = self._session.viewer
        return None if viewer is None else find_problem(viewer, self.layers)

    def seen(self) -> bool:
        """Tell whether the micrograph is visible; else show what hides it."""
        problem = self.layer_problem
        if problem is None or not problem.hides:
            return True
        self._session.say(problem.sentence)
        self.unseen.emit()
        return False

    def ready(self) -> bool:
        """Tell whether particles can be changed now; else the status line says why.

        Pending changes in the layer are applied first (`apply_pending_edits`).
        """
        if self.in_gesture:
            self._session.say(_IN_GESTURE)
            return False
        if not self._session.is_open:
            self._session.say(NO_PROJECT)
            return False
        if not self.seen():
            return False
        self.apply_pending_edits()
        return True

    # --- camera and modes -----------------------------------------------------

    @contextmanager
    def without_fitting(self) -> Iterator[None]:
        """Keep a micrograph that is shown in this context from moving the camera."""
        self._fits = False
        try:
            yield
        finally:
            self._fits = True

    def see_whole(self) -> None:
        """Fit the micrograph into the view."""
        self.layers.see_whole()

    def see(self, particle_id: str) -> None:
        """Centre and magnify a particle, if its micrograph is shown."""
        particle = self._session.project.particles.find(particle_id)
        if particle is not None and self.particles is not None:
            self.layers.camera.see(particle.circle)

    def bring_into_sight(self, particle_id: str) -> None:
        """Move a particle into the view, without zooming."""
        particle = self._session.project.particles.find(particle_id)
        if particle is not None and self.particles is not None:
            self.layers.camera.bring_into_sight(particle.circle)

    def toggle_mode(self, mode: str) -> None:
        """Enter a mode of the layer of particles, or go back to ``pan_zoom``."""
        if not self.at_rest or self.particles is None or not self.seen():
            return
        layer = self.particles.layer
        # Circles must be visible while they are drawn or moved.
        layer.visible = True
        self._session.open_viewer.layers.selection.active = layer
        layer.mode = "pan_zoom" if layer.mode == mode else mode

    def move_picture_only(self) -> None:
        """Go back to ``pan_zoom``, since the mouse must not change hidden circles."""
        if self.particles is not None and self.particles.layer.mode != "pan_zoom":
            self.particles.layer.mode = "pan_zoom"

    def _on_focus(self, _before: object, _now: object) -> None:
        """Show hidden overlays again, as the key's release goes to another widget."""
        self.layers.hide(False)

    # --- reading and showing --------------------------------------------------

    @property
    def prefetch(self) -> Prefetch:
        """Micrographs read ahead."""
        return self._reader.prefetch

    def read(self, index: int) -> None:
        """Read a micrograph in a worker; cancel the reading of an earlier one."""
        self.drop()
        self._reader.read(index)

    def show(self) -> None:
        """Show the open micrograph with its particles; `show_maps` follows."""
        micrograph = self._session.micrograph
        if micrograph is None:
            return
        self.drop()
        self.particles = ParticlesLayer(
            self.layers.show(micrograph, whole=self._fits and not self.keeps_zoom),
            self._project_particles,
            warn=self._session.warn,
            on_selected=self.particles_selected.emit,
        )
        self.particles.fill()
        self.show_regions()
        self._keep_maps(())
        self.shown.emit()
        self.keeps_zoom = False

    def restore_layers(self) -> None:
        """Restore the open micrograph's layers, and move them above all others."""
        index = self._session.project.selection.index
        layers = self.layers.present
        complete = self.layers.image in layers and self.layers.particles in layers
        if index is not None and not complete:
            self.read(index)
        self.layers.bring_up()

    def show_regions(self) -> None:
        """Show the regions of the open micrograph that are left out."""
        project = self._session.project if self.particles is not None else None
        index = None if project is None else project.selection.index
        if project is None or index is None:
            return
        if self.layers.show_regions(project.exclusions.regions(index)):
            layer = self.layers.regions
            if layer is not None:
                self.layer_added.emit(layer)
                layer.events.data.connect(self._restore_regions)

    def _restore_regions(self) -> None:
        """Undo the user's changes to the layer of regions, which is read-only."""
        QTimer.singleShot(0, self.show_regions)

    def show_maps(self, maps: Sequence[AccumulationMap]) -> None:
        """Show accumulation maps over the open micrograph."""
        if self.particles is not None:
            self.layers.show_maps(maps)
            for layer in self.layers.maps:
                self.layer_added.emit(layer)
            self._keep_maps(tuple(maps))

    def blank_maps(self) -> None:
        """Clear the maps until those of the open micrograph are available."""
        self.layers.blank_maps()

    def _keep_maps(self, maps: tuple[AccumulationMap, ...]) -> None:
        if maps or self.maps:
            self.maps = maps
            self.maps_changed.emit()

    # --- particles ------------------------------------------------------------

    def update(self, ids: Iterable[str] | None) -> None:
        """Update the appearance of particles; None: of all."""
        if self.particles is not None:
            self.particles.update(ids)

    def apply_pending_edits(self) -> None:
        """Apply changes in the layer for which napari emits no event."""
        if self.particles is not None:
            self.particles.apply_pending_edits()
