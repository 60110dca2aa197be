"""Compare two forests on a whole project: changed classes and defect fraction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES
from napari_cdse.core.statistics.evidence import Evidence, cross_fitted
from napari_cdse.core.statistics.visible_defects import HALF_WIDTH, visible_defects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from napari_cdse.core.records import Label, Prediction
    from napari_cdse.core.statistics.visible_defects import VisibleDefects


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two forests say of one particle.

    Attributes
    ----------
    particle_id : str
    micrograph : str
        Its micrograph, by an id that no other one has.
    new : Prediction
    old : Prediction or None
        None where the old forest was not asked about this circle.
    judged : {"yes", "no", "null", "empty"} or None
        The person's class.
    evidence : Evidence or None
        How the person came to it, and what is known besides; None: not at all.
    """

    particle_id: str
    micrograph: str
    new: Prediction
    old: Prediction | None = None
    judged: Label | None = None
    evidence: Evidence | None = None

    @property
    def flips(self) -> bool:
        """Whether the forests name different classes."""
        return self.old is not None and self.old.label != self.new.label

    @property
    def contradicts(self) -> bool:
        """Whether the new forest names another class than the person."""
        return self.judged is not None and self.new.label != self.judged


@dataclass(frozen=True, slots=True)
class ClassChange:
    """Particles that go from one class to another with the new forest.

    Attributes
    ----------
    old, new : {"yes", "no", "null", "empty"}
    verdicts : tuple of Verdict
        Those first where the new forest contradicts a person.
    """

    old: Label
    new: Label
    verdicts: tuple[Verdict, ...]

    @property
    def contradictions(self) -> int:
        """How many a person has judged otherwise than the new forest."""
        return sum(each.contradicts for each in self.verdicts)

    @property
    def sentence(self) -> str:
        """The change and the number of particles, in words."""
        told = f"{self.old} \u2192 {self.new}, {len(self.verdicts)}"
        against = self.contradictions
        return f"{told}, {against} of them against your label" if against else told


@dataclass(frozen=True, slots=True)
class FractionChange:
    """The visible-defect fraction with either forest.

    The fractions by the forests alone differ by the forests' errors, which no interval
    covers. Corrected by judged draws, both estimate the same number.

    Attributes
    ----------
    old_share, new_share : float or None
        By each forest alone; None if it calls no particle resolved.
    old, new : VisibleDefects
        The same, corrected by what was judged.
    """

    old_share: float | None
    new_share: float | None
    old: VisibleDefects
    new: VisibleDefects

    @property
    def difference(self) -> float | None:
        """New share minus old; None where one of them has no resolved particle."""
        if self.old_share is None or self.new_share is None:
            return None
        return self.new_share - self.old_share

    @property
    def sentence(self) -> str:
        """Say it in words."""
        if self.old_share is None or self.new_share is None:
            return "No defect fraction: one of the forests calls no particle resolved."
        told = (
            f"Visible-defect fraction by the forests alone {self.old_share:.2f} \u2192 "
            f"{self.new_share:.2f}"
        )
        if self.new.interval_95 is None:
            return f"{told}, without an interval."
        low, high = self.new.interval_95
        before = "" if self.old.fraction is None else f"{self.old.fraction:.2f} \u2192 "
        return (
            f"{told}; put right by your draws {before}{self.new.fraction:.2f} "
            f"({low:.2f} to {high:.2f}, 95 %)."
        )


def flipped(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """List the particles whose class changes, with the new forest's surest first."""
    found = [each for each in verdicts if each.flips]
    return sorted(found, key=lambda each: (-each.new.margin, each.particle_id))


def class_changes(verdicts: Iterable[Verdict]) -> tuple[ClassChange, ...]:
    """Put particles whose class flips into groups, by old and new class.

    Parameters
    ----------
    verdicts : iterable of Verdict
        Those that do not flip are left out.

    Returns
    -------
    tuple of ClassChange
        The one first in which the new forest contradicts a person most often, then
        the largest; within one, those come first that contradict, then the order of
        `flipped`.
    """
    groups: dict[tuple[Label, Label], list[Verdict]] = {}
    for each in flipped(verdicts):
        if each.old is not None:
            groups.setdefault((each.old.label, each.new.label), []).append(each)
    found = [
        ClassChange(old, new, tuple(sorted(group, key=lambda one: not one.contradicts)))
        for (old, new), group in groups.items()
    ]
    return tuple(sorted(found, key=_weight))


def _weight(change: ClassChange) -> tuple[int, int, int, int]:
    classes = CLASSES.index(change.old), CLASSES.index(change.new)
    return -change.contradictions, -len(change.verdicts), *classes


def fraction_change(
    verdicts: Iterable[Verdict],
    *,
    learned_by_old: Collection[str] = (),
    learned_by_new: Collection[str] = (),
    half_width: float = HALF_WIDTH,
    deleted: Sequence[Evidence] = (),
) -> FractionChange:
    """Estimate the visible-defect fraction with either forest.

    Parameters
    ----------
    verdicts : iterable of Verdict
        Of the whole project; particles that the old forest was not asked about are
        left out.
    learned_by_old, learned_by_new : collection of str, optional
        Micrographs that a forest learnt from, as the evidence names them; there what
        it says corrects nothing.
    half_width : float, optional
        Half the width that is wanted of the fraction's interval.
    deleted : sequence of Evidence, optional
        Of circles that a person deleted; no forest is asked of them any more, but one
        that was drawn is an answer.

    Returns
    -------
    FractionChange
    """
    known = [each for each in verdicts if each.old is not None]
    gone = [replace(each, probabilities=None) for each in deleted]
    old = [*(_evidence(each, each.old) for each in known), *gone]
    new = [*(_evidence(each, each.new) for each in known), *gone]
    return FractionChange(
        _share([each.old for each in known]),
        _share([each.new for each in known]),
        visible_defects(cross_fitted(old, learned_by_old), half_width=half_width),
        visible_defects(cross_fitted(new, learned_by_new), half_width=half_width),
    )


def _evidence(verdict: Verdict, prediction: Prediction | None) -> Evidence:
    known = verdict.evidence or Evidence(verdict.micrograph)
    told = None if prediction is None else prediction.probabilities
    return replace(known, probabilities=told)


def _share(predictions: Sequence[Prediction | None]) -> float | None:
    """Return expected defects over expected resolved particles."""
    told = [each.probabilities for each in predictions if each is not None]
    yes, no = (sum(one[CLASSES.index(name)] for one in told) for name in ("yes", "no"))
    return yes / (yes + no) if yes + no > 0 else None
