"""The audit of a project: what is hidden, and what may stand for an error rate."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cdse.core.errors import StoreError
from napari_cdse.core.review.review_queue import ORDERS, QueueItem
from napari_cdse.project.components.undo import ProjectSteps
from napari_cdse.project.state.audit_plan import AuditPlan, within_reach

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_cdse.core.records import Annotation
    from napari_cdse.core.review.review_queue import Order
    from napari_cdse.io.store.store import Store
    from napari_cdse.project.state.model_registry import DefaultModel
    from napari_cdse.project.state.records import Particle

_AUDIT, _IN_VIEW, _ORDERS = "audit", "in_view", "orders"


class ProjectAudits(ProjectSteps):
    """Particles drawn at random and judged unseen; see `Project`."""

    def __init__(
        self,
        store: Store,
        notices: Iterable[str] = (),
        default_model: DefaultModel | None = None,
    ) -> None:
        self._audit = AuditPlan()
        self._lots: dict[str, float] = {}
        self._gone_by: set[Order] = set()
        super().__init__(store, notices, default_model)
        # First of all who listen: it is written down before it is shown.
        self.particles_changed.connect(self._note_open)

    def hides(self, particle_id: str) -> bool:
        """Tell whether a particle's prediction must not be shown yet.

        It is one that the program proposed, that was drawn by chance alone and that
        nobody has ever judged. Whatever shows predictions asks this first, or shows
        the particle `as_seen`.
        """
        return self._lot(particle_id) is not None and not self._state.was_judged(
            particle_id
        )

    def as_seen(self, particle: Particle) -> Particle:
        """Return a particle as a person may see it: maybe without its prediction."""
        if particle.prediction is None or not self.hides(particle.id):
            return particle
        return replace(particle, prediction=None)

    def audited(self) -> list[Annotation]:
        """Return the first labels of particles that were judged unseen.

        A label that was changed afterwards, with the prediction in view, counts as
        it was given first. Particles without a label, or without a circle, are left
        out.
        """
        return self._state.audited()

    @property
    def audit_share(self) -> float:
        """Share of the particles that is drawn for the audit, from 0 to 1."""
        return self._audit.share

    @audit_share.setter
    def audit_share(self, share: float) -> None:
        before = self._audit.share
        with self._store.transaction():
            # Another window shows particles too, and may have changed the share.
            self._read_audit()
            seen = {*self._in_view, *self._within_reach()}
            plan = self._audit.with_share(share, seen)
            self._store.set_setting(_AUDIT, plan.as_setting())
        self._take_audit(plan)
        self.particles_changed.emit(None)
        if share > before:
            self._tell_held()

    def note_in_view(self, particle_ids: Iterable[str]) -> None:
        """Note that predictions are in view; to be called by whoever shows them.

        What is shown of the open micrograph is noted without asking.
        """
        hidden = (each for each in particle_ids if not self.hides(each))
        keys = {self._state.key(each) for each in hidden} - {None, *self._in_view}
        if not keys:
            return
        self._in_view |= {each for each in keys if each is not None}
        if not self.read_only:
            # A full disk keeps nobody from looking.
            with suppress(StoreError), self._store.transaction():
                known = self._store.setting(_IN_VIEW, [])
                self._store.set_setting(_IN_VIEW, sorted({*known, *self._in_view}))

    # Inside

    _in_view: set[int]

    def _load(self) -> None:
        super()._load()
        self._read_audit()

    def _take_in(self) -> bool:
        found = super()._take_in()
        if found and self._read_audit():
            self.particles_changed.emit(None)
        return found

    def _read_audit(self) -> bool:
        """Read the plan and what has been in view; True if the plan is another."""
        known = self._store.setting(_IN_VIEW, [])
        self._in_view = set(known if isinstance(known, list) else self._analysed())
        return self._take_audit(self._planned(self._store.setting(_AUDIT)))

    def _take_audit(self, plan: AuditPlan) -> bool:
        if plan == self._audit:
            return False
        self._audit = plan
        self._lots.clear()
        self._forget_order()
        return True

    def _planned(self, stored: object) -> AuditPlan:
        """Return the plan that is stored; begin one where there is none."""
        plan = AuditPlan.from_setting(stored)
        if self.read_only or (stored is not None and plan.watched):
            return plan
        analysed = self._analysed()
        new = stored is None
        begun = AuditPlan.new(analysed) if new else plan.watching(analysed)
        # Without room for it nothing is drawn anew, and all else works.
        with suppress(StoreError):
            self._store.set_setting(_AUDIT, begun.as_setting())
            return begun
        return plan

    def _analysed(self) -> tuple[int, ...]:
        return self._state.analysed()

    def _within_reach(self) -> set[int]:
        """Return keys of micrographs to which the queue leads by now, lots aside."""
        steps = len(self._sitting.passed | self._state.judged_in_turn())
        orders = self._store.setting(_ORDERS) or ORDERS
        places = within_reach(self._queue_items(), steps, orders)
        return {self._catalog.rows[each].key for each in places}

    def _note_order(self, order: Order) -> None:
        """Write down by which orders the project was ever gone through."""
        if order in self._gone_by or self.read_only:
            return
        self._gone_by.add(order)
        with suppress(StoreError), self._store.transaction():
            known = self._store.setting(_ORDERS, [])
            self._store.set_setting(_ORDERS, sorted({*known, order}))

    def _queue_items(self) -> Iterator[QueueItem]:
        """Yield the particles that may come up for review."""
        for index, row in enumerate(self._catalog.rows):
            if row.excluded is None and not self._catalog.is_missing(row.key):
                for one in self._present(row.key).values():
                    draw = self._lot(one.id)
                    if draw is not None:
                        draw /= self._audit.chance(row.key)
                    yield QueueItem(index, one.id, one.circle, one.prediction, draw)

    def _note_open(self, _ids: object) -> None:
        """Note that the open micrograph's predictions are in view."""
        if self._current is not None and self._current not in self._in_view:
            particles = self._present(self._current).values()
            self.note_in_view(each.id for each in particles if each.prediction)

    def _tell_held(self) -> None:
        """Say where a larger share does not hold."""
        analysed = self._analysed()
        free = sum(each not in self._audit.held for each in analysed)
        if free < len(analysed):
            whose = f"{free} of {len(analysed)} micrographs" if free else "new ones"
            self.notice.emit(
                f"The larger share holds for {whose}; in the others the predictions "
                "have been in view, or were next in turn."
            )

    def _lot(self, particle_id: str) -> float | None:
        """Return the lot of a particle that was drawn; None for one that was not."""
        chance = self._audit.chance(self._state.key(particle_id))
        if not chance:
            return None
        lot = self._lots.get(particle_id)
        if lot is None:
            lot = self._lots[particle_id] = self._audit.draw(particle_id)
        return lot if lot < chance and self._state.is_proposed(particle_id) else None

    def _chances(self, particle_ids: set[str]) -> dict[str, float]:
        """Return the chances of those among some particles that are hidden now."""
        return {
            each: self._audit.chance(self._state.key(each))
            for each in particle_ids
            if self.hides(each)
        }
