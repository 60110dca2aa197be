"""Everything that is in memory of a project's file, in one place."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_cdse.core.classifier.novelty import out_of_range
from napari_cdse.io.store.micrograph_changes import FRAME_RESULTS
from napari_cdse.project.state.backlog import Backlog
from napari_cdse.project.state.micrograph_table import MicrographTable
from napari_cdse.project.state.model_registry import ModelRegistry
from napari_cdse.project.state.particle_state import ParticleState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_cdse.io.store.store import Edit, MicrographRow, Store
    from napari_cdse.project.state.model_registry import DefaultModel


NAMES = "annotator_names"
"""Setting: under which name an annotator goes who stated something under another."""


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let the search for cycles rest: nothing read has any, and it costs a third."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class ProjectState:
    """The file as this window has read it; `Project` owns it, its parts share it.

    Parameters
    ----------
    store : Store
    default_model : callable, optional
        Gives the shipped forest.

    Attributes
    ----------
    particles : ParticleState
        Circles, classes and predictions.
    micrographs : MicrographTable
    models : ModelRegistry
    backlog : Backlog
        What is not in the file yet.
    head : int or None
        The step that undo would take back. `History` alone moves it after loading.
    """

    def __init__(self, store: Store, default_model: DefaultModel | None = None) -> None:
        self._store = store
        self.backlog = Backlog(store)
        self.particles = ParticleState()
        self.micrographs = MicrographTable(store, self.particles, self._out_of_range)
        self.models = ModelRegistry(store, default_model)
        self.head: int | None = None

    def load(self) -> None:
        """Read everything from the file, as it is at one moment."""
        # Asked first, so that what is written while we read is noticed afterwards.
        self._store.changed_elsewhere()
        with self._store.snapshot(), _no_collection():
            # Read first: a file that is busy leaves in memory what is there.
            self.micrographs.reload()
            self.particles.clear()
            self.particles.use_names(self.annotator_names())
            self.models.reload()
            self._load_edits()
            ids = self.micrographs.content_ids()
            for key, (run, found) in self._store.findings.candidates(ids).items():
                self.particles.set_candidates(key, run, found)
            self.load_predictions()

    def annotator_names(self) -> dict[str, str]:
        """Return the names that annotators go by now, by those of before."""
        stored = self._store.setting(NAMES, {})
        return {str(old): str(new) for old, new in stored.items()}

    def load_predictions(self) -> None:
        """Read what the active model says of all particles."""
        model_id = self.models.active_id
        known = self._store.findings.predictions(model_id) if model_id else ()
        self.particles.set_predictions(known, anew=True)

    def recall_frames(self, keys: Iterable[int]) -> None:
        """Show what the file holds of the frames that are read now, by key.

        Nothing is shown where the choice of the frame still waits for the file.
        """
        for key in keys:
            row = self._store.micrograph(key)
            if row.chosen_frame == self.micrographs.row(key).chosen_frame:
                self._recall_frame(row)

    def _recall_frame(self, row: MicrographRow) -> None:
        known = {name: getattr(row, name) for name in FRAME_RESULTS}
        self.micrographs.update_here(row.key, **known)
        if row.content_id is None:
            return
        self.particles.name_micrograph(row.key, row.content_id)
        if row.run_id is None:
            return
        found = self._store.findings.candidates_of(row.run_id, row.content_id)
        self.particles.set_candidates(row.key, row.run_id, found)
        model_id = self.models.active_id
        if model_id is not None:
            ids = self.particles.particles(row.key).keys()
            said = self._store.findings.predictions_of(model_id, ids)
            self.particles.set_predictions(said)

    def step(self, edit_id: int) -> Edit:
        """Read one step, with the micrographs' content ids written in."""
        return self._store.edits.get(edit_id, self.micrographs.content_ids())

    def _load_edits(self) -> None:
        ids = self.micrographs.content_ids()
        self.head = self._store.edits.head()
        edits = self._store.edits.in_force(ids)
        self.particles.load(edits)
        known = {row.key for row in self.micrographs.rows}
        self._store.note_lost(self.particles.annotated() - known)
        undone = self._store.edits.undone({each.id for each in edits}, ids)
        self.particles.note_undone(undone)

    def _out_of_range(self, row: MicrographRow) -> str | None:
        """Say why the forest in use may be asked too much in a micrograph."""
        card = self.models.active_card
        if card is None:
            return None
        size = None if row.pixel_size is None else row.pixel_size.nm
        found = self.particles.particles(row.key).values()
        said = [each.prediction for each in found]
        strange = [each.novelty for each in said if each]
        return out_of_range(card, size, strange, row.present_quality)
