"""Intervals of scores and of differences against closed forms and known forests."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from napari_cdse.core.evaluation.scores import (
    JudgedDraw,
    balanced_of,
    difference_of,
    drawn_difference,
    interval_of,
    paired_difference,
)
from napari_cdse.core.records import CLASSES
from tests.populations import confusions
from tests.tables import drawn_set


def jackknifed(values):
    n = len(values)
    return (n - 1) / n * ((values - values.mean()) ** 2).sum()


def test_the_difference_of_two_forests_has_its_closed_form():
    old, new = confusions(np.random.default_rng(1), 7)
    told = difference_of(old, new)
    without = [balanced_of(each.sum(axis=0) - each) for each in (old, new)]
    half = stats.t.ppf(0.975, 6) * np.sqrt(jackknifed(without[1] - without[0]))
    value = balanced_of(new.sum(axis=0)) - balanced_of(old.sum(axis=0))
    assert told.value == pytest.approx(float(value))
    assert told.interval_95 == pytest.approx((value - half, value + half))


def test_balanced_accuracy_has_its_closed_form():
    tables, _ = confusions(np.random.default_rng(2), 9)
    value = float(balanced_of(tables.sum(axis=0)))
    spread = np.sqrt(jackknifed(balanced_of(tables.sum(axis=0) - tables)))
    half = stats.t.ppf(0.975, 8) * spread / (value * (1 - value))
    wanted = expit([logit(value) - half, logit(value) + half])
    assert interval_of(tables) == pytest.approx(tuple(wanted))


@pytest.mark.parametrize("micrographs", [5, 12])
def test_19_of_20_intervals_hold_the_truth(micrographs):
    rng = np.random.default_rng(4)
    truth = float(balanced_of(confusions(rng, 2000)[0].sum(axis=0)))
    held = np.zeros(2, int)
    for _ in range(300):
        old, new = confusions(rng, micrographs)
        (low, high), gain = interval_of(old), difference_of(old, new)
        held += low <= truth <= high, gain.interval_95[0] <= 0 <= gain.interval_95[1]
    # 285 are expected, and 270 of intervals of 90 %.
    assert (held >= 276).all()
    assert (held <= 297).all()


def test_four_micrographs_have_no_interval():
    old, new = confusions(np.random.default_rng(3), 4)
    assert interval_of(old) is None
    told = difference_of(old, new)
    assert told.interval_95 is None
    assert not told.is_better
    assert not told.is_worse


def test_better_and_worse_are_what_the_interval_leaves():
    right = np.tile(np.diag([9, 9, 9, 9]), (6, 1, 1))
    wrong = right + np.roll(np.diag([1, 2, 1, 1]), 1, axis=1)
    wrong[::2] += np.roll(np.diag([3, 0, 1, 0]), 1, axis=1)
    told = difference_of(wrong, right)
    assert told.is_better
    assert not told.is_worse
    back = difference_of(right, wrong)
    assert back.is_worse
    assert not back.is_better
    same = difference_of(right, right)
    assert not same.is_better
    assert not same.is_worse


def test_a_forest_without_a_mistake_is_not_known_to_make_none():
    low, high = interval_of(np.tile(np.diag([4, 5, 3, 2]), (6, 1, 1)))
    # Wilson's of each class, at Student's quantile for six micrographs.
    quantile = stats.t.ppf(0.975, 5)
    each = [n / (n + quantile**2) for n in (24, 30, 18, 12)]
    assert low == pytest.approx(np.mean(each))
    assert high == 1


def test_a_forest_that_errs_alike_in_all_micrographs_is_not_known_to_do_so():
    tables = np.zeros((6, 4, 4), np.int64)
    tables[:, 0, 0], tables[:, 1, 0] = 4, 3  # yes to each yes and to each no
    quantile = stats.t.ppf(0.975, 5)
    right, wrong = 24 / (24 + quantile**2), quantile**2 / (18 + quantile**2)
    assert interval_of(tables) == pytest.approx((right / 2, (1 + wrong) / 2))


def test_the_difference_on_draws_weighs_each_by_its_chance():
    """Six micrographs of four draws; the new forest is right where the old is not."""
    training = drawn_set(6, 4)
    ids = training.particle_ids[training.originals]
    truth = np.array([CLASSES.index(each) for each in training.labels])
    old, new = (np.eye(4)[(truth + off) % 4] for off in (0, 0))
    gains = {each: n % 3 == 0 for n, each in enumerate(ids)}
    for at, each in enumerate(training.particle_ids):
        if gains[each]:
            old[at] = np.roll(old[at], 1)
    words = training.labels[training.originals].tolist()
    draws = {
        each: JudgedDraw(0.1 if n % 2 else 0.5, words[n]) for n, each in enumerate(ids)
    }
    found = drawn_difference(training, old, new, draws)
    weight = np.array([1 / draws[each].chance for each in ids])
    gain = np.array([gains[each] for each in ids], float)
    micrographs = training.micrograph_ids[training.originals]
    assert found.n == len(ids)
    assert found.value == pytest.approx(weight @ gain / weight.sum())
    sums = [
        np.array([part[micrographs == m].sum() for m in np.unique(micrographs)])
        for part in (weight * gain, weight)
    ]
    without = (sums[0].sum() - sums[0]) / (sums[1].sum() - sums[1])
    half = stats.t.ppf(0.975, 5) * np.sqrt(jackknifed(without))
    wanted = (found.value - half, found.value + half)
    assert found.interval_95 == pytest.approx(wanted)
    assert f"Of the {len(ids)} particles that were drawn at random" in found.sentence
    assert drawn_difference(training, old, new, {}) is None
    # What is learnt from may have been said later, with a forest's word in view.
    later = training.labels.copy()
    later[::2] = "null"
    changed = drawn_difference(replace(training, labels=later), old, new, draws)
    assert changed.value == found.value
    few = drawn_difference(training, old, new, dict(list(draws.items())[:9]))
    assert few.interval_95 is None
    assert "too few for an interval" in few.sentence


def forests(training, old_wrong, new_wrong):
    """Answers of two forests that err on given rows."""
    truth = np.array([CLASSES.index(each) for each in training.labels])
    told = []
    for wrong in (old_wrong, new_wrong):
        off = np.zeros(len(truth), int)
        off[list(wrong)] = 1
        told.append(np.eye(4)[(truth + off) % 4])
    return told


def pairs(gained, lost, n):
    """Bonett and Price's interval, written out."""
    more, fewer = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    spread = np.sqrt((more + fewer - (more - fewer) ** 2) / (n + 2))
    half = stats.t.ppf(0.975, 5) * spread
    return more - fewer - half, more - fewer + half


def test_forests_that_never_differ_are_not_known_to_be_alike():
    training = drawn_set(6, 4, copies=0)
    old, new = forests(training, (3, 50), (3, 50))
    found = paired_difference(training, old, new)
    assert found.value == 0
    assert found.interval_95 == pytest.approx(pairs(0, 0, 24))
    assert not found.is_better
    assert not found.is_worse
    words = training.labels.tolist()
    draws = {
        each: JudgedDraw(0.5, words[n]) for n, each in enumerate(training.particle_ids)
    }
    drawn = drawn_difference(training, old, new, draws)
    assert drawn.interval_95 == pytest.approx(pairs(0, 0, 96))
    assert "changes by +0.00 (-0.04 to +0.04, 95 %)" in drawn.sentence
    # Of unequal weights, what they are worth together.
    uneven = {
        each: one._replace(chance=1 / 3) if n % 2 else one
        for n, (each, one) in enumerate(draws.items())
    }
    drawn = drawn_difference(training, old, new, uneven)
    effective = (48 * 3 + 48 * 2) ** 2 / (48 * 9 + 48 * 4)
    assert drawn.interval_95 == pytest.approx(pairs(0, 0, effective))


def test_forests_that_differ_alike_in_all_micrographs_are_not_known_to_do_so():
    """In each of six micrographs of four each, the new one is right on one yes more."""
    training = drawn_set(6, 4, copies=0)
    first = [
        np.flatnonzero((training.micrograph_ids == name) & (training.labels == "yes"))[
            0
        ]
        for name in np.unique(training.micrograph_ids)
    ]
    found = paired_difference(training, *forests(training, first, ()))
    assert found.value == pytest.approx(1 / 16)
    each = [pairs(6, 0, 24), *[pairs(0, 0, 24)] * 3]
    assert found.interval_95 == pytest.approx(tuple(np.mean(each, axis=0)))
    words = training.labels.tolist()
    draws = {
        each: JudgedDraw(0.5, words[n]) for n, each in enumerate(training.particle_ids)
    }
    drawn = drawn_difference(training, *forests(training, first, ()), draws)
    assert drawn.interval_95 == pytest.approx(pairs(6, 0, 96))


def test_counts_that_tell_no_pairs_have_no_interval_where_nothing_varies():
    same = np.tile(np.diag([9, 9, 9, 9]), (6, 1, 1))
    assert difference_of(same, same).interval_95 is None
    assert difference_of(same, same).value == 0
