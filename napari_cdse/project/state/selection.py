"""The open micrograph and the selected particle."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cdse.core.records import Micrograph
    from napari_cdse.project.state.events import ProjectEvents
    from napari_cdse.project.state.project_state import ProjectState
    from napari_cdse.project.state.visit_history import VisitHistory


class Selection:
    """The open micrograph with its pixels, and the selected particle.

    Only this class changes them. Other components use `key`, windows use `index`.

    Parameters
    ----------
    state : ProjectState
    visits : VisitHistory
        Gets each particle that is selected.
    events : ProjectEvents
        Emits `opened`, `pixels_changed`, `selection_changed` and `particles_changed`.
    """

    def __init__(
        self, state: ProjectState, visits: VisitHistory, events: ProjectEvents
    ) -> None:
        self._table = state.micrographs
        self._particles = state.particles
        self._visits = visits
        self._events = events
        self._key: int | None = None
        self._micrograph: Micrograph | None = None
        self._particle_id: str | None = None

    # What there is

    @property
    def index(self) -> int | None:
        """Index of the open micrograph."""
        return None if self._key is None else self._table.index(self._key)

    @property
    def key(self) -> int | None:
        """The open micrograph's key in the project file."""
        return self._key

    @property
    def micrograph(self) -> Micrograph | None:
        """The open micrograph's pixels; None until they have been read."""
        return self._micrograph

    @property
    def particle_id(self) -> str | None:
        """Id of the selected particle."""
        return self._particle_id

    # What changes it

    def open(self, index: int) -> None:
        """Make a micrograph the open one; `Micrographs.set_pixels` gives its pixels."""
        key = self._table.rows[index].key
        if key == self._key:
            return
        self.select(None)
        self._key, self._micrograph = key, None
        self._events.opened.emit(index)
        self._events.particles_changed.emit(None)

    def select(self, particle_id: str | None) -> None:
        """Select a particle; one of another micrograph opens that micrograph.

        Raises
        ------
        StoreError
            If there is no such circle any more.
        """
        if particle_id == self._particle_id:
            return
        if particle_id is not None:
            self._particles.get(particle_id)
            key = self._particles.key(particle_id)
            if key is not None:
                self.open(self._table.index(key))
        self._particle_id = particle_id
        if particle_id is not None:
            self._visits.visit(particle_id)
        self._events.selection_changed.emit(particle_id)

    def drop_missing(self) -> None:
        """Deselect the particle if it no longer exists."""
        selected = self._particle_id
        if selected is not None and self._particles.find(selected) is None:
            self.select(None)

    def follow_key(self, before: int, after: int) -> None:
        """Replace the open micrograph's key, if its entry was merged into another."""
        if self._key == before:
            self._key = after

    # Its pixels

    def show(self, micrograph: Micrograph) -> None:
        """Set the open micrograph's pixels; its pixel size becomes the stored one."""
        if self._key is None:
            return
        self._micrograph = self._with_pixel_size(micrograph, self._key)
        self._events.pixels_changed.emit(self._table.index(self._key))

    def show_pixel_size(self) -> None:
        """Set the open micrograph's pixel size to the stored one."""
        if self._key is None:
            return
        if self._table.row(self._key).person_pixel_size_nm is None:
            # The pixel size in the file's metadata is known only by reading it again.
            self.read_again()
        elif self._micrograph is not None:
            self.show(self._micrograph)

    def read_again(self) -> None:
        """Have the open micrograph's pixels read again."""
        if self._key is not None:
            self._micrograph = None
            self._events.opened.emit(self._table.index(self._key))

    def _with_pixel_size(self, micrograph: Micrograph, key: int) -> Micrograph:
        """Return the record with the pixel size that user or file gave, or None."""
        size = self._table.row(key).pixel_size
        # An estimate is not a property of the micrograph: it only sets window sizes.
        if size is None or not size.source.is_given:
            return replace(micrograph, pixel_size_nm=None, pixel_size_source=None)
        return replace(micrograph, pixel_size_nm=size.nm, pixel_size_source=size.source)
