from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.classifier.probability_calibration import calibration_error
from napari_cdse.core.classifier.training_set import stack
from napari_cdse.core.errors import Cancelled, ModelError, TrainingError
from napari_cdse.core.evaluation.scores import Difference, score, unscored
from napari_cdse.core.evaluation.validation import (
    MIN_PER_CLASS,
    Comparison,
    calibrated_answers,
    compare,
    cross_validate,
    grouped_splits,
    too_rare,
)
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import CLASSES, Calibration
from tests.tables import drawn_set

PARAMS = ForestParams(trees=20, folds=4)


CALIBRATION = Calibration(
    weights=((1.5, 0.1, 0, 0), (0, 1.2, 0, 0.2), (0, 0, 1, 0), (0.3, 0, 0, 1)),
    offsets=(0.1, 0.2, -0.3, 0.0),
    prior_weights=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
    prior_offsets=(0, 0, 0, 0),
    n_particles=40,
    n_micrographs=8,
)


def test_no_particle_and_no_micrograph_is_on_both_sides():
    training = drawn_set(copies=3)
    held_out_rows = []
    for learn, held_out in grouped_splits(training, PARAMS):
        for column in (training.particle_ids, training.micrograph_ids):
            assert not set(column[learn]) & set(column[held_out])
        held_out_rows.extend(held_out.tolist())
    assert sorted(held_out_rows) == list(range(len(training)))


def test_copies_across_the_split_would_have_leaked():
    """Particles without any signal, but each like its copies: chance, not memory."""
    training = drawn_set(12, 2, copies=5, signal=0.0, mark=3.0)
    honest, _ = cross_validate(training, PARAMS)
    by_row = replace(
        training,
        micrograph_ids=np.array([f"row {n % 12}" for n in range(len(training))]),
    )
    leaky, _ = cross_validate(by_row, PARAMS)
    assert leaky.balanced_accuracy > 0.8
    assert honest.balanced_accuracy < 0.45


def test_the_same_micrograph_twice_is_one_group():
    once = drawn_set(8, 2, copies=0, signal=0.0, mark=3.0)
    names = np.array([f"{name}/again" for name in once.particle_ids])
    twice = stack(once, replace(once, particle_ids=names))
    scores, _ = cross_validate(twice, PARAMS)
    assert scores.n_micrographs == 8
    assert scores.balanced_accuracy < 0.5


def test_scores_agree_with_a_count_by_hand():
    training = drawn_set()
    scores, told = cross_validate(training, PARAMS)
    mask = training.originals
    guess = np.array(CLASSES)[told[mask].argmax(axis=1)]
    truth = training.labels[mask]
    recalls = [np.mean(guess[truth == name] == name) for name in CLASSES]
    assert scores.balanced_accuracy == pytest.approx(np.mean(recalls))
    assert list(scores.recall.values()) == pytest.approx(recalls)
    for name in CLASSES:
        assert scores.precision[name] == pytest.approx(
            np.mean(truth[guess == name] == name)
        )
    assert scores.confusion.sum() == mask.sum()
    low, high = scores.interval_95
    assert low < scores.balanced_accuracy < high
    assert scores.note is None
    assert scores.folds == 4


def test_scores_hold_what_was_counted_and_calibrated():
    """Answers that are twice too sure: a temperature above 1 puts them right."""
    training = drawn_set(20, 4)
    rng = np.random.default_rng(5)
    truth = np.array([CLASSES.index(name) for name in training.labels.tolist()])
    chances = rng.dirichlet(np.ones(4), len(truth))
    for row, kind in zip(chances, truth, strict=True):
        # Each class is the truth as often as its chance says, by exchange.
        told = rng.choice(4, p=row)
        row[[told, kind]] = row[[kind, told]]
    sure = chances**2 / (chances**2).sum(axis=1, keepdims=True)
    scores = score(training, sure, 5)
    honest = score(training, chances, 5)
    assert calibration_error(scores.reliability) > 0.1
    assert calibration_error(honest.reliability) < 0.07
    worse, better = (sum(s.class_calibration_error.values()) for s in (scores, honest))
    assert worse > 2 * better
    mask = training.originals
    counted = {name: int((training.labels[mask] == name).sum()) for name in CLASSES}
    assert scores.class_counts == counted
    assert scores.n_micrographs == 20


def test_scores_are_the_same_every_time():
    training = drawn_set()
    one, two = (cross_validate(training, PARAMS) for _ in range(2))
    assert np.array_equal(one[1], two[1])
    assert one[0].interval_95 == two[0].interval_95


@pytest.mark.parametrize(
    ("training", "sentence"),
    [
        (drawn_set(2, 9), "3 micrographs, and there are 2"),
        (drawn_set(4, 1), "'yes' has 4"),
    ],
)
def test_too_few_for_an_honest_number_give_a_sentence(training, sentence):
    scores, told = cross_validate(training, PARAMS)
    assert sentence in scores.note
    assert np.isnan(scores.balanced_accuracy)
    assert np.isnan(told).all()
    assert scores.as_dict()["balanced_accuracy"] is None


def rare(training, name, keep):
    """The set with only some particles of one class."""
    here = np.flatnonzero(training.labels == name)
    rows = np.setdiff1d(np.arange(len(training)), here[keep:])
    return training.rows(rows)


def test_a_class_with_too_few_labels_does_not_take_the_others_score_away():
    training = rare(drawn_set(copies=0), "empty", 2)
    scores, told = cross_validate(training, PARAMS)
    assert scores.note is None
    assert scores.too_rare == {"empty": 2}
    assert "empty (2)" in scores.limits
    # It is learnt from and told of, but in no number.
    others = training.labels != "empty"
    assert scores.confusion.sum() == others.sum()
    assert np.isnan(scores.recall["empty"])
    guess = np.array(CLASSES)[told[others].argmax(axis=1)]
    truth = training.labels[others]
    recalls = [np.mean(guess[truth == name] == name) for name in CLASSES[:3]]
    assert scores.balanced_accuracy == pytest.approx(np.mean(recalls))
    assert np.isfinite(told).all()
    both = compare(fit(drawn_set(seed=1), PARAMS), training, PARAMS)
    assert both.old.too_rare == both.new.too_rare == scores.too_rare


def test_a_class_is_scored_from_the_least_number_on():
    training = drawn_set(10, MIN_PER_CLASS, copies=0)
    few = np.flatnonzero(training.labels == "null")
    keep = np.ones(len(training), bool)
    keep[few[MIN_PER_CLASS:]] = False
    assert too_rare(training.rows(keep)) == {}
    keep[few[MIN_PER_CLASS - 1]] = False
    assert too_rare(training.rows(keep)) == {"null": MIN_PER_CLASS - 1}
    # What does not occur at all is no class too rare.
    keep[training.labels == "empty"] = False
    assert too_rare(training.rows(keep)) == {"null": MIN_PER_CLASS - 1}


def test_a_rare_class_does_not_lessen_the_folds():
    training = rare(drawn_set(copies=0), "empty", 1)
    assert len(grouped_splits(training, PARAMS)) == PARAMS.folds


def test_each_answer_is_calibrated_by_other_micrographs():
    """What a micrograph's labels say changes the others' answers, never its own."""
    training = drawn_set(8, 4, copies=1)
    answers = np.random.default_rng(1).dirichlet(np.ones(4), len(training))
    splits = grouped_splits(training, PARAMS)
    _, held_out = splits[0]
    others = training.labels.copy()
    others[held_out] = "null"
    every = np.ones(len(training), np.bool_)
    (one, before), (two, after) = (
        calibrated_answers(replace(training, labels=labels), answers, splits, every)
        for labels in (training.labels, others)
    )
    rest = np.setdiff1d(np.arange(len(training)), held_out)
    assert np.array_equal(before[held_out], after[held_out])
    assert (np.abs(before[rest] - after[rest]).max(axis=1) > 0).all()
    assert one.offsets != two.offsets
    # One answer for all copies of a particle; each particle counts once.
    assert np.array_equal(before[::2], before[1::2])
    assert (one.n_particles, one.n_micrographs) == (len(training) // 2, 8)
    assert one.below is None


def test_the_old_forest_is_compared_as_its_card_calibrates_it():
    training = drawn_set(8, 3, signal=0.5)
    old = fit(drawn_set(seed=1), PARAMS)
    swapped = Calibration(
        weights=((0, 1, 0, 0), (1, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
        offsets=(0, 0, 0, 0),
        prior_weights=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
        prior_offsets=(0, 0, 0, 0),
        n_particles=1,
        n_micrographs=1,
    )
    card = replace(old.card, calibration=swapped)
    plain, turned = (
        compare(each, training, PARAMS).old.confusion
        for each in (old, replace(old, card=card))
    )
    assert turned.tolist() == plain[:, [1, 0, 2, 3]].tolist()


def test_a_hopeless_set_is_an_error():
    with pytest.raises(TrainingError):
        cross_validate(drawn_set(classes=("no",)), PARAMS)


def test_cancel_stops_between_trees():
    def progress(share):
        if share > 0.3:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        cross_validate(drawn_set(), PARAMS, progress)


def test_progress_rises_to_one():
    seen = []
    cross_validate(drawn_set(), PARAMS, seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1)


def test_old_model_is_refitted_without_what_it_has_seen():
    training = drawn_set(10, 2, copies=2, signal=0.0, mark=3.0)
    old = fit(training, PARAMS)
    both = compare(old, training, PARAMS)
    assert both.old.balanced_accuracy < 0.45
    assert both.old.confusion.sum() == both.new.confusion.sum()
    # Without its table it cannot be refitted, and remembers every particle.
    blind = compare(replace(old, training=None), training, PARAMS)
    assert blind.old.balanced_accuracy > 0.8


def test_old_model_of_other_micrographs_is_used_as_it_is():
    old = fit(drawn_set(seed=1), PARAMS)
    fresh = drawn_set(seed=2)
    both = compare(old, fresh, PARAMS)
    told = old.forest.predict_proba(fresh.table.values)
    for name in np.unique(fresh.particle_ids):  # copies are views of one particle
        rows = fresh.particle_ids == name
        told[rows] = told[rows].mean(axis=0)
    assert both.old.confusion.tolist() == score(fresh, told, 4).confusion.tolist()


def test_only_some_particles_are_scored():
    shipped, own = drawn_set(seed=1), drawn_set(6, 2, seed=2)
    old = fit(shipped, PARAMS)
    both = compare(old, stack(shipped, own), PARAMS, only=np.unique(own.particle_ids))
    assert both.new.confusion.sum() == own.originals.sum()
    assert both.new.n_micrographs == 6


def test_too_few_own_labels_give_the_sentence_to_both():
    shipped, own = drawn_set(seed=1), drawn_set(1, 2, seed=2)
    old = fit(shipped, PARAMS)
    both = compare(old, stack(shipped, own), PARAMS, only=np.unique(own.particle_ids))
    assert both.old.note == both.new.note
    assert "there are 1" in both.new.note


def compared(gain, interval, old=(6, 4), new=(8, 2)):
    """A comparison on ten particles of each class, so many right and wrong."""
    before, after = (
        replace(
            unscored(drawn_set(6, 1), ""),
            note=None,
            balanced_accuracy=right / 10,
            confusion=np.pad([[right, wrong], [wrong, right]], (0, 2)),
            n_micrographs=6,
            interval_95=(0.5, 0.9),
        )
        for right, wrong in (old, new)
    )
    return Comparison(before, after, Difference(gain, interval))


@pytest.mark.parametrize(
    ("interval", "begin"),
    [
        ((0.05, 0.35), "The new forest is better: "),
        ((-0.35, -0.05), "The new forest is worse: "),
        ((-0.1, 0.5), "No difference that these micrographs could show: "),
    ],
)
def test_a_comparison_says_which_forest_is_better_on_what_and_by_what_method(
    interval, begin
):
    low, high = interval
    assert compared(0.2, interval).sentence == (
        f"{begin}balanced accuracy 0.60 \u2192 0.80, a difference of +0.20 "
        f"({low:+.2f} to {high:+.2f}, 95 % by the jackknife over micrographs) on 20 "
        "held-out particles of 6 micrographs that you chose."
    )


def test_without_an_interval_or_a_score_a_comparison_says_why():
    assert compared(0.2, None).sentence == (
        "Which forest is better can't be told yet: balanced accuracy 0.60 \u2192 0.80, "
        "a difference of +0.20 on 20 held-out particles of 6 micrographs that you "
        "chose; how sure that is takes labels in 5 micrographs."
    )
    shipped, own = drawn_set(seed=1), drawn_set(1, 2, seed=2)
    ids = np.unique(own.particle_ids)
    both = compare(fit(shipped, PARAMS), stack(shipped, own), PARAMS, only=ids)
    assert both.sentence == both.new.note == both.new.sentence


def test_a_score_alone_says_on_what_it_was_measured():
    alone = compared(0.2, None).new
    basis = "on 20 held-out particles of 6 micrographs that you chose"
    assert alone.sentence == (
        "Balanced accuracy 0.80 (0.50 to 0.90, 95 % by the jackknife over micrographs) "
        f"{basis}."
    )
    few = replace(alone, interval_95=None)
    assert few.sentence == (
        f"Balanced accuracy 0.80 {basis}; how sure that is takes labels in 5 "
        "micrographs."
    )


def test_models_of_other_features_are_not_compared():
    old = fit(drawn_set(seed=1), PARAMS)
    card = replace(old.card, feature_schema="origin/1")
    with pytest.raises(ModelError, match="origin/1"):
        compare(replace(old, card=card, training=None), drawn_set(), PARAMS)


def test_until_there_are_labels_enough_the_calibration_below_is_taken_over():
    below = replace(fit(drawn_set(seed=1), PARAMS).card, calibration=CALIBRATION)
    few = drawn_set(2, 9)
    (scores, _), both = (
        cross_validate(few, PARAMS, below=below),
        compare(fit(drawn_set(seed=1), PARAMS), few, PARAMS, below=below),
    )
    assert both.new.calibration == scores.calibration
    assert both.old.calibration is None
    taken = scores.calibration
    assert (taken.weights, taken.offsets) == (CALIBRATION.weights, CALIBRATION.offsets)
    assert (taken.n_particles, taken.n_micrographs) == (0, 0)
    assert taken.below == below.id
    assert "like those of the forest it learns on top of" in scores.inheritance
    alone, _ = cross_validate(few, PARAMS)
    assert alone.calibration is None
    assert alone.inheritance == ""


def test_scores_with_numbers_have_a_calibration_of_their_own():
    below = replace(fit(drawn_set(seed=1), PARAMS).card, calibration=CALIBRATION)
    scores, _ = cross_validate(drawn_set(), PARAMS, below=below)
    assert scores.calibration.below == below.id
    assert scores.calibration.prior_weights == CALIBRATION.weights
    assert scores.calibration.weights != CALIBRATION.weights
    assert scores.inheritance == ""
