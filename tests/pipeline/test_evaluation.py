"""Scores from pixels to classes, against counts by hand and closed forms."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from napari_cdse.core.features import groups_in
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline import evaluation, examples_from_folders
from napari_cdse.pipeline.analysis import predict
from napari_cdse.pipeline.evaluation import ScoredMicrograph, summarize
from napari_cdse.resources import default_model_path


def scored(confusion, missed, false):
    """Count a micrograph in which null particles alone were missed."""
    confusion = np.array(confusion)
    return ScoredMicrograph(
        path=Path("m.png"),
        shape=(64, 64),
        circles=(),
        labels=(),
        pairs=int(confusion.sum()),
        missed=missed,
        false=false,
        confusion=confusion,
        labelled=tuple(confusion.sum(axis=1) + np.array([0, 0, missed])),
        probabilities=np.zeros((0, 4)),
        truth=np.zeros(0, np.intp),
    )


DIFFERENT = [
    scored([[4, 1, 0], [0, 5, 0], [0, 0, 2]], 1, 0),
    scored([[2, 2, 0], [1, 3, 0], [0, 1, 1]], 2, 3),
    scored([[6, 0, 0], [0, 4, 0], [0, 0, 3]], 0, 1),
    scored([[1, 1, 1], [0, 7, 0], [0, 0, 0]], 3, 0),
    scored([[3, 0, 0], [1, 2, 1], [1, 0, 4]], 1, 2),
    scored([[5, 2, 0], [0, 3, 0], [0, 1, 2]], 0, 0),
]


def test_figures_are_those_of_the_counts():
    found = summarize(DIFFERENT).figures
    pairs, missed, false, right = 70, 7, 6, 57
    assert sum(one.pairs for one in DIFFERENT) == pairs
    assert found["precision"] == pytest.approx(pairs / (pairs + false))
    assert found["recall"] == pytest.approx(pairs / (pairs + missed))
    assert found["f1"] == pytest.approx(2 * pairs / (2 * pairs + missed + false))
    assert found["class_accuracy"] == pytest.approx(right / pairs)
    assert found["end_to_end"] == pytest.approx(
        2 * right / (2 * pairs + missed + false)
    )
    recalls = [21 / 28, 24 / 27, 12 / 15]
    assert found["balanced_accuracy"] == pytest.approx(np.mean(recalls))


def test_recall_is_told_by_class_for_classes_that_are_there():
    found = summarize(DIFFERENT)
    assert found.figures["recall_null"] == pytest.approx(15 / 22)
    assert found.figures["recall_yes"] == found.figures["recall_no"] == 1
    assert found.intervals["recall_yes"][0] < 1
    alone = summarize([scored(np.diag([2, 0, 0]), 0, 1)] * 5).figures
    assert "recall_yes" in alone
    assert not {"recall_no", "recall_null"} & set(alone)
    single = summarize([scored([[2, 0, 0], [0, 0, 0], [0, 0, 0]], 1, 0)]).figures
    assert single["recall_null"] == 0
    assert "recall_no" not in single


@pytest.mark.parametrize(
    "name", ["precision", "recall", "f1", "class_accuracy", "recall_null"]
)
def test_an_interval_is_the_jackknifes_over_micrographs(name):
    """Leaving out each in turn and counting again, Student's t on the logit scale."""
    whole = summarize(DIFFERENT)
    without = np.array(
        [
            summarize([each for each in DIFFERENT if each is not one]).figures[name]
            for one in DIFFERENT
        ]
    )
    n, value = len(without), whole.figures[name]
    spread = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
    half = stats.t.ppf(0.975, n - 1) * spread / (value * (1 - value))
    wanted = expit([logit(value) - half, logit(value) + half])
    assert whole.intervals[name] == pytest.approx(tuple(wanted))


def test_below_five_micrographs_there_is_no_interval():
    assert set(summarize(DIFFERENT[:4]).intervals.values()) == {None}
    assert None not in summarize(DIFFERENT[:5]).intervals.values()


def test_without_a_mistake_so_many_circles_leave_room_for_one():
    perfect = summarize([scored(np.diag([2, 3, 1]), 0, 0)] * 6)
    quantile = stats.t.ppf(0.975, 5)
    low, high = perfect.intervals["f1"]
    assert (low, high) == pytest.approx((36 / (36 + quantile**2), 1))


def test_19_of_20_intervals_hold_the_truth():
    """Micrographs that differ: recall is 0.8 in all, 0.6 to 1 in each."""
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(300):
        some = []
        for recall in rng.uniform(0.6, 1.0, 12):
            pairs = rng.binomial(20, recall)
            some.append(scored(np.diag([pairs, 0, 0]), 20 - pairs, 0))
        low, high = summarize(some).intervals["recall"]
        held += low <= 0.8 <= high
    assert 276 <= held <= 297


@pytest.fixture
def scored_circle(monkeypatch):
    """Score one circle found near one labelled particle, by what the forest says."""

    class Truth:
        shape = (200, 200)
        labels = ("yes",)
        circles = (Circle(100.0, 100.0, 20.0),)

    class Item:
        path = Path("m.png")
        truth = Truth

    def score(shift_px, chances, unlisted=()):
        Item.unlisted = unlisted
        circle = Circle(100.0 + shift_px, 100.0, 20.0)
        Item.detection = type("Detection", (), {"circles": (circle,)})
        monkeypatch.setattr(
            evaluation, "_probabilities", lambda *_: np.array([chances])
        )
        return evaluation._score(None, Item)

    return score


def test_rows_are_the_truth_and_columns_what_the_forest_says(scored_circle):
    found = scored_circle(0.0, (0.1, 0.7, 0.1, 0.1))
    assert found.confusion.tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert (found.pairs, found.missed, found.false) == (1, 0, 0)
    assert found.truth.tolist() == [CLASSES.index("yes")]


def test_a_circle_on_a_particle_too_faint_to_be_labelled_is_of_no_class(scored_circle):
    faint = (Circle(160.0, 100.0, 20.0),)
    found = scored_circle(60.0, (0.1, 0.7, 0.1, 0.1), unlisted=faint)
    assert (found.pairs, found.missed, found.false) == (0, 1, 1)
    assert found.truth.tolist() == []
    assert found.probabilities.shape == (0, 4)
    apart = scored_circle(60.0, (0.1, 0.7, 0.1, 0.1))
    assert apart.truth.tolist() == [CLASSES.index("empty")]


def test_each_circle_is_clear_by_itself():
    """Of four circles the first two lie on a faint particle, one of them on a label."""
    faint = (Circle(100.0, 100.0, 20.0), Circle(300.0, 300.0, 20.0))
    circles = (faint[0], faint[0].moved(1, 0), Circle(200.0, 100.0, 20.0), faint[1])
    item = SimpleNamespace(unlisted=faint, detection=SimpleNamespace(circles=circles))
    empty, yes = CLASSES.index("empty"), CLASSES.index("yes")
    clear = evaluation._clear(item, np.array([empty, yes, empty, empty]))
    assert clear.tolist() == [False, True, True, False]
    item.unlisted = ()
    assert evaluation._clear(item, np.array([empty] * 4)).all()


def test_without_a_circle_every_particle_is_missed():
    item = SimpleNamespace(
        path=Path("m.png"),
        unlisted=(),
        detection=SimpleNamespace(circles=()),
        truth=SimpleNamespace(
            shape=(200, 300),
            labels=("yes", "empty", "null", "yes"),
            circles=tuple(Circle(50.0, 60.0 * n, 20.0) for n in range(1, 5)),
        ),
    )
    found = evaluation._score(None, item)
    assert (found.pairs, found.missed, found.false) == (0, 3, 0)
    assert found.labelled == (2, 0, 1)
    assert found.probabilities.shape == (0, 4)
    assert (found.circles, found.labels, found.shape) == ((), (), (200, 300))


def test_a_circle_called_empty_is_taken_away(scored_circle):
    found = scored_circle(0.0, (0.1, 0.1, 0.1, 0.7))
    assert (found.pairs, found.missed, found.false) == (0, 1, 0)
    assert found.circles == ()


def test_a_circle_counts_from_half_the_union_on(scored_circle):
    """Circles of one radius share half their union at a shift of 0.529 radii."""
    near = scored_circle(0.52 * 20, (0.7, 0.1, 0.1, 0.1))
    far = scored_circle(0.54 * 20, (0.7, 0.1, 0.1, 0.1))
    assert (near.pairs, near.missed, near.false) == (1, 0, 0)
    assert (far.pairs, far.missed, far.false) == (0, 1, 1)
    # A false circle is no particle of any class.
    assert far.truth.tolist() == [CLASSES.index("empty")]
    assert far.confusion.sum() == 0


def test_what_is_scored_is_what_predict_says(labelled_folder):
    """The shipped forest learnt with another scale, and is asked with that by both."""
    model = load_model(default_model_path())
    scale = model.card.learnt_scale
    params = ForestParams(features=groups_in(model.card.feature_schema), copies=0)
    item = next(examples_from_folders([labelled_folder], params, learnt_scale=scale))
    circles = item.detection.circles
    told = predict(read_micrograph(item.path), ["p"] * len(circles), circles, model)
    assert len(circles) > 3
    np.testing.assert_allclose(
        evaluation._probabilities(model, item), [one.probabilities for one in told]
    )
