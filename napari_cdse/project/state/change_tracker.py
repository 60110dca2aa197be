"""Find the particles that a change affects, and announce them to the views."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_cdse.project.state.events import ProjectEvents
    from napari_cdse.project.state.project_state import ProjectState
    from napari_cdse.project.state.records import Particle
    from napari_cdse.project.state.selection import Selection

    Before = Mapping[int, Mapping[str, Particle]]


class ChangeTracker:
    """Compares the particles before and after a change, and announces differences.

    Parameters
    ----------
    state : ProjectState
        Where the change is made, between `before` and `announce`.
    selection : Selection
        Deselects a particle that no longer exists.
    events : ProjectEvents
    """

    def __init__(
        self, state: ProjectState, selection: Selection, events: ProjectEvents
    ) -> None:
        self._table = state.micrographs
        self._particles = state.particles
        self._selection = selection
        self._events = events

    def before(self, keys: Iterable[int]) -> Before:
        """Return the particles of micrographs by key; to be called before a change."""
        return {key: self._particles.particles(key) for key in keys}

    def changed(self, before: Before) -> frozenset[str]:
        """Update tallies after a change; return the ids of the particles affected."""
        self._table.refresh(before)
        found: set[str] = set()
        for key, old in before.items():
            found |= self._compare(old, self._particles.particles(key))
        self._selection.drop_missing()
        return frozenset(found)

    def announce(self, before: Before) -> None:
        """Emit ``particles_changed`` for the particles affected; see `changed`."""
        self._events.particles_changed.emit(self.changed(before))

    def _compare(
        self, before: Mapping[str, Particle], after: Mapping[str, Particle]
    ) -> set[str]:
        changed = {
            each
            for each in before.keys() | after.keys()
            if before.get(each) != after.get(each)
        }
        pairs = [(before.get(each), after.get(each)) for each in changed]
        if any(not _same_place_in_queue(old, new) for old, new in pairs):
            self._events.queue_outdated.emit()
        return changed


def _same_place_in_queue(old: Particle | None, new: Particle | None) -> bool:
    if old is None or new is None:
        return False
    return (old.circle, old.prediction) == (new.circle, new.prediction)
