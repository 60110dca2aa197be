from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.errors import Cancelled, TrainingError
from napari_cdse.core.evaluation import learning_curve
from napari_cdse.core.evaluation.learning_curve import (
    ORDERS,
    by_queue,
    learning_curves,
)
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import Circle
from tests.tables import drawn_set

PARAMS = ForestParams(trees=10, folds=3)


def circles_of(training) -> dict[str, Circle]:
    ids = np.unique(training.particle_ids).tolist()
    return {name: Circle(float(at), 0.0, 20.0) for at, name in enumerate(ids)}


def test_the_queue_brings_up_what_an_audit_drew():
    """A part is drawn by chance, so that a class not yet met can be found."""
    asked = []

    def watched(items, rng):
        asked.extend(items)
        return by_queue(items, rng)

    training = drawn_set(12, 3, copies=0)
    orders = {"queue": watched, "random": ORDERS["random"]}
    learning_curves(training, circles_of(training), PARAMS, seeds=1, orders=orders)
    drawn = {one.particle_id for one in asked if one.draw is not None}
    every = {one.particle_id for one in asked}
    assert 0 < len(drawn) < len(every) / 3


def test_no_micrograph_is_learnt_from_and_scored(monkeypatch):
    training, learnt, scored = drawn_set(9, 2), [], []
    fit_forest, score = learning_curve.fit_forest, learning_curve.score

    def watched_fit(rows, *arguments):
        learnt.append(set(rows.micrograph_ids.tolist()))
        return fit_forest(rows, *arguments)

    def watched_score(rows, *arguments):
        scored.append(set(rows.micrograph_ids.tolist()))
        return score(rows, *arguments)

    monkeypatch.setattr(learning_curve, "fit_forest", watched_fit)
    monkeypatch.setattr(learning_curve, "score", watched_score)
    base = replace(drawn_set(9, 1), weights=np.full(72, 0.5))
    learning_curves(training, circles_of(training), PARAMS, seeds=2, base=base)
    assert len(learnt) == len(scored) > 0
    assert not any(one & other for one, other in zip(learnt, scored, strict=True))


def test_own_labels_count_as_often_as_is_asked_for_on_top_of_a_base(monkeypatch):
    learnt = []
    fit_forest = learning_curve.fit_forest

    def watched(rows, *arguments):
        learnt.append(rows)
        return fit_forest(rows, *arguments)

    monkeypatch.setattr(learning_curve, "fit_forest", watched)
    training = drawn_set(6, 2, seed=3)
    base = replace(drawn_set(9, 1), weights=np.full(72, 0.5))
    params = replace(PARAMS, own_weight=7.0)
    learning_curves(training, circles_of(training), params, seeds=1, base=base)
    for rows in learnt:
        own = np.char.startswith(rows.micrograph_ids, "3-")
        assert own.any()
        assert set(rows.weights[own]) == {7.0}
        assert set(rows.weights[~own]) == {0.5}


def test_both_orders_start_alike_and_end_alike():
    training = drawn_set(9, 3, signal=2.5)
    told = learning_curves(training, circles_of(training), PARAMS, seeds=2, step=15)
    assert list(told.scores) == ["queue", "random"]
    assert told.scores["queue"].shape == (2, len(told.labels))
    for at in (0, -1):
        np.testing.assert_allclose(
            told.scores["queue"][:, at], told.scores["random"][:, at], atol=0.1
        )
    again = learning_curves(training, circles_of(training), PARAMS, seeds=2, step=15)
    for name, each in told.scores.items():
        np.testing.assert_array_equal(each, again.scores[name])


def test_what_is_rare_is_found_sooner_by_asking_for_it():
    """Many particles alike and few that differ: an order that knows them wins."""
    training = drawn_set(12, 4, copies=0, signal=3.0)
    rng = np.random.default_rng(0)
    rare = (training.labels == "yes") & (rng.random(len(training)) < 0.8)
    rows = training.rows(~rare & (training.labels != "empty"))

    def knowing(items, _rng):
        return sorted(items, key=lambda one: "/yes/" not in one.particle_id)

    orders = {"queue": knowing, "random": ORDERS["random"]}
    told = learning_curves(
        rows, circles_of(rows), PARAMS, seeds=4, step=10, orders=orders
    )
    early = slice(1, 4)
    assert told.mean("queue")[early].mean() > told.mean("random")[early].mean()


def test_strides_are_even_first_and_then_a_fifth_of_the_labels_so_far():
    """Two thirds of 45 micrographs with four particles in each of four classes."""
    training = drawn_set(45, 4, copies=0)
    params = ForestParams(trees=1, folds=3)
    told = learning_curves(training, circles_of(training), params, seeds=1)
    assert told.labels == (
        *(20, 40, 60, 80, 100, 120, 140, 160, 180, 200),
        *(240, 280, 320, 380, 440, 480),
    )


def test_ten_repeats_are_replayed_where_no_number_is_asked_for():
    training = drawn_set(6, 2, copies=0)
    params = ForestParams(trees=1, folds=3)
    told = learning_curves(training, circles_of(training), params, step=1000)
    assert told.labels == (32,)
    assert told.repeats == 10


def test_a_class_too_rare_to_be_scored_is_neither_asked_for_nor_scored():
    training = drawn_set(6, 2, copies=0)
    few = np.flatnonzero(training.labels == "empty")[4:]
    rows = training.rows(np.setdiff1d(np.arange(len(training)), few))
    told = learning_curves(rows, circles_of(rows), PARAMS, seeds=1, step=1000)
    assert told.labels == (24,)


def test_too_few_labels_are_a_sentence():
    training = drawn_set(2, 9)
    with pytest.raises(TrainingError, match="at least 3 micrographs"):
        learning_curves(training, circles_of(training), PARAMS)


def test_cancel_stops():
    def stop(share):
        if share > 0.2:
            raise Cancelled("Stopped.")

    training = drawn_set(6, 2)
    with pytest.raises(Cancelled):
        learning_curves(training, circles_of(training), PARAMS, progress=stop)
