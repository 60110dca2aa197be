from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import numpy as np
import pytest
import sklearn
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from napari_cdse.core.classifier.forest import (
    content_id,
    fit,
    identified,
    is_id_of,
    predict_proba,
)
from napari_cdse.core.classifier.training_set import balanced
from napari_cdse.core.classifier.tree_arrays import Forest, forest_from_trees
from napari_cdse.core.errors import Cancelled, ModelError, TrainingError
from napari_cdse.core.features import FeatureTable
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import CLASSES, Calibration
from tests.io.models.test_card_schema import CARD
from tests.tables import drawn_set

PARAMS = ForestParams(trees=25)
EVEN = Calibration(
    weights=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
    offsets=(0, 0, 0, 0),
    prior_weights=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
    prior_offsets=(0, 0, 0, 0),
    n_particles=0,
    n_micrographs=0,
)


@pytest.fixture(scope="module")
def training():
    return drawn_set()


@pytest.fixture(scope="module")
def model(training):
    return fit(training, PARAMS, name="drawn", parent="old", trained_on="numbers")


def same(one: Forest, other: Forest) -> bool:
    pairs = [(getattr(one, n), getattr(other, n)) for n in one.__dataclass_fields__]
    return all(np.array_equal(a, b) for a, b in pairs)


def test_same_set_and_parameters_give_the_same_forest(training, model):
    seen = []
    again = fit(training, PARAMS, progress=seen.append)
    assert same(model.forest, again.forest)
    assert model.card.id == again.card.id
    assert seen == pytest.approx([0.4, 0.8, 1.0])


def test_another_seed_or_set_gives_another_model(training, model):
    other = fit(training, replace(PARAMS, seed=1))
    assert not same(model.forest, other.forest)
    assert len({model.card.id, other.card.id, fit(drawn_set(7), PARAMS).card.id}) == 3


def test_an_id_follows_from_all_that_answers_depend_on_and_nothing_else(model):
    def named(**changes):
        return identified(replace(model, **changes)).card.id

    def with_card(**changes):
        return named(card=replace(model.card, **changes))

    def with_nodes(name, value):
        array = getattr(model.forest, name).copy()
        array[-1] = value
        return named(forest=replace(model.forest, **{name: array}))

    others = [
        with_card(scores={"temperature": 0.7}),
        with_card(scores={"temperature": 0.8}),
        with_card(calibration=EVEN),
        with_card(calibration=replace(EVEN, offsets=(0.1, 0, 0, 0))),
        with_card(training_digest="0" * 64),
        with_card(feature_schema="bragg/99"),
        with_card(feature_names=model.card.feature_names[::-1]),
        with_nodes("probability", [0.25, 0.25, 0.25, 0.25]),
        with_nodes("threshold", 7.0),
        with_nodes("importance", 0.5),
    ]
    assert len({model.card.id, *others}) == len(others) + 1
    assert with_card(id="x", name="y", trained_on="z", parent=None) == model.card.id
    assert named(training=None) == model.card.id
    # Where a calibration comes from is no part of an answer.
    assert with_card(calibration=replace(EVEN, below="x", n_particles=9)) == others[2]


def test_an_id_of_version_0_1_is_good_only_for_what_it_followed_from(model):
    old = replace(model.card, parameters={"trees": 3}, versions={"numpy": "2.4.6"})
    told = [model.card.training_digest, {"trees": 3}, {"numpy": "2.4.6"}, 1.0]
    text = json.dumps(told, sort_keys=True).encode()
    former = hashlib.sha256(text).hexdigest()[:16]
    assert is_id_of(replace(model, card=old), former)
    assert is_id_of(model, model.card.id)
    assert not is_id_of(model, former)
    assert not is_id_of(replace(model, card=old), "0123456789abcdef")
    # Version 0.1 knew no calibration.
    assert not is_id_of(replace(model, card=replace(old, calibration=EVEN)), former)


@pytest.mark.parametrize(
    ("name", "nodes", "says"),
    [
        ("two ways to one node", ([1, 3, 3, -1, -1], [2, 4, 4, -1, -1]), "two parents"),
        ("both children one", ([1, -1, -1], [1, -1, -1]), "two parents"),
        ("a node apart", ([1, -1, -1, -1], [2, -1, -1, -1]), "belongs to no tree"),
    ],
)
def test_nodes_that_are_no_tree_are_refused(name, nodes, says):
    with pytest.raises(ModelError, match=says):
        hand_made(*nodes)


def test_a_tree_deeper_than_any_that_grows_is_refused():
    def chain(depth):
        inner = np.arange(depth)
        left = np.append(np.ravel([2 * inner + 1, np.full(depth, -1)], "F"), -1)
        right = np.append(np.ravel([2 * inner + 2, np.full(depth, -1)], "F"), -1)
        return left, right

    assert hand_made(*chain(999)).n_features == 2
    with pytest.raises(ModelError, match="deeper than 1000 nodes"):
        hand_made(*chain(1000))


def hand_made(left, right):
    """Build one tree of even shares, whose nodes all look at the first feature."""
    left, right = np.array(left, np.int32), np.array(right, np.int32)
    return Forest(
        roots=np.zeros(1, np.int32),
        left=left,
        right=right,
        feature=np.where(left < 0, -1, 0).astype(np.int32),
        threshold=np.zeros(len(left), np.float32),
        probability=np.full((len(left), 4), 0.25, np.float32),
        importance=np.array([1.0, 0.0]),
    )


@pytest.mark.skipif(
    tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9),
    reason="scikit-learn draws rows as often as they weigh from 1.9 on",
)
@pytest.mark.parametrize(
    ("changes", "features"),
    [
        ({}, "sqrt"),
        ({"split_features": "3", "criterion": "entropy", "min_leaf": 4, "seed": 7}, 3),
    ],
)
def test_it_is_the_forest_of_scikit_learn(training, changes, features):
    params = replace(PARAMS, **changes)
    weighted = balanced(training)
    codes = [CLASSES.index(name) for name in weighted.labels]
    bare = RandomForestClassifier(
        params.trees,
        criterion=params.criterion,
        max_features=features,
        min_samples_leaf=params.min_leaf,
        random_state=params.seed,
    ).fit(weighted.table.values, codes, sample_weight=weighted.weights)
    model = fit(training, params)
    fresh = drawn_set(seed=5).table
    assert predict_proba(model, fresh) == pytest.approx(
        bare.predict_proba(fresh.values), abs=1e-6
    )
    assert model.forest.importance == pytest.approx(bare.feature_importances_)


def test_many_rows_are_answered_as_each_alone(model):
    """More than are walked at a time."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(9000, model.forest.n_features)).astype(np.float32)
    told = model.forest.predict_proba(values)
    (whole,) = model.forest.staged_proba(values, [PARAMS.trees])
    # Averages of single precision would differ in the seventh digit.
    assert told == pytest.approx(whole, rel=1e-12)
    for at in (0, 4095, 4096, 8191, 8192, 8999):
        alone = model.forest.predict_proba(values[at : at + 1])
        assert told[at] == pytest.approx(alone[0])


def test_an_answer_is_the_mean_of_the_leaves_that_a_row_comes_to():
    """Two trees by hand: a value up to the threshold goes left."""
    forest = Forest(
        roots=np.array([0, 3], np.int32),
        left=np.array([1, -1, -1, 4, -1, -1], np.int32),
        right=np.array([2, -1, -1, 5, -1, -1], np.int32),
        feature=np.array([0, -1, -1, 1, -1, -1], np.int32),
        threshold=np.array([0.5, 0, 0, -2.0, 0, 0], np.float32),
        probability=np.array(
            [
                [0.25] * 4,
                [1, 0, 0, 0],
                [0, 1, 0, 0],
                [0.25] * 4,
                [0, 0.5, 0.5, 0],
                [0, 0, 0, 1],
            ],
            np.float32,
        ),
        importance=np.array([0.5, 0.5]),
    )
    rows = np.array([[0.5, -2.0], [0.6, -2.0], [0.5, -1.9], [7, 7]], np.float32)
    wanted = [
        [0.5, 0.25, 0.25, 0], [0, 0.75, 0.25, 0], [0.5, 0, 0, 0.5], [0, 0.5, 0, 0.5],
    ]  # fmt: skip
    assert forest.predict_proba(rows).tolist() == wanted
    first, both = forest.staged_proba(rows, [1, 2])
    assert first.argmax(axis=1).tolist() == [0, 1, 0, 1]
    assert both.tolist() == wanted
    with pytest.raises(ModelError, match="wants 2 features but was given"):
        forest.predict_proba(rows[:, :1])
    with pytest.raises(ModelError, match="wants 2 features but was given"):
        forest.predict_proba(rows[0])


def test_an_id_stays_what_projects_know_it_by():
    """Written down once: another id would leave a project without its model."""
    forest = hand_made([1, -1, -1], [2, -1, -1])
    assert content_id(CARD, forest) == "197fb2aca25f868a"
    assert content_id(replace(CARD, calibration=EVEN), forest) == "5938b60381ccbb4e"


def test_two_particles_of_a_class_are_enough_to_learn_it():
    training = drawn_set(2, 1, copies=0)
    assert training.class_counts == dict.fromkeys(CLASSES, 2)
    assert fit(training, replace(PARAMS, trees=2)).card.class_counts == dict.fromkeys(
        CLASSES, 2
    )
    with pytest.raises(TrainingError, match="Only 1 particle is labelled 'yes'"):
        fit(training.rows(np.arange(1, 8)), PARAMS)


def test_a_forest_that_never_splits_thinks_no_feature_important():
    training = drawn_set(2, 2, copies=0)
    training.table.values[:] = 1.0
    forest = fit(training, replace(PARAMS, trees=3)).forest
    assert not forest.importance.any()
    assert len(forest.left) == 3


def test_a_threshold_between_two_numbers_of_single_precision_is_rounded_down():
    """Features are of single precision, so none changes its side by that."""
    rng = np.random.default_rng(3)
    training = drawn_set(10, 4, copies=0)
    values = 1e4 + rng.integers(0, 9, training.table.values.shape) * 2.0**-10
    values[:, 0] += 2.0**-10 * (training.labels == "yes")
    table = replace(training.table, values=values.astype(np.float32))
    training = replace(training, table=table)
    weighted = balanced(training)
    codes = [CLASSES.index(name) for name in weighted.labels]
    bare = RandomForestClassifier(
        9, max_features="sqrt", min_samples_leaf=PARAMS.min_leaf, random_state=0
    ).fit(table.values, codes, sample_weight=weighted.weights)
    ours = fit(training, replace(PARAMS, trees=9)).forest
    assert ours.predict_proba(table.values) == pytest.approx(
        bare.predict_proba(table.values), abs=1e-6
    )


def test_a_rare_class_counts_as_much_as_a_common_one():
    """Features that tell nothing: the forest says what each class weighs, a half."""
    training = drawn_set(30, 1, copies=0, classes=("yes", "no"))
    rare = (training.labels == "no") & (np.arange(len(training)) > 7)
    training = training.rows(~rare)
    training.table.values[:] = 1.0
    assert training.class_counts == {"yes": 30, "no": 4, "null": 0, "empty": 0}
    told = predict_proba(fit(training, ForestParams(trees=200)), training.table)
    # A tree draws 34 rows: 0.09 of a share, 0.006 in the mean of 200.
    assert told[0] == pytest.approx([0.5, 0.5, 0, 0], abs=0.025)


def test_a_fit_keeps_the_warning_filters_of_the_process(training, monkeypatch):
    """All threads share them: emptied in one, they are gone in the others too."""

    def emptied():
        raise AssertionError("The filters of all threads were emptied.")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        with monkeypatch.context() as patch:
            patch.setattr(warnings, "resetwarnings", emptied)
            fit(training, replace(PARAMS, trees=100))
        assert warnings.filters == before


def test_it_learns_and_says_so_on_its_card(training, model):
    fresh = drawn_set(seed=5)
    told = predict_proba(model, fresh.table)
    assert told.sum(axis=1) == pytest.approx(1)
    right = np.array(CLASSES)[told.argmax(axis=1)] == fresh.labels
    assert right.mean() > 0.6
    card = model.card
    assert card.classes == CLASSES
    assert card.class_counts == dict.fromkeys(CLASSES, 24)
    assert card.training_digest == training.digest()
    assert (card.name, card.parent, card.n_micrographs) == ("drawn", "old", 8)
    assert card.pixel_size_range_nm == (0.04, 0.04)
    assert card.versions["scikit-learn"]


def test_missing_classes_have_probability_zero():
    model = fit(drawn_set(classes=("no", "empty")), PARAMS)
    told = predict_proba(model, drawn_set(seed=2).table)
    assert not told[:, [0, 2]].any()
    assert told.sum(axis=1) == pytest.approx(1)


def test_features_of_another_schema_are_refused(model, training):
    table = training.table
    other = FeatureTable(table.names, table.values, "bragg/0")
    with pytest.raises(ModelError, match=r"bragg/\d+.*bragg/0"):
        predict_proba(model, other)


def test_no_rows_give_no_probabilities(model, training):
    none = training.table.rows(np.zeros(len(training), np.bool_))
    assert predict_proba(model, none).shape == (0, 4)


@pytest.mark.parametrize(
    ("training", "sentence"),
    [
        (drawn_set(classes=("no",)), "two classes"),
        (drawn_set(1, 1), "at least 2"),
        (drawn_set(0), "nothing to train on"),
    ],
)
def test_hopeless_sets_are_refused_in_a_sentence(training, sentence):
    with pytest.raises(TrainingError, match=sentence):
        fit(training, PARAMS)


def test_features_that_are_no_numbers_are_refused():
    training = drawn_set()
    training.table.values[3, 3] = np.nan
    with pytest.raises(TrainingError, match="no numbers"):
        fit(training, PARAMS)


def test_cancel_stops_the_fit(training):
    calls = []

    def progress(share):
        calls.append(share)
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        fit(training, PARAMS, progress=progress)
    assert calls == [0.4]


def broken(forest: Forest, **changes: object) -> dict[str, object]:
    """Copy a forest's arrays, with single numbers changed: name=(index, value)."""
    arrays = {n: getattr(forest, n).copy() for n in forest.__dataclass_fields__}
    for name, (index, value) in changes.items():
        arrays[name][index] = value
    return arrays


@pytest.mark.parametrize(
    "changes",
    [
        {"left": (0, 10**9)},
        {"left": (0, -7)},
        {"left": (0, 0)},
        {"right": (0, -1)},
        {"feature": (0, 4000)},
        {"feature": (0, -2)},
        {"threshold": (0, np.nan)},
        {"probability": ((0, 0), np.nan)},
        {"probability": ((0, 0), 3.0)},
        {"roots": (1, 10**9)},
        {"roots": (0, 3)},
        {"roots": (1, 0)},
        {"importance": (0, np.inf)},
        {"importance": (0, -0.1)},
        {"feature": (0, -1)},
        {"probability": ((0, slice(0, 2)), (-0.1, 0.1))},
    ],
)
def test_trees_that_lead_astray_are_refused(model, changes):
    with pytest.raises(ModelError, match="damaged"):
        Forest(**broken(model.forest, **changes))


def test_a_child_in_another_tree_is_refused(model):
    second = int(model.forest.roots[1])
    with pytest.raises(ModelError, match="outside its tree"):
        Forest(**broken(model.forest, right=(0, second)))


@pytest.mark.parametrize(("change", "is_read"), [(0.0008, True), (0.0015, False)])
def test_shares_add_up_to_1_but_for_rounding(change, is_read):
    forest = hand_made([1, -1, -1], [2, -1, -1])
    for sign in (1, -1):
        shares = forest.probability.copy()
        shares[1, 0] += sign * change
        if is_read:
            assert replace(forest, probability=shares).n_features == 2
        else:
            with pytest.raises(ModelError, match="do not add up to 1"):
                replace(forest, probability=shares)


def test_more_trees_or_nodes_than_any_forest_has_are_refused_at_once():
    """The numbers are looked at first: the arrays hold one number, repeated."""

    def sized(n_trees, n_nodes):
        return Forest(
            roots=np.arange(n_trees, dtype=np.int32),
            left=np.broadcast_to(np.int32(-1), n_nodes),
            right=np.broadcast_to(np.int32(-1), n_nodes),
            feature=np.broadcast_to(np.int32(-1), n_nodes),
            threshold=np.broadcast_to(np.float32(0), n_nodes),
            probability=np.broadcast_to(np.float32(0.25), (n_nodes, 4)),
            importance=np.array([1.0]),
        )

    assert len(sized(10_000, 10_000).roots) == 10_000
    for trees, nodes in ((10_001, 10_001), (1, 4_000_001)):
        with pytest.raises(ModelError, match="more than 4000000 in 10000"):
            sized(trees, nodes)
    with pytest.raises(ModelError, match="belongs to no tree"):
        sized(1, 4_000_000)


@pytest.mark.parametrize(
    "name",
    ["roots", "left", "right", "feature", "threshold", "probability", "importance"],
)
def test_arrays_of_another_shape_or_type_are_refused(model, name):
    arrays = broken(model.forest)
    for odd in (arrays[name][..., None], arrays[name].astype(complex)):
        with pytest.raises(ModelError, match="damaged"):
            Forest(**{**arrays, name: odd})


def test_a_card_tells_all_that_it_was_asked_to(training):
    """Word for word, and its time to the second."""
    params = replace(PARAMS, trees=2)
    begun = datetime.now(UTC).replace(microsecond=0)
    sizes = np.linspace(0.03, 0.05, len(training))
    sized = replace(training, pixel_sizes_nm=sizes)
    ranges = {"stretch": (1.0, 1.1)}
    card = fit(
        sized, params, name="n", parent="p", trained_on="t", scores={"accuracy": 0.9},
        calibration=EVEN, quality_range=ranges,
    ).card  # fmt: skip
    created = datetime.fromisoformat(card.created)
    assert begun <= created <= datetime.now(UTC)
    assert (created.microsecond, created.utcoffset()) == (0, timedelta(0))
    assert card.pixel_size_range_nm == (0.03, 0.05)
    assert (card.name, card.parent, card.trained_on) == ("n", "p", "t")
    assert (card.scores, card.parameters) == ({"accuracy": 0.9}, asdict(params))
    assert (card.calibration, card.quality_range) == (EVEN, ranges)
    assert card.feature_schema == training.table.schema
    assert card.feature_names == training.table.names
    assert card.versions == {
        name: version(name) for name in ("napari-cdse", "scikit-learn", "numpy")
    }


def test_a_forest_of_which_nothing_is_told_says_nothing_of_it(training):
    card = fit(training, replace(PARAMS, trees=2)).card
    assert (card.name, card.parent, card.trained_on, card.scores) == ("", None, "", {})


def test_an_id_of_version_0_1_followed_from_the_temperature_too(model):
    params = {"trees": 3, "seed": 1}
    old = replace(model.card, scores={"temperature": 0.7}, parameters=params)
    told = [old.training_digest, params, dict(old.versions), 0.7]
    text = json.dumps(told, sort_keys=True)
    former = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert is_id_of(replace(model, card=old), former)
    assert not is_id_of(replace(model, card=replace(old, scores={})), former)


def test_splits_into_halves_that_are_alike_make_nothing_important():
    """A tree of one such split beside one that tells: as scikit-learn's forest says."""
    values = np.array([[0], [0], [1], [1]], np.float32)
    vain, telling = (
        DecisionTreeClassifier(random_state=0).fit(values, codes)
        for codes in ([0, 1, 0, 1], [0, 0, 1, 1])
    )
    assert vain.tree_.node_count == telling.tree_.node_count == 3
    assert forest_from_trees([vain]).importance.tolist() == [0.0]
    assert forest_from_trees([vain, telling]).importance.tolist() == [1.0]


def test_the_first_feature_beyond_the_last_is_refused(model):
    n_features = model.forest.n_features
    assert model.forest.feature[0] >= 0
    last = Forest(**broken(model.forest, feature=(0, n_features - 1)))
    assert last.feature[0] == n_features - 1
    with pytest.raises(ModelError, match="feature that does not exist"):
        Forest(**broken(model.forest, feature=(0, n_features)))


def test_a_tree_begins_before_the_last_node():
    one = hand_made([1, -1, -1], [2, -1, -1])
    with pytest.raises(ModelError, match="begins after the last node"):
        replace(one, roots=np.array([0, 3], np.int32))


def test_a_node_that_is_its_own_child_is_refused_for_pointing_back():
    with pytest.raises(ModelError, match="outside its tree or back"):
        hand_made([0, -1, -1], [2, -1, -1])


@pytest.mark.parametrize("odd", [(1.5, -0.5), (-0.1, 1.1), (1.1, -0.1)])
def test_a_share_beyond_0_and_1_is_refused_whatever_they_add_up_to(odd):
    forest = hand_made([1, -1, -1], [2, -1, -1])
    shares = forest.probability.copy()
    shares[1] = [*odd, 0, 0]
    with pytest.raises(ModelError, match="not between 0 and 1"):
        replace(forest, probability=shares)


def test_a_leaf_looks_at_nothing(model):
    leaf = model.forest.left == -1
    assert set(model.forest.feature[leaf].tolist()) == {-1}
    assert set(model.forest.threshold[leaf].tolist()) == {0.0}
    assert (model.forest.feature[~leaf] >= 0).all()
