"""Going through the particles of a whole project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from napari_cdse.core.review.review_queue import following, ordered
from napari_cdse.project.components.annotators import ProjectAnnotators

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.review.review_queue import Order, QueueItem

Which = Literal["unlabelled", "deferred", "disputed", "all"]
"""Particles worth stopping at: not judged yet, left for later, those on which
annotators differ (none while their labels are hidden), or any."""


class ProjectReview(ProjectAnnotators):
    """The queue of review; see `Project`."""

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
        found = following(list(places), *self._open(items, which))
        return [(places[each], each) for each in found]

    def upcoming(
        self, order: Order = "uncertain", which: Which = "unlabelled"
    ) -> list[str]:
        """Return what comes after the selected particle, in turn.

        By micrograph, that is from where one stands on. In the other orders it is
        from the first that this annotator has not passed by: neither a click on some
        circle nor new predictions nor a restart make anyone lose her place. When all
        were passed by, they come again.
        """
        items = self._ordered(order)
        ids = [each.particle_id for each in items]
        start, passed = 0, self._sitting.passed
        if order == "micrograph":
            start, passed = self._place(items, ids), set()
        found = following(ids, *self._open(items, which), start, passed)
        return [each for each in found if each != self._selected]

    def advance(
        self, order: Order = "uncertain", which: Which = "unlabelled"
    ) -> str | None:
        """Pass the selected particle by; return the next, None if there is no other."""
        self._note_order(order)
        passed = self._sitting.passed
        if self._selected is not None:
            passed.add(self._selected)
        found = next(iter(self.upcoming(order, which)), None)
        if found in passed:
            passed.clear()
        return found

    def retreat(self) -> str | None:
        """Go back to the particle that was looked at before; None at the start."""
        return self._sitting.back(lambda one: self.find(one) is not None)

    # Inside

    def _open(
        self, items: Sequence[QueueItem], which: Which
    ) -> tuple[set[str], set[str]]:
        """Return ids worth stopping at, and those among them that come last."""
        if which == "all":
            return {each.particle_id for each in items}, set()
        if which == "disputed":
            return set() if self.hide_others else set(self.disagreements()), set()
        found = [self.find(each.particle_id) for each in items]
        deferred = {each.id for each in found if each is not None and each.deferred}
        if which == "deferred":
            return deferred, set()
        return {e.id for e in found if e is not None and not e.by_person}, deferred

    def _place(self, items: Sequence[QueueItem], ids: Sequence[str]) -> int:
        """Return where to go on from by micrograph: after the selected particle."""
        if self._selected in ids:
            return ids.index(self._selected) + 1
        here = self.current or 0
        places = (at for at, each in enumerate(items) if each.micrograph >= here)
        return next(places, 0)

    def _ordered(self, order: Order) -> list[QueueItem]:
        if order not in self._orders:
            self._orders[order] = ordered(self._queue_items(), order)
        return self._orders[order]
