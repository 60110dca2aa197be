"""Count the outcomes of an audit's draws, by the forest's class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES, Label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cdse.core.statistics.evidence import Evidence


@dataclass(frozen=True, slots=True)
class DrawTally:
    """Outcomes of the draws of one class.

    Attributes
    ----------
    label : {"yes", "no", "null", "empty"} or None
        The forest's most probable class, which is known of all draws; None without
        predictions.
    drawn : int
        Number of particles drawn.
    judged : int
        Number of these judged blind, including removed ones.
    skipped : int
        Number of these left for later.
    removed : int
        Number of these deleted as no particle.
    """

    label: Label | None
    drawn: int
    judged: int
    skipped: int
    removed: int


def draw_tallies(evidence: Iterable[Evidence]) -> tuple[DrawTally, ...]:
    """Count the outcomes of draws by the forest's class, without empty classes.

    Parameters
    ----------
    evidence : iterable of Evidence
        Of every particle.
    """
    by_class: dict[Label | None, list[Evidence]] = {}
    for each in evidence:
        if each.route == "draw":
            by_class.setdefault(_most_probable(each), []).append(each)
    return tuple(
        DrawTally(
            label,
            drawn=len(draws),
            judged=sum(each.answered for each in draws),
            skipped=sum(each.deferred and not each.judged for each in draws),
            removed=sum(each.answered and each.removed for each in draws),
        )
        for label in (*CLASSES, None)
        if (draws := by_class.get(label))
    )


def _most_probable(evidence: Evidence) -> Label | None:
    probabilities = evidence.probabilities
    if probabilities is None:
        return None
    index = max(range(len(probabilities)), key=probabilities.__getitem__)
    return CLASSES[index]
