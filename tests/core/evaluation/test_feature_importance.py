from __future__ import annotations

from dataclasses import replace

import pytest

from napari_cdse.core.errors import TrainingError
from napari_cdse.core.evaluation.feature_importance import families_of, importance
from napari_cdse.core.features import GROUPS
from napari_cdse.core.params import ForestParams
from tests.tables import NAMES, drawn_set

PARAMS = ForestParams(trees=30, folds=3, copies=0)


def test_the_features_that_tell_the_classes_are_worth_the_most():
    """Of the drawn rows only the first four features say anything."""
    found = importance(drawn_set(8, 4, copies=0, signal=3.0), PARAMS)
    assert {one.name for one in found.features[:4]} == set(NAMES[:4])
    for one in found.features[:4]:
        assert one.loss.interval_95[0] > 0
    for one in found.features[4:]:
        assert abs(one.loss.value) < 0.05
    assert found.families[0].name == "Bragg peaks"
    assert found.families[0].loss.value > 0.4
    assert sum(one.impurity for one in found.features) == pytest.approx(1)


def test_what_is_learnt_by_heart_is_worth_nothing():
    """Marks of particles and their copies: impurity praises them, new ones do not."""
    found = importance(drawn_set(8, 3, copies=3, signal=0.0, mark=3.0), PARAMS)
    assert sum(one.impurity for one in found.features) == pytest.approx(1)
    assert found.balanced_accuracy < 0.45
    for one in found.families:
        assert one.loss.interval_95[0] < 0.1


def test_twins_are_worthless_alone_and_not_as_a_family():
    training = drawn_set(8, 4, copies=0, signal=3.0)
    values = training.table.values.copy()
    values[:, 4:8] = values[:, 0:4]
    alone = importance(training, PARAMS)
    twins = importance(
        replace(training, table=replace(training.table, values=values)), PARAMS
    )
    before = {one.name: one.loss.value for one in alone.features}
    after = {one.name: one.loss.value for one in twins.features}
    assert sum(after[n] for n in NAMES[:4]) < 0.7 * sum(before[n] for n in NAMES[:4])
    assert twins.families[0].loss.value > 0.4


def test_every_feature_has_a_family():
    bragg = families_of(GROUPS["bragg"].names)
    assert set(bragg) == {"Bragg peaks", "faults", "profile and size"}
    origin = families_of(GROUPS["origin"].names)
    assert sum(len(some) for some in origin.values()) == 874
    assert len(origin) == 6
    assert len(origin["centre pixels"]) == 400


def test_too_few_labels_are_a_sentence():
    with pytest.raises(TrainingError, match="at least 3 micrographs"):
        importance(drawn_set(2, 9), PARAMS)
