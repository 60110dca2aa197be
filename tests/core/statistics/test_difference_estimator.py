"""The estimator against closed forms, all lots that can fall, and known populations."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from napari_cdse.core.statistics.difference_estimator import Difference, difference
from napari_cdse.core.statistics.evidence import Evidence
from napari_cdse.core.statistics.intervals import wilson_interval
from napari_cdse.core.statistics.sample import Sample, sample_of
from tests.populations import FORESTS, drawn, exact_doubts, population

FOREST = {
    "sure no": (0.05, 0.85, 0.1, 0.0),
    "sure yes": (0.8, 0.1, 0.05, 0.05),
    "torn": (0.4, 0.4, 0.2, 0.0),
}


def judged(micrographs, yes, no):
    """Everything judged: so many of each class in each micrograph."""
    parts = [
        np.repeat([[1.0, 1.0], [0.0, 1.0]], [a, b], axis=0)
        for a, b in zip(yes, no, strict=True)
    ]
    truth = np.concatenate(parts)
    numbers = np.repeat(np.arange(micrographs), [len(part) for part in parts])
    ones = np.ones(len(truth))
    return Sample(numbers, np.full_like(truth, 0.5), truth, ones, ones == 0)


def test_the_interval_of_judged_micrographs_has_its_closed_form():
    """Departures of +1 and -1: 2 of 5, 4 of 5 and so on, 0.6 in all."""
    yes, no = [2, 4, 2, 4, 2, 4], [3, 1, 3, 1, 3, 1]
    found = difference(judged(6, yes, no))
    assert found.share == pytest.approx(0.6)
    variance = 6 / 5 * 6 * 1.0 / 30**2
    assert found.variance == pytest.approx(variance)
    assert found.by_draws == 0
    spread = stats.t.ppf(0.975, 5) * np.sqrt(variance) / (0.6 * 0.4)
    wanted = expit(logit(0.6) - spread), expit(logit(0.6) + spread)
    assert found.interval_95 == pytest.approx(wanted)
    # Design effect and correlation as Kish has them, for clusters of five.
    assert found.design_effect == pytest.approx(variance / (0.6 * 0.4 / 30))
    assert found.correlation == pytest.approx((found.design_effect - 1) / 4)


def test_the_correlation_is_none_for_single_particles_and_0_where_all_are_alike():
    single = difference(judged(6, [1, 0, 1, 0, 1, 0], [0, 1, 0, 1, 0, 1]))
    assert (single.size, single.correlation) == (1, None)
    assert replace(single, size=1 + 2**-52, variance=1.0).correlation is None
    assert difference(judged(6, [3] * 6, [2] * 6)).correlation == 0
    # Each micrograph of one class: one particle says all of its neighbours.
    apart = difference(judged(6, [5, 0, 5, 0, 5, 0], [0, 5, 0, 5, 0, 5]))
    assert apart.correlation == pytest.approx(1)


def test_one_micrograph_that_carries_the_variance_leaves_few_degrees_of_freedom():
    yes, no = [5] * 9 + [10], [5] * 9 + [0]
    found = difference(judged(10, yes, no))
    parts = np.array([5 - found.share * 10] * 9 + [10 - found.share * 10])
    assert found.degrees == pytest.approx(
        3 * (parts @ parts) ** 2 / (parts**4).sum() - 1
    )
    assert found.degrees < 4
    assert difference(judged(10, [4, 6] * 5, [6, 4] * 5)).degrees == 9


def test_without_any_defect_wilson_says_how_many_there_may_be():
    found = difference(judged(6, [0] * 6, [5] * 6))
    assert found.share == 0
    wanted = wilson_interval(0, 30, stats.t.ppf(0.975, 5))
    assert found.interval_95 == pytest.approx(wanted)


def test_weights_of_1_but_for_rounding_leave_the_interval_of_0():
    """Everything judged, partly by lots: what they stand for rounds beside 1."""
    n = 48
    judged_no = np.tile([0.0, 1.0], (n, 1))
    weight = np.where(np.arange(n) % 2, 1.0, 1 + 2**-52)
    told = np.tile([0.3, 0.9], (n, 1))
    sample = Sample(np.arange(n) % 6, told, judged_no, weight, np.zeros(n, bool))
    assert sample.corrected[:, 0].any()
    found = difference(sample)
    assert found.share == 0
    quantile = stats.t.ppf(0.975, 5)
    assert found.interval_95 == pytest.approx(wilson_interval(0, n, quantile))


def test_micrographs_that_are_alike_have_the_interval_of_their_particles():
    """One of 49 in each: 49 times a 49th is not 1 in binary."""
    assert 1 / 49 * 49 != 1
    found = difference(judged(6, [1] * 6, [48] * 6))
    quantile = stats.t.ppf(0.975, 5)
    assert found.interval_95 == pytest.approx(wilson_interval(6, 6 * 49, quantile))


def test_nothing_resolved_is_no_share():
    nothing = np.zeros((4, 2))
    found = difference(
        Sample(np.arange(4), nothing, nothing, np.ones(4), np.zeros(4, bool))
    )
    assert np.isnan([found.share, found.variance, found.by_draws]).all()
    assert (found.degrees, found.resolved, found.n_micrographs) == (1, 0, 0)
    assert (found.n_witnesses, found.size) == (0, 0)
    assert (found.design_effect, found.correlation) == (None, None)


def half_drawn(yes):
    """Ten micrographs of two particles; the forest is right, the first are drawn."""
    labels = np.tile([0.0, 1.0], (20, 1))
    labels[: 2 * yes : 2, 0] = 1
    weight = np.tile([2.0, 0.0], 10)
    return Sample(np.repeat(np.arange(10), 2), labels, labels, weight, weight > 0)


@pytest.mark.parametrize("yes", [0, 1, 2, 5])
def test_errors_too_rare_to_be_drawn_add_what_added_draws_would(yes):
    found = difference(half_drawn(yes))
    # Two and a half draws where no defect was seen, fewer up to five.
    rate = (yes + 2.5) / (10 + 2 * 2.5)
    spread = rate * (1 - rate) * 20 / 20
    rarity = max(1 - yes / 5, 0)
    added = rarity * 2.5 * 2 * (2 - 1) * spread / 20**2
    assert found.by_draws == pytest.approx(added)
    between = (
        10 / 9 * (yes * (1 - 2 * found.share) ** 2 + (10 - yes) * 4 * found.share**2)
    )
    assert found.variance == pytest.approx(between / 20**2 + added)
    assert found.n_witnesses == 10


def test_a_micrograph_without_any_resolved_particle_is_none_of_the_sample():
    whole = judged(6, [2, 4, 2, 4, 2, 4], [3, 1, 3, 1, 3, 1])
    empty = np.zeros((3, 2))
    more = Sample(
        np.append(whole.micrograph, [6, 6, 7]),
        np.append(whole.predicted, empty, axis=0),
        np.append(whole.labelled, empty, axis=0),
        np.append(whole.weight, np.ones(3)),
        np.append(whole.drawn, np.zeros(3, bool)),
    )
    found = difference(more)
    assert found.n_micrographs == 6
    assert found.variance == pytest.approx(difference(whole).variance)
    assert found.degrees == difference(whole).degrees == 5


def test_a_forest_that_was_wrong_of_all_leaves_no_share_and_no_micrograph():
    """Of ten alike one is drawn, stands for all, and is not resolved: sums to 1e-16."""
    told = np.tile([0.3, 0.9], (10, 1))
    weight = np.array([10.0] + 9 * [0.0])
    judged_null = np.where(weight[:, None] > 0, 0.0, told)
    gone = Sample(np.zeros(10, int), told, judged_null, weight, weight > 0)
    assert gone.corrected[:, 1].sum() != 0
    assert np.isnan(difference(gone).share)
    assert difference(gone).resolved == 0
    # Each stands for itself but for rounding, and none is resolved.
    each = Sample(
        np.arange(10), told, 0 * told, np.full(10, 1 - 2**-52), np.zeros(10, bool)
    )
    assert each.corrected.any()
    assert np.isnan(difference(each).share)
    whole = judged(4, [2, 4, 2, 4], [3, 1, 3, 1])
    more = Sample(
        np.append(whole.micrograph, gone.micrograph + 4),
        *(
            np.append(getattr(whole, name), getattr(gone, name), axis=0)
            for name in ("predicted", "labelled", "weight", "drawn")
        ),
    )
    assert difference(more).n_micrographs == 4


def every_lot(particles):
    """Every way in which lots can fall, with its probability and the corrected sums.

    ``particles`` are (forest, truth, chance, reached by the queue, chosen by hand).
    """
    for lots in itertools.product([False, True], repeat=len(particles)):
        probability, evidence = 1.0, []
        for lot, (forest, truth, chance, queue, hand) in zip(
            lots, particles, strict=True
        ):
            probability *= chance if lot else 1 - chance
            route = "draw" if lot else "queue" if queue else "hand" if hand else "none"
            evidence.append(
                Evidence(
                    "m",
                    FOREST[forest],
                    None if route == "none" else truth,
                    route,
                    chance if lot else None,
                    float(queue) if lot else None,
                )
            )
        # One that nobody ever sees keeps the micrograph from being judged as a whole.
        evidence.append(Evidence("m", FOREST["torn"]))
        yield probability, sample_of(evidence).corrected[:-1].sum(axis=0)


@pytest.mark.parametrize(
    "particles",
    [
        # Draws alone, of equal and of unequal chance; the forest is wrong twice.
        [("sure no", "yes", 0.3, 0, 0), ("sure yes", "no", 0.3, 0, 0)] * 2,
        [("sure no", "yes", 0.1, 0, 0), ("torn", "null", 0.7, 0, 0)] * 2,
        # The queue comes to some whether they are drawn or not.
        [("sure no", "yes", 0.2, 1, 0), ("torn", "yes", 0.4, 0, 0)] * 2,
        # Those with a clear fault are also chosen by hand.
        [("sure no", "yes", 0.3, 0, 1), ("sure no", "no", 0.3, 0, 0)] * 2,
    ],
    ids=["even", "uneven", "queue", "hand"],
)
def test_over_all_lots_the_corrected_sums_are_the_truth(particles):
    ways = list(every_lot(particles))
    assert sum(probability for probability, _ in ways) == pytest.approx(1)
    mean = sum(probability * sums for probability, sums in ways)
    yes = sum(truth == "yes" for _, truth, *_ in particles)
    no = sum(truth == "no" for _, truth, *_ in particles)
    assert mean == pytest.approx([yes, yes + no])


def test_the_variance_of_the_draws_is_that_over_all_lots():
    """Two particles, each drawn at a half: the part of the lots alone."""
    rng = np.random.default_rng(3)
    found = population(rng, 0.4, 0.1, 12, "biased")
    shares, parts = [], []
    for _ in range(600):
        one = difference(drawn(rng, found, 80))
        shares.append(one.share)
        parts.append(one.by_draws)
    assert np.mean(parts) == pytest.approx(np.var(shares), rel=0.15)


@pytest.mark.parametrize(
    ("fraction", "correlation", "micrographs", "draws", "forest", "unequal"),
    [
        (0.4, 0.1, 10, 30, "biased", False),
        (0.4, 0.1, 10, 30, "biased", True),
        (0.2, 0.0, 20, 60, "right", True),
        (0.05, 0.1, 20, 60, "bad", False),
    ],
)
def test_19_of_20_intervals_hold_the_truth(
    fraction, correlation, micrographs, draws, forest, unequal
):
    """A small cell of ``python -m tests.benchmarks coverage``."""
    rng = np.random.default_rng(20)
    covered, shares = 0, []
    for _ in range(400):
        found = population(rng, fraction, correlation, micrographs, forest)
        told = difference(drawn(rng, found, draws, unequal=unequal))
        low, high = told.interval_95
        covered += low <= fraction <= high
        shares.append(told.share)
    # 90 % intervals would cover 360 of 400, with a standard deviation of 6.
    assert 374 <= covered <= 396
    error = np.std(shares) / np.sqrt(len(shares))
    assert abs(np.mean(shares) - fraction) < 4 * error


def test_unequal_chances_narrow_the_interval_of_a_rare_defect():
    widths = {}
    for unequal in (False, True):
        rng = np.random.default_rng(9)
        widths[unequal] = np.median(
            [
                np.ptp(
                    difference(
                        drawn(
                            rng,
                            population(rng, 0.1, 0.0, 20, "right"),
                            60,
                            unequal=unequal,
                        )
                    ).interval_95
                )
                for _ in range(100)
            ]
        )
    assert widths[True] < 0.8 * widths[False]


def test_unequal_chances_spare_a_fifth_of_what_draws_add():
    """At a common fraction, where micrographs differ by as much as they please."""
    parts = {}
    for unequal in (False, True):
        rng = np.random.default_rng(11)
        parts[unequal] = np.median(
            [
                difference(
                    drawn(
                        rng,
                        population(rng, 0.3, 0.2, 20, "biased"),
                        60,
                        unequal=unequal,
                    )
                ).by_draws
                for _ in range(100)
            ]
        )
    assert np.sqrt(parts[True] / parts[False]) < 0.8


def test_more_micrographs_narrow_the_interval_and_do_not_lose_the_truth():
    """A one-sided forest once lost it the surer, the more there was to see."""
    for micrographs in (15, 60):
        rng = np.random.default_rng(1)
        covered = 0
        for _ in range(150):
            found = population(rng, 0.5, 0.1, micrographs, "biased")
            low, high = difference(drawn(rng, found, 40)).interval_95
            covered += low <= 0.5 <= high
        assert covered >= 136


def test_added_draws_weigh_as_those_that_were_drawn():
    """Of ten micrographs of six, one particle each is drawn: a draw stands for six."""
    labels = np.tile([0.0, 1.0], (60, 1))
    drawn = np.arange(60) % 6 == 0
    weight = np.where(drawn, 6.0, 0.0)
    found = difference(Sample(np.arange(60) // 6, labels, labels, weight, drawn))
    rate = 2.5 / 15
    added = 2.5 * 6 * 5 * rate * (1 - rate)
    assert found.by_draws == pytest.approx(added / 60**2)


def test_errors_of_either_class_may_be_too_rare_to_be_drawn():
    """All drawn ones show a defect, so that none without was seen."""
    none, every = half_drawn(0), half_drawn(10)
    assert difference(every).by_draws == pytest.approx(difference(none).by_draws)


@pytest.mark.parametrize(("share", "end"), [(-0.02, 0.0), (1.03, 1.0), (0.4, 0.4)])
def test_beyond_its_ends_a_share_has_the_interval_of_its_end(share, end):
    """And so where nothing varies; with no witness as if there were one."""
    found = Difference(share, 0.0, 0.0, 7.0, 30.0, 8, 12.0, 2.0)
    quantile = stats.t.ppf(0.975, 7)
    wanted = wilson_interval(end * 12, 12, quantile)
    assert found.interval_95 == pytest.approx(wanted)
    alone = Difference(share, 0.0, 0.0, 7.0, 30.0, 8, 0.0, 2.0)
    assert alone.interval_95 == pytest.approx(wilson_interval(end, 1, quantile))


def test_what_draws_add_is_no_part_of_how_micrographs_differ():
    found = Difference(0.4, 0.03, 0.01, 7.0, 30.0, 8, 12.0, 3.0)
    effect = (0.03 - 0.01) / (0.4 * 0.6 / 30)
    assert found.design_effect == pytest.approx(effect)
    assert found.correlation == pytest.approx((effect - 1) / 2)
    less = Difference(0.4, 0.01, 0.03, 7.0, 30.0, 8, 12.0, 3.0)
    assert (less.design_effect, less.correlation) == (0, 0)
    at_end = Difference(0.0, 0.01, 0.0, 7.0, 30.0, 8, 12.0, 3.0)
    assert (at_end.design_effect, at_end.correlation) == (None, None)


def test_a_single_micrograph_has_one_degree_of_freedom_and_no_variance():
    found = difference(judged(1, [2], [3]))
    assert (found.degrees, found.n_micrographs) == (1, 1)
    assert np.isnan(found.variance)


@pytest.mark.parametrize("forest", FORESTS)
def test_the_simulated_forests_errors_are_known_exactly(forest):
    """The benchmark of coverage compares with the least width that this allows."""
    rng = np.random.default_rng(4)
    found = population(rng, 0.2, 0.0, 3000, forest)
    off = (found.truth - found.predicted) @ (1, -0.2)
    expected = exact_doubts(found, forest, 0.2) ** 2
    parts = np.array_split(np.argsort(expected), 5)
    measured = [np.mean(off[part] ** 2) for part in parts]
    assert measured == pytest.approx([expected[part].mean() for part in parts], rel=0.1)
