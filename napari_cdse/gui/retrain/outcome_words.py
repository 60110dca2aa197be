"""Sentences on the outcome of a retraining, for dock and window."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cdse.core.evaluation.scores import Scores
    from napari_cdse.tasks.training import Outcome

_NO_OLD = "There was no forest with these features to compare with."
_FRACTION_TIP = (
    "Labels of particles that were drawn at random, or came up by an order, put "
    "the forest right. Of micrographs that a forest learnt from, its word is not "
    "taken."
)


def headline(outcome: Outcome) -> str:
    """Write which forest is better, and how sure that is, or why it is unknown."""
    comparison = outcome.comparison
    if comparison is None:
        return f"{_NO_OLD} {outcome.scores.sentence} {outcome.scores.inheritance}"
    drawn = comparison.drawn
    sentences = (
        comparison.sentence,
        "" if drawn is None else drawn.sentence,
        outcome.scores.inheritance,
    )
    return " ".join(filter(None, sentences))


def changes(outcome: Outcome, hidden: int) -> str:
    """Write how many particles would change class, and how many of them are hidden."""
    flipped, total = len(outcome.flips), outcome.compared
    if not total:
        return "No particle was classified before, so none changes class."
    if not flipped:
        return f"No particle would change class: both forests call all {total} alike."
    words = f"{flipped} of {total} particles would change class"
    if not hidden:
        return f"{words}."
    waiting = "1 of them waits" if hidden == 1 else f"{hidden} of them wait"
    return f"{words}; {waiting} for the audit, unshown."


def fraction(outcome: Outcome) -> str:
    """Write how the visible-defect fraction would change; empty if it is unknown."""
    return outcome.fraction.sentence if outcome.compared else ""


def fraction_tip(outcome: Outcome) -> str:
    """Write how the fraction is estimated, and what it still lacks."""
    new = outcome.fraction.new
    return " ".join(filter(None, (_FRACTION_TIP, new.note, new.outlook)))


def measured(scores: Scores) -> str:
    """Write how the forests were scored; empty if they were not."""
    if scores.note is not None:
        return ""
    return (
        "Measured on your own labels, each forest without the micrograph it is asked "
        f"about ({scores.n_micrographs} micrographs, {scores.folds} folds). You chose "
        "these particles, doubtful ones mostly; how often a forest is right, only the "
        f"audit tells. {scores.limits}"
    ).strip()
