from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.errors import Cancelled
from napari_cdse.core.evaluation.label_forecast import MORE, carried_on, forecast
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
