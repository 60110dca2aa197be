"""A share that was lowered on the way: what was judged before still counts right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.statistics.evidence import Evidence, answer_chances
from napari_cdse.core.statistics.sample import population, sample_of
from napari_cdse.core.statistics.visible_defects import visible_defects

LARGE, SMALL = 0.5, 0.1
"""The share before and after."""


def begun(lot, judged_to):
    """A particle of a micrograph that was begun at the larger share: draw, answered."""
    if lot >= LARGE:
        return {}
    told = {"route": "draw", "chance": LARGE, "remaining": SMALL / LARGE}
    return told | {"withdrawn": bool(lot >= SMALL), "answered": lot < judged_to}


def fresh(lot, judged_to):
    """One of a micrograph that nobody had looked at: only the smaller share holds."""
    if lot >= SMALL:
        return {}
    return {"route": "draw", "chance": SMALL, "answered": lot < judged_to}


def reviewed(rng, defects, n_micrographs, before, after, per_micrograph=60):
    """Judge draws in the order of their lots, lower the share, and go on.

    Parameters
    ----------
    defects : tuple of float
        Share of defects in micrographs that were begun, and in the others; the forest
        says the same of all.
    before, after : float
        Up to which lot draws are judged before and after.
    """
    found, truth = [], []
    for at in range(n_micrographs):
        kind, share = (begun, defects[0]) if at % 2 else (fresh, defects[1])
        # Forests err in some micrographs more than in others.
        here = np.clip(share + rng.normal(0, 0.05), 0, 1)
        for lot in rng.random(per_micrograph):
            yes = rng.random() < here
            limit = max(before, min(after, SMALL)) if kind is begun else after
            told = kind(lot, limit)
            answered = told.pop("answered", False)
            label = ("yes" if yes else "no") if answered else None
            found.append(Evidence(str(at), (0.35, 0.65, 0.0, 0.0), label, **told))
            truth.append(yes)
    return found, float(np.mean(truth))


@pytest.mark.parametrize("before", [0.05, 0.3])
def test_the_fraction_is_right_after_the_share_was_lowered(before):
    """Where the forest is wrong otherwise in what was begun than in the rest."""
    rng = np.random.default_rng(3)
    errors, covered = [], []
    for _ in range(60):
        found, truth = reviewed(rng, (0.2, 0.5), 30, before, SMALL)
        told = visible_defects(found)
        low, high = told.interval_95
        errors.append(told.fraction - truth)
        covered.append(low <= truth <= high)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors))
    assert np.mean(covered) > 0.9


def test_lowering_a_share_changes_no_number_that_was_known():
    """Micrographs that nobody has begun have other draws then, and no answer yet."""
    rng = np.random.default_rng(5)
    found, _ = reviewed(rng, (0.2, 0.2), 30, 0.3, 0.0, per_micrograph=400)
    before = [
        replace(each, remaining=1.0, withdrawn=False) if each.chance == LARGE else each
        for each in found
    ]
    # With the larger share all of these wait.
    lots = iter(np.random.default_rng(7).random(len(found)))
    before = [
        replace(each, route="draw", chance=LARGE)
        if int(each.micrograph) % 2 == 0 and next(lots) < LARGE
        else each
        for each in before
        if each.chance != SMALL
    ]
    known, told = (visible_defects(each).fraction for each in (before, found))
    assert told == pytest.approx(known, abs=0.01)


def test_answers_stand_for_as_many_as_they_should():
    """All that is still asked is answered: each stands for ten, before and after."""
    rng = np.random.default_rng(1)
    found, _ = reviewed(rng, (0.3, 0.3), 8, 0.0, SMALL, per_micrograph=500)
    sample = sample_of(population(found))
    weights = sample.weight[sample.drawn]
    assert np.ptp(weights) == pytest.approx(0, abs=1e-9)
    assert weights[0] == pytest.approx(10, rel=0.05)
    # By what lots came out, they stand for as many as all draws do.
    chances = np.array([each.chance for each in found if each.route == "draw"])
    assert weights.sum() == pytest.approx((1 / chances).sum())


def test_draws_that_are_not_asked_any_more_are_told_and_do_not_wait():
    rng = np.random.default_rng(2)
    found, _ = reviewed(rng, (0.3, 0.3), 12, 0.05, SMALL)
    told = visible_defects(found)
    withdrawn = [each for each in found if each.withdrawn and not each.judged]
    assert told.n_withdrawn == len(withdrawn) == told.n_unanswered > 50
    assert told.draws.endswith(
        f"{len(withdrawn)} not asked since the share was lowered."
    )
    # None waits, so that a narrower interval takes a larger share.
    wanted = told.half_width_95 * 0.9
    assert told.draws_for(wanted) - told.n_drawn < told.n_unanswered
    assert told.brief(wanted).endswith("A larger share draws more of what is unseen.")
    assert "larger share" not in replace(told, n_withdrawn=0).brief(wanted)


def test_answers_have_the_chance_to_be_drawn_and_judged():
    rng = np.random.default_rng(4)
    found, _ = reviewed(rng, (0.3, 0.3), 6, 0.3, SMALL)
    found = [replace(each, particle=str(n)) for n, each in enumerate(found)]
    chances = answer_chances(found)
    assert chances.keys() == {each.particle for each in found if each.answered}
    for name in map(str, range(6)):
        draws = [e for e in found if e.micrograph == name and e.route == "draw"]
        (told,) = {chances[e.particle] for e in draws if e.answered}
        share = np.mean([e.answered for e in draws])
        assert told == pytest.approx(share * draws[0].chance)
    # As long as all are asked, it is the chance of the draw.
    waiting = [replace(e, remaining=1.0, withdrawn=False) for e in found]
    wanted = {e.particle: e.chance for e in waiting if e.answered}
    assert answer_chances(waiting) == wanted
