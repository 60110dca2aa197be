"""Calibration and reliability, on answers whose truth was drawn from them."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.special import log_softmax, softmax

from napari_cdse.core.classifier.forest import fit, predict_proba
from napari_cdse.core.classifier.probability_calibration import (
    applied,
    calibrated,
    calibration_error,
    class_errors,
    fit_calibration,
    fit_temperature,
    predict_calibrated,
    reliability,
    sharpened,
)
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import CLASSES, Calibration
from tests.io.models.test_card_schema import CARD
from tests.tables import drawn_set

N = 20_000
EVEN = Calibration(
    weights=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
    offsets=(0, 0, 0, 0),
    prior_weights=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
    prior_offsets=(0, 0, 0, 0),
    n_particles=0,
    n_micrographs=0,
)


@pytest.fixture
def honest():
    """Probabilities, and classes drawn with just these probabilities."""
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet([0.6, 0.6, 0.6, 0.6], N)
    drawn = rng.random(N)[:, None] > np.cumsum(probabilities, axis=1)
    return probabilities, drawn.sum(axis=1).clip(0, 3)


@pytest.mark.parametrize("temperature", [0.5, 1.6])
def test_the_temperature_that_spoilt_answers_is_found_and_undone(honest, temperature):
    probabilities, truth = honest
    spoilt = sharpened(probabilities, temperature)
    found = fit_temperature(spoilt, truth)
    assert found == pytest.approx(1 / temperature, rel=0.05)
    before, after = (
        calibration_error(reliability(told, truth))
        for told in (spoilt, sharpened(spoilt, found))
    )
    assert after < 0.015 < before


def test_honest_answers_are_left_alone(honest):
    assert fit_temperature(*honest) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(
    ("temperature", "parts"),
    [(0.5, (36, 9, 1, 0)), (2.0, (6**0.5, 3**0.5, 1, 0)), (1.0, (6, 3, 1, 0))],
)
def test_a_temperature_is_the_root_that_is_taken(temperature, parts):
    told = sharpened(np.array([[0.6, 0.3, 0.1, 0.0]]), temperature)
    assert told[0] == pytest.approx(np.array(parts) / sum(parts))


def test_a_calibration_is_a_softmax_of_weighed_logarithms(honest):
    rng = np.random.default_rng(5)
    weights, offsets = rng.normal(1, 0.3, (4, 4)), rng.normal(0, 0.5, 4)
    map_ = replace(EVEN, weights=weights.tolist(), offsets=offsets.tolist())
    told = (honest[0][:50] + 0.1) / 1.4
    wanted = softmax(np.log(told) @ weights.T + offsets, axis=1)
    assert applied(map_, told) == pytest.approx(wanted)
    card = replace(CARD, calibration=map_, scores={"temperature": 0.5})
    assert calibrated(told, card) == pytest.approx(wanted)


def test_an_answer_is_the_mean_of_five_views_put_right():
    training = drawn_set()
    fitted = fit(training, ForestParams(trees=5), scores={"temperature": 0.5})
    views = training.table.rows(np.arange(15))
    bare = predict_proba(fitted, views)
    mean = sum(bare[3 * at : 3 * at + 3] for at in range(5)) / 5
    wanted = mean**2 / (mean**2).sum(axis=1, keepdims=True)
    assert np.abs(wanted - mean).max() > 0.05
    assert predict_calibrated(fitted, views) == pytest.approx(wanted)


def test_sharpening_keeps_the_class_and_the_sum(honest):
    told = sharpened(honest[0], 0.4)
    assert np.array_equal(told.argmax(axis=1), honest[0].argmax(axis=1))
    assert np.allclose(told.sum(axis=1), 1)


def test_a_class_that_was_never_trained_stays_impossible():
    told = sharpened(np.array([[0.7, 0.3, 0.0, 0.0]]), 2.0)
    assert told[0, 2:].tolist() == [0, 0]


def test_few_particles_give_no_temperature(honest):
    probabilities, truth = honest
    assert fit_temperature(sharpened(probabilities[:40], 0.3), truth[:40]) == 1


def names(truth):
    """Give each answer a particle of its own, forty micrographs to all."""
    numbers = np.arange(len(truth))
    return numbers.astype(str), (numbers % 40).astype(str)


def test_one_class_that_is_told_too_often_is_found_and_undone(honest):
    """Errors by class, which one temperature for all can't mend."""
    probabilities, truth = honest
    twisted = replace(
        EVEN,
        weights=((0.6, 0, 0, 0), (0, 1.2, 0.1, 0), (0, 0, 1, 0), (0, 0, 0, 1.5)),
        offsets=(0.3, -0.3, 0, 0),
    )
    spoilt = applied(twisted, probabilities)
    cooled = sharpened(spoilt, fit_temperature(spoilt, truth))
    mended = applied(fit_calibration(spoilt, truth, *names(truth)), spoilt)
    before, after = (class_errors(told, truth) for told in (cooled, mended))
    assert max(before.values()) > 0.05
    assert max(after.values()) < 0.015
    # The right answers come back, not only their mean.
    assert np.abs(mended - probabilities).mean() < 0.01


def test_without_particles_it_is_what_lies_below():
    nothing, nobody = np.zeros((0, 4)), np.zeros(0, str)
    below = replace(CARD, calibration=replace(EVEN, offsets=(1, 0, 0, 0)))
    found = fit_calibration(nothing, np.zeros(0, int), nobody, nobody, below)
    assert (found.weights, found.offsets) == (EVEN.weights, (1, 0, 0, 0))
    assert (found.n_particles, found.below) == (0, CARD.id)


def test_a_particle_counts_once_however_many_answers_there_are(honest):
    probabilities, truth = honest[0][:300], honest[1][:300]
    particles, micrographs = names(truth)
    once = fit_calibration(probabilities, truth, particles, micrographs, CARD)
    again = np.repeat(np.arange(300), 4)
    told = (each[again] for each in (probabilities, truth, particles, micrographs))
    often = fit_calibration(*told, CARD)
    assert often.n_particles == once.n_particles == 300
    assert np.array(often.weights) == pytest.approx(np.array(once.weights), abs=1e-3)


def test_few_particles_move_it_little_and_many_far(honest):
    probabilities, truth = honest
    spoilt = applied(replace(EVEN, offsets=(1, 0, 0, 0)), probabilities)
    below = replace(CARD, calibration=EVEN)
    moved = []
    for number in (10, 1000, 20_000):
        some = spoilt[:number], truth[:number], *names(truth[:number])
        told = applied(fit_calibration(*some, below), spoilt)
        moved.append(float(np.abs(told - spoilt).mean()))
    wrong = float(np.abs(probabilities - spoilt).mean())
    assert 0 < moved[0] < 0.5 * wrong
    assert 0.9 * wrong < moved[1]
    assert 0.97 * wrong < moved[2] < 1.03 * wrong


def test_a_card_without_calibration_answers_as_before(honest):
    card = replace(CARD, scores={"temperature": 0.76})
    told = calibrated(honest[0], card)
    assert np.array_equal(told, sharpened(honest[0], 0.76))
    plain = replace(CARD, scores={})
    assert np.array_equal(calibrated(honest[0], plain), honest[0])


def test_what_a_forest_never_learnt_stays_impossible_after_calibration():
    told = applied(
        replace(EVEN, offsets=(0, 0, 5, 0)), np.array([[0.7, 0.3, 0.0, 0.0]])
    )
    assert told == pytest.approx(np.array([[0.7, 0.3, 0, 0]]))


def test_class_errors_agree_with_a_count_by_hand():
    told = np.array([[0.9, 0.1, 0, 0], [0.98, 0.02, 0, 0], [0.25, 0.75, 0, 0]])
    # Yes: two near 0.94 of which one is, one at 0.25 which is not.
    errors = class_errors(told, np.array([0, 1, 1]))
    assert errors["yes"] == pytest.approx((abs(0.9 + 0.98 - 1) + 0.25) / 3)
    assert errors["null"] == errors["empty"] == 0
    assert list(errors) == list(CLASSES)


def test_the_reliability_curve_counts_every_particle_once(honest):
    probabilities, truth = honest
    bins = reliability(probabilities, truth)
    assert sum(each.number for each in bins) == N
    assert [each.confidence for each in bins] == sorted(b.confidence for b in bins)


def test_the_map_is_where_likelihood_and_prior_together_are_highest(honest):
    """A posterior written out with scipy: its slope is 0 there, and it falls beyond."""
    rng = np.random.default_rng(8)
    probabilities = honest[0][:400].copy()
    probabilities[::7, 2] = 0
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    truth = honest[1][:400]
    particles = rng.integers(0, 250, 400).astype(str)
    weights = np.eye(4) + rng.normal(0, 0.1, (4, 4))
    prior = replace(
        EVEN, weights=tuple(map(tuple, weights)), offsets=(0.2, -0.1, 0.0, 0.3)
    )
    found = fit_calibration(
        probabilities, truth, particles, particles, replace(CARD, calibration=prior)
    )
    times = Counter(particles.tolist())
    deviations = np.where(np.eye(4, 5) == 1, 0.3, 0.1)
    deviations[:, 4] = 0.3
    middle = np.column_stack([weights, prior.offsets])

    def log_posterior(flat):
        each = flat.reshape(4, 5)
        told = stats.norm.logpdf(each, middle, deviations).sum()
        for shares, true, name in zip(probabilities, truth, particles, strict=True):
            if shares[true] == 0:
                continue
            scores = each[:, :4] @ np.log(np.maximum(shares, 1e-4)) + each[:, 4]
            scores[shares == 0] = -np.inf
            told += log_softmax(scores)[true] / times[name]
        return told

    at = np.column_stack([found.weights, found.offsets]).ravel()
    slope = optimize.approx_fprime(at, log_posterior, 1e-6)
    start = optimize.approx_fprime(middle.ravel(), log_posterior, 1e-6)
    assert np.abs(slope).max() < 0.02 < 5 < np.abs(start).max()
    assert (found.n_particles, found.n_micrographs) == (len(times), len(times))
    assert (found.prior_weights, found.prior_offsets) == (prior.weights, prior.offsets)


def test_a_temperature_is_fitted_from_fifty_particles_on_and_within_limits():
    sure = np.array([[0.9, 0.1, 0.0, 0.0]] * 50)
    right, wrong = np.zeros(50, int), np.array([0, 1] * 25)
    assert fit_temperature(sure[:49], right[:49]) == 1
    assert fit_temperature(sure, right) == pytest.approx(0.2, abs=0.01)
    assert fit_temperature(sure, wrong) == pytest.approx(5, abs=0.01)
    # Right in four of five: 0.8 is what is true, and 9 to 1 the root of 4 to 1.
    often = np.array([0, 0, 0, 0, 1] * 10)
    cooled = np.log(9) / np.log(4)
    assert fit_temperature(sure, often) == pytest.approx(cooled, rel=1e-3)


def test_no_answer_is_surer_than_a_forest_can_be():
    """A class held for all but impossible counts as one in ten thousand."""
    told = sharpened(np.array([[1 - 1e-9, 1e-9, 0, 0]]), 2.0)
    assert told[0, 1] / told[0, 0] == pytest.approx(0.01)
    told = applied(EVEN, np.array([[1 - 1e-9, 1e-9, 0, 0]]))
    assert told[0, 1] / told[0, 0] == pytest.approx(1e-4)


def test_the_reliability_curve_agrees_with_a_count_by_hand():
    """Tenths of confidence; a sure answer belongs to the last."""
    top = [0.41, 0.49, 0.5, 0.95, 1.0, 0.91]
    told = np.array([[each, 1 - each, 0, 0] for each in top])
    told[:2] = [[0.41, 0.2, 0.2, 0.19], [0.17, 0.17, 0.49, 0.17]]
    found = reliability(told, np.array([0, 1, 0, 0, 0, 2]))
    assert [each.number for each in found] == [2, 1, 3]
    assert [each.confidence for each in found] == pytest.approx([0.45, 0.5, 2.86 / 3])
    assert [each.right for each in found] == pytest.approx([0.5, 1, 2 / 3])
    apart = 2 * 0.05 + 0.5 + (2.86 - 2)
    assert calibration_error(found) == pytest.approx(apart / 6)
    assert reliability(told[:0], np.zeros(0, int)) == ()
    assert np.isnan(calibration_error(()))
    assert all(np.isnan(each) for each in class_errors(told[:0], np.zeros(0)).values())


def test_without_a_calibration_below_it_is_held_near_a_temperature():
    """That of the card below, or else the one that fits best."""
    nothing, nobody = np.zeros((0, 4)), np.zeros(0, str)
    card = replace(CARD, scores={"temperature": 0.5})
    found = fit_calibration(nothing, np.zeros(0, int), nobody, nobody, card)
    assert found.weights == found.prior_weights == tuple(map(tuple, 2 * np.eye(4)))
    assert found.offsets == found.prior_offsets == (0, 0, 0, 0)
    sure = np.array([[0.9, 0.1, 0.0, 0.0]] * 50)
    often = np.array([0, 0, 0, 0, 1] * 10)
    found = fit_calibration(sure, often, *names(often))
    assert found.below is None
    steepness = np.log(4) / np.log(9)
    assert np.array(found.prior_weights) == pytest.approx(
        steepness * np.eye(4), abs=2e-3
    )


def test_errors_of_a_class_are_told_apart_by_its_probability():
    """Too low at 0.25 and too high at 0.9: they don't make up for each other."""
    told = np.array([[0.9, 0.1, 0, 0], [0.25, 0.75, 0, 0]])
    assert class_errors(told, np.array([1, 0]))["yes"] == pytest.approx(1.65 / 2)
    # The last tenth holds sure answers, and no others than from 0.9 on.
    for low, apart in ((0.95, 0.95), (0.85, 1.15)):
        told = np.array([[1.0, 0, 0, 0], [low, 1 - low, 0, 0]])
        errors = class_errors(told, np.array([1, 0]))
        assert errors["yes"] == pytest.approx(apart / 2)


def test_steep_weights_leave_no_row_without_an_answer():
    steep = replace(EVEN, weights=tuple(map(tuple, 1000.0 * np.eye(4))))
    told = applied(steep, np.array([[1.0, 0, 0, 0], [0.25] * 4, [0, 0.3, 0.3, 0.4]]))
    assert told == pytest.approx(np.array([[1, 0, 0, 0], [0.25] * 4, [0, 0, 0, 1]]))
