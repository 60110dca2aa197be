"""Create the parts of one window, and connect them.

The session holds viewer and project. Canvas, tools and controllers are built on it, and
get the other parts that they need as arguments of their constructors. Docks use the
parts of their viewer's workspace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.canvas.micrograph_view import MicrographView
from napari_cdse.gui.controllers.annotation_import import AnnotationImport
from napari_cdse.gui.controllers.annotator import AnnotatorName
from napari_cdse.gui.controllers.classification import ClassificationController
from napari_cdse.gui.controllers.close_guard import CloseGuard
from napari_cdse.gui.controllers.detection import DetectionController
from napari_cdse.gui.controllers.frames import Frames
from napari_cdse.gui.controllers.history import HistoryController
from napari_cdse.gui.controllers.layer_watch import LayerWatch
from napari_cdse.gui.controllers.navigation import Navigation
from napari_cdse.gui.controllers.particle_selection import ParticleSelection
from napari_cdse.gui.controllers.project_poller import PATIENCE_S, ProjectPoller
from napari_cdse.gui.controllers.review import Review
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
from napari_cdse.gui.workspace.project_link import ProjectLink
from napari_cdse.io.recent_projects import remember_project
from napari_cdse.project import beside_sentence
from napari_cdse.sample import sample_project_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

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
    selection : ParticleSelection
        The current particle and the selected ones.
    navigation : Navigation
        Goes from particle to particle and from micrograph to micrograph.
    review : Review
        Labels the selected particles.
    history : HistoryController
        Undo and redo.
    classification : ClassificationController
        Classifies circles that have no prediction.
    detection : DetectionController
        Finds and classifies particles.
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
    close_guard : CloseGuard
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
        self.classification = ClassificationController(session)
        self.detection = DetectionController(session, canvas, self.classification)
        self.training = TrainingController(session, canvas, self.classification)
        self.annotation_import = AnnotationImport(session, canvas)
        self.frames = Frames(session, canvas)
        self.active_tool = ActiveTool(canvas)
        self.measurement = Measurement(session, canvas, self.active_tool)
        self.exclusions = Exclusions(session, canvas, self.active_tool)
        self.samples = Samples(session)
        self.selection = ParticleSelection(session, canvas)
        self.navigation = Navigation(session, canvas, self.selection)
        self.navigation.ahead.connect(self.detection.maps.look_ahead)
        self.review = Review(
            session, canvas, self.selection, self.navigation, self.keys
        )
        self.history = HistoryController(session, canvas)
        self.poller = ProjectPoller(session, canvas)
        self._project_link = ProjectLink(
            session,
            canvas,
            self.classification,
            self.detection.maps,
            self.selection,
            self.poller,
        )
        self.layer_watch = LayerWatch(session, canvas)
        self.annotator = AnnotatorName(session)
        self.key_forwarding = KeyForwarding(session, self.keys)
        self.bindings = ShortcutBindings(session, canvas, self.keys, self._actions())
        self.message_bar = MessageBar(session.messages, main_window(viewer))
        self.close_guard = CloseGuard(session)
        self.incoming = IncomingFiles(
            session,
            self.navigation,
            self.open_project,
            self.annotation_import.start,
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
            self.classification,
            self.navigation,
            self.poller,
            self.layer_watch,
            self.annotator,
            self.close_guard,
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
            self.classification.waiting,
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
            Path of a new project file; by default in the folder.
        """
        if not self.close_guard.may_close():
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
        self._project_link.connect(project)
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
        self._project_link.disconnect(project)
        project.close()
