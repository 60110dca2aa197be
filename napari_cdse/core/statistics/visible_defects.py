"""The visible-defect fraction: yes / (yes + no), of all particles that were found.

It is not the defect content of the sample, since a fault that lies flat is not
visible. The fraction is computed from the forest's predictions, corrected by labels. It
has an interval if random draws tell how large the forest's error is, or if everything
was judged. `VisibleDefects` holds the result and describes it in sentences.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.records import CLASSES, Label
from napari_cdse.core.statistics.difference_estimator import difference
from napari_cdse.core.statistics.distrust import distrust_counts, distrust_sentence
from napari_cdse.core.statistics.intervals import (
    MIN_DRAWS,
    MIN_MICROGRAPHS,
    Interval,
    t_quantile,
)
from napari_cdse.core.statistics.sample import divided, sample_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_cdse.core.statistics.difference_estimator import Difference
    from napari_cdse.core.statistics.distrust import Distrust
    from napari_cdse.core.statistics.evidence import Evidence
    from napari_cdse.core.statistics.sample import Sample

HALF_WIDTH = 0.05
"""Half the width of the interval for which the number of draws is predicted, by
default. Chosen: half of it takes four times as many draws, and twice of it says little
about a small fraction."""

MAX_UNSEEN = 0.05
"""Largest fraction of the resolved particles for which predictions may be used without
any draws. Chosen equal to `HALF_WIDTH`: an error of all these predictions would change
the fraction by no more than that."""

_ENDS = (0.05, 0.95)
"""Range to which fractions are limited when the number of draws is predicted. Chosen: a
wider range predicts too few draws if the forest is wrong near 0 or 1, a narrower one
too many if it is right."""


@dataclass(frozen=True, slots=True)
class VisibleDefects:
    """Fraction of the resolved particles with a visible defect.

    Attributes
    ----------
    fraction : float or None
        None if no particle is resolved.
    interval_95 : tuple of float or None
        None if `note` says why.
    forest_fraction : float or None
        The fraction from the same particles' predictions alone.
    n_particles, n_micrographs : int
        Size of the population: circles that the program proposed, and a person's
        circles in micrographs that were judged completely.
    n_judged : int
        Number of these with a label that counts.
    n_drawn : int
        Number of these drawn at random and judged, outside of micrographs that were
        judged completely.
    n_draws : int
        Number of particles drawn, in any micrograph, judged or not.
    n_unanswered : int
        Number of draws that were not judged, or not blind.
    n_skipped : int
        Number of these left for later.
    n_in_view : int
        Number of these judged with the prediction in view, after a blind label was
        undone, or a lower share no longer hid the prediction.
    n_withdrawn : int
        Number of these not judged, and no longer asked for since the share was lowered.
    n_removed : int
        Number of draws deleted as no particle, which counts as ``empty``.
    n_by_hand : int
        Number of labels on particles that a person chose by looking. They count only
        as far as queue or order would have reached these particles.
    n_outside : int
        Number of a person's circles that are not in the population.
    apart : dict of str to int
        Number of circles that are not in the population, since the program distrusts
        its results for them, by reason; see
        `napari_cdse.core.statistics.sample.divided`.
    n_apart_judged : int
        Number of these that a person has judged.
    n_apart_removed : int
        Number of these that were judged by deleting the circle.
    micrographs_left_out, circles_left_out : int
        Numbers excluded by a person.
    forests : tuple of str
        Names of the forests that made the predictions.
    labels : dict of str to int
        Number of labels that count, by class.
    design_effect, correlation : float or None
        Variance between micrographs over that of independent particles, and the
        intra-cluster correlation that explains it.
    unequal_chances : bool
        Whether draws had different chances.
    apart_as_compared : bool
        Whether several samples decided together what is counted apart.
    half_width_95 : float or None
        Half the width of the interval.
    note : str
        Why there is no interval; empty if there is one.
    half_width_wanted : float
        Half the width of the interval that `outlook` refers to.
    """

    fraction: float | None
    interval_95: Interval | None
    forest_fraction: float | None
    n_particles: int
    n_micrographs: int
    n_judged: int
    n_drawn: int
    n_draws: int
    n_unanswered: int
    n_skipped: int
    n_removed: int
    n_by_hand: int
    n_outside: int
    apart: dict[Distrust, int]
    n_apart_judged: int
    micrographs_left_out: int
    circles_left_out: int
    forests: tuple[str, ...]
    labels: dict[Label, int]
    design_effect: float | None
    correlation: float | None
    unequal_chances: bool
    note: str
    apart_as_compared: bool = False
    n_apart_removed: int = 0
    n_in_view: int = 0
    n_withdrawn: int = 0
    half_width_wanted: float = HALF_WIDTH
    missing_draws: int = field(default=0, repr=False)
    variance: float | None = field(default=None, repr=False)
    variance_by_draws: float | None = field(default=None, repr=False)
    resolved: float = field(default=0.0, repr=False)

    @property
    def half_width_95(self) -> float | None:
        """Half the width of the interval; None where there is none."""
        if self.interval_95 is None:
            return None
        return (self.interval_95[1] - self.interval_95[0]) / 2

    def draws_for(self, half_width: float = HALF_WIDTH) -> int | None:
        """Predict the number of judged draws, in all, for an interval of some width.

        Parameters
        ----------
        half_width : float, optional
            Half the width of the interval of 95 %.

        Returns
        -------
        int or None
            None if the micrographs differ too much for any number of draws.
        """
        if self.fraction is None or self.variance is None:
            return None
        by_draw, fixed = self._variances()
        room = (half_width / self._quantile()) ** 2 - fixed
        if room <= 0:
            return None
        return min(max(math.ceil(by_draw / room), MIN_DRAWS), self.n_particles)

    @property
    def sentence(self) -> str:
        """The fraction in words, with what is counted apart."""
        apart = distrust_sentence(
            self.apart,
            self.n_apart_judged,
            removed=self.n_apart_removed,
            compared=self.apart_as_compared,
        )
        return f"{self._headline} {apart}" if apart else self._headline

    @property
    def _headline(self) -> str:
        if self.fraction is None:
            return f"{self._nothing}, so there is no defect fraction."
        value = f"Visible defects in {self.fraction:.2f} of the resolved particles"
        if self.interval_95 is None:
            return f"{value}{self._by_whom()}, without an interval. {self.note}"
        low, high = self.interval_95
        return f"{value} ({low:.2f} to {high:.2f}, 95 %): {self._from_what()}."

    @property
    def _nothing(self) -> str:
        """Why there is no fraction."""
        if self.apart and not self.n_particles:
            return "Every circle is counted apart"
        return "No particle is resolved"

    @property
    def draws(self) -> str:
        """The outcomes of the draws in words; empty if there are none."""
        if not self.n_draws:
            return ""
        judged = self.n_draws - self.n_unanswered
        parts = [f"{judged} of {_count(self.n_draws, 'draw')} judged"]
        if self.n_removed:
            parts.append(f"{self.n_removed} of them by deleting the circle (empty)")
        if self.n_skipped:
            parts.append(f"{self.n_skipped} skipped")
        if self.n_in_view:
            parts.append(
                f"{self.n_in_view} judged with the forest's word in view, which "
                "answers no draw"
            )
        if self.n_withdrawn:
            parts.append(f"{self.n_withdrawn} not asked since the share was lowered")
        return ", ".join(parts) + "."

    @property
    def outlook(self) -> str:
        """How many draws would give an interval, or a narrower one, in words."""
        return self.outlook_to(self.half_width_wanted)

    def brief(self, half_width: float = HALF_WIDTH) -> str:
        """Describe in one line the fraction, and what an interval of a width takes.

        Parameters
        ----------
        half_width : float, optional
            Half the width of the interval of 95 % that is wanted.
        """
        if self.fraction is None:
            reason = self._nothing[0].lower() + self._nothing[1:]
            return f"No visible-defect fraction yet: {reason}."
        if self.interval_95 is None:
            known = f"Visible defects {self.fraction:.2f}, no interval"
        else:
            low, high = self.interval_95
            known = f"Visible defects {self.fraction:.2f} ({low:.2f} to {high:.2f})"
        if self.n_draws:
            judged = self.n_draws - self.n_unanswered
            known += f"; {judged} of {_count(self.n_draws, 'draw')} judged"
        more = self._more(half_width)
        if self._lacks_draws(half_width) and not self.reaches(half_width):
            more += " A larger share draws more of what is unseen."
        return f"{known}. {more}".strip()

    def reaches(self, half_width: float) -> bool:
        """Whether half the interval's width is at most this."""
        half = self.half_width_95
        return half is not None and half <= half_width

    def outlook_to(self, half_width: float) -> str:
        """Describe how many draws would give an interval of this half width."""
        half = self.half_width_95
        if self.fraction is None:
            return ""
        if self.variance is None or self.n_micrographs < MIN_MICROGRAPHS:
            return ""
        if half is None and not self.missing_draws:
            # Draws are impossible where they would be needed; see `note`.
            return ""
        if half is None:
            return f"{self._first_interval()} {self._narrower(half_width)}"
        if self.reaches(half_width):
            return f"It is known to within {half_width:g}."
        return self._narrower(half_width)

    def as_dict(self) -> dict[str, object]:
        """Return all numbers and sentences, in types that JSON knows."""
        return {
            **asdict(self),
            "half_width_95": self.half_width_95,
            "draws_for_0.05": self.draws_for(HALF_WIDTH),
            "draws_for_half_width_wanted": self.draws_for(self.half_width_wanted),
            "sentence": self.sentence,
            "draws": self.draws,
            "outlook": self.outlook,
        }

    def _more(self, half_width: float) -> str:
        """Describe briefly what an interval, or a narrower one, takes."""
        if self.interval_95 is not None:
            return self.outlook_to(half_width)
        if self.n_micrographs < MIN_MICROGRAPHS:
            needed = f"It takes {MIN_MICROGRAPHS} micrographs to know how they differ"
            # There may be more in the project, in which everything is counted apart.
            here = f"; {self.n_micrographs} hold what is counted" if self.apart else ""
            return f"{needed}{here}."
        if not self.outlook_to(half_width):
            return self.note
        return f"{_count(self.missing_draws, 'more judged draw')} would give one."

    def _first_interval(self) -> str:
        more = _count(self.missing_draws, "more particle")
        return f"{more} drawn at random and judged blind would give an interval."

    def _narrower(self, half_width: float) -> str:
        total = self.draws_for(half_width)
        if total is None or self.n_judged == self.n_particles:
            return f"To know it to within {half_width:g} takes more micrographs."
        more = max(total - self.n_drawn, 1)
        return (
            f"About {_count(more, 'more judged draw')} would bring it to within "
            f"{half_width:g}."
        )

    def _lacks_draws(self, half_width: float) -> bool:
        """Whether there are fewer open draws than such an interval takes."""
        if not self.n_draws or self.n_micrographs < MIN_MICROGRAPHS:
            return False
        if self.interval_95 is None:
            return self.missing_draws > self._waiting
        total = self.draws_for(half_width)
        return total is not None and total - self.n_drawn > self._waiting

    @property
    def _waiting(self) -> int:
        """Number of draws that are still to be judged."""
        return self.n_unanswered - self.n_withdrawn

    def _quantile(self) -> float:
        """Return half the interval's width over the standard deviation."""
        if self.half_width_95 is not None and self.variance:
            return self.half_width_95 / math.sqrt(self.variance)
        return t_quantile(max(self.n_micrographs - 1, 1))

    def _variances(self) -> tuple[float, float]:
        """Return the variance of one draw, and that which no draws reduce."""
        # Near 0 and 1 a small error of the forest would change the variance much.
        fraction = min(max(self.fraction or 0.0, _ENDS[0]), _ENDS[1])
        one = fraction * (1 - fraction) / max(self.resolved, 1.0)
        whole, drawn = self.variance or 0.0, self.variance_by_draws or 0.0
        fixed = max(whole - drawn, one)
        if self.n_drawn >= MIN_DRAWS:
            return max(whole - fixed, 0.0) * self.n_drawn, min(fixed, whole)
        # The forest's error is unknown so far; assume that predictions do not help.
        return one * self.n_particles, fixed

    def _by_whom(self) -> str:
        labels = _count(self.n_judged, "label")
        if self.forest_fraction is None:
            return f" by {labels}"
        if not self.n_judged:
            return " by the forest alone"
        return f" by the forest and {labels}"

    def _from_what(self) -> str:
        where = _count(self.n_micrographs, "micrograph")
        parts = [f"{_count(self.n_particles, 'circle')} in {where}"]
        if self.n_judged:
            parts.append(f"{self.n_judged} of them judged")
        if self.n_drawn:
            parts.append(f"{self.n_drawn} of these drawn at random")
        return ", ".join(parts)


def class_counts(labels: Sequence[Label | None]) -> dict[Label, int]:
    """Count the labels of each class, including classes without labels."""
    counts = Counter(labels)
    return {label: counts[label] for label in CLASSES}


def visible_defects(
    evidence: Iterable[Evidence],
    *,
    forests: Sequence[str] = (),
    micrographs_left_out: int = 0,
    circles_left_out: int = 0,
    half_width: float = HALF_WIDTH,
) -> VisibleDefects:
    """Estimate the visible-defect fraction.

    Parameters
    ----------
    evidence : iterable of Evidence
        Of every particle of every micrograph that is not left out.
    forests : sequence of str, optional
        Names of the forests that made the predictions.
    micrographs_left_out, circles_left_out : int, optional
        Numbers excluded by a person, for the record.
    half_width : float, optional
        Half the width of the interval of 95 % that is wanted.

    Returns
    -------
    VisibleDefects
    """
    everything = list(evidence)
    chosen, apart = divided(everything)
    sample = sample_of(chosen) if chosen else None
    found = None if sample is None else difference(sample)
    counted = _counted(chosen, sample)
    note = no_interval(sample, found)
    known = found is not None and found.resolved > 0
    several = found is not None and found.n_micrographs > 1
    interval = found.interval_95 if found is not None and not note else None
    return VisibleDefects(
        fraction=_share(sample, found, note) if sample and found and known else None,
        interval_95=interval,
        forest_fraction=_forest_fraction(chosen),
        n_particles=len(chosen),
        n_micrographs=len({each.micrograph for each in chosen}),
        n_judged=len(counted),
        n_drawn=0 if sample is None else int(sample.drawn.sum()),
        n_draws=sum(e.route == "draw" for e in chosen),
        n_unanswered=sum(e.route == "draw" and not e.answered for e in chosen),
        n_skipped=sum(
            e.route == "draw" and e.deferred and not e.judged for e in chosen
        ),
        n_in_view=sum(e.in_view for e in chosen),
        n_withdrawn=sum(e.withdrawn and not e.judged for e in chosen),
        n_removed=sum(e.answered and e.removed for e in chosen),
        n_by_hand=_unseen(chosen) - _unseen(counted),
        n_outside=len(everything) - len(chosen) - len(apart),
        apart=distrust_counts(each.distrust for each in apart),
        n_apart_judged=sum(each.judged for each in apart),
        n_apart_removed=sum(each.removed for each in apart),
        apart_as_compared=any(each.kept_apart for each in apart),
        micrographs_left_out=micrographs_left_out,
        circles_left_out=circles_left_out,
        forests=tuple(forests),
        labels=class_counts([each.label for each in counted]),
        design_effect=found.design_effect if found and known and several else None,
        correlation=found.correlation if found and known and several else None,
        unequal_chances=_unequal(chosen),
        note=note,
        half_width_wanted=half_width,
        missing_draws=_missing_draws(sample, found) if sample and found else 0,
        variance=found.variance if found and known and several else None,
        variance_by_draws=found.by_draws if found and known and several else None,
        resolved=0.0 if found is None else found.resolved,
    )


def _share(sample: Sample, found: Difference, note: str) -> float:
    """Return the fraction to show.

    A draw stands for all particles that were not drawn. A few draws could give a
    fraction of 0 or 1, without an interval that warns of it. With fewer than
    `MIN_DRAWS`, each label therefore stands for itself alone, and predictions for all
    other particles.
    """
    if note and int(sample.drawn.sum()) < MIN_DRAWS:
        alone = np.where(sample.counted, np.minimum(sample.weight, 1.0), 0.0)
        single = replace(sample, weight=alone)
        found = difference(single)
    return min(max(found.share, 0.0), 1.0)


def _counted(chosen: Sequence[Evidence], sample: Sample | None) -> list[Evidence]:
    """Return the particles whose label counts fully; see `Sample.counted`."""
    if sample is None:
        return []
    pairs = zip(chosen, sample.counted.tolist(), strict=True)
    return [each for each, counts in pairs if counts and each.judged]


def _unseen(evidence: Iterable[Evidence]) -> int:
    """Count the labels, except those of draws that were judged in view."""
    return sum(each.judged and not each.in_view for each in evidence)


def _forest_fraction(chosen: Sequence[Evidence]) -> float | None:
    known = np.array([e.probabilities for e in chosen if e.probabilities is not None])
    if not known.size:
        return None
    yes, no = (known[:, CLASSES.index(label)].sum() for label in ("yes", "no"))
    return float(yes / (yes + no)) if yes + no > 0 else None


def _unequal(chosen: Sequence[Evidence]) -> bool:
    chances = {each.chance for each in chosen if each.route == "draw"}
    return len(chances) > 1


def no_interval(sample: Sample | None, found: Difference | None) -> str:
    """Describe why there is no interval; empty if there is one.

    Parameters
    ----------
    sample : Sample or None
        None for an empty population.
    found : Difference or None
        Its estimated fraction.
    """
    if sample is None or found is None or not found.resolved > 0:
        return "No particle is resolved."
    if found.n_micrographs < MIN_MICROGRAPHS:
        return (
            f"How much micrographs differ can't be seen in "
            f"{_count(found.n_micrographs, 'micrograph')}; it takes {MIN_MICROGRAPHS} "
            "with resolved particles."
        )
    missing = _missing_draws(sample, found)
    if missing:
        known = _from_draws(MIN_DRAWS - missing)
        return f"How far the forest is off can't be known {known}."
    return _never_drawn(sample, found)


def _missing_draws(sample: Sample, found: Difference) -> int:
    """Return the number of further judged draws that the first interval takes.

    Draws of trusted particles say nothing about distrusted ones, and vice versa. Each
    domain needs draws of its own if predictions of more than `MAX_UNSEEN` are used.
    """
    missing = 0
    for here in sample.domains:
        left = float(sample.predicted[here & ~sample.counted, 1].sum())
        if left > MAX_UNSEEN * found.resolved:
            missing = max(missing, MIN_DRAWS - int(sample.drawn[here].sum()))
    return missing


def _never_drawn(sample: Sample, found: Difference) -> str:
    """Describe where draws were impossible; empty if that concerns few particles."""
    if sample.never_drawn is None:
        return ""
    alone = sample.never_drawn & ~sample.counted
    share = float(sample.predicted[alone, 1].sum()) / found.resolved
    if share <= MAX_UNSEEN:
        return ""
    where = _count(len(np.unique(sample.micrograph[alone])), "micrograph")
    return (
        f"How far the forest is off can't be known in {where} with {share:.0%} of the "
        "resolved particles, where nothing could be drawn: predictions had been in "
        "view before, or the share was 0. Judge all circles there, or leave these "
        "micrographs out."
    )


def _from_draws(number: int) -> str:
    if not number:
        return "without particles drawn at random"
    return f"from {_count(number, 'judged draw')}"


def _count(number: int, name: str) -> str:
    return f"1 {name}" if number == 1 else f"{number} {name}s"
