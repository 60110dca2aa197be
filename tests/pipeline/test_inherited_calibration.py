"""A forest on top of another one: few labels move the other's calibration little."""

import numpy as np
import pytest

from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.classifier.probability_calibration import calibrated
from napari_cdse.core.evaluation.validation import cross_validate
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import Calibration
from napari_cdse.pipeline import forest_below, joined
from tests.tables import drawn_set

PARAMS = ForestParams(trees=10, folds=3)
BELOW = Calibration(
    weights=((1.5, 0.1, 0, 0), (0, 1.2, 0, 0), (0, 0, 1.4, -0.1), (0, 0, 0, 1.3)),
    offsets=(0.2, 0.0, -0.2, 0.0),
    prior_weights=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
    prior_offsets=(0, 0, 0, 0),
    n_particles=6000,
    n_micrographs=400,
)


@pytest.fixture(scope="module")
def base():
    return fit(drawn_set(seed=1), PARAMS, name="base", calibration=BELOW)


def retrained(own, base, *, onto=True):
    """As the window and the command line do it."""
    table = base.training if onto else None
    training = joined(own, table, frozenset(own.micrograph_ids.tolist()))
    mine = np.unique(own.particle_ids)
    below = forest_below(base, own, training)
    scores, _ = cross_validate(training, PARAMS, only=mine, below=below)
    told = scores.as_dict()
    return scores, fit(training, PARAMS, scores=told, calibration=scores.calibration)


def apart(one, other):
    """Largest difference of two calibrations' weights and offsets."""
    return max(
        float(np.abs(np.subtract(getattr(one, name), getattr(other, name))).max())
        for name in ("weights", "offsets")
    )


def test_without_a_score_it_is_as_sure_as_the_forest_below(base):
    scores, model = retrained(drawn_set(2, seed=2), base)
    assert scores.note
    assert apart(model.card.calibration, BELOW) == 0
    assert model.card.calibration.below == base.card.id
    assert model.card.calibration.n_particles == 0
    assert "like those of the forest it learns on top of" in scores.inheritance


def test_below_may_be_a_forest_that_has_a_temperature_only():
    old = fit(drawn_set(seed=1), PARAMS, scores={"temperature": 0.6})
    _, model = retrained(drawn_set(2, seed=2), old)
    answers = np.array([[0.6, 0.2, 0.15, 0.05], [0.5, 0.5, 0.0, 0.0]])
    told = calibrated(answers, model.card)
    assert told == pytest.approx(calibrated(answers, old.card))


def test_from_its_own_labels_alone_it_inherits_nothing(base):
    scores, model = retrained(drawn_set(2, seed=2), base, onto=False)
    assert scores.note
    assert model.card.calibration is None
    assert scores.inheritance == ""


def test_the_more_labels_the_further_it_moves(base):
    found = [retrained(drawn_set(n, 2, seed=2), base) for n in (4, 40)]
    few, many = (apart(model.card.calibration, BELOW) for _, model in found)
    assert 0 < few < many
    for scores, model in found:
        assert scores.note is None
        assert scores.inheritance == ""
        assert model.card.calibration.below == base.card.id
    assert [model.card.calibration.n_particles for _, model in found] == [32, 320]
    assert [model.card.calibration.n_micrographs for _, model in found] == [4, 40]


def test_no_label_counts_twice_however_often_it_is_learnt_from(base):
    own = drawn_set(6, 2, seed=2)
    _, once = retrained(own, base)
    _, again = retrained(own, once)
    assert apart(once.card.calibration, BELOW) > 0
    assert again.card.calibration == once.card.calibration
    assert again.card.id == once.card.id


def test_labels_of_other_micrographs_go_on_from_what_earlier_ones_told(base):
    _, first = retrained(drawn_set(6, 2, seed=2), base)
    _, second = retrained(drawn_set(6, 2, seed=3), first)
    assert second.card.calibration.prior_weights == first.card.calibration.weights
    assert second.card.calibration.below == first.card.id
