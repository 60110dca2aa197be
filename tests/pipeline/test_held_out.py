"""Forests scored on micrographs that they never saw, and what they remember."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from napari_cdse.core.classifier.probability_calibration import (
    calibration_error,
    class_errors,
    reliability,
)
from napari_cdse.core.errors import TrainingError
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import Calibration, Circle
from napari_cdse.pipeline import evaluation
from napari_cdse.pipeline.evaluation import evaluate_held_out, learnt_from, summarize
from napari_cdse.pipeline.label_replay import replay
from napari_cdse.pipeline.training import forest_below, joined
from tests.pipeline.test_evaluation import DIFFERENT
from tests.project_tools import small_model
from tests.tables import drawn_set

N = 6
WHOLE = drawn_set(N, per_class=1, copies=0)
IDS = np.unique(WHOLE.micrograph_ids).tolist()


def items(ids=IDS):
    """Labelled micrographs, each with the rows of its own."""
    return [
        SimpleNamespace(
            path=Path(f"{at}.png"),
            micrograph_id=name,
            training=WHOLE.rows(WHOLE.micrograph_ids == name),
        )
        for at, name in enumerate(ids)
    ]


@pytest.fixture
def forests(monkeypatch):
    """What each forest learnt from, and what it was scored on, in order."""
    seen: list[tuple[set, list]] = []

    def fit(training, params):
        seen.append((set(training.micrograph_ids.tolist()), []))
        return len(seen) - 1

    def score(model, item):
        seen[model][1].append(item.micrograph_id)
        return replace(DIFFERENT[0], path=item.path)

    monkeypatch.setattr(evaluation, "fit", fit)
    monkeypatch.setattr(evaluation, "_score", score)
    return seen


@pytest.mark.parametrize("folds", [2, 3, 6])
def test_no_forest_is_scored_on_what_it_learnt_from(forests, folds):
    shares: list[float] = []
    found = evaluate_held_out(items(), ForestParams(folds=folds), shares.append)
    assert shares == pytest.approx([fold / folds for fold in range(folds)])
    assert len(forests) == folds
    for learnt, scored in forests:
        assert learnt.isdisjoint(scored)
        assert learnt | set(scored) == set(IDS)
    assert [one.path.name for one in found.micrographs] == [
        f"{at}.png" for at in range(N)
    ]


def test_two_copies_of_one_file_are_one_micrograph(forests):
    twice = items([*IDS, IDS[0]])
    found = evaluate_held_out(twice, ForestParams(folds=3))
    assert len(found.micrographs) == N + 1
    for learnt, scored in forests:
        assert learnt.isdisjoint(scored)
    assert sum(IDS[0] in scored for _, scored in forests) == 1


def test_fewer_micrographs_than_folds_are_told(forests):
    with pytest.raises(TrainingError, match="2 labelled micrographs cannot be dealt"):
        evaluate_held_out(items([*IDS[:2], IDS[0]]), ForestParams(folds=3))
    evaluate_held_out(items(IDS[:3]), ForestParams(folds=3))


def test_what_a_forest_learnt_from_is_named():
    model = small_model()
    some = [
        SimpleNamespace(path=Path(f"{name}.png"), micrograph_id=name) for name in "abcd"
    ]
    assert learnt_from(model, some) == ("a.png", "b.png")
    assert learnt_from(replace(model, training=None), some) == ()


def test_sums_over_micrographs_are_those_of_all_circles_together():
    shares = np.array(
        [[0.7, 0.1, 0.1, 0.1], [0.2, 0.6, 0.1, 0.1], [0.1, 0.2, 0.3, 0.4]]
    )
    told = [
        replace(DIFFERENT[0], probabilities=shares[:2], truth=np.array([0, 1])),
        replace(DIFFERENT[1], probabilities=shares[2:], truth=np.array([0])),
    ]
    found = summarize(told)
    assert found.confusion.tolist() == [[6, 3, 0], [1, 8, 0], [0, 1, 3]]
    truth = np.array([0, 1, 0])
    assert found.reliability == reliability(shares, truth)
    assert found.class_errors == class_errors(shares, truth)
    assert found.calibration_error == calibration_error(reliability(shares, truth))


def test_a_replay_asks_for_labelled_particles_and_for_circles_on_nothing(monkeypatch):
    def curves(training, circles, params, **options):
        return training, circles, options

    monkeypatch.setattr("napari_cdse.pipeline.label_replay.learning_curves", curves)
    circle = [Circle(1.0, 2.0, number) for number in range(1, 6)]
    some = items(IDS[:2])
    for item, truth, false in zip(
        some, (circle[:2], circle[2:3]), (circle[3:4], circle[4:]), strict=True
    ):
        item.truth = SimpleNamespace(circles=truth)
        item.false_circles = false
    training, circles, options = replay(some, ForestParams(), seeds=3, step=7)
    assert set(training.micrograph_ids.tolist()) == set(IDS[:2])
    assert circles == {
        f"{IDS[0]}/0": circle[0],
        f"{IDS[0]}/1": circle[1],
        f"{IDS[0]}/false/0": circle[3],
        f"{IDS[1]}/0": circle[2],
        f"{IDS[1]}/false/0": circle[4],
    }
    assert (options["seeds"], options["step"], options["base"]) == (3, 7, None)
    _, _, options = replay(some, ForestParams())
    assert (options["seeds"], options["step"]) == (10, 20)
    assert options["orders"].keys() == {"queue", "random"}


# Forests below a new one

ROW = (1.0, 0.0, 0.0, 0.0)
CALIBRATION = Calibration(
    weights=((2.0, 0.0, 0.0, 0.0),) * 4,
    offsets=(0.5, 0.0, 0.0, 0.0),
    prior_weights=(ROW,) * 4,
    prior_offsets=(0.1, 0.0, 0.0, 0.0),
    n_particles=50,
    n_micrographs=5,
    below=None,
)
OWN = drawn_set(2, per_class=1, copies=0, seed=5)


def model_of(training=WHOLE, **changes):
    model = small_model()
    card = replace(model.card, **{"calibration": CALIBRATION, **changes})
    return replace(model, card=card, training=training)


def test_a_forest_that_takes_no_part_leaves_nothing():
    assert forest_below(None, OWN, OWN) is None
    # Where all rows are one's own, an earlier forest has none in it.
    assert forest_below(model_of(), OWN, OWN) is None


def test_a_forest_of_other_micrographs_stays_as_it_is():
    earlier = model_of()
    together = joined(OWN, WHOLE, frozenset(OWN.micrograph_ids.tolist()))
    assert len(together) == len(OWN) + len(WHOLE)
    assert forest_below(earlier, OWN, together) == earlier.card
    untrained = model_of(training=None)
    assert forest_below(untrained, OWN, together) == untrained.card
    plain = model_of(calibration=None)
    assert forest_below(plain, OWN, together) == plain.card


def test_labels_that_told_before_do_not_tell_twice():
    both = joined(OWN, WHOLE, frozenset(OWN.micrograph_ids.tolist()))
    earlier = model_of(training=both)
    told = forest_below(earlier, OWN, both)
    assert told.id == earlier.card.id
    assert told.calibration.weights == (ROW,) * 4
    assert told.calibration.offsets == CALIBRATION.prior_offsets
    assert (told.calibration.n_particles, told.calibration.n_micrographs) == (0, 0)
    # One that itself stood on another hands that one on.
    deeper = model_of(training=both, calibration=replace(CALIBRATION, below="shipped"))
    assert forest_below(deeper, OWN, both).id == "shipped"


def test_a_persons_own_micrographs_replace_what_was_learnt_from_them():
    assert joined(OWN, None, frozenset()) is OWN
    alone = joined(OWN, WHOLE, frozenset(IDS))
    assert alone is OWN
    part = joined(OWN, WHOLE, frozenset(IDS[:4]))
    assert len(part) == len(OWN) + 2 * 4
    assert set(part.micrograph_ids.tolist()) == {*IDS[4:], *OWN.micrograph_ids.tolist()}
    # The earlier ones come first.
    assert part.micrograph_ids[0] == IDS[4]
    other = replace(OWN, table=replace(OWN.table, schema="other/1"))
    with pytest.raises(TrainingError, match="other/1; choose the same features"):
        joined(other, WHOLE, frozenset())
