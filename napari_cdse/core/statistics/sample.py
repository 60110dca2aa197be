"""Weights of the labels: what each one stands for beside the forest's word.

A particle i has what the forest says, g, and maybe what a person says, y. It enters
with g + w (y - g). Where a lot of chance p decides alone whether y is known, w = 1/p on
the particles drawn makes that right on average, whatever g is. Where the queue also
judges some that were not drawn (w = 1), a particle that it reaches would count 1 - p
times without and once with 1/p through the lot, too much by 1 - p; so the drawn ones
weigh (1 - (1 - p) q) / p, where q says whether the queue would have come there too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.records import CLASSES
from napari_cdse.core.statistics.intervals import MIN_DRAWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.records import Label
    from napari_cdse.core.statistics.distrust import Distrust
    from napari_cdse.core.statistics.evidence import Evidence

_YES, _NO = CLASSES.index("yes"), CLASSES.index("no")

_DOUBT_STEPS = 8
"""Steps of equal number, by doubt, in which the share that the queue has reached is
worked out from the particles that were not drawn. Few enough to hold dozens of
particles each, fine enough that a queue that goes by doubt leaves some of them empty
and fills others."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Particles as numbers, ready to be added up.

    Attributes
    ----------
    micrograph : ndarray of intp, shape (n,)
        Number of the micrograph of each particle, from 0.
    predicted : ndarray, shape (n, 2)
        Chance to show a defect, and to be resolved, as the forest says.
    labelled : ndarray, shape (n, 2)
        The same as judged, 0 or 1; equal to ``predicted`` where nothing counts.
    weight : ndarray, shape (n,)
        What the label's departure from the prediction stands for: 0 where there is no
        label or it must not count, 1 for a label that stands for itself, 1 / chance
        for a draw.
    drawn : ndarray of bool, shape (n,)
        Whether it is a draw with an answer that weighs as such.
    distrusted : ndarray of bool, shape (n,), or None
        Whether the program distrusts its word of it: draws of others say nothing of
        it, nor its own of others. None where it distrusts nothing.
    never_drawn : ndarray of bool, shape (n,), or None
        Whether no lot could have fallen on it. None where one could on all.
    picked : ndarray of bool, shape (n,), or None
        Whether a person chose it by looking, so that its weight is the chance that
        queue or order would have come to it. None where nobody chose one.
    """

    micrograph: NDArray[np.intp]
    predicted: NDArray[np.float64]
    labelled: NDArray[np.float64]
    weight: NDArray[np.float64]
    drawn: NDArray[np.bool_]
    distrusted: NDArray[np.bool_] | None = None
    never_drawn: NDArray[np.bool_] | None = None
    picked: NDArray[np.bool_] | None = None

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Whose label counts for more than the estimate of the whole, shape (n,)."""
        counted = self.weight > 0
        return counted if self.picked is None else counted & ~self.picked

    @property
    def domains(self) -> tuple[NDArray[np.bool_], ...]:
        """Which particles belong together: those that are trusted, and the others."""
        if self.distrusted is None:
            return (np.ones(len(self.drawn), bool),)
        return ~self.distrusted, self.distrusted

    @property
    def corrected(self) -> NDArray[np.float64]:
        """Prediction with what the labels put right, shape (n, 2)."""
        departure = self.labelled - self.predicted
        return np.asarray(self.predicted + self.weight[:, None] * departure)


def tally(label: Label) -> tuple[float, float]:
    """Say of a class whether it shows a defect, and whether it is resolved."""
    return float(label == "yes"), float(label in ("yes", "no"))


def population(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Leave out what stands for nothing.

    That are circles of people where the micrograph was not judged as a whole, and those
    that are counted apart, see `divided`.
    """
    return divided(evidence)[0]


def divided(
    evidence: Sequence[Evidence],
) -> tuple[list[Evidence], list[Evidence]]:
    """Divide into the population and what is counted apart from it.

    What the program distrusts has no word of a forest, so only labels that stand for
    it can bring it in. Each reason of distrust is a domain (Saerndal, Swensson, Wretman
    1992, chapter 10): with `MIN_DRAWS` judged draws it enters as a whole, at the
    weights of these. Otherwise those of its particles enter, for themselves alone, that
    nobody chose by what they look like: in a micrograph whose distrusted particles were
    all judged, by an order of places, by a label file. Others stay apart though they
    were judged: a queue leads to doubtful ones, and a person's look to defects.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of every particle.

    Returns
    -------
    chosen, apart : list of Evidence
        Circles of people are in neither where the micrograph was not judged as a whole.
    """
    whole = whole_micrographs(evidence)
    found = [each for each in evidence if each.proposed or each.micrograph in whole]
    odd = [each for each in found if each.distrust]
    if not odd:
        return found, []
    measured = _measured(odd, whole)
    through = whole | whole_micrographs(odd)
    chosen: list[Evidence] = []
    apart: list[Evidence] = []
    for each in found:
        if each.kept_apart:
            apart.append(each)
        elif each.distrust is None or each.distrust in measured:
            chosen.append(each)
        elif each.judged and (
            each.micrograph in through or each.route in ("order", "file")
        ):
            # As one from a file: for itself, and it tells nothing of queue or order.
            chosen.append(
                replace(each, route="file", chance=None, reach=None, in_view=False)
            )
        else:
            apart.append(each)
    return chosen, apart


def evened(samples: Sequence[Sequence[Evidence]]) -> list[list[Evidence]]:
    """Let samples that are compared count the same kinds of circles.

    Each sample by itself would decide by its own labels what it counts apart, so that
    one with more draws would count in what the other leaves out. Their fractions would
    be of different populations, and their difference partly that of the rule: circles
    that the program distrusts are unlike others, and defects need not be as frequent
    among them. So a reason of distrust is counted in where none of its circles would be
    left apart in any of the samples, and is counted apart in all of them otherwise,
    those circles too that were judged.

    To count a kind in everywhere once the draws of all samples together are enough
    would be even too, but a sample with few draws of its own would lose its interval
    by it.

    Parameters
    ----------
    samples : sequence of sequence of Evidence
        Of every particle of each sample.

    Returns
    -------
    list of list of Evidence
        The same, with `Evidence.kept_apart`.
    """
    left = {each.distrust for one in samples for each in divided(one)[1]}
    return [
        [
            replace(each, kept_apart=True)
            if each.distrust is not None and each.distrust in left
            else each
            for each in one
        ]
        for one in samples
    ]


def _measured(odd: Sequence[Evidence], whole: frozenset[str]) -> frozenset[Distrust]:
    """Return the reasons of distrust of which enough draws were judged."""
    draws = Counter(
        each.distrust for each in odd if each.answered and each.micrograph not in whole
    )
    enough = (why for why, number in draws.items() if number >= MIN_DRAWS)
    return frozenset(why for why in enough if why is not None)


def whole_micrographs(evidence: Sequence[Evidence]) -> frozenset[str]:
    """Return the micrographs of which a person has gone through every particle.

    One that was looked at and left for later has been gone through. Where lots brought
    up as many as were reached without, it does not count as whole: it may have been
    the lots that made it so, and then its draws stand for others.
    """
    lead: Counter[str] = Counter()
    for each in evidence:
        lead[each.micrograph] += -1 if each.route == "draw" else 1
    missing = {
        each.micrograph for each in evidence if not (each.judged or each.deferred)
    }
    return frozenset(name for name, by in lead.items() if by > 0) - missing


def sample_of(evidence: Sequence[Evidence]) -> Sample:
    """Weigh the particles of a population.

    Parameters
    ----------
    evidence : sequence of Evidence
        As `population` gives it.

    Returns
    -------
    Sample
        Particles of no usable prediction have the mean one: any number that does not
        follow from the particle's own lot or label will do.
    """
    _, micrograph = np.unique(
        [each.micrograph for each in evidence], return_inverse=True
    )
    predicted = _predicted(evidence)
    whole = whole_micrographs(evidence)
    inside = np.array([each.micrograph in whole for each in evidence], bool)
    labels = [each.label for each in evidence]
    weight, drawn, picked = _weights(evidence, inside, micrograph)
    labelled = predicted.copy()
    for at, label in enumerate(labels):
        if label is not None and weight[at]:
            labelled[at] = tally(label)
    odd = np.array([each.distrust is not None for each in evidence], bool)
    never = np.array([each.never_drawn for each in evidence], bool)
    return Sample(
        micrograph.astype(np.intp),
        predicted,
        labelled,
        weight,
        drawn,
        odd if odd.any() else None,
        never if never.any() else None,
        picked if picked.any() else None,
    )


def reach(
    evidence: Sequence[Evidence], micrograph: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the chance that queue or order would have come to a particle by now.

    It is what they did with the particles alike that no lot fell on: those of the same
    micrograph for an order by place, those of about the same doubt for the queue. Lots
    are even, so that both kinds are alike but for them.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of the whole population.
    micrograph : ndarray of intp, shape (n,)
        Number of each one's micrograph.

    Returns
    -------
    ndarray, shape (n,)
        From 0 to 1; what the evidence itself says where it does.
    """
    route = np.array([each.route for each in evidence])
    judged = np.array([each.judged for each in evidence], bool)
    proposed = np.array([each.proposed for each in evidence], bool)
    # What a person picked by looking, queue and order could not come to any more.
    free = proposed & ~np.isin(route, ("draw", "file")) & ~(judged & (route == "hand"))
    by_place = _share(judged & (route == "order"), free, micrograph)
    rest = free & ~(judged & (route == "order"))
    by_doubt = _share(judged & (route == "queue"), rest, _doubt_steps(evidence, free))
    found = 1 - (1 - by_place) * (1 - by_doubt)
    known = np.array([np.nan if e.reach is None else e.reach for e in evidence], float)
    return np.where(np.isnan(known), found, known)


def _predicted(evidence: Sequence[Evidence]) -> NDArray[np.float64]:
    known = np.array([each.probabilities is not None for each in evidence], bool)
    told = np.array([each.probabilities or (0.0,) * len(CLASSES) for each in evidence])
    pairs = np.stack([told[:, _YES], told[:, _YES] + told[:, _NO]], axis=1)
    if known.any():
        pairs[~known] = pairs[known].mean(axis=0)
    return pairs


def _weights(
    evidence: Sequence[Evidence],
    inside: NDArray[np.bool_],
    micrograph: NDArray[np.intp],
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Weigh the labels, those in micrographs judged as a whole with 1.

    Drawn particles do not stand for those that queue or order would have come to. One
    that was picked by looking before would have been among these as often as others
    alike, and has that as its weight: with none, nothing would stand for it.
    """
    judged = np.array([each.judged for each in evidence], bool)
    route = np.array([each.route for each in evidence])
    proposed = np.array([each.proposed for each in evidence], bool)
    lot = (route == "draw") & ~inside
    itself = judged & (inside | np.isin(route, ("queue", "order", "file")))
    chance = np.array([each.chance or 1.0 for each in evidence], float)
    weight = itself.astype(float)
    answers = np.array([each.answered for each in evidence], bool)
    drawn = lot & answers
    picked = judged & proposed & (route == "hand") & ~inside & drawn.any()
    if drawn.any():
        come = reach(evidence, micrograph)
        # 1 - (1 - p) q, in a form that leaves a weight of 1 exactly that.
        alone = (1 - come) + chance * come
        share = _answered(evidence, lot, answers, chance)
        weight[drawn] = (alone / (chance * share))[drawn]
        weight[picked] = come[picked]
    return weight, drawn, picked


def _answered(
    evidence: Sequence[Evidence],
    lot: NDArray[np.bool_],
    answers: NDArray[np.bool_],
    chance: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the share of the draws with an answer, in the domain of each particle.

    A draw stands for those without an answer of its own domain only: a person may judge
    what the program trusts and leave the rest for later, or the other way round.
    """
    domain = np.array([each.distrust or "" for each in evidence])
    remaining = np.array([each.remaining for each in evidence])
    withdrawn = np.array([each.withdrawn for each in evidence], bool)
    share = np.ones(len(evidence))
    for name in np.unique(domain[lot & answers]):
        here = domain == name
        draws = lot & here
        share[here] = answers[draws].mean()
        if np.ptp(remaining[draws]):
            share[draws] = _answered_where_lowered(
                answers[draws], chance[draws], remaining[draws], withdrawn[draws]
            )
    return share


def _answered_where_lowered(
    answers: NDArray[np.bool_],
    chance: NDArray[np.float64],
    remaining: NDArray[np.float64],
    withdrawn: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return the chance of an answer for draws of which some are not asked any more.

    Where the share was lowered after some had been judged, an answer is less probable
    than in other micrographs, whose draws are all still asked. A draw is asked with
    the chance ``remaining``, and answered as often as others that are; otherwise as
    often as others that were withdrawn. The answers of all micrographs together stand
    for as many particles as all draws do.
    """
    asked, closed = (
        float(answers[group].mean()) if group.any() else 0.0
        for group in (~withdrawn, withdrawn)
    )
    rate = remaining * asked + (1 - remaining) * closed
    stands_for = np.sum(1 / (chance * rate)[answers])
    return np.asarray(rate * stands_for / np.sum(1 / chance))


def _share(
    part: NDArray[np.bool_], whole: NDArray[np.bool_], group: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return for each particle the share of its group; of all where it has none."""
    n = int(group.max()) + 1
    parts = np.bincount(group[part & whole], minlength=n)
    wholes = np.bincount(group[whole], minlength=n)
    overall = parts.sum() / max(wholes.sum(), 1)
    shares = np.where(wholes > 0, parts / np.maximum(wholes, 1), overall)
    return np.asarray(shares[group])


def _doubt_steps(
    evidence: Sequence[Evidence], free: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Give each particle its step of doubt; those without any share another one."""
    told = [each.queue_doubt for each in evidence]
    doubt = np.array([np.nan if each is None else each for each in told], float)
    known = np.isfinite(doubt)
    if not (known & free).any():
        return np.zeros(len(doubt), np.intp)
    inner = np.linspace(0, 1, _DOUBT_STEPS + 1)[1:-1]
    edges = np.quantile(doubt[known & free], inner)
    return np.where(known, np.searchsorted(edges, doubt, side="right"), _DOUBT_STEPS)
