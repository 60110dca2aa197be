from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from napari_cdse.core.errors import Cancelled
from napari_cdse.core.evaluation import label_forecast
from napari_cdse.core.evaluation.label_forecast import (
    MORE,
    carried_on,
    forecast,
    gain_from,
)
from napari_cdse.core.params import ForestParams
from tests.tables import drawn_set

PARAMS = ForestParams(trees=10, folds=3)


def all_of(training):
    return np.unique(training.particle_ids)


def test_a_power_law_is_carried_on_exactly():
    counts = [25, 50, 100]
    errors = np.array([2 * np.array(counts) ** -0.5, np.full(3, 0.3)])
    steep, flat = carried_on(counts, errors, 50)
    assert steep == pytest.approx(2 * 100**-0.5 - 2 * 150**-0.5)
    assert flat == pytest.approx(0)


def test_a_curve_that_makes_no_mistake_in_the_end_is_given_half_of_one():
    """Every fifth, every tenth and no particle is called by another's class."""
    counts, wrong = [25, 50, 100], (0.2, 0.1, 0.0)
    step = np.stack([np.eye(4) * (1 - w) + np.roll(np.eye(4), 1, 0) * w for w in wrong])
    alike = np.tile(100 * step, (3, 10, 1, 1, 1))
    found = gain_from(counts, alike)
    # A power law through the errors of 0.2, 0.1 and half a mistake of 100.
    fit = stats.linregress(np.log(counts), np.log([0.2, 0.1, 0.005]))
    now, then = np.exp(fit.intercept + fit.slope * np.log([100, 100 + MORE]))
    assert found.value == pytest.approx(now - then)
    assert found.variance == pytest.approx(0)
    assert found.n_micrographs == 10


def tables(rng, counts, errors, micrographs=10, size=10, repeats=3):
    """Confusions of forests that err so often, in some micrographs more than others.

    Particles that are hard for one forest are hard for the others too.
    """
    shape = (repeats, micrographs, len(counts))
    found = np.zeros((*shape, 4, 4))
    for at in range(micrographs):
        truth = rng.integers(0, 4, size)
        wrong = (truth + rng.integers(1, 4, size)) % 4
        own = stats.beta.ppf(rng.random(), 9 * errors, 9 * (1 - errors))
        hard = rng.normal(size=size)
        for place in np.ndindex(repeats, len(counts)):
            seen = stats.norm.cdf(0.75 * hard + 0.66 * rng.normal(size=size))
            told = np.where(seen < own[place[1]], wrong, truth)
            np.add.at(found[place[0], at, place[1]], (truth, told), 1)
    return found


def test_19_of_20_intervals_of_the_gain_hold_the_truth():
    rng, counts = np.random.default_rng(2), [25, 50, 100]
    errors = 1.2 * np.array(counts) ** -0.4
    (true,) = carried_on(counts, errors[None], MORE)
    covered = 0
    for _ in range(50):
        low, high = gain_from(counts, tables(rng, counts, errors)).interval_95
        covered += low <= true <= high
    # 47 or 48 are expected, with a standard deviation of 1.5.
    assert covered >= 44


def test_where_labels_still_help_they_are_said_to():
    """Noise in all but four features: more particles tell them apart better."""
    training = drawn_set(30, 2, copies=0, signal=2.0)
    told = forecast(training, all_of(training), PARAMS)
    assert told.n_labels == 240
    assert told.note is None
    low, high = told.interval_95
    assert low < told.gain < high
    assert 0 < told.gain < 0.1
    assert f"{MORE} labels more than these 240" in told.sentence


def test_the_forecast_is_about_what_came_true():
    few = drawn_set(25, 1, copies=0, signal=2.0)
    told = forecast(few, all_of(few), PARAMS)
    many = drawn_set(38, 1, copies=0, signal=2.0)
    later = forecast(many, all_of(many), PARAMS)
    assert told.n_labels == 100
    if told.note is None:
        assert told.gain >= later.gain - 0.05
        assert told.interval_95[1] - told.interval_95[0] <= 0.15
    else:
        assert "can't be said yet" in told.sentence


@pytest.mark.parametrize(
    ("training", "words"),
    [
        (drawn_set(2, 9), "at least 3 micrographs"),
        (drawn_set(4, 2, copies=0), "it takes 40 labels, and there are 32"),
        (drawn_set(8, 2, copies=0), "labels in 10 micrographs, and there are 8"),
    ],
)
def test_too_few_labels_are_a_sentence(training, words):
    told = forecast(training, all_of(training), PARAMS)
    assert words in told.sentence
    assert np.isnan(told.gain)


def test_cancel_stops():
    def stop(share):
        if share > 0.2:
            raise Cancelled("Stopped.")

    training = drawn_set(10, 1)
    with pytest.raises(Cancelled):
        forecast(training, all_of(training), PARAMS, stop)


def test_where_nothing_is_left_to_learn_no_interval_is_made_up(monkeypatch):
    training = drawn_set(10, 4, copies=0)
    right = np.tile(np.eye(4) * 4, (3, 10, 1, 1))
    monkeypatch.setattr(label_forecast, "_curve", lambda *_: [right] * 3)
    found = forecast(training, all_of(training), PARAMS)
    assert "the forest is right on all of these 160" in found.sentence
    assert np.isnan(found.gain)
