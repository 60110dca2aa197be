"""How many particles are drawn for the audit, for what, and what keeps its chance.

A particle's lot is a number that never changes; it is drawn if that lies below the
chance. So a larger share draws some more, and those that were drawn stay so. It must
not draw what was looked at with the prediction in view. Nor may it hang on a
particle's own lot whether its chance grows: the doubtful one that was drawn, and waits
its turn unseen, would have been in view by now had it not been drawn. Therefore the
share stays as it was wherever the queue leads by now without any lots. What is left is
small: one that its lot brought up early weighs more than it should, at most by the
share of the queue that had been gone through.

With the goal to learn, all particles of a micrograph have the same chance, the share.
With the goals that measure, each has its own, by its doubt; `Audits` writes it down as
soon as there is a prediction, and it never changes once that may have been in view.
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
        The project's own; empty: nothing is drawn.
    share : float
        Share drawn in micrographs whose predictions were never in view.
    held : mapping of int to float
        Share by micrograph key, where predictions have been in view under an earlier
        share: what was once shown is not drawn any more, so it never grows.
    watched : bool
        Whether it is written down what comes into view; older projects did not.
    goal : {"learn", "both", "measure"}
        What the review is for; older projects learn.
    """

    seed: str = ""
    share: float = SHARE
    held: Mapping[int, float] = field(default_factory=dict)
    watched: bool = True
    goal: Goal = "learn"

    @classmethod
    def new(cls, analysed: Iterable[int]) -> AuditPlan:
        """Make the plan of a project; what was analysed before has been in view."""
        return cls(uuid.uuid4().hex, SHARE, dict.fromkeys(analysed, 0.0))

    @classmethod
    def from_setting(cls, stored: Any) -> AuditPlan:
        """Read a plan as the project file keeps it; draw nothing if it is damaged."""
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
        """Write the plan for the project file."""
        held = {str(key): share for key, share in self.held.items()}
        return {
            "seed": self.seed,
            "share": self.share,
            "held": held,
            "watched": self.watched,
            "goal": self.goal,
        }

    def with_share(self, share: float, in_view: Iterable[int]) -> AuditPlan:
        """Take another share; what has been in view can only become smaller.

        Parameters
        ----------
        share : float
            0 to 1.
        in_view : iterable of int
            Keys of micrographs.

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
        """Whether chances differ by particle where none has been in view."""
        return self.goal != "learn" and self.share > 0 and bool(self.seed)

    def with_goal(self, goal: Goal, in_view: Iterable[int]) -> AuditPlan:
        """Take another goal; chances of what has been in view stay as they are.

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
        """Write down from now on what comes into view; what is there may have been."""
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
    """Return the micrographs that orders lead to in so many steps, lots aside.

    Parameters
    ----------
    items : iterable of QueueItem
        All particles, judged ones too.
    steps : int
        How many were judged or passed by.
    orders : iterable of str
        Those that the user went by; by micrograph, lots have no say.

    Returns
    -------
    set of int
        Places of micrographs in the project.
    """
    undrawn = [replace(each, draw=None) for each in items] if steps else []
    ways = (
        ordered(undrawn, each, batch=BATCH) for each in orders if each != "micrograph"
    )
    return {each.micrograph for way in ways for each in way[:steps]}
