"""Agreement of two annotators: published numbers, simulated people, odd cases."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from napari_cdse.core.records import CLASSES
from napari_cdse.core.review.annotator_agreement import (
    MIN_PARTICLES,
    agreement,
    cohen_kappa,
)

FLEISS = np.array([[75, 1, 4], [5, 4, 1], [0, 0, 10]])
"""Two raters, 100 subjects: Fleiss, Statistical Methods for Rates and Proportions."""


def people(rng, n, careful=(0.9, 0.9), shares=(0.3, 0.3, 0.3, 0.1)):
    """Labels of two who each see the truth now and then, and else guess."""
    truth = rng.choice(4, n, p=shares)
    told = []
    for share in careful:
        sees = rng.random(n) < share
        told.append(np.where(sees, truth, rng.choice(4, n, p=shares)))
    return [[CLASSES[each] for each in one] for one in told]


def spread(n, size=8):
    return [f"m{at // size}" for at in range(n)]


def test_kappa_is_that_of_the_textbook():
    assert float(cohen_kappa(FLEISS)) == pytest.approx(0.23 / 0.34)


def test_kappa_of_a_stack_is_that_of_each():
    stack = np.stack([FLEISS, FLEISS.T, np.diag([3, 2, 1])])
    assert cohen_kappa(stack) == pytest.approx([0.23 / 0.34, 0.23 / 0.34, 1.0])


def test_rows_are_the_first_annotators():
    found = agreement(["yes", "yes", "no"], ["no", "no", "no"], ["a", "a", "b"])
    assert found.confusion[CLASSES.index("yes"), CLASSES.index("no")] == 2
    assert found.confusion[CLASSES.index("no"), CLASSES.index("no")] == 1
    assert (found.n_particles, found.n_agreed, found.n_micrographs) == (3, 1, 2)


def test_people_who_guess_agree_by_chance_only():
    rng = np.random.default_rng(1)
    kappas = [
        agreement(*people(rng, 400, (0.0, 0.0)), spread(400)).kappa for _ in range(20)
    ]
    assert abs(np.mean(kappas)) < 0.03


@pytest.mark.parametrize("n_micrographs", [5, 12])
def test_the_intervals_hold_the_truth_as_often_as_they_say(n_micrographs):
    # Two who see the truth with chance a and b have, in expectation, kappa = a b.
    rng = np.random.default_rng(2)
    held = []
    by_chance = 3 * 0.3**2 + 0.1**2
    for _ in range(300):
        labels = people(rng, 20 * n_micrographs, (0.9, 0.8))
        found = agreement(*labels, spread(20 * n_micrographs, 20))
        (low, high), (least, most) = found.kappa_95, found.observed_95
        observed = 0.72 + 0.28 * by_chance
        held.append((low <= 0.72 <= high, least <= observed <= most))
    # 285 of 300 are expected, and 270 of intervals of 90 %.
    assert all(276 <= each <= 297 for each in np.sum(held, axis=0))


def test_the_intervals_have_their_closed_forms():
    rng = np.random.default_rng(7)
    first, second = people(rng, 160)
    found = agreement(first, second, spread(160, 20))
    same = np.array(first) == np.array(second)
    tables = np.zeros((8, 4, 4))
    for at, (one, other) in enumerate(zip(first, second, strict=True)):
        tables[at // 20, CLASSES.index(one), CLASSES.index(other)] += 1
    without = tables.sum(axis=0) - tables
    scaled = np.arctanh(cohen_kappa(without))
    variance = 7 / 8 * ((scaled - scaled.mean()) ** 2).sum()
    half = stats.t.ppf(0.975, 7) * np.sqrt(variance)
    middle = np.arctanh(found.kappa)
    wanted = np.tanh([middle - half, middle + half])
    assert found.kappa_95 == pytest.approx(tuple(wanted))
    shares = (same.sum() - same.reshape(8, 20).sum(axis=1)) / 140
    variance = 7 / 8 * ((shares - shares.mean()) ** 2).sum()
    share = same.mean()
    half = stats.t.ppf(0.975, 7) * np.sqrt(variance) / (share * (1 - share))
    wanted = expit([logit(share) - half, logit(share) + half])
    assert found.observed_95 == pytest.approx(tuple(wanted))


def test_likeness_within_micrographs_widens_the_intervals():
    rng = np.random.default_rng(3)
    first, second, micrographs = [], [], []
    for number in range(20):
        # In half of the micrographs the second one guesses.
        careful = (1.0, 1.0 if number % 2 else 0.0)
        one, other = people(rng, 20, careful)
        first, second = first + one, second + other
        micrographs += [f"m{number}"] * 20
    found = agreement(first, second, micrographs)
    mixed = agreement(first, second, rng.permutation(micrographs).tolist())
    for name in ("kappa_95", "observed_95"):
        narrow, wide = (np.ptp(getattr(each, name)) for each in (mixed, found))
        assert wide > 1.5 * narrow


def test_few_micrographs_have_no_interval():
    rng = np.random.default_rng(4)
    found = agreement(*people(rng, 72), spread(72, 18))
    assert found.n_micrographs == 4
    assert found.kappa is not None
    assert (found.kappa_95, found.observed_95) == (None, None)
    assert "An interval takes such particles in 5 micrographs" in found.sentence


@pytest.mark.parametrize("shares", [(0.3, 0.3, 0.3, 0.1), (1.0, 0.0, 0.0, 0.0)])
def test_differences_in_one_micrograph_alone_have_no_interval_and_say_so(shares):
    first, _ = people(np.random.default_rng(6), 48, shares=shares)
    second = ["no" if first[0] == "yes" else "yes", *first[1:]]
    found = agreement(first, second, spread(48))
    assert found.kappa < 1
    assert found.kappa_95 is None
    assert "never differ" in found.note


def test_too_few_particles_are_a_sentence():
    rng = np.random.default_rng(5)
    n = MIN_PARTICLES - 1
    found = agreement(*people(rng, n), spread(n, 5), ("Ada", "Ben"))
    assert (found.kappa, found.kappa_95) == (None, None)
    assert found.observed_95[0] < found.observed < found.observed_95[1]
    assert f"needs at least {MIN_PARTICLES} particles" in found.sentence
    assert found.sentence.startswith(f"Ada and Ben agree on {found.n_agreed} of {n}")


def test_nothing_in_common_is_a_sentence():
    found = agreement([], [], [], ("Ada", "Ben"))
    assert (found.observed, found.kappa) == (None, None)
    assert found.n_micrographs == 0
    assert found.sentence.startswith("There is nothing to compare yet")


def test_annotators_without_a_name_are_the_first_and_the_second():
    assert agreement(["yes"], ["yes"], ["a"]).sentence.startswith(
        "The first and the second agree on 1 of 1"
    )


def test_who_never_differ_have_kappa_1_and_no_interval():
    labels = ["yes", "no"] * MIN_PARTICLES
    found = agreement(labels, labels, spread(len(labels)))
    assert (found.kappa, found.kappa_95) == (1.0, None)
    assert found.observed_95[0] < 1
    assert "never differ" in found.sentence


def test_one_class_only_says_nothing_of_kappa():
    labels = ["null"] * MIN_PARTICLES
    found = agreement(labels, labels, spread(len(labels)))
    assert found.kappa is None
    assert "one class only" in found.sentence


def test_kappa_is_said_with_its_interval():
    rng = np.random.default_rng(6)
    found = agreement(*people(rng, 400), spread(400), ("Ada", "Ben"))
    low, high = found.kappa_95
    assert f"Cohen's kappa {found.kappa:.2f} ({low:.2f} to {high:.2f}, 95 %)." in (
        found.sentence
    )


def test_two_who_never_differ_may_still_differ_now_and_then():
    """Wilson's interval of all particles, at Student's quantile for ten micrographs."""
    labels = ["yes", "no", "null", "no"] * 20
    found = agreement(labels, labels, spread(80))
    low = 80 / (80 + stats.t.ppf(0.975, 9) ** 2)
    assert found.observed_95 == pytest.approx((low, 1.0))


def test_two_who_never_agree_may_still_agree_now_and_then():
    found = agreement(["yes"] * 80, ["no"] * 80, spread(80))
    square = stats.t.ppf(0.975, 9) ** 2
    assert found.observed_95 == pytest.approx((0.0, square / (80 + square)))


def test_two_who_agree_as_far_in_each_micrograph_have_no_interval_of_kappa():
    first = ["yes", "no", "null", "no", "yes", "no", "no", "null"] * 6
    second = ["yes", "no", "null", "no", "no", "no", "no", "yes"] * 6
    found = agreement(first, second, spread(48))
    assert found.kappa is not None
    assert found.kappa_95 is None
    assert "They agree as far in each micrograph" in found.sentence
