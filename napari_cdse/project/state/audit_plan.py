"""The plan of a project's audit: which share of particles is drawn, and for which goal.

Each particle has a lot, a random number from 0 to 1 that never changes; the particle is
drawn if its lot is below its chance. When the share grows, more particles are therefore
drawn, and those drawn before stay drawn. Two rules keep the draws fair then:

- A particle whose prediction was in view must not be drawn later. Micrographs whose
  predictions were in view thus keep their old share (``held``).
- Whether a particle's chance grows must not depend on its own lot. A drawn particle
  waits unseen, where one that was not drawn would have been shown by the queue: of two
  equally doubtful ones only the first would still be unseen. The old share is hence
  also kept in all micrographs to which the queue, without any lots, would have led by
  now (`within_reach`).

A small error remains: a particle that its lot brought up early gets too large a weight,
by at most the share of the queue that had been reviewed.

With the goal "learn", all particles of a micrograph have the same chance, the share.
With the other goals each has its own, which grows with its doubt. `Audits` stores it
when the first prediction is made, and it never changes once that may have been in view.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.review.blind_audit import SHARE, draw
from napari_cdse.core.review.review_queue import BATCH, GOALS, ordered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_cdse.core.review.review_queue import Goal, Order, QueueItem


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """How a project draws its audits.

    Attributes
    ----------
    seed : str
        Random, the same for the whole project; empty: nothing is drawn.
    share : float
        Share drawn in micrographs that are not in ``held``, 0 to 1.
    held : mapping of int to float
        Share by micrograph key, for those whose predictions were in view, or next in
        the queue, under an earlier share. It can only become smaller.
    watched : bool
        Whether the project records which predictions come into view; False in projects
        of early versions.
    goal : {"learn", "both", "measure"}
        Purpose of the review; "learn" in projects of early versions.
    """

    seed: str = ""
    share: float = SHARE
    held: Mapping[int, float] = field(default_factory=dict)
    watched: bool = True
    goal: Goal = "learn"

    @classmethod
    def new(cls, analysed: Iterable[int]) -> AuditPlan:
        """Make the plan of a project without one.

        Predictions in micrographs analysed before it count as having been in view.
        """
        return cls(uuid.uuid4().hex, SHARE, dict.fromkeys(analysed, 0.0))

    @classmethod
    def from_setting(cls, stored: Any) -> AuditPlan:
        """Read a plan from the project's file; one that is damaged draws nothing."""
        try:
            held = {int(key): float(share) for key, share in stored["held"].items()}
            watched = bool(stored.get("watched", False))
            told = stored.get("goal")
            goal: Goal = told if told in GOALS else "learn"
            share = float(stored["share"])
            return cls(str(stored["seed"]), share, held, watched, goal)
        except (KeyError, TypeError, ValueError, AttributeError):
            return cls()

    def as_setting(self) -> dict[str, Any]:
        """Return the plan as the project's file keeps it."""
        held = {str(key): share for key, share in self.held.items()}
        return {
            "seed": self.seed,
            "share": self.share,
            "held": held,
            "watched": self.watched,
            "goal": self.goal,
        }

    def with_share(self, share: float, in_view: Iterable[int]) -> AuditPlan:
        """Return the plan with another share, which only falls in some micrographs.

        Parameters
        ----------
        share : float
            0 to 1.
        in_view : iterable of int
            Keys of micrographs whose share must not grow.

        Raises
        ------
        ParameterError
            Outside 0 to 1.
        """
        if not 0 <= share <= 1:
            raise ParameterError(
                f"{share:g} is no share of the particles; take one from 0 to 1."
            )
        held = {key: min(self.chance(key), share) for key in {*in_view, *self.held}}
        return replace(self, share=share, held=held)

    @property
    def by_doubt(self) -> bool:
        """Whether particles of a micrograph get different chances, by their doubt."""
        return self.goal != "learn" and self.share > 0 and bool(self.seed)

    def with_goal(self, goal: Goal, in_view: Iterable[int]) -> AuditPlan:
        """Return the plan with another goal; chances in some micrographs stay the same.

        Parameters
        ----------
        goal : {"learn", "both", "measure"}
            See the attribute.
        in_view : iterable of int
            Keys of micrographs whose chances must not change.

        Raises
        ------
        ParameterError
            If there is no such goal.
        """
        if goal not in GOALS:
            raise ParameterError(
                f"{goal!r} is no goal of a review; take one of {', '.join(GOALS)}."
            )
        return replace(self.with_share(self.share, in_view), goal=goal)

    def watching(self, analysed: Iterable[int]) -> AuditPlan:
        """Return the plan of a project that records views from now on.

        Predictions in micrographs analysed so far may have been in view.
        """
        return replace(self.with_share(self.share, analysed), watched=True)

    def chance(self, key: int | None) -> float:
        """Return the chance with which a micrograph's particles are drawn."""
        if not self.seed or key is None:
            return 0.0
        return self.held.get(key, self.share)

    def draw(self, particle_id: str) -> float:
        """Return a particle's lot; it is drawn if that lies below its chance."""
        return draw(self.seed, particle_id)


def within_reach(
    items: Iterable[QueueItem], steps: int, orders: Iterable[Order]
) -> set[int]:
    """Return the micrographs that a review would have reached if nothing were drawn.

    Parameters
    ----------
    items : iterable of QueueItem
        All particles, judged ones too.
    steps : int
        Number of particles that were judged or passed by so far.
    orders : iterable of str
        Orders that the user has used. The order by micrograph is ignored: lots do not
        change it.

    Returns
    -------
    set of int
        Indices of micrographs in the project's table.
    """
    undrawn = [replace(each, draw=None) for each in items] if steps else []
    ways = (
        ordered(undrawn, each, batch=BATCH) for each in orders if each != "micrograph"
    )
    return {each.micrograph for way in ways for each in way[:steps]}
