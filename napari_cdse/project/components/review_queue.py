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
"""Particles worth stopping at: not judged yet, left for later, those on which
annotators differ (none while their labels are hidden), or any."""


class ReviewQueue:
    """Leads through the particles in an order of review, and back.

    Parameters
    ----------
    state : ProjectState
    selection : Selection
        Where the user is.
    visits : VisitHistory
        Where the user has been.
    annotators : Annotators
        On which particles they differ.
    audits : Audits
        What may come up, with its lots.
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
        """Yield what comes after the selected particle, in turn.

        By micrograph, that is from where one stands on. In the other orders it is
        from the first that this annotator has not passed by: neither a click on some
        circle nor new predictions nor a restart make anyone lose their place. When all
        were passed by, they come again. ``within`` is the index of a micrograph that
        is not left.
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
        """Pass the selected particle by; return the next, None if there is no other."""
        self._audits.note_order(order)
        passed = self._visits.passed
        if self._selection.particle_id is not None:
            passed.add(self._selection.particle_id)
        found = next(self.upcoming(order, which, within), None)
        if found in passed:
            # A new round begins, of all or of one micrograph.
            items = self._ordered(order)
            passed -= {
                each.particle_id for each in items if within in (None, each.micrograph)
            }
        return found

    def retreat(self) -> str | None:
        """Go back to the particle that was looked at before; None at the start."""
        return self._visits.back(lambda one: self._particles.find(one) is not None)

    def forget_orders(self, *_: object) -> None:
        """Work the orders out anew when next asked, because particles changed."""
        self._orders.clear()

    # Inside

    def _waits(self, which: Which) -> Callable[[str], bool | None]:
        """Return what says whether a particle is worth stopping at, and comes last."""
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
        """Return where to go on from by micrograph: after the selected particle."""
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
