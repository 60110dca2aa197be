"""What a card may say: each mistake is named by its field."""

import json
import math
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cdse.core.errors import ModelError, StoreError
from napari_cdse.core.evaluation.validation import cross_validate
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import CLASSES, ModelCard
from napari_cdse.io.models.card_schema import card_fields, card_json, read_card
from napari_cdse.io.store.records import card_from_json, card_to_json
from tests.tables import drawn_set

CARD = ModelCard(
    id="0123456789abcdef",
    name="mine",
    parent=None,
    feature_schema="bragg/3",
    feature_names=("strength_1", "radius_nm"),
    classes=CLASSES,
    training_digest="a" * 64,
    class_counts={"yes": 3, "no": 4, "null": 0, "empty": 2},
    n_micrographs=5,
    pixel_size_range_nm=(0.02, 0.04),
    parameters={"trees": 200, "criterion": "gini", "own_weight": 3.0},
    versions={"numpy": "2.4.6"},
    scores={
        "balanced_accuracy": 0.8,
        "interval_95": [0.7, 0.9],
        "confusion": [[3, 0, 0, 0]] * 4,
        "temperature": 0.76,
        "reliability": [[0.4, 0.5, 97]],
        "note": None,
        "of another version": {"x": [1, 2]},
    },
    trained_on="eigene Aufnahmen, 日本語",
)


CALIBRATION = {
    "weights": [[1.5, 0, 0, -0.1]] * 4,
    "offsets": [0.1, 0, 0, -0.2],
    "prior_weights": [[1, 0, 0, 0]] * 4,
    "prior_offsets": [0, 0, 0, 0],
    "n_particles": 300,
    "n_micrographs": 20,
    "below": "0123456789abcdef",
}


def told(**changes):
    return json.dumps(card_fields(CARD) | changes)


def test_what_is_written_is_read_again():
    assert read_card(card_json(CARD)) == CARD
    assert card_from_json(card_to_json(CARD)) == CARD


UNSEEN = [
    "",
    "  ",
    "\u200b",
    "\u200e\u200f \u2060\ufeff",
    "\xa0\xad",
    "\u3164",
    "\u0301",
]


@pytest.mark.parametrize("name", UNSEEN)
def test_a_name_that_nobody_sees_becomes_the_id(name):
    assert read_card(told(name=name)).name == CARD.id
    assert card_from_json(told(name=name)).name == CARD.id


@pytest.mark.parametrize("name", ["a", "7", "-", "\U0001f600", "\u200bx", "\u65e5"])
def test_a_name_of_which_anything_is_seen_stays(name):
    assert read_card(told(name=name)).name == name


NAN, INF = math.nan, math.inf
WRONG = [
    ("id", "", "no name of letters"),
    ("id", "../x\n", "no name of letters"),
    ("id", 5, "no name of letters"),
    ("quality_range", [1, 2], "is no table"),
    ("quality_range", {"colour": [1, 2]}, "entry without a proper name"),
    ("quality_range", {"stretch": [1]}, "is no list of 2"),
    ("quality_range", {"stretch": [1.1, 1.0]}, "has its larger number first"),
    ("quality_range", {"stretch": [1, math.inf]}, "is not from 0"),
    ("name", "x" * 201, "longer than 200"),
    ("name", "a\x1b[31mb", "control characters"),
    ("name", "ab\u202etxt.exe", "control characters"),
    ("name", "two\nlines", "control characters"),
    ("name", None, "is no text"),
    ("parent", ["a"], "no name of letters"),
    ("feature_schema", "", "is empty"),
    ("feature_names", [], "is no list of 1 to 2000"),
    ("feature_names", "names", "is no list"),
    ("feature_names", [["nested"]], "has an entry that is no text"),
    ("feature_names", ["x"] * 2001, "is no list"),
    ("classes", ["no", "yes", "null", "empty"], "are not yes, no, null, empty"),
    ("classes", ["yes"], "are not"),
    ("classes", 4, "are not"),
    ("training_digest", {}, "no name of letters"),
    ("class_counts", "many", "is no table"),
    ("class_counts", {"yes": "3"}, "has an entry that is no whole number"),
    ("class_counts", {"yes": -1}, "is not from 0"),
    ("class_counts", {"yes": 10**30}, "is not from 0"),
    ("class_counts", {"yes": True}, "no whole number"),
    ("class_counts", {"twin": 1}, "without a proper name"),
    ("n_micrographs", 1.5, "is no whole number"),
    ("n_micrographs", NAN, "is no whole number"),
    ("pixel_size_range_nm", [NAN, NAN], "is not from"),
    ("pixel_size_range_nm", [0.02, INF], "is not from"),
    ("pixel_size_range_nm", [0.0, 0.02], "is not from"),
    ("pixel_size_range_nm", [0.04, 0.02], "larger number first"),
    ("pixel_size_range_nm", [0.04], "is no list of 2"),
    ("pixel_size_range_nm", {"low": 1}, "is no list of 2"),
    ("parameters", ["trees"], "is no table"),
    ("parameters", {"trees": NAN}, "is not from"),
    ("parameters", {"trees": [[[[[[[[1]]]]]]]]}, "nested too deeply"),
    ("versions", {"numpy": 2}, "has an entry that is no text"),
    ("scores", [], "is no table"),
    ("scores", {"temperature": "hot"}, "under temperature"),
    ("scores", {"temperature": -1}, "under temperature"),
    ("scores", {"balanced_accuracy": "good"}, "under balanced_accuracy"),
    ("scores", {"interval_95": [1, 2, 3]}, "under interval_95"),
    ("scores", {"confusion": [["a"]]}, "under confusion"),
    ("scores", {"more": list(range(3000))}, "too deeply or too long"),
    ("trained_on", 7, "is no text"),
    ("created", "x" * 1000, "longer than 200"),
    ("calibration", [1.0], "is no table of weights, offsets"),
    ("calibration", {"weights": [[1.0] * 4] * 4}, "is no table of"),
    ("calibration", CALIBRATION | {"colour": 1}, "is no table of"),
    ("calibration", CALIBRATION | {"weights": [[1.0] * 4] * 3}, "no list of 4"),
    ("calibration", CALIBRATION | {"weights": [[1.0] * 3] * 4}, "no list of 4"),
    ("calibration", CALIBRATION | {"weights": [[NAN] * 4] * 4}, "is not from -100"),
    ("calibration", CALIBRATION | {"weights": [["1"] * 4] * 4}, "is no number"),
    ("calibration", CALIBRATION | {"weights": [[True] * 4] * 4}, "is no number"),
    ("calibration", CALIBRATION | {"offsets": [INF, 0, 0, 0]}, "under offsets"),
    ("calibration", CALIBRATION | {"offsets": [1e4, 0, 0, 0]}, "under offsets"),
    ("calibration", CALIBRATION | {"prior_weights": 1}, "under prior_weights"),
    ("calibration", CALIBRATION | {"prior_offsets": [0] * 5}, "under prior_offsets"),
    ("calibration", CALIBRATION | {"n_particles": -1}, "under n_particles"),
    ("calibration", CALIBRATION | {"n_micrographs": 2.5}, "under n_micrographs"),
    ("calibration", CALIBRATION | {"below": "../x\n"}, "under below"),
]


@pytest.mark.parametrize(("name", "value", "says"), WRONG)
def test_each_wrong_field_is_named_in_a_file_and_in_a_project(name, value, says):
    text = told(**{name: value})
    with pytest.raises(ModelError, match=rf"its card's {name} .*{says}") as caught:
        read_card(text)
    assert "\n" not in str(caught.value)
    with pytest.raises(StoreError, match="model card"):
        card_from_json(text)


@pytest.mark.parametrize(("name", "value", "says"), WRONG)
def test_nothing_that_could_not_be_read_is_stored(name, value, says):
    with pytest.raises(StoreError, match="was not stored"):
        card_to_json(replace(CARD, **{name: value}))


def test_a_calibration_is_read_as_decimals_whatever_numbers_it_was_written_in():
    card = read_card(told(calibration=CALIBRATION))
    assert card.calibration.weights == ((1.5, 0.0, 0.0, -0.1),) * 4
    assert {type(each) for each in card.calibration.offsets} == {float}
    assert card_from_json(card_to_json(card)) == card


def test_a_card_without_calibration_is_written_as_before_there_was_one():
    assert "calibration" not in card_fields(CARD)
    assert read_card(told(calibration=None)) == CARD


def test_a_range_of_quality_is_read_again_and_no_id_follows_from_it():
    card = read_card(told(quality_range={"stretch": [1, 1.02]}))
    assert card.quality_range == {"stretch": (1.0, 1.02)}
    assert card_from_json(card_to_json(card)) == card
    assert "quality_range" not in card_fields(CARD)
    assert read_card(told(quality_range=None)) == CARD


def test_every_field_is_checked():
    assert {name for name, _, _ in WRONG} | {"licence"} == {
        f.name for f in fields(CARD)
    }


def test_missing_unknown_and_doubled_names_are_refused():
    short = card_fields(CARD)
    del short["n_micrographs"]
    with pytest.raises(ModelError, match="has no n_micrographs"):
        read_card(json.dumps(short))
    with pytest.raises(ModelError, match="'colour', which no card has"):
        read_card(told(colour="red"))
    doubled = told()[:-1] + ', "id": "another"}'
    with pytest.raises(ModelError, match="cannot be read"):
        read_card(doubled)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", '"x"', "[" * 5000, "1" * 5000, "{" * 300_000]
)
def test_what_is_no_card_is_refused(text):
    with pytest.raises(ModelError, match=r"cannot be read|too long"):
        read_card(text)


def test_scores_that_were_no_numbers_are_unknown():
    scores = {"balanced_accuracy": NAN, "interval_95": [NAN, NAN]}
    assert read_card(told(scores=scores)).scores == {
        "balanced_accuracy": None,
        "interval_95": [None, None],
    }


@pytest.mark.parametrize("n_micrographs", [2, 8])
def test_scores_of_a_cross_validation_can_be_stored_and_read(n_micrographs):
    params = ForestParams(trees=5, folds=2)
    scores, _ = cross_validate(drawn_set(n_micrographs), params)
    told = scores.as_dict()
    card = replace(CARD, scores=told, calibration=scores.calibration)
    assert read_card(card_json(card)) == card


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(st.sampled_from([part.name for part in fields(ModelCard)]), JSON)
def test_any_value_anywhere_is_refused_or_can_be_stored_and_read(name, value):
    try:
        card = read_card(told(**{name: value}))
    except ModelError:
        return
    assert card_from_json(card_to_json(card)) == card
    assert isinstance(card.temperature, float)
