"""The audit of a project: what is hidden, and what may stand for an error rate."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.errors import StoreError
from napari_cdse.core.review.draw_chances import doubt, draw_chances
from napari_cdse.core.review.review_queue import ORDERS, QueueItem
from napari_cdse.io.store.store import AUDIT
from napari_cdse.io.store.waiting_steps import is_key
from napari_cdse.project.state.annotator_labels import author, latest
from napari_cdse.project.state.audit_plan import AuditPlan, within_reach

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

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
    """How far each annotator has come with the draws.

    Attributes
    ----------
    drawn : int
        Particles that a lot fell on, circles that were deleted among them.
    judged : dict of str to int
        Of these, those that each annotator judged or deleted unseen, the busiest
        first.
    deleted : int, optional
        Of these, those whose circle was deleted: nobody else can judge them any more.
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
"""Of what notices are: another choice of it takes back what was told of the last."""
_IN_VIEW, _ORDERS = "in_view", "orders"
GROWING: dict[str, Callable[[object], bool]] = {
    _IN_VIEW: is_key,
    _ORDERS: lambda value: value in ORDERS,
}
"""Settings that only grow, and what tells whether something may be in each: keys of
micrographs whose predictions have been in view, and orders that the review went by."""


class Audits:
    """Particles drawn at random and judged with their prediction hidden.

    With the goal to learn, each particle of a micrograph has the same chance. With the
    others a particle's chance goes with its doubt; it is written down when its first
    prediction comes, before anyone can have seen that. Where predictions have been in
    view, something was judged, or the queue leads by now, chances stay what they were,
    whatever forest, share or goal come after.

    Parameters
    ----------
    store : Store
        Keeps the plan, the chances where they differ by particle, and which
        micrographs' predictions have been in view.
    state : ProjectState
    selection : Selection
        The open micrograph's predictions are in view.
    visits : VisitHistory
        How far the review has come.
    annotators : Annotators
        To whom it is shown.
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
        self._plan = AuditPlan()
        self._chances: dict[str, float] = {}
        self._lots: dict[str, float] = {}
        self._judged: dict[int, tuple[Mapping[str, Particle], float]] = {}
        self._in_view: set[int] = set()
        self._orders_used: set[Order] = set()
        self._version = 0

    # What is hidden

    def hides(self, particle_id: str) -> bool:
        """Tell whether a particle's prediction must not be shown yet.

        It is one that the program proposed, that was drawn by chance alone and that
        the annotator of now has never judged: who has, under the same name, knows the
        forest's word, even if the label was taken back. In a window what others said
        of it is out of view as well. Whatever shows predictions asks this first, or
        shows the particle `as_seen`.
        """
        if self._lot(particle_id) is None:
            return False
        return self._annotators.name not in self._particles.judges(particle_id)

    def as_seen(self, particle: Particle) -> Particle:
        """Return a particle as a user may see it: maybe without its prediction."""
        if particle.prediction is None or not self.hides(particle.id):
            return particle
        return replace(particle, prediction=None)

    def chances(self, particle_ids: Iterable[str]) -> dict[str, float]:
        """Return the chances, 0 to 1, of those among some particles that are hidden."""
        return {each: self._chance(each) for each in particle_ids if self.hides(each)}

    def drawn_chance(self, particle_id: str) -> float | None:
        """Return the chance with which a particle was drawn; None if it was not.

        It is that of by now, after the share was raised, whenever it was judged. A
        smaller share takes no draw back where some were judged: what was judged at the
        larger one can stand for the micrograph at that one alone.
        """
        chance = self._drawing_chance(particle_id)
        return None if self._lot(particle_id, chance) is None else chance

    def may_draw(self, particle_id: str) -> bool:
        """Tell whether a lot could fall on a particle, or could have."""
        return self._drawing_chance(particle_id) > 0 and (
            self._particles.is_proposed(particle_id)
        )

    # What was judged unseen

    @property
    def version(self) -> int:
        """Another number whenever other particles may be drawn, or at other chances."""
        return self._version

    def labels(self) -> list[Annotation]:
        """Return the first labels of particles that were judged unseen.

        A label that was changed afterwards, with the prediction in view, counts as
        it was given first, but one whose circle was deleted is ``removed`` and stands
        for ``empty``. Particles without a label are left out, and so are micrographs
        and regions that are left out.
        """
        return [
            each
            for row in self._table.rows
            if row.excluded is None
            for each in self._particles.audited(row.key)
        ]

    def tallies(self) -> DrawTallies:
        """Count the draws, and how many of them each annotator has judged unseen.

        A deletion judges too, as it does in the visible-defect fraction.
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
        """Count the draws that nobody has judged and that are to come up."""
        return sum(
            self._lot(one) is not None and not self._particles.judges(one)
            for row in self._table.rows
            if row.excluded is None
            for one in self._particles.particles(row.key)
        )

    def _drawn(self, particles: Iterable[Particle]) -> list[str]:
        """Return the ids of those among some particles that a lot fell on."""
        return [one.id for one in particles if self.drawn_chance(one.id) is not None]

    def _judges_unseen(self, particle_id: str) -> list[str]:
        """Return who judged a particle unseen, or deleted its circle so, each once.

        Who took that back has known the forest's word since, whatever they say then.
        """
        said = self._particles.statements(particle_id)
        judged = (one for one in said if one.label or one.removed)
        unseen = {author(one) for one in judged if not one.prediction_seen}
        removed = (author(one) for one in said[-1:] if one.removed)
        # Not a set: of equally busy ones the first stands first, at every run.
        names = dict.fromkeys((*latest(said), *removed))
        return [name for name in names if name in unseen]

    # How many are drawn

    @property
    def share(self) -> float:
        """Share of the particles that is drawn for the audit, from 0 to 1."""
        return self._plan.share

    @share.setter
    def share(self, share: float) -> None:
        before, waiting = self._plan.share, self._waiting()
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
        """What the review is for.

        learn: lots are even, and come up in their share of the queue; they tell best
        how often the forest is right. measure: the doubtful are drawn more often and
        all that are drawn come up first, which narrows the interval of the
        visible-defect fraction soonest. both: drawn so too, they come up by turns with
        the queue.
        """
        return self._plan.goal

    @goal.setter
    def goal(self, goal: Goal) -> None:
        before = self._plan.by_doubt
        self._change_plan(lambda plan, seen: plan.with_goal(goal, seen))
        if self._plan.by_doubt != before:
            told = (
                "" if before else self._scope_of_change("choice of the doubtful holds")
            )
            self._events.notice.emit(told, _GOAL)

    def read_plan(self) -> bool:
        """Read the plan and what has been in view; True if the plan is another."""
        known = self._store.setting(_IN_VIEW, [])
        analysed = self._particles.analysed()
        self._in_view = set(known if isinstance(known, list) else analysed)
        # Of what waits for a busy file the file knows nothing yet.
        self._in_view |= self._backlog.additions.get(_IN_VIEW, set())
        plan = self._planned(self._store.setting(AUDIT))
        return self._take_plan(plan, self._store.draws.chances())

    def draw_new(self, particle_ids: Iterable[str] | None = None) -> None:
        """Write down the chances of particles that have got their first prediction.

        To be called before anyone is shown it, with None for all particles.
        """
        if not self._plan.by_doubt or self._store.read_only:
            return
        keys = set(self._particles.analysed())
        if particle_ids is not None:
            keys &= {self._particles.key(each) for each in particle_ids}
        due = {
            each for each in keys if self._is_fresh(each) and self._lacks_chances(each)
        }
        if not due:
            return
        # Without room for them all particles of these micrographs stay alike.
        with suppress(StoreError):
            with self._store.transaction():
                self._write_chances(due, self._plan)
                chances = self._store.draws.chances()
            self._chances = chances
            self._version += 1
            self._particles.rebuild_views()
        self._events.queue_outdated.emit()

    # What has been in view

    def note_in_view(self, particle_ids: Iterable[str]) -> None:
        """Note that predictions are in view; to be called by whoever shows them.

        What is shown of the open micrograph is noted without asking.
        """
        hidden = (each for each in particle_ids if not self.hides(each))
        key = self._particles.key
        found = (key(each) for each in hidden)
        keys = {each for each in found if each is not None} - self._in_view
        if not keys:
            return
        self._in_view |= keys
        if not self._store.read_only:
            # A full disk keeps nobody from looking.
            with suppress(StoreError):
                self._backlog.add_to_setting(_IN_VIEW, keys)

    def note_open(self, _ids: object = None) -> None:
        """Note that the open micrograph's predictions are in view."""
        key = self._selection.key
        if key is not None and key not in self._in_view:
            particles = self._particles.particles(key).values()
            self.note_in_view(each.id for each in particles if each.prediction)

    def note_order(self, order: Order) -> None:
        """Write down by which orders the project was ever gone through."""
        if order in self._orders_used or self._store.read_only:
            return
        self._orders_used.add(order)
        with suppress(StoreError):
            self._backlog.add_to_setting(_ORDERS, {order})

    def queue_items(self) -> Iterator[QueueItem]:
        """Yield the particles that may come up for review, with their lots."""
        table = self._table
        for index, row in enumerate(table.rows):
            if row.excluded is None and not table.is_missing(row.key):
                for one in self._particles.particles(row.key).values():
                    draw = self._lot(one.id)
                    if draw is not None:
                        draw /= self._chance(one.id)
                    yield QueueItem(index, one.id, one.circle, one.prediction, draw)

    # Inside

    def _change_plan(
        self, change: Callable[[AuditPlan, Collection[int]], AuditPlan]
    ) -> None:
        """Take another plan, and draw anew where nothing has been in view."""
        with self._store.transaction():
            # Another window shows particles too, and may have changed the plan.
            self.read_plan()
            judged = {
                each
                for each in self._particles.analysed()
                if self._has_statements(each)
            }
            seen = {*self._in_view, *self._within_reach(), *judged}
            plan = change(self._plan, seen)
            self._store.set_setting(AUDIT, plan.as_setting())
            fresh = set(self._particles.analysed()) - plan.held.keys()
            self._store.draws.forget(fresh)
            if plan.by_doubt:
                self._write_chances(fresh, plan)
            chances = self._store.draws.chances()
        self._take_plan(plan, chances)
        self._events.particles_changed.emit(None)

    def _take_plan(self, plan: AuditPlan, chances: dict[str, float]) -> bool:
        if (plan, chances) == (self._plan, self._chances):
            return False
        self._plan, self._chances = plan, chances
        self._version += 1
        self._lots.clear()
        self._judged.clear()
        self._particles.rebuild_views()
        self._events.queue_outdated.emit()
        return True

    # Chances by doubt

    def _chance(self, particle_id: str) -> float:
        """Return a particle's own chance, or that of its whole micrograph."""
        own = self._chances.get(particle_id) if self._plan.seed else None
        if own is not None:
            return own
        return self._plan.chance(self._particles.key(particle_id))

    def _write_chances(self, keys: Collection[int], plan: AuditPlan) -> None:
        """Set the chances in some micrographs as if all had been drawn together."""
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
        """Return predictions of what the program proposed in a micrograph."""
        return [
            one.prediction
            for one in self._particles.particles(key).values()
            if one.prediction is not None and self._particles.is_proposed(one.id)
        ]

    def _is_fresh(self, key: int) -> bool:
        """Tell whether nothing of a micrograph has been in view or judged."""
        seen = key in self._in_view or key in self._plan.held
        return not (seen or self._has_statements(key))

    def _has_statements(self, key: int) -> bool:
        said = self._particles.annotations(key)
        return any(each.label or each.removed or each.deferred for each in said)

    def _lacks_chances(self, key: int) -> bool:
        """Tell whether some classified particle of a micrograph has no chance yet."""
        said = self._proposed_predictions(key)
        return any(each.particle_id not in self._chances for each in said)

    def _planned(self, stored: object) -> AuditPlan:
        """Return the plan that is stored; begin one where there is none."""
        plan = AuditPlan.from_setting(stored)
        if self._store.read_only or (stored is not None and plan.watched):
            return plan
        analysed = self._particles.analysed()
        new = stored is None
        begun = AuditPlan.new(analysed) if new else plan.watching(analysed)
        # Without room for it nothing is drawn anew, and all else works.
        with suppress(StoreError):
            self._store.set_setting(AUDIT, begun.as_setting())
            return begun
        return plan

    def _within_reach(self) -> set[int]:
        """Return keys of micrographs to which the queue leads by now, lots aside."""
        in_turn = self._particles.judged_in_turn()
        went_by = self._store.setting(_ORDERS, [])
        orders = [each for each in ORDERS if each in went_by] or ORDERS
        steps = len(self._visits.passed | in_turn)
        places = within_reach(self.queue_items(), steps, orders)
        return {self._table.rows[each].key for each in places}

    def _scope_of_change(self, what: str, effect: str = "") -> str:
        """Say where another plan does not hold, and what it does where it does."""
        analysed = self._particles.analysed()
        free = sum(each not in self._plan.held for each in analysed)
        if free == len(analysed):
            return ""
        whose = f"{free} of {len(analysed)}" if free else "new"
        return (
            f"The {what} for {whose} micrographs{effect}; in the others the "
            "predictions have been in view, or were next in turn."
        )

    def _drawing_chance(self, particle_id: str) -> float:
        """Return the chance of by now, or that of when draws alike were judged."""
        chance = self._chance(particle_id)
        if particle_id in self._chances:
            return chance
        return max(chance, self._judged_chance(self._particles.key(particle_id)))

    def _judged_chance(self, key: int | None) -> float:
        """Return the largest chance at which draws that are alike were judged."""
        if key is None or not self._plan.seed:
            return 0.0
        shown = self._particles.particles(key)
        kept = self._judged.get(key)
        if kept is None or kept[0] is not shown:
            kept = self._judged[key] = shown, self._largest_judged(key)
        return kept[1]

    def _largest_judged(self, key: int) -> float:
        found = {
            each.particle_id: each.selection_chance or 0.0
            for each in self._particles.audited(key)
            if each.particle_id not in self._chances
        }
        # Of a plan that was lost, the lots of now say nothing.
        lots_hold = all(self._plan.draw(one) < chance for one, chance in found.items())
        return max(found.values(), default=0.0) if lots_hold else 0.0

    def _lot(self, particle_id: str, chance: float | None = None) -> float | None:
        """Return the lot of a particle that was drawn; None for one that was not."""
        chance = self._chance(particle_id) if chance is None else chance
        if not chance:
            return None
        lot = self._lots.get(particle_id)
        if lot is None:
            lot = self._lots[particle_id] = self._plan.draw(particle_id)
        proposed = lot < chance and self._particles.is_proposed(particle_id)
        return lot if proposed else None
