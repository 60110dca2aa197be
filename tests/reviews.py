"""Reviews that do not go by the book, as evidence of a simulated population.

Each takes a generator and a `Population` and returns what a project would know.
"""

from dataclasses import replace

import numpy as np

from napari_cdse.core.review.draw_chances import draw_chances
from napari_cdse.core.statistics.evidence import Evidence, cross_fitted

DRAWS = 60
QUEUED = 150
CHOSEN = 100


def draws_alone(rng, found):
    """Sixty draws, all of them judged."""
    return _evidence(found, *_lots(rng, found))


def with_the_queue(rng, found):
    """The most doubtful 150 are judged as well, most of them not drawn."""
    drawn, chances = _lots(rng, found)
    order = np.argsort(-_doubt(found))
    return _evidence(found, drawn, chances, queue=order[:QUEUED])


def with_chosen_ones(rng, found):
    """A hundred more are chosen by looking, those with a defect six times as often."""
    drawn, chances = _lots(rng, found)
    return _evidence(found, drawn, chances, hand=_chosen(rng, found))


def chosen_ones_and_then_the_queue(rng, found):
    """The same, and the queue leads to 150 of the others afterwards."""
    drawn, chances = _lots(rng, found)
    hand = _chosen(rng, found)
    order = np.argsort(-_doubt(found))
    queue = order[~np.isin(order, hand)][:QUEUED]
    return _evidence(found, drawn, chances, hand=hand, queue=queue)


def half_the_draws_judged(rng, found):
    """The user stopped half-way; draws come up in the order of their lots."""
    lots = rng.random(len(found.truth))
    chance = min(2 * DRAWS / len(lots), 0.9)
    drawn, chances = lots < chance, np.full(len(lots), chance)
    return _evidence(found, drawn, chances, silent=drawn & (lots > chance / 2))


def doubtful_draws_deferred(rng, found):
    """Four of ten draws in doubt are left for later, and never judged."""
    drawn, chances = _lots(rng, found, 1.25 * DRAWS)
    later = drawn & (_doubt(found) > 0.6) & (rng.random(len(drawn)) < 0.4)
    return _evidence(found, drawn, chances, silent=later, deferred=later)


def doubtful_drawn_more_often(rng, found):
    """Chances go with doubt, and the most doubtful 150 are judged as well."""
    chances = draw_chances(found.doubts, DRAWS)
    drawn = rng.random(len(chances)) < chances
    order = np.argsort(-_doubt(found))
    return _evidence(found, drawn, chances, queue=order[:QUEUED])


def share_raised(rng, found):
    """Half of the draws were judged before the share was raised to twice as much.

    The chance is what it is by now, for those too.
    """
    lots = rng.random(len(found.truth))
    chance = min(DRAWS / len(lots), 0.8)
    return _evidence(found, lots < chance, np.full(len(lots), chance))


def some_micrographs_as_a_whole(rng, found):
    """Every fifth micrograph was gone through from top to bottom."""
    drawn, chances = _lots(rng, found)
    whole = np.flatnonzero(found.micrograph % 5 == 0)
    return _evidence(found, drawn, chances, hand=whole)


def circles_removed(rng, found):
    """Those drawn that are not resolved are removed, and half of the others by hand."""
    drawn, chances = _lots(rng, found)
    gone = ~found.truth[:, 1].astype(bool)
    by_hand = np.flatnonzero(gone & (rng.random(len(gone)) < 0.5))
    return _evidence(found, drawn, chances, hand=by_hand, removed=gone)


def learnt_in_mid_review(rng, found):
    """A forest grown on the draws of every other micrograph knows these by heart."""
    drawn, chances = _lots(rng, found)
    learnt = found.micrograph % 2 == 0
    said = found.predicted.copy()
    known = drawn & learnt
    said[known] = 0.1 * said[known] + 0.9 * found.truth[known]
    evidence = _evidence(found, drawn, chances, said=said)
    return cross_fitted(evidence, {str(m) for m in set(found.micrograph[learnt])})


def learnt_and_believed(rng, found):
    """The same without a bar: what happens to who does not cross-fit."""
    drawn, chances = _lots(rng, found)
    said = found.predicted.copy()
    said[drawn] = 0.1 * said[drawn] + 0.9 * found.truth[drawn]
    return _evidence(found, drawn, chances, said=said)


def a_third_distrusted(rng, found):
    """Of every third particle the forest talks at random, and the program knows it."""
    drawn, chances = _lots(rng, found)
    return _distrusting(rng, found, drawn, chances, 1 / 3)


def few_distrusted(rng, found):
    """The same of one in twenty, of which the queue's 150 judge those in doubt."""
    drawn, chances = _lots(rng, found)
    return _distrusting(rng, found, drawn, chances, 1 / 20, QUEUED)


def distrusted_and_left_for_later(rng, found):
    """The same of a third, whose draws were skipped more often than others."""
    drawn, chances = _lots(rng, found, 1.5 * DRAWS)
    return _distrusting(rng, found, drawn, chances, 1 / 3, silent=0.5)


def distrusted_and_the_queue(rng, found):
    """Half the micrographs have no scale; there the queue judged 150, and no draws."""
    drawn, chances = _lots(rng, found)
    odd = found.micrograph % 2 == 0
    order = np.argsort(-_doubt(found))
    queue = order[odd[order]][:QUEUED]
    told = _evidence(found, drawn, chances, queue=queue, silent=drawn & odd)
    return _without_trust(told, odd, "scale unsure")


def distrusted_until_judged(rng, found):
    """The same, each judged one taken in for itself, though chosen by its doubt."""
    return [
        replace(each, distrust=None, route="order", chance=None)
        if each.distrust and each.judged
        else each
        for each in distrusted_and_the_queue(rng, found)
    ]


SOUND = {
    "draws alone": draws_alone,
    "150 more by the queue": with_the_queue,
    "100 more chosen by hand": with_chosen_ones,
    "100 more chosen by hand, then 150 by the queue": chosen_ones_and_then_the_queue,
    "half the draws judged": half_the_draws_judged,
    "doubtful draws deferred": doubtful_draws_deferred,
    "doubtful drawn more often, and 150 by the queue": doubtful_drawn_more_often,
    "share raised half-way": share_raised,
    "every fifth micrograph whole": some_micrographs_as_a_whole,
    "circles removed": circles_removed,
    "learnt in mid-review": learnt_in_mid_review,
    "a third distrusted": a_third_distrusted,
    "few distrusted": few_distrusted,
    "a third distrusted, half of its draws skipped": distrusted_and_left_for_later,
    "half distrusted, 150 of it by the queue": distrusted_and_the_queue,
}
"""Reviews whose intervals must hold the truth."""

UNSOUND = {
    "learnt, and believed": learnt_and_believed,
    "half distrusted until judged, 150 by the queue": distrusted_until_judged,
}
"""What the rules forbid, for comparison."""


def _lots(rng, found, draws=DRAWS):
    chance = min(draws / len(found.truth), 0.8)
    chances = np.full(len(found.truth), chance)
    return rng.random(len(chances)) < chances, chances


def _doubt(found, said=None):
    yes, resolved = (found.predicted if said is None else said).T
    told = np.sort([yes, resolved - yes, 1 - resolved], axis=0)
    return 1 - (told[-1] - told[-2])


def _chosen(rng, found):
    odds = np.where(found.truth[:, 0] > 0, 6.0, 1.0)
    size = min(CHOSEN, len(odds) // 3)
    return rng.choice(len(odds), size, replace=False, p=odds / odds.sum())


def _distrusting(rng, found, drawn, chances, share, queued=0, silent=0.0):
    """Evidence of a forest that talks at random of so large a share, which is known.

    ``silent`` is the share of its draws that were not judged.
    """
    odd = rng.random(len(drawn)) < share
    resolved = rng.random(len(drawn))
    yes = rng.random(len(drawn)) * resolved
    said = np.where(odd[:, None], np.stack([yes, resolved], axis=1), found.predicted)
    queue = np.argsort(-_doubt(found, said))[:queued]
    later = drawn & odd & (rng.random(len(drawn)) < silent)
    told = _evidence(found, drawn, chances, queue=queue, silent=later, said=said)
    return _without_trust(told, odd, "out of range")


def _without_trust(evidence, odd, reason):
    return [
        replace(each, distrust=reason) if strange else each
        for each, strange in zip(evidence, odd, strict=True)
    ]


def _evidence(
    found,
    drawn,
    chances,
    *,
    queue=(),
    hand=(),
    silent=None,
    deferred=None,
    removed=None,
    said=None,
):
    said = found.predicted if said is None else said
    nobody = np.zeros(len(drawn), bool)
    silent, deferred, removed = (
        nobody if each is None else each for each in (silent, deferred, removed)
    )
    routes = np.full(len(drawn), "none", object)
    routes[np.asarray(hand, int)] = "hand"
    routes[np.asarray(queue, int)] = "queue"
    routes[drawn] = "draw"
    labels = np.where(
        found.truth[:, 0] > 0, "yes", np.where(found.truth[:, 1] > 0, "no", "null")
    )
    labels = np.where(removed, "empty", labels)
    return [
        Evidence(
            str(found.micrograph[at]),
            (yes, resolved - yes, 1 - resolved, 0.0),
            None if routes[at] == "none" or silent[at] else str(labels[at]),
            routes[at],
            float(chances[at]) if drawn[at] else None,
            deferred=bool(deferred[at]),
            removed=bool(removed[at]) and routes[at] != "none",
        )
        for at, (yes, resolved) in enumerate(said.tolist())
    ]
