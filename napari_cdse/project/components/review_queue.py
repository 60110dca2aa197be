"""The review queue over all particles of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from napari_cdse.core.review.review_queue import BATCH, following, ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_cdse.core.review.review_queue import Order, QueueItem
    from napari_cdse.project.components.annotators import Annotators
    from napari_cdse.project.components.audits import Audits
    from napari_cdse.project.state.project_state import ProjectState
    from napari_cdse.project.state.selection import Selection
    from napari_cdse.project.state.visit_history import VisitHistory

Which = Literal["unlabelled", "deferred", "disputed", "all"]
"""Particles at which the review stops: those not judged yet, those left for later,
those on which annotators differ (none while their labels are hidden), or all."""


class ReviewQueue:
    """Goes through the particles in an order of review, and back.

    Parameters
    ----------
    state : ProjectState
    selection : Selection
        The selected particle is where the user is.
    visits : VisitHistory
        The particles visited so far.
    annotators : Annotators
        Tells on which particles annotators differ.
    audits : Audits
        Gives all particles, with the lots of those drawn.
    """

    def __init__(
        self,
        state: ProjectState,
        selection: Selection,
        visits: VisitHistory,
        annotators: Annotators,
        audits: Audits,
    ) -> None:
        self._particles = state.particles
        self._selection = selection
        self._visits = visits
        self._annotators = annotators
        self._audits = audits
        self._orders: dict[Order, list[QueueItem]] = {}

    def queue(
        self, order: Order = "uncertain", which: Which = "unlabelled"
    ) -> list[tuple[int, str]]:
        """Return the particles of the whole project in an order of review.

        Parameters
        ----------
        order : {"uncertain", "micrograph", "class", "confidence", "novelty"}
            See `napari_cdse.core.review.review_queue.ordered`.
        which : {"unlabelled", "deferred", "disputed", "all"}
            Deferred ones come last among the unlabelled.

        Returns
        -------
        list of (int, str)
            Index of the micrograph and id of the particle.
        """
        items = self._ordered(order)
        places = {each.particle_id: each.micrograph for each in items}
        found = following(list(places), self._waits(which))
        return [(places[each], each) for each in found]

    def upcoming(
        self,
        order: Order = "uncertain",
        which: Which = "unlabelled",
        within: int | None = None,
    ) -> Iterator[str]:
        """Yield the particles that come next, in turn.

        In the order by micrograph, these are the ones after the selected particle. In
        other orders they begin with the first that this annotator has not passed by, so
        that a click on another circle, new predictions or a restart don't change the
        place. When all were passed by, they come again.

        Parameters
        ----------
        order, which
            See `queue`.
        within : int, optional
            Index of a micrograph to which the queue is restricted.
        """
        items = self._ordered(order)
        if within is not None:
            items = [each for each in items if each.micrograph == within]
        ids = [each.particle_id for each in items]
        start, passed = 0, self._visits.passed
        if order == "micrograph":
            start, passed = self._place(items, ids), set()
        selected = self._selection.particle_id
        for each in following(ids, self._waits(which), start, passed):
            if each != selected:
                yield each

    def advance(
        self,
        order: Order = "uncertain",
        which: Which = "unlabelled",
        within: int | None = None,
    ) -> str | None:
        """Mark the selected particle as passed by, and return the next one.

        Parameters
        ----------
        order, which, within
            See `upcoming`.

        Returns
        -------
        str or None
            None if there is no other.
        """
        self._audits.note_order(order)
        passed = self._visits.passed
        if self._selection.particle_id is not None:
            passed.add(self._selection.particle_id)
        found = next(self.upcoming(order, which, within), None)
        if found in passed:
            # All were passed by: a new round begins, of all or within one micrograph.
            items = self._ordered(order)
            passed -= {
                each.particle_id for each in items if within in (None, each.micrograph)
            }
        return found

    def retreat(self) -> str | None:
        """Go back to the particle visited before; None if there is none."""
        return self._visits.back(lambda one: self._particles.find(one) is not None)

    def forget_orders(self, *_: object) -> None:
        """Discard the computed orders, because particles have changed."""
        self._orders.clear()

    # Inside

    def _waits(self, which: Which) -> Callable[[str], bool | None]:
        """Return the filter for `following`.

        For a particle's id it returns None if the review does not stop there, else
        whether it comes after the others.
        """
        if which == "all":
            return lambda _: False
        if which == "disputed":
            disputed = frozenset(self._annotators.disagreements_in_view())
            return lambda one: False if one in disputed else None
        return self._deferred if which == "deferred" else self._unlabelled

    def _deferred(self, particle_id: str) -> bool | None:
        found = self._particles.find(particle_id)
        return False if found is not None and found.deferred else None

    def _unlabelled(self, particle_id: str) -> bool | None:
        found = self._particles.find(particle_id)
        return None if found is None or found.by_person else found.deferred

    def _place(self, items: Sequence[QueueItem], ids: Sequence[str]) -> int:
        """Return the start in the order by micrograph: after the selected particle."""
        if self._selection.particle_id in ids:
            return ids.index(self._selection.particle_id) + 1
        here = self._selection.index or 0
        places = (at for at, each in enumerate(items) if each.micrograph >= here)
        return next(places, 0)

    def _ordered(self, order: Order) -> list[QueueItem]:
        if order not in self._orders:
            self._orders[order] = ordered(
                self._audits.queue_items(), order, self._audits.goal, BATCH
            )
        return self._orders[order]
