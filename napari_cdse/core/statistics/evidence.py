"""What is known of each particle, and how its label may enter an estimate.

The population is every circle that the program proposed in the micrographs that were
not excluded. A forest predicts the classes of all of them; a person has judged some.
How a label enters the estimate depends on how the person came to the particle, its
*route*:

draw
    The particle was drawn at random, whatever it shows. Its label corrects the
    predictions, and stands for other particles by the inverse of its chance.
queue, order
    The person followed the queue, which is sorted by the predictions, or an order by
    position. Such labels say nothing about other particles, so that the label replaces
    the prediction of this particle alone. A particle that was drawn *and* would have
    been reached in this way stands for itself only; see `reach`.
file
    The label comes from a file whose author went through the whole micrograph. It
    replaces the prediction.
hand
    The person chose the particle by looking at it. People who choose particles with
    clear faults find many, so that such labels are not used: the prediction counts
    until the particle is drawn or reached by the queue or an order. (Otherwise the
    fault would count twice: here, and in the drawn particles that stand for it.) If
    queue or order went on afterwards, drawn particles do not stand for those that these
    reach; then the label counts with the chance that they would have reached it.

In a micrograph that was judged completely, nothing was chosen, and every label counts.

Deferred and skipped draws
    They are draws without an answer. Answered draws stand for them too, as if it were
    random which are answered; their number is reported with the estimate.
Draws judged in view
    Whoever judged a draw without seeing the prediction, and undid that, knows the
    prediction. The label that was undone is not an answer, nor is the one given
    afterwards, which is biased towards the prediction. The draw counts as one without
    an answer, and is reported. In a micrograph that was judged completely the label
    counts, like others given in view.
Removed circles
    A circle that was drawn and removed counts as ``empty``. For one that was removed by
    hand without a draw, the prediction counts.
Circles drawn by hand
    They belong to the population only in micrographs that were judged completely;
    elsewhere it is unknown how many more the program did not find.
Unequal chances
    If the goal is to measure, doubtful particles are drawn more often. Each particle's
    chance is stored before its prediction can be seen, and a draw is weighted by it.
A share of draws that was raised
    The chance is the one with which the particle would have been drawn *by now*, for
    old draws too: random numbers are kept, so that a higher share adds draws.
Particles that could not be drawn
    Those that a person saw before there were draws, and circles that the program did
    not find, cannot be drawn. Draws elsewhere do not tell the forest's error for them.
    If they are more than a small part of the resolved particles, there is no interval.
Excluded micrographs and regions
    They are in no count, whatever was judged or drawn in them. If they are included
    again, they are as before, with the same chances.
A new forest during the review
    Predictions may change at any time, since chances are stored with the draws. But a
    forest must not predict a micrograph that it was trained with: see `cross_fitted`.
    A project uses the newest forest that was not trained with the micrograph; if all
    were, its particles get mean predictions.
Particles that the program distrusts
    Predictions are not used for circles that are out of the forest's range, centred
    outside the image, or in a micrograph without a scale. Such circles are counted
    apart until labels stand for them: enough draws of their kind, or labels for which
    nobody chose the particle by its looks; see `sample.divided`. Draws of a kind stand
    for that kind alone, also for its skipped draws.
Several annotators
    An estimate is for one annotator; pass that annotator's labels. A draw that this
    annotator did not judge has no answer. A project's own number uses the current
    labels, whoever gave them, and of a draw the first that was given unseen. Each
    annotator judges the same draws unseen, so that all of them answer for them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from napari_cdse.core.records import Label
    from napari_cdse.core.statistics.distrust import Distrust

Route = Literal["draw", "queue", "order", "file", "hand", "none"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one particle.

    Attributes
    ----------
    micrograph : str
        Unique id of its micrograph.
    probabilities : tuple of float or None
        Of a forest that was not trained with this micrograph, in the order of
        `CLASSES`; None if there is none.
    label : {"yes", "no", "null", "empty"} or None
        A person's label; None if it was not judged.
    route : {"draw", "queue", "order", "file", "hand", "none"}
        How the person came to it; ``draw`` if it was drawn, judged or not.
    chance : float or None
        Of a draw: the chance with which it would have been drawn by now.
    reach : float or None
        Of a draw: the chance from 0 to 1 that the person would have come to it by now
        without the draw; if None, it is estimated from those that were not drawn.
    proposed : bool
        Whether the program found it; False for circles drawn by hand.
    deferred : bool
        Whether a person looked at it and left it for later.
    removed : bool
        Whether a person removed the circle; its label is then ``empty``.
    in_view : bool
        Of a draw: whether its label was given with the prediction in view.
    remaining : float
        Of a draw: the part of its micrograph's draws that is still asked for, from 0 to
        1; below 1 if the share was lowered after some had been judged.
    withdrawn : bool
        Of a draw: whether it is no longer asked for, because the share was lowered.
    never_drawn : bool
        Whether it could not have been drawn.
    distrust : str or None
        Why its prediction is not used, see `napari_cdse.core.statistics.distrust`.
    doubt : float or None
        From 0 to 1, by which the queue was sorted; None for that of ``probabilities``.
    diameter_px, diameter_nm : float or None
        Of the circle; in nm only if the pixel size is from the file or a person.
    estimated_nm : float or None
        Diameter in nm by a pixel size that was estimated from the lattice.
    judged_at : str
        When the label was given, as ISO 8601 in UTC; empty if unknown.
    particle : str
        Its id; empty if it is not needed.
    kept_apart : bool
        Whether it is counted apart whatever was judged, because a sample that its own
        is compared with counts its kind apart; see `sample.evened`.

    Raises
    ------
    ValueError
        If a draw has no chance above 0 and at most 1.
    """

    micrograph: str
    probabilities: tuple[float, float, float, float] | None = None
    label: Label | None = None
    route: Route = "none"
    chance: float | None = None
    reach: float | None = None
    proposed: bool = True
    deferred: bool = False
    removed: bool = False
    in_view: bool = False
    remaining: float = 1.0
    withdrawn: bool = False
    never_drawn: bool = False
    distrust: Distrust | None = None
    doubt: float | None = None
    diameter_px: float | None = None
    diameter_nm: float | None = None
    estimated_nm: float | None = None
    judged_at: str = ""
    particle: str = ""
    kept_apart: bool = False

    def __post_init__(self) -> None:
        """Check the chance of a draw."""
        if self.route == "draw" and not 0 < (self.chance or 0) <= 1:
            raise ValueError(f"a draw needs a chance from 0 to 1, not {self.chance}")

    @property
    def judged(self) -> bool:
        """Whether a person gave a class or removed the circle."""
        return self.label is not None

    @property
    def answered(self) -> bool:
        """Whether it is a draw whose label may stand for others."""
        return self.route == "draw" and self.judged and not self.in_view

    @property
    def queue_doubt(self) -> float | None:
        """Doubt by which a queue sorts it; None without a prediction."""
        if self.doubt is not None or self.probabilities is None:
            return self.doubt
        return 1 - margin(self.probabilities)


def answer_chances(evidence: Iterable[Evidence]) -> dict[str, float]:
    """Return the chance with which each answered draw was drawn and judged.

    That is the chance of the draw, unless the share was lowered after some draws of the
    micrograph had been judged: then a smaller part of them has an answer, and each
    answer stands for more particles.

    Parameters
    ----------
    evidence : iterable of Evidence
        Of all particles.

    Returns
    -------
    dict of str to float
        By the id of the particle.
    """
    draws = [each for each in evidence if each.route == "draw"]
    lowered = [each for each in draws if each.remaining < 1]
    drawn = Counter(each.micrograph for each in lowered)
    answered = Counter(each.micrograph for each in lowered if each.answered)
    chances = {}
    for each in draws:
        if each.answered and each.chance:
            share = 1.0
            if each.remaining < 1:
                share = answered[each.micrograph] / drawn[each.micrograph]
            chances[each.particle] = share * each.chance
    return chances


def margin(probabilities: Sequence[float]) -> float:
    """Return the lead of the most probable class over the next."""
    *_, second, first = sorted(probabilities)
    return first - second


def cross_fitted(
    evidence: Iterable[Evidence], learned: Collection[str]
) -> list[Evidence]:
    """Remove a forest's predictions for micrographs that it was trained with.

    A forest is nearly always right for particles that it was trained with, and too
    confident for others of the same micrograph. Draws used for training would therefore
    underestimate its error (Chernozhukov and others, Econom. J. 21, C1 (2018), call the
    remedy cross-fitting). The whole micrograph is excluded, as in cross-validation.

    Parameters
    ----------
    evidence : iterable of Evidence
        With the predictions of one forest.
    learned : collection of str
        Ids of the micrographs with a particle in the training set of that forest, as in
        the evidence; `TrainingSet.micrograph_ids` of the forest.

    Returns
    -------
    list of Evidence
        Particles of these micrographs have no probabilities, but keep their doubt. For
        a more precise estimate, predict each of them by a forest that was trained
        without it, and pass these predictions with ``learned`` empty.
    """
    excluded = frozenset(learned)
    return [
        replace(each, probabilities=None, doubt=each.queue_doubt)
        if each.micrograph in excluded
        else each
        for each in evidence
    ]
