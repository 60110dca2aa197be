"""The particles of a project as they are now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES
from napari_cdse.project.state.records import Position

if TYPE_CHECKING:
    from napari_cdse.core.records import Annotation, Label
    from napari_cdse.project.state.project_state import ProjectState
    from napari_cdse.project.state.records import Particle
    from napari_cdse.project.state.selection import Selection


class Particles:
    """Reads circles, classes and predictions; nothing is changed here.

    Parameters
    ----------
    state : ProjectState
    selection : Selection
        Says which micrograph is open.
    """

    def __init__(self, state: ProjectState, selection: Selection) -> None:
        self._table = state.micrographs
        self._particles = state.particles
        self._selection = selection

    @property
    def current(self) -> tuple[Particle, ...]:
        """Particles of the open micrograph."""
        key = self._selection.key
        return () if key is None else self._in(key)

    def of(self, index: int) -> tuple[Particle, ...]:
        """Return the particles of any micrograph."""
        return self._in(self._table.rows[index].key)

    def stored(self, index: int) -> tuple[Particle, ...]:
        """Return them with what was said of them, whoever may see that."""
        key = self._table.rows[index].key
        found = map(self._particles.stored, self._particles.particles(key))
        return tuple(each for each in found if each is not None)

    def find(self, particle_id: str) -> Particle | None:
        """Return a particle of any micrograph; None if there is no such circle."""
        return self._particles.find(particle_id)

    def get(self, particle_id: str) -> Particle:
        """Return a particle of any micrograph.

        Raises
        ------
        StoreError
            If there is no such circle any more.
        """
        return self._particles.get(particle_id)

    def micrograph_of(self, particle_id: str) -> int | None:
        """Return the index of the micrograph that a particle lies in."""
        key = self._particles.key(particle_id)
        return None if key is None else self._table.index(key)

    def statements(self, particle_id: str) -> tuple[Annotation, ...]:
        """Return everything that was stated of a particle, oldest first.

        What was undone is not in it; the last one is the particle's annotation.
        """
        return self._particles.statements(particle_id)

    # Counting

    def counts(self) -> dict[Label, int]:
        """Return how many particles users put in each class."""
        return self._table.counts(CLASSES)

    def progress(self) -> Position:
        """Return how many particles are judged, of how many."""
        return Position(*self._table.totals())

    def n_deferred(self) -> int:
        """Return how many particles are left for later."""
        return self._table.deferred()

    def _in(self, key: int) -> tuple[Particle, ...]:
        return tuple(self._particles.particles(key).values())
