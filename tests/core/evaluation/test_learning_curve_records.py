import numpy as np
import pytest
from scipy import stats

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
    """Repeats that all say the same do not tell how far others would differ."""
    queue, random = (0.5, 0.8, 0.8), (0.4, 0.6, 0.8)
    alike = curves(queue=[queue] * 5, random=[random] * 5)
    assert np.isnan(alike.saving().interval_95).all()
    assert "(all repeats say the same, which does not tell" in alike.sentence()
    mixed = curves(queue=[*[queue] * 4, random], random=[random] * 5)
    low, high = mixed.saving().interval_95
    without = [
        np.log(curves(queue=each, random=[random] * 4).saving().share)
        for each in ([*[queue] * 3, random], [queue] * 4)
    ]
    # Four of the five are left out with the same outcome.
    logs = np.array([without[0]] * 4 + [without[1]])
    half = stats.t.ppf(0.975, 4) * np.sqrt(0.8 * ((logs - logs.mean()) ** 2).sum())
    share = mixed.saving().share
    assert (low, high) == pytest.approx((share * np.exp(-half), share * np.exp(half)))
    assert f"({low:.0%} to {high:.0%}, 95 % interval over 5 repeats)" in (
        mixed.sentence()
    )


def test_19_of_20_such_intervals_hold_the_truth():
    """Curves that rise to 0.85, whose repeats differ as a whole and in each step."""
    labels = tuple(range(10, 210, 10))
    steps = np.arange(1, 21)
    rise = {"queue": 30, "random": 55}
    true = {
        name: 0.85 - 0.4 * np.exp(-np.array(labels) / each)
        for name, each in rise.items()
    }
    rng, covered = np.random.default_rng(1), 0
    truth = LearningCurves(labels, {n: each[None] for n, each in true.items()})
    share = truth.needed("queue") / truth.needed("random")
    for _ in range(200):
        whole = rng.normal(0, 0.03, (5, 1))
        scores = {
            name: each
            + whole
            + np.cumsum(rng.normal(0, 0.01, (5, 20)), axis=1) / np.sqrt(steps)
            for name, each in true.items()
        }
        end = (scores["queue"][:, -1] + scores["random"][:, -1]) / 2
        for each in scores.values():
            each[:, -1] = end
        low, high = LearningCurves(labels, scores).saving().interval_95
        covered += low <= share <= high
    # 190 are expected; a bootstrap over five repeats came to 165.
    assert covered >= 181


def test_the_same_repeats_are_drawn_for_both_orders():
    """A start that is hard for both makes their ratio no less sure."""
    hard, easy = (0.3, 0.4, 0.8), (0.5, 0.7, 0.8)
    near = (0.5, 0.69, 0.8)
    together = curves(
        queue=[hard, easy, easy, hard, easy], random=[hard, near, easy, hard, easy]
    ).saving()
    crossed = curves(
        queue=[hard, easy, easy, hard, easy], random=[easy, near, hard, easy, hard]
    ).saving()
    widths = [
        np.log(each.interval_95[1] / each.interval_95[0])
        for each in (together, crossed)
    ]
    assert 0 < widths[0] < widths[1] / 10


def test_from_one_repeat_nobody_can_say_how_sure_it_is():
    told = curves(queue=(0.5, 0.8, 0.8), random=(0.4, 0.6, 0.8))
    assert np.isnan(told.saving().interval_95).all()
    assert "takes at least 5 repeats" in told.sentence()


def test_where_the_start_is_good_enough_there_is_nothing_to_save():
    told = curves(queue=(0.79, 0.8, 0.8), random=(0.79, 0.78, 0.8))
    assert "with the first 10 labels already" in told.sentence()
    assert "%" not in told.sentence().partition("labels")[2]
