"""Temperature and reliability, on answers whose truth was drawn from them."""

import numpy as np
import pytest

from napari_cdse.core.classifier.probability_calibration import (
    calibration_error,
    fit_temperature,
    reliability,
    sharpened,
)

N = 20_000


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


def test_the_reliability_curve_counts_every_particle_once(honest):
    probabilities, truth = honest
    bins = reliability(probabilities, truth)
    assert sum(each.number for each in bins) == N
    assert [each.confidence for each in bins] == sorted(b.confidence for b in bins)
