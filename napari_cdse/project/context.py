"""Ground floor of a project: its file, its signals, the open micrograph, settings."""

from __future__ import annotations

import getpass
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_cdse.core.classifier.novelty import out_of_range
from napari_cdse.core.errors import StoreError
from napari_cdse.project.state.micrograph_table import Catalog
from napari_cdse.project.state.model_registry import ModelShelf
from napari_cdse.project.state.particle_state import ProjectState
from napari_cdse.project.state.visit_history import Sitting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_cdse.core.detection.methods import Detection
    from napari_cdse.core.records import Annotation, Micrograph
    from napari_cdse.core.review.review_queue import Order, QueueItem
    from napari_cdse.io.store.store import MicrographRow, Store
    from napari_cdse.project.state.model_registry import DefaultModel
    from napari_cdse.project.state.records import MicrographEntry, Particle

ANNOTATOR = "annotator"
_LAST = "last_opened"
_PASSED = "passed"


class ProjectBase:
    """Holds the store and what is in memory of it; see `Project`."""

    micrographs_changed = Signal()
    opened = Signal(int)
    pixels_changed = Signal(int)
    particles_changed = Signal(object)
    selection_changed = Signal(object)
    models_changed = Signal()
    history_changed = Signal()
    notice = Signal(str)

    def __init__(
        self,
        store: Store,
        notices: Iterable[str] = (),
        default_model: DefaultModel | None = None,
    ) -> None:
        self.notices = tuple(notices)
        self._store = store
        self._state = ProjectState()
        self._catalog = Catalog(store, self._state, self._out_of_range)
        self._shelf = ModelShelf(store, default_model)
        self._current: int | None = None
        self._micrograph: Micrograph | None = None
        self._selected: str | None = None
        self._head: int | None = None
        self._closed = False
        self._login = _login_name()
        known = store.setting(f"{ANNOTATOR}/{self._login}", self._login)
        self._annotator = str(known)
        self._hide_others = False
        self._orders: dict[Order, list[QueueItem]] = {}
        self._sitting = Sitting(self._passed())
        self._detections: OrderedDict[int, Detection] = OrderedDict()
        self._load()

    # The file

    @property
    def path(self) -> Path:
        """The project file."""
        return self._store.path

    @property
    def folder(self) -> Path:
        """The folder that the project file lies in."""
        return self._store.folder

    @property
    def read_only(self) -> bool:
        """Whether edits are refused."""
        return self._store.read_only

    def close(self) -> None:
        """Close the project; everything has been saved before."""
        if not (self._closed or self.read_only):
            # A full disk must not keep anyone from closing.
            with suppress(StoreError):
                self._keep_place()
        self._store.close()
        self._closed = True

    def reload(self) -> None:
        """Read everything anew, because another window has written."""
        self._load()
        if self._selected is not None and self.find(self._selected) is None:
            self.select(None)
        self.micrographs_changed.emit()
        self.models_changed.emit()
        self.particles_changed.emit(None)
        self.history_changed.emit()

    # Micrographs

    @property
    def entries(self) -> tuple[MicrographEntry, ...]:
        """The table of micrographs."""
        return self._catalog.entries()

    @property
    def current(self) -> int | None:
        """Index of the open micrograph."""
        return None if self._current is None else self._catalog.index(self._current)

    @property
    def micrograph(self) -> Micrograph | None:
        """The open micrograph's pixels; None until they are handed over."""
        return self._micrograph

    def open(self, index: int) -> None:
        """Make a micrograph the open one; its pixels follow by `set_micrograph`."""
        key = self._catalog.rows[index].key
        if key == self._current:
            return
        self.select(None)
        self._current, self._micrograph = key, None
        self.opened.emit(index)
        self.particles_changed.emit(None)

    @property
    def last_opened(self) -> int | None:
        """Index of the micrograph where the person stopped; None for a new project."""
        key, head = self._store.setting(_LAST, (None, None))
        # After a kill the newest edit knows better than the last orderly end.
        if head != self._head and self._head is not None:
            key = self._store.edits.get(self._head, {}).micrograph_key
        known = {row.key for row in self._catalog.rows}
        return self._catalog.index(key) if key in known else None

    # Particles

    @property
    def particles(self) -> tuple[Particle, ...]:
        """Particles of the open micrograph."""
        if self._current is None:
            return ()
        return tuple(self._present(self._current).values())

    def particles_of(self, index: int) -> tuple[Particle, ...]:
        """Return the particles of any micrograph."""
        return tuple(self._present(self._catalog.rows[index].key).values())

    def find(self, particle_id: str) -> Particle | None:
        """Return a particle of any micrograph; None if there is no such circle."""
        return self._state.particle(particle_id)

    def particle(self, particle_id: str) -> Particle:
        """Return a particle of any micrograph.

        Raises
        ------
        StoreError
            If there is no such circle any more.
        """
        particle = self.find(particle_id)
        if particle is None:
            raise StoreError(
                "This circle is no longer in the project; choose another one."
            )
        return particle

    def said_of(self, particle_id: str) -> tuple[Annotation, ...]:
        """Return everything that was said of a particle, oldest first.

        What was undone is not in it; the last one is the particle's annotation.
        """
        return self._state.said(particle_id)

    def index_of(self, particle_id: str) -> int | None:
        """Return the index of the micrograph that a particle lies in."""
        key = self._state.key(particle_id)
        return None if key is None else self._catalog.index(key)

    @property
    def selected(self) -> str | None:
        """Id of the selected particle."""
        return self._selected

    def select(self, particle_id: str | None) -> None:
        """Select a particle; one of another micrograph opens that micrograph."""
        if particle_id == self._selected:
            return
        if particle_id is not None:
            self.particle(particle_id)
            index = self.index_of(particle_id)
            if index is not None:
                self.open(index)
        self._selected = particle_id
        if particle_id is not None:
            self._sitting.visit(particle_id)
        self.selection_changed.emit(particle_id)

    # Inside

    def _keep_place(self) -> None:
        """Write down where the person stopped, and what she passed by."""
        if self._current is not None:
            self._store.set_setting(_LAST, [self._current, self._head])
        passed = sorted(self._sitting.passed)
        if set(passed) != self._passed():
            self._store.set_setting(f"{_PASSED}/{self._annotator}", passed)

    def _passed(self) -> set[str]:
        """Return what this annotator had passed by when she stopped."""
        known = self._store.setting(f"{_PASSED}/{self._annotator}", ())
        return set(map(str, known)) if isinstance(known, list) else set()

    def _load(self) -> None:
        # Asked first, so that what is written while we read is noticed afterwards.
        self._store.changed_elsewhere()
        with self._store.snapshot():
            self._state.clear()
            self._catalog.reload()
            self._shelf.reload()
            ids = self._catalog.content_ids()
            self._head = self._store.edits.head()
            edits = self._store.edits.in_force(ids)
            self._state.load(edits)
            undone = self._store.edits.undone({each.id for each in edits}, ids)
            self._state.note_undone(undone)
            for key, (run, found) in self._store.findings.candidates(ids).items():
                self._state.set_candidates(key, run, found)
            self._load_predictions()
        self._forget_order()

    def _load_predictions(self) -> None:
        model_id = self._shelf.active_id
        known = self._store.findings.predictions(model_id) if model_id else ()
        self._state.set_predictions(known, anew=True)

    def _out_of_range(self, row: MicrographRow) -> str | None:
        """Say why the forest in use may be asked too much in a micrograph."""
        card = self._shelf.active_card
        if card is None:
            return None
        size = None if row.pixel_size is None else row.pixel_size[0]
        said = (each.prediction for each in self._present(row.key).values())
        return out_of_range(card, size, [each.novelty for each in said if each])

    def _present(self, key: int) -> Mapping[str, Particle]:
        return self._state.particles(key)

    def _forget_order(self) -> None:
        """Drop the orders of review, because circles or predictions changed."""
        self._orders.clear()


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # A container without a user database; then the person may still say her name.
        return ""
