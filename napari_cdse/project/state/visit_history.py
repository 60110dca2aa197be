"""Which particles the user has visited, and which were passed by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class VisitHistory:
    """The way that a user took through the particles.

    Going on follows an order of review; going back follows this way, whatever the
    order, the filter or the predictions are by then. A click on some circle is a
    detour: the particle that was left is still the next.

    Attributes
    ----------
    passed : set of str
        Particles that the user went on from in this round, labelled or not; a round may
        take several days.
    """

    def __init__(self, passed: Iterable[str] = ()) -> None:
        self.passed = set(passed)
        self._way: list[str] = []
        self._at = -1

    def visit(self, particle_id: str) -> None:
        """Note which particle is looked at now.

        Undo comes back to the one before, and going on again to those farther along
        the way; anything else is a new step.
        """
        way, at = self._way, self._at
        if way[at : at + 1] == [particle_id]:
            return
        if particle_id in way[at + 1 :]:
            self._at = way.index(particle_id, at + 1)
        elif at > 0 and way[at - 1] == particle_id:
            self._at = at - 1
        else:
            way.insert(at + 1, particle_id)
            self._at = at + 1

    def back(self, is_there: Callable[[str], bool]) -> str | None:
        """Go back to the particle looked at before; None at the start of the way.

        Parameters
        ----------
        is_there : callable
            Tells whether a particle still exists; others are passed over.
        """
        before = (at for at in range(self._at - 1, -1, -1) if is_there(self._way[at]))
        at = next(before, None)
        if at is None:
            return None
        self._at = at
        return self._way[at]
