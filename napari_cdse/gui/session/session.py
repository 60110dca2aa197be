"""What one window works on: project, layers, workers; gone when the window closes."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_cdse.gui.canvas.micrograph_view import Stage
from napari_cdse.gui.controllers.annotator import AnnotatorName
from napari_cdse.gui.controllers.detection import Analyst
from napari_cdse.gui.controllers.open_project import opened
from napari_cdse.gui.controllers.project_watcher import Watcher
from napari_cdse.gui.controllers.review import Review
from napari_cdse.gui.controllers.training import Trainer
from napari_cdse.gui.session import notifications as notices
from napari_cdse.gui.session.deferred_signals import Herald
from napari_cdse.gui.session.workers import JobRunner
from napari_cdse.gui.shortcuts.settings import KeySettings
from napari_cdse.gui.tools.exclude import LeavingOut
from napari_cdse.gui.tools.measure import Measuring
from napari_cdse.gui.widgets.viewer_window import main_window
from napari_cdse.sample import sample_project_folder
from napari_cdse.tasks.analysis import Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari import Viewer

    from napari_cdse.core.records import Micrograph, PixelSizeSource
    from napari_cdse.gui.canvas.layers import Scene
    from napari_cdse.gui.canvas.particles_layer import ParticlesLayer
    from napari_cdse.project import MicrographEntry, Project

_SIGNALS = (
    "micrographs_changed",
    "opened",
    "pixels_changed",
    "particles_changed",
    "selection_changed",
    "models_changed",
    "history_changed",
    "notice",
)


class Session(QObject):
    """Everything behind the docks of one viewer.

    Signals say what a dock may have to show anew; `particles_changed` carries the
    ids, or None for all. Docks listen with methods marked as `Slot`: Qt forgets these
    together with the dock, others would be called on until the window closes.

    Attributes
    ----------
    project : Project or None
    stage : Stage
        The open micrograph's layers.
    runner : JobRunner
    herald : Herald
        Sends these signals.
    review : Review
        What the keys and buttons do with particles.
    analyst : Analyst
        Detection and classification.
    trainer : Trainer
    keys : KeySettings
    measuring : Measuring
        Ruler and scale bar.
    leaving_out : LeavingOut
        Micrographs and regions that are left out.
    watcher : Watcher
        Looks what other windows wrote.
    annotator : AnnotatorName
        Whose labels the next ones are.
    """

    project_changed = Signal()
    opened = Signal()
    micrographs_changed = Signal()
    particles_changed = Signal(object)
    selection_changed = Signal()
    models_changed = Signal()
    history_changed = Signal()

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = weakref.ref(viewer)
        self.closed = False
        self.project: Project | None = None
        self.runner = JobRunner()
        self.stage = Stage(self)
        self._problems: dict[int, str] = {}
        self.herald = Herald(self)
        self._to_classify = QTimer(self)
        self._to_classify.setSingleShot(True)
        self.analyst = Analyst(self)
        self.trainer = Trainer(self)
        self.keys = KeySettings(self)
        self.measuring = Measuring(self)
        self.leaving_out = LeavingOut(self)
        self.review = Review(self)
        self.watcher = Watcher(self)
        self.annotator = AnnotatorName(self)
        self._to_classify.timeout.connect(self.analyst.classify_missing)
        main_window(viewer).destroyed.connect(self.close)

    @property
    def viewer(self) -> Viewer | None:
        """The viewer, as long as it is there."""
        return self._viewer()

    @property
    def scene(self) -> Scene:
        """Our layers."""
        return self.stage.scene

    @property
    def view(self) -> ParticlesLayer | None:
        """The particles' layer, as long as one is shown."""
        return self.stage.view

    @property
    def micrograph(self) -> Micrograph | None:
        """The open micrograph; None while there is none or it is being read."""
        return None if self.project is None else self.project.selection.micrograph

    @property
    def current_entry(self) -> MicrographEntry | None:
        """The open micrograph's line in the table."""
        if self.project is None or self.project.selection.index is None:
            return None
        return self.entries[self.project.selection.index]

    def close(self) -> None:
        """Stop the workers, let go of layers and project; called with the window."""
        if self.closed:
            return
        self.closed = True
        self._to_classify.stop()
        self.watcher.close()
        self.annotator.close()
        self.runner.close()
        self.review.close()
        self.keys.close()
        self.stage.close()
        self._leave_project()

    # --- project --------------------------------------------------------------

    def open_project(
        self, source: Path | Sequence[Path], place: Path | None = None
    ) -> bool:
        """Open a folder, micrograph files or a project file; True if it worked.

        The project file of a folder lies in it, or at another ``place``.
        """
        with notices.told():
            project = opened(self, source, place)
            self.runner.cancel_all()
            self.stage.clear()
            self._leave_project()
            self._enter_project(project)
            return True
        return False

    def open_sample(self) -> bool:
        """Open the sample project, a copy that the person may work in."""
        with notices.told():
            return self.open_project(sample_project_folder())
        return False

    def _enter_project(self, project: Project) -> None:
        self.project = project
        self._problems.clear()
        for name in _SIGNALS:
            getattr(project.events, name).connect(getattr(self, f"_on_{name}"))
        for sentence in project.notices:
            notices.warn(sentence)
        self.project_changed.emit()
        if project.micrographs.entries:
            project.selection.open(project.resume_point.index or 0)

    def _leave_project(self) -> None:
        project, self.project = self.project, None
        self.herald.forget()
        if project is None:
            return
        for name in _SIGNALS:
            getattr(project.events, name).disconnect(getattr(self, f"_on_{name}"))
        project.close()

    # --- micrograph -----------------------------------------------------------

    def open_micrograph(self, index: int) -> None:
        """Show another micrograph."""
        if self.project is None or not 0 <= index < len(
            self.project.micrographs.entries
        ):
            return
        self.stage.take_in()
        if index == self.project.selection.index and self.view is None:
            self._on_opened(index)
        self.project.selection.open(index)

    @property
    def entries(self) -> tuple[MicrographEntry, ...]:
        """The table of micrographs, with what went wrong since it was opened."""
        if self.project is None:
            return ()
        return tuple(
            replace(one, problem=self._problems.get(one.index, one.problem))
            for one in self.project.micrographs.entries
        )

    def set_problem(self, index: int, sentence: str | None) -> None:
        """Note why a micrograph could not be done; None: it could."""
        if sentence is None:
            self._problems.pop(index, None)
        else:
            self._problems[index] = sentence
        self.micrographs_changed.emit()

    def source(self, index: int) -> Source:
        """Where a worker finds a micrograph."""
        project = self.project
        entry = project.micrographs.entries[index]
        pixels = (
            project.selection.micrograph if index == project.selection.index else None
        )
        size = project.micrographs.person_pixel_size(index)
        return Source(index, entry.path, entry.frame, size, pixels)

    def set_pixel_size(self, pixel_size_nm: float | None, whole_folder: bool) -> None:
        """Say how large a pixel is, for the open micrograph or the whole folder."""
        project = self.project
        if project is None or (project.selection.index is None and not whole_folder):
            return
        with notices.told():
            indices = None if whole_folder else [project.selection.index]
            project.micrographs.set_pixel_size(pixel_size_nm, indices)

    def pixel_size(self) -> tuple[float | None, PixelSizeSource | None]:
        """Edge of the open micrograph's pixels in nm, and who said so."""
        if self.project is None or self.project.selection.index is None:
            return None, None
        return self.project.micrographs.pixel_size(self.project.selection.index) or (
            None,
            None,
        )

    def _on_opened(self, index: int) -> None:
        self.stage.read(index)
        self.opened.emit()

    def _on_pixels_changed(self, _index: int) -> None:
        if self.micrograph is None or self.viewer is None:
            return
        self.stage.show()
        self.analyst.show_maps()
        self._classify_soon()
        self.opened.emit()

    # --- the project's signals, passed on -------------------------------------

    def _on_particles_changed(self, ids: frozenset[str] | None) -> None:
        self.stage.update(ids)
        self._classify_soon()
        self.herald.tell_of(ids)

    def _on_selection_changed(self, particle_id: str | None) -> None:
        self.review.selection.on_project_selection(particle_id)
        self.herald.tell("selection_changed")

    def _classify_soon(self) -> None:
        if self.micrograph is not None and not self.closed:
            self._to_classify.start(0)

    def _on_micrographs_changed(self) -> None:
        self.stage.show_regions()
        self.herald.tell("micrographs_changed")

    def _on_models_changed(self) -> None:
        self.models_changed.emit()
        self._classify_soon()

    def _on_history_changed(self) -> None:
        self.herald.tell("history_changed")

    def _on_notice(self, sentence: str) -> None:
        notices.warn(sentence)
