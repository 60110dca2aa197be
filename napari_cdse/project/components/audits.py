"""The audit of a project: particles drawn at random and judged without a prediction."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.errors import StoreError
from napari_cdse.core.review.blind_audit import counts
from napari_cdse.core.review.draw_chances import doubt, draw_chances
from napari_cdse.core.review.review_queue import ORDERS, QueueItem
from napari_cdse.io.store.store import AUDIT
from napari_cdse.io.store.waiting_steps import is_key
from napari_cdse.project.state.annotator_labels import author, latest
from napari_cdse.project.state.audit_lots import AuditLots
from napari_cdse.project.state.audit_plan import AuditPlan, within_reach

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from napari_cdse.core.records import Annotation, Prediction
    from napari_cdse.core.review.review_queue import Goal, Order
    from napari_cdse.io.store.store import Store
    from napari_cdse.project.components.annotators import Annotators
    from napari_cdse.project.state.events import ProjectEvents
    from napari_cdse.project.state.project_state import ProjectState
    from napari_cdse.project.state.records import Particle
    from napari_cdse.project.state.selection import Selection
    from napari_cdse.project.state.visit_history import VisitHistory


@dataclass(frozen=True, slots=True)
class DrawTallies:
    """How many of the drawn particles each annotator has judged.

    Attributes
    ----------
    drawn : int
        Particles that were drawn, deleted circles included.
    judged : dict of str to int
        Number that each annotator judged or deleted unseen, by name, largest first.
    deleted : int, optional
        Number of drawn circles that were deleted; nobody else can judge them.
    """

    drawn: int
    judged: dict[str, int]
    deleted: int = 0

    @property
    def sentence(self) -> str:
        """Say it in words; nothing where nobody has judged any."""
        if not self.judged:
            return ""
        each = ", ".join(f"{name} {number}" for name, number in self.judged.items())
        told = f"Of {self.drawn} particles drawn at random, judged unseen: {each}."
        if not self.deleted:
            return told
        was = "1 was" if self.deleted == 1 else f"{self.deleted} were"
        return f"{told} {was} deleted and will not come up again."


_SHARE, _GOAL = "the share of the audit", "what the review is for"
"""Subjects of notices: a new notice with the same subject replaces the last."""
_IN_VIEW, _ORDERS = "in_view", "orders"
GROWING: dict[str, Callable[[object], bool]] = {
    _IN_VIEW: is_key,
    _ORDERS: lambda value: value in ORDERS,
}
"""Settings that only grow, each with a check of its members: keys of micrographs whose
predictions have been in view, and orders of review that were used."""


class Audits:
    """Particles drawn at random and judged while their prediction is hidden.

    `napari_cdse.project.state.audit_plan` explains the draws; this class stores the
    plan, hides predictions, and records what has been in view. In a micrograph whose
    predictions have been in view, where anything was judged, or to which the queue
    would have led by now, chances stay as they are, even with another forest, share or
    goal.

    Parameters
    ----------
    store : Store
        Keeps the plan, the chances where they differ by particle, and the
        micrographs whose predictions have been in view.
    state : ProjectState
    selection : Selection
        The open micrograph's predictions are in view.
    visits : VisitHistory
        How far the review has come.
    annotators : Annotators
        The present annotator is the one to whom predictions are shown.
    events : ProjectEvents
    """

    def __init__(
        self,
        store: Store,
        state: ProjectState,
        selection: Selection,
        visits: VisitHistory,
        annotators: Annotators,
        events: ProjectEvents,
    ) -> None:
        self._store = store
        self._backlog = state.backlog
        self._table = state.micrographs
        self._particles = state.particles
        self._selection = selection
        self._visits = visits
        self._annotators = annotators
        self._events = events
        self._lots = AuditLots(self._particles)

        self._in_view: set[int] = set()
        self._orders_used: set[Order] = set()

    # What is hidden

    def hides(self, particle_id: str) -> bool:
        """Tell whether a particle's prediction must not be shown yet.

        That is so for a particle that was drawn and that the present annotator has
        never judged: once judged, its prediction was shown, even if the label was taken
        back. Windows then hide other annotators' statements as well. Every view of
        predictions has to ask this first, or to show the particle `as_seen`.
        """
        if self._lots.drawn_lot(particle_id) is None:
            return False
        return self._annotators.name not in self._particles.judges(particle_id)

    def as_seen(self, particle: Particle) -> Particle:
        """Return a particle as it may be shown: without a prediction if hidden."""
        if particle.prediction is None or not self.hides(particle.id):
            return particle
        return replace(particle, prediction=None)

    def chances(self, particle_ids: Iterable[str]) -> dict[str, float]:
        """Return the chances, 0 to 1, of those particles whose prediction is hidden."""
        return {
            each: self._lots.chance(each) for each in particle_ids if self.hides(each)
        }

    def drawn_chance(self, particle_id: str) -> float | None:
        """Return the chance with which a particle was drawn; None if it was not.

        See `AuditLots.drawn_chance` for which one, after the share was changed.
        """
        return self._lots.drawn_chance(particle_id)

    def remaining(self, particle_id: str) -> float:
        """Return which share of its micrograph's draws is still asked, from 0 to 1."""
        return self._lots.remaining(particle_id)

    def is_withdrawn(self, particle_id: str) -> bool:
        """Tell whether a particle was drawn, and a lowered share asks it no more."""
        return self._lots.is_withdrawn(particle_id)

    def may_draw(self, particle_id: str) -> bool:
        """Tell whether the audit may draw a particle, or might have drawn it."""
        return self._lots.may_draw(particle_id)

    # What was judged unseen

    @property
    def version(self) -> int:
        """A number that grows whenever particles may be drawn at other chances."""
        return self._lots.version

    def labels(self) -> list[Annotation]:
        """Return the first labels of particles that were judged unseen.

        Later changes, made with the prediction in view, don't count; but a particle
        whose circle was deleted since is ``removed`` and stands for ``empty``.
        Particles whose label was taken back are not among them, nor are micrographs and
        regions that are left out. Where the share was lowered since, their chance is
        that of being drawn and judged, so that they represent the whole micrograph.
        """
        return [
            each
            for row in self._table.rows
            if row.excluded is None
            for each in self._representing(row.key)
        ]

    def _representing(self, key: int) -> list[Annotation]:
        """Return one micrograph's first labels, with the chances that hold by now."""
        found = self._particles.audited(key)
        ids = {each.particle_id for each in found if counts(each)}
        lowered = {
            each: chance
            for each in ids
            if self.remaining(each) < 1
            if (chance := self.drawn_chance(each)) is not None
        }
        if not lowered:
            return found
        there = self._particles.particles(key).values()
        drawn = self._drawn((*there, *self._particles.removed(key)))
        share = len(lowered) / max(len(drawn), len(lowered))
        return [
            replace(each, selection_chance=share * lowered[each.particle_id])
            if each.particle_id in lowered
            else each
            for each in found
        ]

    def tallies(self) -> DrawTallies:
        """Count the drawn particles, and those that each annotator has judged unseen.

        Deleting a circle judges it, as in the visible-defect fraction.
        """
        there, gone = [], []
        for row in self._table.rows:
            if row.excluded is None:
                there += self._drawn(self._particles.particles(row.key).values())
                gone += self._drawn(self._particles.removed(row.key))
        judged = Counter(
            name for one in (*there, *gone) for name in self._judges_unseen(one)
        )
        told = dict(judged.most_common())
        return DrawTallies(len(there) + len(gone), told, len(gone))

    def _waiting(self) -> int:
        """Count the drawn particles that nobody has judged."""
        return sum(
            self._lots.drawn_lot(one) is not None and not self._particles.judges(one)
            for row in self._table.rows
            if row.excluded is None
            for one in self._particles.particles(row.key)
        )

    def _drawn(self, particles: Iterable[Particle]) -> list[str]:
        """Return the ids of those particles that were drawn."""
        return [one.id for one in particles if self.drawn_chance(one.id) is not None]

    def _judges_unseen(self, particle_id: str) -> list[str]:
        """Return the annotators who judged a particle, or deleted its circle, unseen.

        Each once; without those whose label was taken back and not given again.
        """
        said = self._particles.statements(particle_id)
        judged = (one for one in said if one.label or one.removed)
        unseen = {author(one) for one in judged if not one.prediction_seen}
        removed = (author(one) for one in said[-1:] if one.removed)
        # Not a set, whose order differs between runs.
        names = dict.fromkeys((*latest(said), *removed))
        return [name for name in names if name in unseen]

    # How many are drawn

    @property
    def share(self) -> float:
        """Share of the particles drawn for the audit, 0 to 1."""
        return self._lots.plan.share

    @share.setter
    def share(self, share: float) -> None:
        before, waiting = self._lots.plan.share, self._waiting()
        self._change_plan(lambda plan, seen: plan.with_share(share, seen))
        more = self._waiting() - waiting
        told = ""
        if share > before:
            told = self._scope_of_change(
                "larger share holds", f" and draws {more or 'no'} more"
            )
        elif more < 0:
            told = (
                f"The smaller share draws {-more} fewer; what was judged counts as it "
                "did. Where predictions have been in view a larger one does not bring "
                "them back."
            )
        self._events.notice.emit(told, _SHARE)

    @property
    def goal(self) -> Goal:
        """Purpose of the review.

        "learn": all particles have the same chance and come up in their share of the
        queue; this measures the forest's accuracy best. "measure": doubtful particles
        are drawn more often, and all drawn ones come up first; this narrows the
        interval of the visible-defect fraction soonest. "both": drawn like "measure",
        they come up by turns with the queue.
        """
        return self._lots.plan.goal

    @goal.setter
    def goal(self, goal: Goal) -> None:
        before = self._lots.plan.by_doubt
        self._change_plan(lambda plan, seen: plan.with_goal(goal, seen))
        if self._lots.plan.by_doubt != before:
            told = (
                "" if before else self._scope_of_change("choice of the doubtful holds")
            )
            self._events.notice.emit(told, _GOAL)

    def read_plan(self) -> bool:
        """Read the plan and what has been in view; True if the plan has changed."""
        known = self._store.setting(_IN_VIEW, [])
        analysed = self._particles.analysed()
        self._in_view = set(known if isinstance(known, list) else analysed)
        # Additions that wait for a busy file are not in the file yet.
        self._in_view |= self._backlog.additions.get(_IN_VIEW, set())
        plan = self._planned(self._store.setting(AUDIT))
        return self._take_plan(plan, self._store.draws.chances())

    def draw_new(self, particle_ids: Iterable[str] | None = None) -> None:
        """Store the chances of particles that have just got their first prediction.

        To be called before that is shown to anyone.

        Parameters
        ----------
        particle_ids : iterable of str, optional
            Those particles; None: all.
        """
        if not self._lots.plan.by_doubt or self._store.read_only:
            return
        keys = set(self._particles.analysed())
        if particle_ids is not None:
            keys &= {self._particles.key(each) for each in particle_ids}
        due = {
            each for each in keys if self._is_fresh(each) and self._lacks_chances(each)
        }
        if not due:
            return
        # If they can't be stored, all particles of a micrograph keep the same chance.
        with suppress(StoreError):
            with self._store.transaction():
                self._write_chances(due, self._lots.plan)
                chances = self._store.draws.chances()
            self._lots.replace(self._lots.plan, chances)
            self._particles.rebuild_views()
        self._events.queue_outdated.emit()

    # What has been in view

    def note_in_view(self, particle_ids: Iterable[str]) -> None:
        """Record that predictions are in view; to be called by views that show them.

        Those of the open micrograph are recorded by `note_open`.
        """
        shown = (each for each in particle_ids if not self.hides(each))
        key = self._particles.key
        found = (key(each) for each in shown)
        keys = {each for each in found if each is not None} - self._in_view
        if not keys:
            return
        self._in_view |= keys
        if not self._store.read_only:
            # A full disk must not keep the user from looking.
            with suppress(StoreError):
                self._backlog.add_to_setting(_IN_VIEW, keys)

    def note_open(self, _ids: object = None) -> None:
        """Record that the open micrograph's predictions are in view."""
        key = self._selection.key
        if key is not None and key not in self._in_view:
            particles = self._particles.particles(key).values()
            self.note_in_view(each.id for each in particles if each.prediction)

    def note_order(self, order: Order) -> None:
        """Record that the review has used an order."""
        if order in self._orders_used or self._store.read_only:
            return
        self._orders_used.add(order)
        with suppress(StoreError):
            self._backlog.add_to_setting(_ORDERS, {order})

    def queue_items(self) -> Iterator[QueueItem]:
        """Yield all particles that may come up for review.

        Drawn ones have a ``draw``: the lot over the chance, hence uniform from 0 to 1.
        """
        table = self._table
        for index, row in enumerate(table.rows):
            if row.excluded is None and not table.is_missing(row.key):
                for one in self._particles.particles(row.key).values():
                    draw = self._lots.drawn_lot(one.id)
                    if draw is not None:
                        draw /= self._lots.chance(one.id)
                    yield QueueItem(index, one.id, one.circle, one.prediction, draw)

    # Inside

    def _change_plan(
        self, change: Callable[[AuditPlan, Collection[int]], AuditPlan]
    ) -> None:
        """Change and store the plan, with new chances where nothing has been in view.

        Parameters
        ----------
        change : callable
            Makes the new plan of the old one and of the keys of micrographs whose
            chances must not grow.
        """
        with self._store.transaction():
            # Another window may have shown particles, or changed the plan.
            self.read_plan()
            judged = {
                each
                for each in self._particles.analysed()
                if self._has_statements(each)
            }
            seen = {*self._in_view, *self._within_reach(), *judged}
            plan = change(self._lots.plan, seen)
            self._store.set_setting(AUDIT, plan.as_setting())
            fresh = set(self._particles.analysed()) - plan.held.keys()
            self._store.draws.forget(fresh)
            if plan.by_doubt:
                self._write_chances(fresh, plan)
            chances = self._store.draws.chances()
        self._take_plan(plan, chances)
        self._events.particles_changed.emit(None)

    def _take_plan(self, plan: AuditPlan, chances: dict[str, float]) -> bool:
        if not self._lots.replace(plan, chances):
            return False
        self._particles.rebuild_views()
        self._events.queue_outdated.emit()
        return True

    def _write_chances(self, keys: Collection[int], plan: AuditPlan) -> None:
        """Store the chances of particles in some micrographs.

        They are scaled so that their sum over all analysed micrographs, the expected
        number of draws, is the plan's share of the particles.
        """
        said = [
            (key, each)
            for key in self._particles.analysed()
            for each in self._proposed_predictions(key)
        ]
        doubts = np.array([doubt(each.probabilities) for _, each in said])
        chances = draw_chances(doubts, plan.share * len(said)).tolist()
        own: dict[int, dict[str, float]] = {key: {} for key in keys}
        for (key, each), chance in zip(said, chances, strict=True):
            if key in own:
                own[key][each.particle_id] = chance
        for key, found in own.items():
            self._store.draws.add(key, found)

    def _proposed_predictions(self, key: int) -> list[Prediction]:
        """Return the predictions of a micrograph's proposed particles."""
        return [
            one.prediction
            for one in self._particles.particles(key).values()
            if one.prediction is not None and self._particles.is_proposed(one.id)
        ]

    def _is_fresh(self, key: int) -> bool:
        """Tell whether nothing in a micrograph has been in view or judged."""
        seen = key in self._in_view or key in self._lots.plan.held
        return not (seen or self._has_statements(key))

    def _has_statements(self, key: int) -> bool:
        said = self._particles.annotations(key)
        return any(each.label or each.removed or each.deferred for each in said)

    def _lacks_chances(self, key: int) -> bool:
        """Tell whether some classified particle of a micrograph has no chance yet."""
        said = self._proposed_predictions(key)
        return any(each.particle_id not in self._lots.chances for each in said)

    def _planned(self, stored: object) -> AuditPlan:
        """Return the stored plan; make and store one if there is none."""
        plan = AuditPlan.from_setting(stored)
        if self._store.read_only or (stored is not None and plan.watched):
            return plan
        analysed = self._particles.analysed()
        new = stored is None
        begun = AuditPlan.new(analysed) if new else plan.watching(analysed)
        # If it can't be stored, nothing new is drawn, and all else works.
        with suppress(StoreError):
            self._store.set_setting(AUDIT, begun.as_setting())
            return begun
        return plan

    def _within_reach(self) -> set[int]:
        """Return the keys of micrographs `within_reach` of the review."""
        in_turn = self._particles.judged_in_turn()
        went_by = self._store.setting(_ORDERS, [])
        orders = [each for each in ORDERS if each in went_by] or ORDERS
        steps = len(self._visits.passed | in_turn)
        places = within_reach(self.queue_items(), steps, orders)
        return {self._table.rows[each].key for each in places}

    def _scope_of_change(self, what: str, effect: str = "") -> str:
        """Return the notice in which micrographs a new plan does not hold.

        Parameters
        ----------
        what : str
            What was changed, with its verb.
        effect : str
            What it does in the other micrographs.
        """
        analysed = self._particles.analysed()
        free = sum(each not in self._lots.plan.held for each in analysed)
        if free == len(analysed):
            return ""
        whose = f"{free} of {len(analysed)}" if free else "new"
        return (
            f"The {what} for {whose} micrographs{effect}; in the others the "
            "predictions have been in view, or were next in turn."
        )
