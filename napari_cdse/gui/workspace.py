"""Create the parts of one window, and connect them.

The session holds viewer and project. Canvas, tools and controllers are built on it, and
get the other parts that they need as arguments of their constructors. Docks get the
workspace of their viewer by `workspace_for`, and use its parts.
"""

from __future__ import annotations

import atexit
import weakref
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.canvas.micrograph_view import MicrographView
from napari_cdse.gui.controllers.annotation_import import AnnotationImport
from napari_cdse.gui.controllers.annotator import AnnotatorName
from napari_cdse.gui.controllers.detection import DetectionController
from napari_cdse.gui.controllers.frames import Frames
from napari_cdse.gui.controllers.history import HistoryController
from napari_cdse.gui.controllers.layer_watch import LayerWatch
from napari_cdse.gui.controllers.leave_taking import LeaveTaking
from napari_cdse.gui.controllers.navigation import Navigation
from napari_cdse.gui.controllers.project_poller import PATIENCE_S, ProjectPoller
from napari_cdse.gui.controllers.review import Review
from napari_cdse.gui.controllers.selection import Selection
from napari_cdse.gui.controllers.training import TrainingController
from napari_cdse.gui.help.menu import HelpMenu
from napari_cdse.gui.opening.empty_canvas import EmptyCanvas
from napari_cdse.gui.opening.file_drops import FileDrops
from napari_cdse.gui.opening.incoming_files import IncomingFiles
from napari_cdse.gui.opening.open_project import opened
from napari_cdse.gui.opening.opening import Opening
from napari_cdse.gui.opening.recent_menu import RecentMenu
from napari_cdse.gui.session.session import Session
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.shortcuts.bindings import ShortcutBindings
from napari_cdse.gui.shortcuts.dialog import KeyList
from napari_cdse.gui.shortcuts.key_events import KeyForwarding
from napari_cdse.gui.shortcuts.settings import KeySettings
from napari_cdse.gui.tools.active_tool import ActiveTool
from napari_cdse.gui.tools.exclude import Exclusions
from napari_cdse.gui.tools.measure import Measurement
from napari_cdse.gui.tools.samples import Samples
from napari_cdse.gui.widgets.message_bar import MessageBar
from napari_cdse.io.recent_projects import remember_project
from napari_cdse.project import beside_sentence
from napari_cdse.sample import sample_project_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from napari import Viewer

    from napari_cdse.project import Project

_BESIDE = "beside"
"""Name of the message about other project files."""
_OPENING = "opening"
"""Name of the message why a project was not opened."""


class Workspace(QObject):
    """All parts of one window except the docks; closed with the window.

    Parameters
    ----------
    viewer : Viewer

    Attributes
    ----------
    session : Session
        Viewer, project, signals, workers.
    canvas : MicrographView
        The open micrograph's layers.
    keys : KeySettings
    selection : Selection
        The current particle and the selected ones.
    navigation : Navigation
        Goes from particle to particle and from micrograph to micrograph.
    review : Review
        Labels the selected particles.
    history : HistoryController
        Undo and redo.
    detection : DetectionController
        Runs detection and classification.
    training : TrainingController
    annotation_import : AnnotationImport
        Imports annotations of other programs.
    frames : Frames
        Chooses the frame of a stack or movie.
    active_tool : ActiveTool
    measurement : Measurement
        Ruler and scale bar.
    exclusions : Exclusions
        Leaves out micrographs and regions.
    samples : Samples
        Assigns micrographs to samples.
    poller : ProjectPoller
        Reads what other windows wrote, and writes what waits.
    layer_watch : LayerWatch
        Warns if our layers are covered or hidden.
    leave_taking : LeaveTaking
        Asks before something is lost.
    message_bar : MessageBar
        Shows lasting messages.
    annotator : AnnotatorName
        Name of the present annotator.
    incoming : IncomingFiles
        Opens dropped files, or adds them to the project.
    opening : Opening
        The ways to begin.
    drops : FileDrops
        Accepts drops anywhere on the window.
    empty_canvas : EmptyCanvas
        Shows how to begin, while there is no micrograph.
    recent_menu : RecentMenu
        Recent projects in napari's File menu.
    help_menu : HelpMenu
        Entries in napari's Help menu.
    """

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        session = self.session = Session(viewer)
        canvas = self.canvas = MicrographView(session)
        self.keys = KeySettings(session)
        self.detection = DetectionController(session, canvas)
        self.training = TrainingController(session, canvas, self.detection)
        self.annotation_import = AnnotationImport(session, canvas)
        self.frames = Frames(session, canvas)
        self._told_about: set[str] = set()
        self.active_tool = ActiveTool(canvas)
        self.measurement = Measurement(session, canvas, self.active_tool)
        self.exclusions = Exclusions(session, canvas, self.active_tool)
        self.samples = Samples(session)
        self.selection = Selection(session, canvas)
        self.navigation = Navigation(session, canvas, self.selection)
        self.navigation.ahead.connect(self.detection.maps.look_ahead)
        self.review = Review(
            session, canvas, self.selection, self.navigation, self.keys
        )
        self.history = HistoryController(session, canvas)
        self.poller = ProjectPoller(session, canvas)
        self.layer_watch = LayerWatch(session, canvas)
        self.annotator = AnnotatorName(session)
        self.key_forwarding = KeyForwarding(session, self.keys)
        self.bindings = ShortcutBindings(session, canvas, self.keys, self._actions())
        self.message_bar = MessageBar(session.messages, main_window(viewer))
        self.leave_taking = LeaveTaking(session)
        self.incoming = IncomingFiles(
            session,
            self.navigation,
            self.open_project,
            self.annotation_import.take,
        )
        self.opening = Opening(session, self.incoming.take, self.open_sample)
        self.drops = FileDrops(session, self.incoming)
        self.empty_canvas = EmptyCanvas(session, self.opening)
        self.recent_menu = RecentMenu(session, self.opening)
        self.help_menu = HelpMenu(session, self.show_keys)
        main_window(viewer).destroyed.connect(self.close)

    def _actions(self) -> Mapping[str, Callable[..., object]]:
        """Return the function of each shortcut, by its name in the registry."""
        labels = {
            f"label_{label}": lambda chosen=label: self.review.label(chosen)
            for label in CLASSES
        }
        return labels | {
            "accept": self.review.accept,
            "defer": self.review.defer,
            "next": self.navigation.go_on,
            "previous": self.navigation.go_back,
            "next_micrograph": lambda: self.navigation.step_micrograph(1),
            "previous_micrograph": lambda: self.navigation.step_micrograph(-1),
            "remove": self.review.remove,
            "undo": self.history.undo,
            "redo": self.history.redo,
            "draw": lambda: self.canvas.toggle_mode("add_ellipse"),
            "grab": lambda: self.canvas.toggle_mode("select"),
            "hide": self.canvas.layers.hide,
            "whole": self.canvas.see_whole,
            "measure": self.measurement.measure,
            "scale_bar": self.measurement.scale_bar,
            "leave_region_out": self.exclusions.draw,
            "key_sheet": self.show_keys,
        }

    def show_keys(self) -> None:
        """Show the list of keys."""
        KeyList.show_for(main_window(self.session.viewer), self.keys)

    def close(self) -> None:
        """Stop the workers, release layers and project; called as the window closes."""
        session = self.session
        if session.closed:
            return
        session.closed = True
        for part in (
            self.detection,
            self.navigation,
            self.poller,
            self.layer_watch,
            self.annotator,
            self.leave_taking,
            self.opening,
            self.drops,
        ):
            part.close()
        session.close()
        self.selection.close()
        self.bindings.close()
        self.key_forwarding.close()
        self.keys.close()
        self.canvas.close()
        self.leave_project()

    @property
    def viewer(self) -> Viewer | None:
        """The viewer, as long as it is there."""
        return self.session.viewer

    @property
    def project(self) -> Project:
        """The open project; raises `NoProjectError` if there is none."""
        return self.session.project

    @property
    def idle(self) -> bool:
        """Whether no job runs, no signal is deferred and no drawing is pending."""
        session, particles = self.session, self.canvas.particles
        waiting = (
            session.runner.jobs,
            session.deferred.waiting,
            self.detection.waiting,
            self.navigation.waiting,
            particles is not None and particles.repairing,
        )
        return not any(waiting)

    # --- project --------------------------------------------------------------

    def open_project(
        self, source: Path | Sequence[Path], place: Path | None = None
    ) -> bool:
        """Open a folder, micrograph files or a project file; True if it worked.

        Parameters
        ----------
        source : Path or sequence of Path
            The folder or files.
        place : Path, optional
            Where a new project file is created; by default in the folder.
        """
        if not self.leave_taking.agreed():
            return False
        with self.session.reporting_errors(_OPENING):
            window = main_window(self.session.viewer)
            project = opened(window, source, place)
            self.session.runner.cancel_all()
            self.canvas.clear()
            self.leave_project()
            self._enter_project(project)
            return True
        return False

    def open_sample(self) -> bool:
        """Open the sample project, a copy that the user may work in."""
        with self.session.reporting_errors():
            return self.open_project(sample_project_folder())
        return False

    def _enter_project(self, project: Project) -> None:
        for signal, receiver in self._connections(project):
            signal.connect(receiver)
        project.backlog.allow(PATIENCE_S)
        self.session.enter(project)
        remember_project(project.path)
        beside = beside_sentence(project.path)
        if beside:
            self.session.messages.put(_BESIDE, beside)
        else:
            self.session.messages.withdraw(_BESIDE)
        if project.micrographs.entries:
            project.selection.open(project.resume_point.index or 0)

    def leave_project(self) -> None:
        """Close the open project, if there is one."""
        if not self.session.is_open:
            return
        project = self.session.project
        self.canvas.drop()
        self.session.leave()
        for about in self._told_about:
            self.session.messages.withdraw(about)
        self._told_about.clear()
        for signal, receiver in self._connections(project):
            signal.disconnect(receiver)
        project.close()

    # --- signals of the project -----------------------------------------------

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
            (project.backlog.changed, self.poller.follow_backlog),
        )

    def _on_opened(self, index: int) -> None:
        self.canvas.read(index)
        self.session.deferred.opened()

    def _on_pixels_changed(self, _index: int) -> None:
        if self.session.micrograph is None or self.session.viewer is None:
            return
        self.canvas.show()
        self.detection.maps.show()
        self.detection.classify_soon()
        self.session.deferred.opened()

    def _on_particles_changed(self, ids: frozenset[str] | None) -> None:
        self.canvas.update(ids)
        self.detection.classify_soon()
        self.session.deferred.particles_changed(ids)

    def _on_selection_changed(self, particle_id: str | None) -> None:
        self.selection.on_project_selection(particle_id)
        self.session.deferred.selection_changed()

    def _on_micrographs_changed(self) -> None:
        self.canvas.show_regions()
        self.session.deferred.micrographs_changed()

    def _on_models_changed(self) -> None:
        self.session.models_changed.emit()
        self.detection.classify_soon()

    def _on_history_changed(self) -> None:
        self.session.deferred.history_changed()

    def _on_notice(self, sentence: str, about: str = "") -> None:
        if sentence:
            self.session.warn(sentence, about)
            # What is true of a setting of this project is not of another one's.
            self._told_about |= {about} if about else set()
        else:
            self.session.messages.withdraw(about)


_WORKSPACES: weakref.WeakKeyDictionary[Viewer, Workspace] = weakref.WeakKeyDictionary()


def _close_all() -> None:
    """Close all workspaces when Python exits.

    A script may end without closing its window. Qt then deletes timers, jobs and
    windows in any order, after which a workspace can't be closed; this runs before it,
    as functions registered later run first, and Qt was imported before this module.
    """
    for workspace in tuple(_WORKSPACES.values()):
        workspace.close()


atexit.register(_close_all)


def with_project(viewer: Viewer | None) -> Workspace | None:
    """Return the viewer's workspace if there is one with an open project."""
    workspace = None if viewer is None else _WORKSPACES.get(_without_proxy(viewer))
    if workspace is None or not workspace.session.is_open:
        return None
    return workspace


def _without_proxy(viewer: Viewer) -> Viewer:
    """Return the viewer itself; napari passes a proxy to widgets."""
    found: Viewer = getattr(viewer, "__wrapped__", viewer)
    return found


def workspace_for(viewer: Viewer) -> Workspace:
    """Return the viewer's workspace; create it if there is none.

    Parameters
    ----------
    viewer : Viewer
        May be the proxy that napari passes to widgets.
    """
    real = _without_proxy(viewer)
    workspace = _WORKSPACES.get(real)
    if workspace is None or workspace.session.closed:
        workspace = Workspace(real)
        _WORKSPACES[real] = workspace
    return workspace
