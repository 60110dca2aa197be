import numpy as np
import pytest

from napari_cdse.core.evaluation.learning_curve_records import LearningCurves


def curves(**scores) -> LearningCurves:
    """Scores after 10, 20 and 40 labels; one repeat, or several."""
    return LearningCurves(
        (10, 20, 40), {name: np.atleast_2d(each) for name, each in scores.items()}
    )


def test_what_is_needed_is_read_off_the_mean_curve():
    told = curves(queue=(0.5, 0.78, 0.8), random=(0.4, 0.6, 0.8))
    assert told.final == pytest.approx(0.8)
    # 0.76 lies at 0.26 / 0.28 of the first stride, at 0.16 / 0.2 of the second.
    assert told.needed("queue") == pytest.approx(10 + 10 * 0.26 / 0.28)
    assert told.needed("random") == pytest.approx(20 + 20 * 0.16 / 0.2)
    assert "19 labels in the queue's order and 36 in random order: 54%" in (
        told.sentence()
    )


def test_a_score_that_falls_again_was_not_reached():
    assert curves(queue=(0.8, 0.5, 0.8)).needed("queue") > 20


def test_a_point_without_a_score_is_not_reached():
    told = curves(queue=(np.nan, 0.8, 0.8), random=(0.8, 0.8, 0.8))
    assert told.needed("queue") == 20
    assert told.needed("random") == 10


def test_the_share_comes_with_what_other_repeats_would_give():
    """Repeats that all say the same leave no doubt; one that differs leaves some."""
    queue, random = (0.5, 0.8, 0.8), (0.4, 0.6, 0.8)
    alike = curves(queue=[queue] * 5, random=[random] * 5)
    assert alike.saving().interval_95 == pytest.approx([alike.saving().share] * 2)
    mixed = curves(queue=[*[queue] * 4, random], random=[random] * 5)
    low, high = mixed.saving().interval_95
    assert low == pytest.approx(alike.saving().share)
    assert low < mixed.saving().share < high < 1
    assert f"({low:.0%} to {high:.0%}, 95 % interval over 5 repeats)" in (
        mixed.sentence()
    )


def test_the_same_repeats_are_drawn_for_both_orders():
    """A start that is hard for both makes their ratio no less sure."""
    hard, easy = (0.3, 0.4, 0.8), (0.5, 0.7, 0.8)
    told = curves(queue=[hard, easy, easy, hard], random=[hard, easy, easy, hard])
    assert told.saving() == (1.0, (1.0, 1.0))


def test_from_one_repeat_nobody_can_say_how_sure_it_is():
    told = curves(queue=(0.5, 0.8, 0.8), random=(0.4, 0.6, 0.8))
    assert np.isnan(told.saving().interval_95).all()
    assert "takes at least 3 repeats" in told.sentence()


def test_where_the_start_is_good_enough_there_is_nothing_to_save():
    told = curves(queue=(0.79, 0.8, 0.8), random=(0.79, 0.78, 0.8))
    assert "with the first 10 labels already" in told.sentence()
    assert "%" not in told.sentence().partition("labels")[2]
