"""What became of the draws, by the class that the forest gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES, Label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cdse.core.statistics.evidence import Evidence


@dataclass(frozen=True, slots=True)
class DrawTally:
    """Draws of one class.

    Attributes
    ----------
    label : {"yes", "no", "null", "empty"} or None
        Most probable for the forest, which alone is known of all of them; None where
        no forest may be asked.
    drawn : int
        Particles that a lot fell on.
    judged : int
        Of these, with a class that a person gave unseen, removed ones included.
    skipped : int
        Of these, left for later.
    removed : int
        Of these, taken away as no particle.
    """

    label: Label | None
    drawn: int
    judged: int
    skipped: int
    removed: int


def draw_tallies(evidence: Iterable[Evidence]) -> tuple[DrawTally, ...]:
    """Count the draws by the forest's class; classes without any are missing."""
    by_class: dict[Label | None, list[Evidence]] = {}
    for each in evidence:
        if each.route == "draw":
            by_class.setdefault(_said(each), []).append(each)
    return tuple(
        DrawTally(
            label,
            drawn=len(some),
            judged=sum(each.answered for each in some),
            skipped=sum(each.deferred and not each.judged for each in some),
            removed=sum(each.answered and each.removed for each in some),
        )
        for label in (*CLASSES, None)
        if (some := by_class.get(label))
    )


def _said(evidence: Evidence) -> Label | None:
    told = evidence.probabilities
    if told is None:
        return None
    return CLASSES[max(range(len(told)), key=told.__getitem__)]
