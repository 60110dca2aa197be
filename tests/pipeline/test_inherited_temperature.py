"""A forest on top of another one, with too few labels to fit a temperature."""

import numpy as np
import pytest

from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.evaluation.validation import cross_validate
from napari_cdse.core.params import ForestParams
from napari_cdse.pipeline import inheriting, joined
from tests.tables import drawn_set

PARAMS = ForestParams(trees=10, folds=3)


@pytest.fixture(scope="module")
def base():
    return fit(drawn_set(seed=1), PARAMS, name="base", scores={"temperature": 0.6})


def retrained(own, base, *, onto=True):
    """As the window and the command line do it."""
    table = base.training if onto else None
    training = joined(own, table, frozenset(own.micrograph_ids.tolist()))
    mine = np.unique(own.particle_ids)
    scored, _ = cross_validate(training, PARAMS, only=mine)
    scores = inheriting(scored, base, own, training)
    return scores, fit(training, PARAMS, scores=scores.as_dict()).card


def test_with_few_labels_it_is_as_sure_as_the_forest_below(base):
    scores, card = retrained(drawn_set(2, seed=2), base)
    assert scores.note
    assert card.temperature == 0.6
    assert card.scores["temperature_from"] == base.card.id
    assert "temperature 0.60" in scores.inheritance


def test_from_its_own_labels_alone_it_inherits_nothing(base):
    scores, card = retrained(drawn_set(2, seed=2), base, onto=False)
    assert scores.note
    assert card.temperature == 1
    assert scores.inheritance == ""


def test_with_labels_enough_it_has_its_own(base):
    scores, card = retrained(drawn_set(8, seed=2), base)
    assert scores.note is None
    assert card.temperature == scores.temperature != 0.6
    assert card.scores["temperature_from"] is None
    assert scores.inheritance == ""
