"""The open micrograph in the viewer: read, shown, and kept in step with the project."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_cdse.gui.canvas.layers import Scene
from napari_cdse.gui.canvas.particle_style import Look, look
from napari_cdse.gui.canvas.particles_layer import ParticlesLayer
from napari_cdse.gui.canvas.prefetch import AHEAD, Prefetch
from napari_cdse.gui.session import notifications as notices
from napari_cdse.gui.session.workers import Job
from napari_cdse.gui.widgets.viewer_window import find_canvas, find_main_window
from napari_cdse.project import Drawing, EditRequest
from napari_cdse.tasks.analysis import reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_cdse.core.detection.accumulation_map import AccumulationMap
    from napari_cdse.core.records import Circle, Micrograph
    from napari_cdse.gui.canvas.layer_diff import Changes, Drawn
    from napari_cdse.gui.session.session import Session
    from napari_cdse.project import Particle
    from napari_cdse.tasks.analysis import Source

_DRAWS_TO_FORGET = 3
"""Pictures after which nothing is left of a layer: two were enough, and one more."""


class Stage(QObject):
    """Reads the open micrograph in a worker and puts its layers up.

    Attributes
    ----------
    scene : Scene
    view : ParticlesLayer or None
        None while nothing is shown.
    prefetch : Prefetch
        Micrographs in memory.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._reading: Job | None = None
        self._told: set[str] = set()
        self.prefetch = Prefetch(session.runner, self)
        self.scene = Scene(session.viewer)
        self.view: ParticlesLayer | None = None
        session.viewer.layers.events.removed.connect(self._on_layer_removed)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._read_ahead)
        self._removed = QTimer(self)
        self._removed.setSingleShot(True)
        self._removed.timeout.connect(self._draw_again)

    def close(self) -> None:
        """Let go of the viewer."""
        self._soon.stop()
        self._removed.stop()
        self.drop()
        viewer = self._session.viewer
        if viewer is not None:
            viewer.layers.events.removed.disconnect(self._on_layer_removed)

    def clear(self) -> None:
        """Take everything away."""
        self.prefetch.clear()
        self._told.clear()
        self.drop()
        self.scene.clear()

    def drop(self) -> None:
        """Stop following the layer; it may stay until the next one comes."""
        if self.view is not None:
            self._session.measuring.end()
            self._session.leaving_out.end()
            self.view.close()
            self._session.review.detach()
            self.view = None

    # --- reading and showing --------------------------------------------------

    def read(self, index: int) -> None:
        """Read a micrograph; what was asked for before is not wanted any more."""
        self.drop()
        if self._reading is not None:
            self._reading.cancel()
        source = self._session.source(index)
        ready = self.prefetch.take(source)
        if ready is not None:
            self._on_read(source, ready)
            return
        job = Job("Reading", partial(reading, source), heavy=False)
        job.produced.connect(lambda found: self._on_read(source, found))
        job.failed.connect(lambda sentence: self._on_unreadable(index, sentence))
        self._reading = self._session.runner.submit(job)

    def show(self) -> None:
        """Put the open micrograph up with its particles."""
        micrograph = self._session.micrograph
        self.drop()
        self.scene.show(micrograph, whole=not self._session.review.arriving)
        self.view = ParticlesLayer(
            self.scene.particles,
            wanted=self._looks,
            commit=self._commit,
            tell=notices.warn,
            selected=self._session.review.selection.on_layer_selection,
        )
        self.view.fill()
        self.show_regions()
        self._session.review.attach()
        self.read_ahead()

    def read_ahead(self) -> None:
        """Soon read the micrographs that the queue opens next."""
        self._soon.start(0)

    def _read_ahead(self) -> None:
        session = self._session
        if session.project is not None and self.view is not None:
            indices = session.review.micrographs_ahead(AHEAD)
            self.prefetch.want([session.source(index) for index in indices])

    def show_regions(self) -> None:
        """Show the regions of the open micrograph that are left out."""
        project = self._session.project
        if self.view is None or project is None or project.selection.index is None:
            return
        if self.scene.show_regions(project.exclusions.regions(project.selection.index)):
            layer = self.scene.regions
            if layer is not None:
                self._session.review.bind_layer(layer)
                layer.events.data.connect(self._restore_regions)

    def _restore_regions(self) -> None:
        """Undo what napari's keys do to a layer that only shows."""
        QTimer.singleShot(0, self.show_regions)

    def show_maps(self, maps: Sequence[AccumulationMap]) -> None:
        """Lay accumulation maps over the open micrograph."""
        if self.view is not None:
            self.scene.show_maps(maps)
            for layer in self.scene.maps:
                self._session.review.bind_layer(layer)

    def update(self, ids: Iterable[str] | None) -> None:
        """Show particles as they are now."""
        if self.view is not None:
            self.view.update(ids)

    def take_in(self) -> None:
        """Take in what was changed in the layer without an event."""
        if self.view is not None:
            self.view.take_in()

    def _is_open(self, index: int) -> bool:
        project = self._session.project
        return project is not None and project.selection.index == index

    def _on_read(self, source: Source, micrograph: Micrograph) -> None:
        index = source.index
        if not self._is_open(index):
            return
        self.prefetch.keep(source, micrograph)
        with notices.told():
            self._session.project.micrographs.set_pixels(index, micrograph)
        self._tell_of(micrograph)

    def _tell_of(self, micrograph: Micrograph) -> None:
        """Say what reading it changed, once: a folder of JPEGs would say it all day."""
        for sentence in micrograph.notices:
            if sentence not in self._told:
                self._told.add(sentence)
                notices.inform(f"{micrograph.name}: {sentence}")

    def _on_unreadable(self, index: int, sentence: str) -> None:
        if self._is_open(index):
            self.scene.clear()
            notices.warn(sentence)
            self._session.set_problem(index, sentence)

    def _on_layer_removed(self, event: object) -> None:
        self._removed.start(0)
        if self.view is not None and event.value is self.view.layer:
            self.drop()
            QTimer.singleShot(0, self._tell_layer_is_gone)

    def _draw_again(self) -> None:
        """Draw what is left, at once.

        With napari 0.9 and Mesa the process dies where a Shapes layer is removed, and
        another one hidden and shown before the picture was drawn twice without it.
        """
        canvas = find_canvas(self._session.viewer)
        for _ in range(_DRAWS_TO_FORGET if canvas is not None else 0):
            canvas.repaint()

    def _tell_layer_is_gone(self) -> None:
        window = find_main_window(self._session.viewer)
        # The layers also go when the window closes; then there is nobody to tell.
        if window is not None and window.isVisible():
            notices.inform(
                "The circles are safe in the project; open the micrograph again to "
                "see them."
            )

    # --- particles and gestures -----------------------------------------------

    def _looks(self, ids: Iterable[str] | None) -> dict[str, Look]:
        project = self._session.project
        if project is None or project.selection.micrograph is None:
            return {}
        particles = project.particles.current if ids is None else self._here(ids)
        size = max(project.selection.micrograph.shape)
        return {
            one.id: look(
                one.id,
                one.circle,
                one.label,
                by_person=one.by_person,
                deferred=one.deferred,
                selected=one.id == project.selection.particle_id,
                image_size_px=size,
            )
            for one in map(project.audits.as_seen, particles)
        }

    def _here(self, ids: Iterable[str]) -> tuple[Particle, ...]:
        """Of these, the particles of the open micrograph."""
        project = self._session.project
        here = (
            one
            for one in ids
            if project.particles.micrograph_of(one) == project.selection.index
        )
        return tuple(filter(None, map(project.particles.find, here)))

    def _commit(self, changes: Changes) -> tuple[str, ...]:
        project = self._session.project
        gesture = EditRequest(
            labelled=changes.relabelled,
            drawn=tuple(Drawing(self._place(one)) for one in changes.drawn),
            reshaped=changes.reshaped,
            removed=changes.removed,
        )
        ids = project.edits.apply(gesture)
        if len(ids) == 1:
            project.selection.select(ids[0])
        return ids

    def _place(self, drawn: Drawn) -> Circle:
        """Move a pasted circle aside: napari lays it exactly over its original."""
        circle = drawn.circle
        if not drawn.pasted:
            return circle
        rows, cols = self._session.micrograph.shape
        aside = circle.radius_px / 2
        return replace(
            circle,
            row_px=circle.row_px + (aside if circle.row_px + aside < rows else -aside),
            col_px=circle.col_px + (aside if circle.col_px + aside < cols else -aside),
        )
