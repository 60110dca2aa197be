"""What is known of each particle, and what it may weigh in an estimate.

The population is every circle that the program proposed in the micrographs that were
not left out. A forest says something of all of them; a person has judged some. What a
label may do there depends on how the person came to it:

draw
    A lot fell on the particle, whatever it shows. Its label corrects the forest, and
    stands for as many as the chance of the lot says.
queue, order
    The queue led there by the predictions, or an order by place, without any lot.
    Labels say nothing about where that leads, so the label takes the place of the
    forest's word, for this particle alone. A particle that was drawn *and* would have
    been reached so stands for itself only; see `reach`.
file
    It comes from a label file, whose writer went through the micrograph as a whole.
    The label takes the place of the forest's word.
hand
    The person chose the particle by looking at it. One who picks particles with clear
    faults finds many, so such a label is left aside: the particle stays what the
    forest says until a lot, the queue or an order comes to it. (Taking it in would
    count the fault twice: once here, and once in the drawn particles that stand for
    it.) Where queue or order went on afterwards, drawn particles do not stand for what
    these reach; there it counts with the chance that they would have come to it.
In a micrograph that was judged as a whole, nothing was chosen, and each label stands.

Deferred and skipped draws
    They are draws without an answer. Those that were answered stand for them as well,
    as if chance had decided who answers; how many there are is told with the number.
Draws judged in view
    Who judged a draw unseen and took that back knows the forest's word. What was taken
    back answers nothing; nor does the label that is given then, which leans towards
    that word. It is a draw without an answer too, and told. In a micrograph that was
    judged as a whole the label stands, as others given in view do.
Removed circles
    A circle that was drawn and removed is no particle: it counts as empty. One that
    was removed by hand without a draw stays what the forest says of it.
Circles drawn by hand
    They belong to the population only in micrographs that were judged as a whole;
    elsewhere nobody knows how many more like them the program did not find.
Chances that differ
    With the goal to measure, the doubtful are drawn more often. Each particle's chance
    is written down before its prediction can be seen, and a draw weighs by its own.
A share that was raised
    The chance is that with which a particle's lot would have drawn it *by now*, for
    old draws too: lots do not change, so a raise adds draws to those before.
Where no lot could fall
    What a person saw before there were lots, and circles that the program did not find,
    can't be drawn. Draws elsewhere do not say how far the forest is off there. Where
    that is more than a few of the resolved particles there is no interval.
Micrographs and regions that are left out
    They are in no count, whatever was judged or drawn in them; taken in again they are
    as they were, at the chances of before.
Another forest in mid-review
    Predictions may change at any time, because chances are kept with the draws. But a
    forest must not be asked about a micrograph that it learnt from: see `cross_fitted`.
    A project asks of each micrograph the newest forest that did not learn from it;
    where all did, its particles are taken for average ones.
What the program distrusts
    Its word of a circle that is out of the forest's range, centred outside the picture,
    or in a micrograph without a scale is no measurement. Such circles are counted apart
    until labels stand for them: enough draws of their kind, or labels that nobody
    chose by what a particle looks like; see `sample.divided`. Draws of a kind stand for
    that kind alone, and what was skipped of one is made up for by others of it.
Two annotators
    An estimate is one annotator's; give it that one's labels. A draw that this one did
    not judge has no answer. A project's own number takes the labels that stand, whoever
    gave them and whoever looks, and of a draw the first that was given unseen. Each
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
        By a name or id that no other micrograph has.
    probabilities : tuple of float or None
        Of a forest that did not learn from this micrograph, in the order of
        `CLASSES`; None where there is none.
    label : {"yes", "no", "null", "empty"} or None
        A person's; None: not judged.
    route : {"draw", "queue", "order", "file", "hand", "none"}
        How the person came to it, or ``draw`` where a lot fell on it, judged or not.
    chance : float or None
        Of a draw: the chance with which its lot would have drawn it by now.
    reach : float or None
        Of a draw: the chance from 0 to 1 that the person would have come to it by now
        without the lot; None has it worked out from those that were not drawn.
    proposed : bool
        Whether the program found it; False for circles of people.
    deferred : bool
        The person looked and left it for later.
    removed : bool
        The person took the circle away; its label is then ``empty``.
    in_view : bool
        Of a draw: its label was given with the forest's word in view.
    remaining : float
        Of a draw: the share of its micrograph's draws that is still asked, from 0 to 1;
        below 1 where the share was lowered after some had been judged.
    withdrawn : bool
        Of a draw: it is not among those, and is not asked any more.
    never_drawn : bool
        Whether no lot could have fallen on it.
    distrust : str or None
        Why the program's word of it is no measurement, see
        `napari_cdse.core.statistics.distrust`.
    doubt : float or None
        From 0 to 1, by which the queue went; None takes that of ``probabilities``.
    diameter_px, diameter_nm : float or None
        Of the circle; nm only where file or person told the pixel size.
    estimated_nm : float or None
        The same by a pixel size that was estimated from the lattice.
    judged_at : str
        When the label was given, as ISO 8601 in UTC; empty where nobody knows.
    particle : str
        By its id; empty where nobody asks for it.
    kept_apart : bool
        Whether it is counted apart whatever was judged, because a sample that its own
        is compared with counts its kind apart; see `sample.evened`.

    Raises
    ------
    ValueError
        For a draw without a chance.
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
        """Refuse a draw that could not have happened."""
        if self.route == "draw" and not 0 < (self.chance or 0) <= 1:
            raise ValueError(f"a draw needs a chance from 0 to 1, not {self.chance}")

    @property
    def judged(self) -> bool:
        """Whether a person gave a class or took the circle away."""
        return self.label is not None

    @property
    def answered(self) -> bool:
        """Whether it is a draw whose label may stand for others."""
        return self.route == "draw" and self.judged and not self.in_view

    @property
    def queue_doubt(self) -> float | None:
        """Doubt by which a queue would go; None where no forest was asked."""
        if self.doubt is not None or self.probabilities is None:
            return self.doubt
        return 1 - margin(self.probabilities)


def answer_chances(evidence: Iterable[Evidence]) -> dict[str, float]:
    """Return the chance with which each answered draw was drawn and judged.

    That is the chance of the draw itself, but where the share was lowered after some
    draws of a micrograph had been judged: there fewer of them have an answer, and each
    answer stands for more.

    Parameters
    ----------
    evidence : iterable of Evidence
        Of all particles.

    Returns
    -------
    dict of str to float
        By particle.
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
    """Take the predictions away that a forest gave of micrographs it learnt from.

    A forest knows a particle that it learnt from, and is surer than it should be of
    that particle's neighbours. Its error there is smaller than elsewhere, so draws
    that it learnt from would pass it off as better than it is (Chernozhukov and
    others, Econom. J. 21, C1 (2018), call the remedy cross-fitting). The whole
    micrograph is barred, as it is in cross-validation.

    Parameters
    ----------
    evidence : iterable of Evidence
        With the predictions of one forest.
    learned : collection of str
        Micrographs with a particle in the training set of that forest, by the ids
        that the evidence has; `TrainingSet.micrograph_ids` of the forest.

    Returns
    -------
    list of Evidence
        Particles of barred micrographs have no probabilities, but their doubt. To do
        better, predict each barred micrograph by a forest that was grown without it,
        and give these predictions with nothing learned.
    """
    barred = frozenset(learned)
    return [
        replace(each, probabilities=None, doubt=each.queue_doubt)
        if each.micrograph in barred
        else each
        for each in evidence
    ]
