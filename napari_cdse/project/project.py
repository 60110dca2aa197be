"""The project: the one mutable object, from folder to labels; it knows no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES
from napari_cdse.project.components.review_queue import ProjectReview
from napari_cdse.project.files.open_store import open_store
from napari_cdse.project.state.records import LabelledMicrograph, Position

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cdse.core.records import Annotation, Label
    from napari_cdse.project.files.open_store import Source
    from napari_cdse.project.state.model_registry import DefaultModel


class Project(ProjectReview):
    """Micrographs, what was found in them, and what a person said about it.

    Everything is stored before a signal tells of it; whoever shows the project
    only listens. To be used by one thread. The present state is the candidates of
    the latest detection, overlaid by the person's annotations: her circle, class or
    deletion always wins, also over later detections.

    Signals
    -------
    micrographs_changed()
        `entries` is another.
    opened(index)
        Another micrograph is the open one; its pixels are wanted (`set_micrograph`).
    pixels_changed(index)
        `micrograph` is there, or its pixel size is another.
    particles_changed(ids or None)
        Circles, classes or predictions of these particles changed, or (None) all;
        ids may lie in other micrographs, and may be gone.
    selection_changed(id or None)
    analysed(index)
        A detection was put in; `detection` is there if that micrograph is open.
    models_changed()
        `models` or `active_model` is another.
    history_changed()
        What undo and redo would do.
    notice(sentence)
        Something the person should know.

    Attributes
    ----------
    notices : tuple of str
        What opening had to say, since nobody listened yet.
    """

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
        StoreError
            If there is nothing to open, or the project file cannot be used.
        """
        store, notices = open_store(source, store_path)
        try:
            return cls(store, notices, default_model)
        except BaseException:
            store.close()
            raise

    # Counting and training

    def counts(self) -> dict[Label, int]:
        """Return how many particles a person put in each class."""
        return self._catalog.counts(CLASSES)

    def progress(self) -> Position:
        """Return how many particles are judged, of how many."""
        return Position(*self._catalog.totals())

    def deferred(self) -> int:
        """Return how many particles are left for later."""
        return self._catalog.deferred()

    def labelled(self) -> list[LabelledMicrograph]:
        """Return every micrograph with judged particles, for training.

        Micrographs that were left out or whose file is missing are not in it.
        """
        return [
            LabelledMicrograph(
                self._catalog.path(row),
                row.frame,
                row.content_id,
                row.person_pixel_size_nm,
                judged,
            )
            for row in self._catalog.rows
            if row.excluded is None and not self._catalog.is_missing(row.key)
            if (judged := tuple(self._judged(row.key)))
        ]

    # Inside

    def _judged(self, key: int) -> Iterator[Annotation]:
        for particle_id in self._present(key):
            each = self._state.stored(particle_id)
            if each is not None and each.annotation is not None and each.by_person:
                yield each.annotation
