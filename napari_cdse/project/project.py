"""The class `Project`, which holds a project's components; without Qt."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from napari_cdse.core.errors import ProjectUnreadable, StoreError
from napari_cdse.io.export.earlier_results import Origin
from napari_cdse.io.store.database import PATIENCE_S
from napari_cdse.project.components.annotators import Annotators
from napari_cdse.project.components.audits import Audits
from napari_cdse.project.components.detections import Detections
from napari_cdse.project.components.edits import Edits
from napari_cdse.project.components.exclusions import Exclusions
from napari_cdse.project.components.history import History
from napari_cdse.project.components.imports import Imports
from napari_cdse.project.components.left_steps import store_left_steps
from napari_cdse.project.components.micrographs import Micrographs
from napari_cdse.project.components.models import Models
from napari_cdse.project.components.particles import Particles
from napari_cdse.project.components.review_queue import ReviewQueue
from napari_cdse.project.components.settings import Settings
from napari_cdse.project.components.statistics import Statistics
from napari_cdse.project.components.sync import Sync
from napari_cdse.project.files.beside import instead_sentence
from napari_cdse.project.files.open_store import open_store, project_file
from napari_cdse.project.state.change_tracker import ChangeTracker
from napari_cdse.project.state.events import ProjectEvents
from napari_cdse.project.state.project_state import ProjectState
from napari_cdse.project.state.resume_point import ResumePoint
from napari_cdse.project.state.selection import Selection
from napari_cdse.project.state.visit_history import VisitHistory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from napari_cdse.io.store.store import Edit, Store
    from napari_cdse.project.files.open_store import Source
    from napari_cdse.project.state.model_registry import DefaultModel


_ID_DIGITS = 16
"""Hexadecimal digits of a project's id in its results, 64 bits, so that ids of
different projects don't coincide by chance."""


class Project:
    """Micrographs, the program's results on them, and users' annotations.

    Every change is stored, or put into the `backlog`, before a signal announces it;
    views only react to signals. The present state is the candidates of each
    micrograph's latest detection, overlaid by annotations: a user's circle, label or
    deletion always takes precedence, also over later detections. Not to be shared
    between threads.

    Micrographs are referred to by their index in the table, particles by their id. The
    components share one `ProjectState` (particles, table, models, newest step in
    memory), which is created here and passed to their constructors.

    Attributes
    ----------
    notices : tuple of str
        Notices of the opening, before anything was connected to the signals.
    events : ProjectEvents
        The signals.
    selection : Selection
        The open micrograph and the selected particle.
    resume_point : ResumePoint
        Where the user stopped last time.
    settings : Settings
    annotators : Annotators
    sync : Sync
        Reads what other windows write.
    backlog : Backlog
        Writes that wait while another program has locked the file.
    history : History
        Undo and redo.
    micrographs : Micrographs
    particles : Particles
        The circles as they are now.
    exclusions : Exclusions
        Micrographs and regions that are left out.
    models : Models
    detections : Detections
    audits : Audits
    statistics : Statistics
        The visible-defect fraction.
    edits : Edits
        Edits circles and labels.
    imports : Imports
        Imports annotations of other programs.
    review : ReviewQueue
    """

    def __init__(
        self,
        store: Store,
        notices: Iterable[str] = (),
        default_model: DefaultModel | None = None,
    ) -> None:
        self.notices = tuple(notices)
        self._store = store
        self._closed = False
        self.events = events = ProjectEvents()
        self._state = state = ProjectState(store, default_model)
        visits = VisitHistory()
        self.selection = Selection(state, visits, events)
        tracker = ChangeTracker(state, self.selection, events)
        self.resume_point = ResumePoint(store, state, self.selection, visits)
        self.settings = Settings(store, state.backlog)
        self.annotators = Annotators(
            store,
            state,
            self.resume_point,
            events,
            is_drawn=lambda one: self.audits.hides(one),
            renamed=self.reload,
        )
        self.sync = Sync(
            store,
            state,
            events,
            follow=self._follow_steps,
            reload=self.reload,
            store_steps=lambda: self.history.store_waiting(),
        )
        self.backlog = state.backlog
        self.history = History(
            store,
            state,
            self.selection,
            tracker,
            self.annotators,
            self.sync,
            events,
        )
        self.micrographs = Micrographs(
            store,
            state,
            self.selection,
            self.history,
            self.sync,
            self.settings,
            events,
        )
        self.particles = Particles(state, self.selection)
        self.exclusions = Exclusions(state, self.history, self.sync)
        self.models = Models(store, state, self.annotators, events)
        self.detections = Detections(
            store, state, self.selection, tracker, self.settings, events
        )
        self.audits = Audits(
            store, state, self.selection, visits, self.annotators, events
        )
        self.statistics = Statistics(
            store, state, self.audits, self.annotators, self.settings
        )
        self.edits = Edits(
            state,
            self.selection,
            self.history,
            self.sync,
            self.annotators,
            self.audits,
            events,
        )
        self.imports = Imports(state, self.history, self.sync)
        self.review = ReviewQueue(
            state, self.selection, visits, self.annotators, self.audits
        )
        self._open()
        store.read_ahead()
        self.notices = (*self.notices, *store.set_aside)

    @classmethod
    def create_or_open(
        cls,
        source: Source,
        store_path: str | Path | None = None,
        *,
        default_model: DefaultModel | None = None,
    ) -> Project:
        """Open a folder, micrograph files or a project file.

        Parameters
        ----------
        source : path or sequence of paths
            For a folder or files the project ``napari-cdse.cdse`` in their folder is
            opened, or made if there is none. No micrograph is read. Label files
            beside new micrographs are imported, once.
        store_path : path, optional
            Another place for the project file, for a folder that may not be written.
        default_model : callable, optional
            Gives the shipped forest; it is called when first needed.

        Raises
        ------
        ProjectUnreadable
            If the project file is damaged; it says what could be opened instead.
        StoreError
            If there is nothing to open, or the project file cannot be used.
        """
        try:
            store, notices = open_store(source, store_path)
            try:
                return cls(store, notices, default_model)
            except BaseException:
                store.close()
                raise
        except ProjectUnreadable as error:
            instead = instead_sentence(project_file(source, store_path))
            raise ProjectUnreadable(f"{error}{instead}") from error

    # The file

    @property
    def path(self) -> Path:
        """The project file."""
        return self._store.path

    @property
    def origin(self) -> Origin:
        """What tells results of this project from those of others."""
        identity = self._store.identity
        # A digest: by the seed of the lots anybody could work out what is drawn.
        told = sha256(identity.encode()).hexdigest()[:_ID_DIGITS] if identity else ""
        return Origin(self.path.name, told)

    @property
    def folder(self) -> Path:
        """The folder that the project file lies in."""
        return self._store.folder

    @property
    def read_only(self) -> bool:
        """Whether edits are refused."""
        return self._store.read_only

    def check_writable(self) -> None:
        """Raise `StoreError` where nothing can be kept; ask before what takes long."""
        self._store.check_writable()

    def copy_to(self, path: Path) -> None:
        """Write a copy of the project elsewhere; the micrographs stay where they are.

        Raises
        ------
        StoreError
            If a file is there already, or none can be made.
        """
        self._store.copy_to(path)

    # What happens, in this order

    def _open(self) -> None:
        """Read the file, then let the parts hear of each other's changes."""
        self.resume_point.load(self.annotators.current)
        self._state.load()
        self.settings.read()
        left = store_left_steps(
            self._store, self._state, self.history, self.settings, self.events
        )
        self.notices = (*self.notices, *left)
        self.audits.read_plan()
        self.audits.draw_new()
        # First of all who listen: it is written down before it is shown.
        self.events.particles_changed.connect(self.audits.draw_new)
        self.events.particles_changed.connect(self.audits.note_open)
        self.events.queue_outdated.connect(self.review.forget_orders)

    def reload(self) -> None:
        """Read the file anew and show all of it, because another window has written."""
        self._state.load()
        self.settings.read()
        self.annotators.read_names()
        self.history.follow_waiting()
        self.audits.read_plan()
        self.events.queue_outdated.emit()
        self.selection.drop_missing()
        self.events.micrographs_changed.emit()
        self.events.models_changed.emit()
        self.events.particles_changed.emit(None)
        self.events.history_changed.emit()

    def _follow_steps(self, steps: Sequence[Edit], model_before: str | None) -> None:
        """Show what another window did: its steps, then what goes without steps."""
        for each in steps:
            self.history.show_stored(each)
        self.settings.read()
        self.detections.follow_runs()
        if self._state.models.active_id != model_before:
            self.models.show_active()
        if self.annotators.read_names():
            self.reload()
            return
        self.events.micrographs_changed.emit()
        if self.audits.read_plan():
            self.events.particles_changed.emit(None)

    def close(self) -> None:
        """Close the project; all but what waits for the file has been saved before."""
        if not (self._closed or self.read_only):
            self.sync.write_waiting(PATIENCE_S)
            # A full disk must not keep anyone from closing.
            with suppress(StoreError):
                self.resume_point.save(self.annotators.current)
        self.backlog.close()
        self._store.close()
        self._closed = True
