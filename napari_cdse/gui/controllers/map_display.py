"""Show accumulation maps over the micrograph, and prepare those that come next."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_cdse.gui.session.workers import Job
from napari_cdse.io.map_file import default_path
from napari_cdse.tasks.maps import MapIdentity, mapping, mapping_ahead

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.records import Micrograph
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.tasks.analysis import Source
    from napari_cdse.tasks.maps import Maps

_MOST_BYTES = 32 * 2**20
"""Most memory for maps. A choice: maps of more micrographs than a user goes through in
a day."""


class MapCache:
    """Maps in memory, up to a limit; those unused for longest are dropped first.

    Parameters
    ----------
    most_bytes : int
        Most memory for the values of all maps.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[MapIdentity, Maps] = OrderedDict()
        self._bytes = 0

    def __contains__(self, identity: object) -> bool:
        """Whether maps are in memory."""
        return identity in self._kept

    def get(self, identity: MapIdentity) -> Maps | None:
        """Return maps; None if they are not in memory."""
        maps = self._kept.get(identity)
        if maps is not None:
            self._kept.move_to_end(identity)
        return maps

    def put(self, identity: MapIdentity, maps: Maps) -> None:
        """Keep maps."""
        self._bytes -= _bytes_of(self._kept.pop(identity, ()))
        self._kept[identity] = maps
        self._bytes += _bytes_of(maps)
        while self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= _bytes_of(oldest)


def _bytes_of(maps: Maps) -> int:
    return sum(one.values.nbytes for one in maps)


class MapDisplay(QObject):
    """Shows the open micrograph's maps, and prepares those of the next micrographs.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    model : callable
        Returns the forest in use, or None.

    Attributes
    ----------
    path : Path
        File that keeps maps between sessions.
    """

    def __init__(
        self,
        session: Session,
        canvas: MicrographView,
        model: Callable[[], Model | None],
    ) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._model = model
        self.path = default_path()
        self._cache = MapCache()
        self._job: Job | None = None
        self._ahead: Job | None = None
        self._next: tuple[Source, ...] = ()
        self._tried: set[MapIdentity] = set()
        canvas.prefetch.came.connect(self._prepare)
        session.project_changed.connect(self._forget)

    # --- the open micrograph --------------------------------------------------

    def show(self) -> None:
        """Show the open micrograph's maps; compute them if none were kept."""
        session, project = self._session, self._session.project
        if self._job is not None and self._job.running:
            self._job.cancel()
        detection = project.detections.current
        if detection is not None:
            self._canvas.show_maps(detection.maps)
            return
        entry, micrograph = session.current_entry, session.micrograph
        if entry is None or micrograph is None or not entry.analysed:
            self._canvas.show_maps(())
            return
        identity = self._identity(micrograph)
        maps = self._cache.get(identity)
        if maps is None:
            self._canvas.blank_maps()
            self._compute(entry.index, entry.name, micrograph, identity)
        else:
            self._canvas.show_maps(maps)

    def _identity(self, micrograph: Micrograph) -> MapIdentity:
        params = self._session.project.settings.detection
        return MapIdentity.of(micrograph, self._model(), params)

    def _compute(
        self, index: int, name: str, micrograph: Micrograph, identity: MapIdentity
    ) -> None:
        work = partial(
            mapping, micrograph, self._model(), identity.params, path=self.path
        )
        job = Job("Maps", work, heavy=False, about=name)
        job.produced.connect(lambda maps: self._on_maps(index, identity, maps))
        self._job = self._session.runner.submit(job)

    def _on_maps(self, index: int, identity: MapIdentity, maps: Maps) -> None:
        self._cache.put(identity, maps)
        project = self._session.project
        micrograph = project.selection.micrograph
        is_open = project.selection.index == index and micrograph is not None
        is_same = micrograph is not None and micrograph.id == identity.micrograph_id
        if is_open and is_same and project.detections.current is None:
            self._canvas.show_maps(maps)

    # --- the next micrographs -------------------------------------------------

    def look_ahead(self, sources: Sequence[Source]) -> None:
        """Prepare the maps of micrographs that will be opened soon."""
        self._next = tuple(sources)
        self._prepare()

    def _forget(self) -> None:
        self._next = ()
        self._tried.clear()

    def _prepare(self, *_complete: object) -> None:
        """Compute missing maps of those micrographs that have been read ahead."""
        session = self._session
        busy = self._ahead is not None and self._ahead.running
        if busy or session.closed or not session.is_open or session.runner.heavy:
            return
        todo = self._missing()
        if todo:
            params = session.project.settings.detection
            work = partial(mapping_ahead, todo, self._model(), params, path=self.path)
            self._ahead = Job("Maps ahead", work, heavy=False)
            self._ahead.produced.connect(lambda result: self._cache.put(*result))
            self._ahead.finished.connect(self._prepare)
            session.runner.submit(self._ahead)

    def _missing(self) -> list[tuple[Path, Micrograph]]:
        entries = self._session.project.micrographs.entries
        missing = []
        for source in self._next:
            micrograph = self._canvas.prefetch.take(source)
            if micrograph is None or not entries[source.index].analysed:
                continue
            identity = self._identity(micrograph)
            # Maps that can't be computed are not tried again after each key.
            if identity not in self._cache and identity not in self._tried:
                self._tried.add(identity)
                missing.append((source.path, micrograph))
        return missing
