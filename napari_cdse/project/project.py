"""The project: the one mutable object, from folder to labels; it knows no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES
from napari_cdse.core.review_queue import QueueItem, ordered, step
from napari_cdse.project.annotators import ProjectAnnotators
from napari_cdse.project.opening import open_store
from napari_cdse.project.particles import LabelledMicrograph, Position

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cdse.core.records import Annotation, Label
    from napari_cdse.core.review_queue import Order
    from napari_cdse.project.opening import Source
    from napari_cdse.project.shelf import DefaultModel


class Project(ProjectAnnotators):
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

    # Review

    def queue(
        self, order: Order = "uncertain", *, unlabelled_only: bool = True
    ) -> list[tuple[int, str]]:
        """Return the particles of the whole project in an order of review.

        Parameters
        ----------
        order : {"uncertain", "micrograph"}
            Most doubtful first, or from micrograph to micrograph.
        unlabelled_only : bool
            Leave out what a person has judged.

        Returns
        -------
        list of (int, str)
            Index of the micrograph and id of the particle.
        """
        items = self._ordered(order)
        judged = self._judged_ids(items) if unlabelled_only else set()
        return [
            (each.micrograph, each.particle_id)
            for each in items
            if each.particle_id not in judged
        ]

    def neighbour(
        self,
        order: Order = "uncertain",
        *,
        forward: bool = True,
        unlabelled_only: bool = True,
    ) -> str | None:
        """Return the particle to go to from the selected one.

        That may be judged already; its place in the order stays. None if there is no
        other one to look at.
        """
        items = self._ordered(order)
        ids = [each.particle_id for each in items]
        judged = self._judged_ids(items) if unlabelled_only else set()
        return step(ids, self._selected, set(ids) - judged, forward)

    def position(
        self, order: Order = "uncertain", particle_id: str | None = None
    ) -> Position:
        """Return where a particle (else the selected one) stands among all."""
        wanted = particle_id or self._selected
        ids = [each.particle_id for each in self._ordered(order)]
        return Position(ids.index(wanted) + 1 if wanted in ids else 0, len(ids))

    # Inside

    def _judged(self, key: int) -> Iterator[Annotation]:
        for particle_id in self._present(key):
            each = self._state.stored(particle_id)
            if each is not None and each.annotation is not None and each.by_person:
                yield each.annotation

    def _judged_ids(self, items: list[QueueItem]) -> set[str]:
        found = (self.find(each.particle_id) for each in items)
        return {each.id for each in found if each is not None and each.by_person}

    def _ordered(self, order: Order) -> list[QueueItem]:
        if order not in self._orders:
            self._orders[order] = ordered(self._queue_items(), order)
        return self._orders[order]

    def _queue_items(self) -> Iterator[QueueItem]:
        for index, row in enumerate(self._catalog.rows):
            if row.excluded is None and not self._catalog.is_missing(row.key):
                for each in self._present(row.key).values():
                    yield QueueItem(index, each.id, each.circle, each.prediction)
