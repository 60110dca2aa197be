"""The particles that the user has visited, and those passed by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class VisitHistory:
    """The particles in the order in which the user visited them, and the current one.

    Going forward follows an order of review; going back follows the visits, even if
    order, filter or predictions have changed since. A click on some circle is inserted
    after the current particle: those visited after it stay ahead.

    Parameters
    ----------
    passed : iterable of str
        First value of the attribute.

    Attributes
    ----------
    passed : set of str
        Particles that the user left by going forward in this round of review, labelled
        or not. A round may take several days, hence it is stored.
    """

    def __init__(self, passed: Iterable[str] = ()) -> None:
        self.passed = set(passed)
        self._visited: list[str] = []
        self._current = -1

    def visit(self, particle_id: str) -> None:
        """Make a particle the current one.

        Undo leads to the previous one, and going forward again to later ones; any other
        particle is inserted after the current one.
        """
        visited, at = self._visited, self._current
        if visited[at : at + 1] == [particle_id]:
            return
        if particle_id in visited[at + 1 :]:
            self._current = visited.index(particle_id, at + 1)
        elif at > 0 and visited[at - 1] == particle_id:
            self._current = at - 1
        else:
            visited.insert(at + 1, particle_id)
            self._current = at + 1

    def back(self, is_there: Callable[[str], bool]) -> str | None:
        """Go back to the previous particle; None if there is none.

        Parameters
        ----------
        is_there : callable
            Tells whether a particle still exists; those that don't are skipped.
        """
        before = (
            at for at in range(self._current - 1, -1, -1) if is_there(self._visited[at])
        )
        at = next(before, None)
        if at is None:
            return None
        self._current = at
        return self._visited[at]
