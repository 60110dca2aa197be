"""Weights of labels: how much each one corrects the predictions.

A particle has a prediction g, and maybe a label y. It contributes g + w (y - g). If
only a random draw of chance p decides whether y is known, w = 1/p for drawn particles
makes the sum unbiased for any g. If the queue also judges particles that were not drawn
(w = 1), a particle that it reaches would count 1 - p times without being drawn, and
once by being drawn with 1/p: too much by 1 - p. Drawn particles therefore have the
weight (1 - (1 - p) q) / p, where q is the chance that the queue would have reached the
particle too; see `reach`.
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
"""Number of quantile ranges of the doubt for which the part that the queue has reached
is computed from particles that were not drawn. Few enough that each holds dozens of
particles, many enough that a queue sorted by doubt completes some and leaves others."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Predictions, labels and weights of particles as arrays.

    Attributes
    ----------
    micrograph : ndarray of intp, shape (n,)
        Index of the micrograph of each particle, from 0.
    predicted : ndarray, shape (n, 2)
        Predicted probabilities to show a defect, and to be resolved.
    labelled : ndarray, shape (n, 2)
        The same as judged, 0 or 1; equal to ``predicted`` without a label that counts.
    weight : ndarray, shape (n,)
        Weight of the difference between label and prediction: 0 without a label that
        counts, 1 for a label that stands for itself, 1 / chance for a draw.
    drawn : ndarray of bool, shape (n,)
        Whether it is a draw with an answer, weighted as such.
    distrusted : ndarray of bool, shape (n,), or None
        Whether its prediction is distrusted: draws of trusted particles do not stand
        for it, nor the reverse. None if no particle is distrusted.
    never_drawn : ndarray of bool, shape (n,), or None
        Whether it could not have been drawn. None if all could.
    picked : ndarray of bool, shape (n,), or None
        Whether a person chose it by looking, so that its weight is the chance that
        queue or order would have reached it. None if no particle was chosen so.
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
        """Particles whose label counts fully, without those picked, shape (n,)."""
        counted = self.weight > 0
        return counted if self.picked is None else counted & ~self.picked

    @property
    def domains(self) -> tuple[NDArray[np.bool_], ...]:
        """Masks of the particles that draws stand for together: trusted, distrusted."""
        if self.distrusted is None:
            return (np.ones(len(self.drawn), bool),)
        return ~self.distrusted, self.distrusted

    @property
    def corrected(self) -> NDArray[np.float64]:
        """Predictions plus weighted corrections by the labels, shape (n, 2)."""
        difference = self.labelled - self.predicted
        return np.asarray(self.predicted + self.weight[:, None] * difference)


def tally(label: Label) -> tuple[float, float]:
    """Return whether a class shows a defect, and whether it is resolved, as 0 or 1."""
    return float(label == "yes"), float(label in ("yes", "no"))


def population(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the particles of the population.

    Not in it are circles drawn by hand in micrographs that were not judged completely,
    and those that are counted apart, see `divided`.
    """
    return divided(evidence)[0]


def divided(
    evidence: Sequence[Evidence],
) -> tuple[list[Evidence], list[Evidence]]:
    """Divide particles into the population and those counted apart from it.

    Distrusted particles have no usable prediction, so that they can only be counted by
    labels. Each reason of distrust is a domain (Saerndal, Swensson, Wretman 1992,
    chapter 10): with `MIN_DRAWS` judged draws, all its particles are in the population,
    with the weights of these. Otherwise only particles that nobody chose by their looks
    are, each for itself: those in a micrograph whose distrusted particles were all
    judged, and those judged in an order by position or by a label file. Others are
    counted apart even if they were judged, since a queue leads to doubtful particles,
    and a person's look to defects.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of every particle.

    Returns
    -------
    chosen, apart : list of Evidence
        Neither contains circles drawn by hand in micrographs that were not judged
        completely.
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
            # As from a file: it counts for itself, and not for `reach`.
            chosen.append(
                replace(each, route="file", chance=None, reach=None, in_view=False)
            )
        else:
            apart.append(each)
    return chosen, apart


def evened(samples: Sequence[Sequence[Evidence]]) -> list[list[Evidence]]:
    """Let samples that are compared count the same kinds of circles.

    Otherwise each sample would decide by its own labels what it counts apart, and a
    sample with more draws would include what another excludes. Their fractions would be
    of different populations: distrusted circles differ from others, and defects need
    not be as frequent among them. A reason of distrust is therefore included only if
    none of its circles would be counted apart in any of the samples. Otherwise it is
    counted apart in all of them, including circles that were judged.

    Including a kind once the draws of all samples together are enough would be fair
    too, but a sample with few draws of its own would lose its interval.

    Parameters
    ----------
    samples : sequence of sequence of Evidence
        Of every particle of each sample.

    Returns
    -------
    list of list of Evidence
        The same, with `Evidence.kept_apart` set.
    """
    excluded = {each.distrust for one in samples for each in divided(one)[1]}
    return [
        [
            replace(each, kept_apart=True)
            if each.distrust is not None and each.distrust in excluded
            else each
            for each in one
        ]
        for one in samples
    ]


def _measured(odd: Sequence[Evidence], whole: frozenset[str]) -> frozenset[Distrust]:
    """Return the reasons of distrust with enough judged draws."""
    draws = Counter(
        each.distrust for each in odd if each.answered and each.micrograph not in whole
    )
    enough = (why for why, number in draws.items() if number >= MIN_DRAWS)
    return frozenset(why for why in enough if why is not None)


def whole_micrographs(evidence: Sequence[Evidence]) -> frozenset[str]:
    """Return the micrographs in which a person looked at every particle.

    A particle that was left for later was looked at. A micrograph in which at least
    half of the particles were drawn does not count as complete: it may be complete
    because of the draws, which then stand for particles elsewhere.
    """
    undrawn_excess: Counter[str] = Counter()
    for each in evidence:
        undrawn_excess[each.micrograph] += -1 if each.route == "draw" else 1
    missing = {
        each.micrograph for each in evidence if not (each.judged or each.deferred)
    }
    return frozenset(name for name, n in undrawn_excess.items() if n > 0) - missing


def sample_of(evidence: Sequence[Evidence]) -> Sample:
    """Return the particles of a population as arrays, with their weights.

    Parameters
    ----------
    evidence : sequence of Evidence
        As returned by `population`.

    Returns
    -------
    Sample
        Particles without a usable prediction have the mean prediction. The estimate is
        unbiased with any number that does not depend on the particle's draw or label.
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
    """Return the chance that queue or order would have reached each particle by now.

    It is the part of similar particles, not drawn, that they reached: of those in the
    same micrograph for an order by position, of those with about the same doubt for the
    queue. As draws are random, drawn particles and these do not differ otherwise.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of the whole population.
    micrograph : ndarray of intp, shape (n,)
        Index of each one's micrograph.

    Returns
    -------
    ndarray, shape (n,)
        From 0 to 1; `Evidence.reach` where it is given.
    """
    route = np.array([each.route for each in evidence])
    judged = np.array([each.judged for each in evidence], bool)
    proposed = np.array([each.proposed for each in evidence], bool)
    # Queue and order could not reach any more what a person had picked by looking.
    free = proposed & ~np.isin(route, ("draw", "file")) & ~(judged & (route == "hand"))
    by_place = _share(judged & (route == "order"), free, micrograph)
    rest = free & ~(judged & (route == "order"))
    by_doubt = _share(judged & (route == "queue"), rest, _doubt_steps(evidence, free))
    estimated = 1 - (1 - by_place) * (1 - by_doubt)
    known = np.array([np.nan if e.reach is None else e.reach for e in evidence], float)
    return np.where(np.isnan(known), estimated, known)


def _predicted(evidence: Sequence[Evidence]) -> NDArray[np.float64]:
    known = np.array([each.probabilities is not None for each in evidence], bool)
    none = (0.0,) * len(CLASSES)
    probabilities = np.array([each.probabilities or none for each in evidence])
    yes, no = probabilities[:, _YES], probabilities[:, _NO]
    pairs = np.stack([yes, yes + no], axis=1)
    if known.any():
        pairs[~known] = pairs[known].mean(axis=0)
    return pairs


def _weights(
    evidence: Sequence[Evidence],
    inside: NDArray[np.bool_],
    micrograph: NDArray[np.intp],
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the weights of labels, and which particles are draws or picked.

    The weight is 1 in micrographs that were judged completely. Drawn particles do not
    stand for those that queue or order would have reached. A particle that was picked
    by looking before has the chance of that as its weight, since otherwise no label
    would stand for it.
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
        reached = reach(evidence, micrograph)
        # 1 - (1 - p) q, in a form whose rounding keeps a weight of 1 exactly 1.
        factor = (1 - reached) + chance * reached
        share = _answered(evidence, lot, answers, chance)
        weight[drawn] = (factor / (chance * share))[drawn]
        weight[picked] = reached[picked]
    return weight, drawn, picked


def _answered(
    evidence: Sequence[Evidence],
    lot: NDArray[np.bool_],
    answers: NDArray[np.bool_],
    chance: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the part of draws that have an answer, in the domain of each particle.

    A draw stands only for unanswered draws of its own domain, since a person may judge
    the trusted particles and leave the others for later, or the reverse.
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
    """Return the chance of an answer for draws some of which were withdrawn.

    If the share of draws was lowered after some had been judged, an answer is less
    probable than in other micrographs, whose draws are all still asked for. A draw is
    asked for with the chance ``remaining``, and then answered as often as others that
    are; otherwise as often as others that were withdrawn. The answers of all
    micrographs together stand for as many particles as all draws do.
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
    """Return the share of each particle's group; the overall one for empty groups."""
    n = int(group.max()) + 1
    parts = np.bincount(group[part & whole], minlength=n)
    wholes = np.bincount(group[whole], minlength=n)
    overall = parts.sum() / max(wholes.sum(), 1)
    shares = np.where(wholes > 0, parts / np.maximum(wholes, 1), overall)
    return np.asarray(shares[group])


def _doubt_steps(
    evidence: Sequence[Evidence], free: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return each particle's range of doubt; the last is for those without any."""
    doubts = [each.queue_doubt for each in evidence]
    doubt = np.array([np.nan if each is None else each for each in doubts], float)
    known = np.isfinite(doubt)
    if not (known & free).any():
        return np.zeros(len(doubt), np.intp)
    inner = np.linspace(0, 1, _DOUBT_STEPS + 1)[1:-1]
    edges = np.quantile(doubt[known & free], inner)
    return np.where(known, np.searchsorted(edges, doubt, side="right"), _DOUBT_STEPS)
