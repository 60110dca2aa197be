"""Agreement of two annotators: published numbers, simulated people, odd cases."""

import numpy as np
import pytest

from napari_cdse.core.records import CLASSES
from napari_cdse.core.review.annotator_agreement import (
    MIN_PARTICLES,
    agreement,
    cohen_kappa,
    kappa_variance,
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


def test_kappa_and_its_error_are_those_of_the_textbook():
    assert float(cohen_kappa(FLEISS)) == pytest.approx(0.23 / 0.34)
    assert np.sqrt(kappa_variance(FLEISS)) == pytest.approx(0.087, abs=0.001)


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


def test_the_interval_holds_the_truth_as_often_as_it_says():
    # Two who see the truth with chance a and b have, in expectation, kappa = a b.
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(300):
        found = agreement(*people(rng, 150, (0.9, 0.8)), ["one"] * 150)
        low, high = found.asymptotic_95
        held += low <= 0.72 <= high
    assert 0.91 <= held / 300 <= 0.98


def test_likeness_within_micrographs_widens_the_interval():
    rng = np.random.default_rng(3)
    first, second, micrographs = [], [], []
    for number in range(20):
        # In half of the micrographs the second one guesses.
        careful = (1.0, 1.0 if number % 2 else 0.0)
        one, other = people(rng, 20, careful)
        first, second = first + one, second + other
        micrographs += [f"m{number}"] * 20
    found = agreement(first, second, micrographs)
    narrow, wide = (
        high - low for low, high in (found.asymptotic_95, found.bootstrap_95)
    )
    assert wide > 1.5 * narrow
    assert found.kappa_95 == found.bootstrap_95


def test_few_micrographs_are_not_resampled():
    rng = np.random.default_rng(4)
    found = agreement(*people(rng, 72), spread(72))
    assert found.n_micrographs == 9
    assert found.bootstrap_95 is None
    assert found.kappa_95 == found.asymptotic_95


def test_too_few_particles_are_a_sentence():
    rng = np.random.default_rng(5)
    n = MIN_PARTICLES - 1
    found = agreement(*people(rng, n), spread(n), ("Ada", "Ben"))
    assert (found.kappa, found.kappa_95) == (None, None)
    assert found.observed_95[0] < found.observed < found.observed_95[1]
    assert f"needs at least {MIN_PARTICLES} particles" in found.sentence
    assert found.sentence.startswith(f"Ada and Ben agree on {found.n_agreed} of {n}")


def test_nothing_in_common_is_a_sentence():
    found = agreement([], [], [], ("Ada", "Ben"))
    assert (found.observed, found.kappa) == (None, None)
    assert found.sentence.startswith("There is nothing to compare yet")


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
