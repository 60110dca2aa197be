from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from napari_cdse.core.classifier.forest import fit_forest
from napari_cdse.core.errors import Cancelled, TrainingError
from napari_cdse.core.evaluation.tuning import CRITERIA, SPLIT_FEATURES, TREES, tune
from napari_cdse.core.evaluation.validation import cross_validate
from napari_cdse.core.params import ForestParams
from tests.tables import drawn_set

PARAMS = ForestParams(trees=20, folds=3, copies=0)
SOME = {"trees": (5, 20), "split_features": ("3", "sqrt"), "criteria": ("gini",)}
BOTH = SOME | {"criteria": ("gini", "entropy")}


def test_the_first_trees_are_the_smaller_forest_of_the_same_seed():
    training = drawn_set(4, 2)
    values = training.table.values
    whole = fit_forest(training, replace(PARAMS, trees=25))
    staged = whole.staged_proba(values, (5, 12, 25))
    for told, trees in zip(staged, (5, 12, 25), strict=True):
        small = fit_forest(training, replace(PARAMS, trees=trees))
        np.testing.assert_allclose(told, small.predict_proba(values), atol=1e-7)


def test_each_setting_scores_as_a_cross_validation_of_its_own():
    training = drawn_set(6, 3, signal=2.5)
    found = tune(training, PARAMS, **BOTH)
    settings = {
        (one.params.trees, one.params.split_features, one.params.criterion)
        for one in found.trials
    }
    assert settings == set(product((5, 20), ("3", "sqrt"), ("gini", "entropy")))
    assert found.present.params == PARAMS
    for trial in (*found.trials, found.present):
        scores, _ = cross_validate(training, trial.params)
        assert scores.confusion.tolist() == trial.scores.confusion.tolist()
    accuracies = [one.scores.balanced_accuracy for one in found.trials]
    assert accuracies == sorted(accuracies, reverse=True)
    same = [one for one in found.trials if one.params == PARAMS]
    assert [one.difference.value for one in same] == [0]


def test_the_grid_is_the_one_of_2018():
    assert TREES == (10, 20, 30, 50, 70, 100)
    assert SPLIT_FEATURES == ("3", "8", "10", "sqrt")
    assert CRITERIA == ("gini", "entropy")


def test_without_anything_to_learn_no_setting_is_better():
    found = tune(drawn_set(8, 3, signal=0.0), PARAMS, **SOME)
    assert "None of 4 settings" in found.sentence


def test_a_setting_that_is_worse_beyond_doubt_is_shown_so():
    training = drawn_set(12, 4, signal=2.5)
    found = tune(training, replace(PARAMS, trees=60), **(SOME | {"trees": (1, 60)}))
    worst = found.trials[-1]
    assert worst.params.trees == 1
    assert worst.difference.interval_95[1] < 0
    assert worst.difference.is_worse


def test_too_few_labels_are_a_sentence():
    with pytest.raises(TrainingError, match="at least 3 micrographs"):
        tune(drawn_set(2, 9), PARAMS, **SOME)


def test_progress_rises_and_cancel_stops():
    seen = []
    tune(drawn_set(4, 2), PARAMS, seen.append, **SOME)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1)

    def stop(share):
        if share > 0.4:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        tune(drawn_set(4, 2), PARAMS, stop, **SOME)
