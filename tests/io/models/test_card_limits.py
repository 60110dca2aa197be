"""The last value that each field of a card may have, and the first that it may not."""

import json
from dataclasses import asdict

import pytest

from napari_cdse.core.errors import ModelError
from napari_cdse.io.models.card_schema import card_fields, read_card
from napari_cdse.io.models.network_file import network_from
from napari_cdse.io.models.onnx_file import write_onnx
from tests.io.models.test_card_schema import CALIBRATION, CARD
from tests.small_networks import drawn_card, drawn_layers


def nested(levels):
    tree = 1
    for _ in range(levels):
        tree = [tree]
    return tree


def named(count):
    return {f"p{number}": 1 for number in range(count)}


def rows(count, length=3):
    return [[0.5] * length] * count


def counted(name, value):
    return {name: {"yes": value}}


FOUR = [[0.0] * 4] * 4
LIMITS = [
    ("id", "x" * 100, "x" * 101),
    ("id", "a", ""),
    ("id", "Az09 ._:/+-", "a,b"),
    ("parent", None, ""),
    ("parent", "x" * 100, "x" * 101),
    ("training_digest", "x" * 100, "x" * 101),
    ("name", "", None),
    ("name", "x" * 200, "x" * 201),
    ("feature_schema", "x", ""),
    ("feature_schema", "x" * 200, "x" * 201),
    ("feature_names", ["x" * 200], ["x" * 201]),
    ("feature_names", ["x"], [""]),
    ("feature_names", ["x"] * 2000, ["x"] * 2001),
    ("class_counts", {"yes": 10**9}, {"yes": 10**9 + 1}),
    ("class_counts", {}, {"Yes": 1}),
    ("n_micrographs", 10**9, 10**9 + 1),
    ("n_micrographs", 0, -1),
    ("pixel_size_range_nm", None, [None, None]),
    ("pixel_size_range_nm", [1e-6, 1e3], [0.9e-6, 1e3]),
    ("pixel_size_range_nm", [0.02, 0.02], [1e-6, 1000.5]),
    ("parameters", {"x" * 200: 1}, {"x" * 201: 1}),
    ("parameters", {"x": 1}, {"": 1}),
    ("parameters", named(100), named(101)),
    ("parameters", {"a": nested(6)}, {"a": nested(7)}),
    ("parameters", {"a": [1] * 1999}, {"a": [1] * 2000}),
    ("parameters", {"a": "x" * 4000}, {"a": "x" * 4001}),
    ("parameters", {"a": [1e15, -1e15]}, {"a": -1.1e15}),
    ("parameters", {"a": [None, True]}, {"a": 1.1e15}),
    ("parameters", {"a": {"x" * 200: 1}}, {"a": {"x" * 201: 1}}),
    ("versions", {"x" * 200: "y" * 200}, {"x": "y" * 201}),
    ("versions", {"x": ""}, {"x" * 201: "y"}),
    ("versions", {"x": ""}, {"": "y"}),
    ("trained_on", "x" * 4000, "x" * 4001),
    ("licence", "x" * 200, "x" * 201),
    ("created", "x" * 200, "x" * 201),
    ("scores", {"balanced_accuracy": 1.0}, {"balanced_accuracy": 1.001}),
    ("scores", {"balanced_accuracy": 0.0}, {"balanced_accuracy": -0.001}),
    ("scores", {"interval_95": [None, 1]}, {"interval_95": [0.5]}),
    ("scores", {"interval_95": [0, 0.5]}, {"interval_95": [0, 1.5]}),
    ("scores", {"precision": {"no": None}}, {"precision": {"twin": 0.5}}),
    ("scores", {"precision": {"no": 1.0}}, {"precision": {"no": 1.1}}),
    ("scores", {"recall": {"yes": 0}}, {"recall": {"yes": -0.1}}),
    ("scores", {"recall": {"null": None}}, {"recall": 0.5}),
    ("scores", {"confusion": [[10**9]]}, {"confusion": [[10**9 + 1]]}),
    ("scores", {"confusion": [[0] * 4] * 4}, {"confusion": [[0] * 4] * 5}),
    ("scores", {"confusion": [[0]]}, {"confusion": [[0] * 5]}),
    ("scores", {"confusion": None}, {"confusion": [[]]}),
    ("scores", {"confusion": None}, {"confusion": []}),
    ("scores", counted("class_counts", 10**9), counted("class_counts", 0.5)),
    ("scores", counted("too_rare", 0), counted("too_rare", -1)),
    ("scores", {"n_micrographs": 0}, {"n_micrographs": -1}),
    ("scores", {"folds": 5}, {"folds": 2.5}),
    ("scores", {"temperature": 0.01}, {"temperature": 0.0099}),
    ("scores", {"temperature": 100}, {"temperature": 100.5}),
    ("scores", {"temperature_from": "ab"}, {"temperature_from": ""}),
    ("scores", {"reliability": rows(100)}, {"reliability": rows(101)}),
    ("scores", {"reliability": []}, {"reliability": rows(1, 4)}),
    ("scores", {"reliability": [[None, 0, 10**9]]}, {"reliability": rows(1, 2)}),
    ("scores", {"reliability": []}, {"reliability": [[0, 0, 10**9 + 1]]}),
    ("scores", {"reliability": []}, {"reliability": [[0, -0.1, 0]]}),
    (
        "scores",
        {"class_calibration_error": {"yes": 1}},
        {"class_calibration_error": {"yes": 2}},
    ),
    ("scores", {"note": "x" * 4000}, {"note": 5}),
    ("scores", {"other": nested(4)}, {"other": nested(7)}),
    ("quality_range", {"stretch": [0, 1e9]}, {"stretch": [0, 1.001e9]}),
    ("quality_range", {"stretch": [1, 1]}, {"stretch": [-0.001, 1]}),
    *(
        ("calibration", CALIBRATION | {name: good}, CALIBRATION | {name: bad})
        for name, good, bad in (
            ("weights", [[100, -100, 0, 0]] * 4, [[100.5, 0, 0, 0]] * 4),
            ("weights", FOUR, [[-100.5, 0, 0, 0]] * 4),
            ("weights", FOUR, FOUR + FOUR[:1]),
            ("weights", FOUR, [[0.0] * 5] * 4),
            ("prior_weights", FOUR, FOUR[:3]),
            ("offsets", [100] * 4, [0] * 3),
            ("offsets", [-100] * 4, [-101] * 4),
            ("prior_offsets", [0] * 4, [0] * 3),
            ("n_particles", 0, 10**9 + 1),
            ("n_micrographs", 10**9, 10**9 + 1),
            ("below", None, ""),
        )
    ),
]


@pytest.mark.parametrize(("name", "last", "first_bad"), LIMITS)
def test_a_model_card_may_say_up_to_its_limits(name, last, first_bad):
    assert isinstance(card_fields(read_card(written(name, last))), dict)
    with pytest.raises(ModelError, match=f"its card's {name} "):
        read_card(written(name, first_bad))


def written(name, value):
    return json.dumps(card_fields(CARD) | {name: value})


def test_a_card_may_be_as_long_as_256_kib():
    text = json.dumps(card_fields(CARD))
    assert read_card(text + " " * (2**18 - len(text))) == CARD
    with pytest.raises(ModelError, match="too long"):
        read_card(text + " " * (2**18 + 1 - len(text)))


NETWORK_LIMITS = [
    ("name", "x" * 200, "x" * 201),
    ("trained_on", "x" * 4000, "x" * 4001),
    ("licence", "x" * 200, "x" * 201),
    ("created", "x" * 200, "x" * 201),
    ("seed", 0, -1),
    ("seed", 2**31 - 1, 2**31),
    ("weights", 1, 0),
    ("weights", 2_400_000, 2_400_001),
    ("n_micrographs", 0, -1),
    ("n_micrographs", 10**7, 10**7 + 1),
    ("n_bare", 0, -1),
    ("n_bare", 10**7, 10**7 + 1),
    ("parameters", {"x": [1]}, {"": 1}),
    ("versions", {"x": ""}, {"": "y"}),
    ("scores", {"x": [1]}, {"": 1}),
    (
        "false_circles",
        [[number, 64.0 - number] for number in range(64)],
        [[number, 65.0 - number] for number in range(65)],
    ),
    ("false_circles", [], [[1.0, 2.0, 3.0]]),
    ("false_circles", [[-100.0, 1e6], [1e6, 1e6]], [[-100.5, 1.0]]),
    ("false_circles", [[0.0, 1e-9]], [[0.0, 1.1e6]]),
    ("probe", [0.0, 1.0] * 384, [0.5] * 769),
    ("probe", [0.5] * 768, [0.5] * 767),
    ("probe", [0.5] * 768, [1.01] * 768),
    ("probe", [0.5] * 768, [-0.01] * 768),
]


@pytest.mark.parametrize(("name", "last", "first_bad"), NETWORK_LIMITS)
def test_a_networks_card_may_say_up_to_its_limits(name, last, first_bad):
    _, card = network_from(network(name, last))
    told = getattr(card, name)
    assert json.loads(json.dumps(told)) == last
    with pytest.raises(ModelError, match=f"its card's {name} "):
        network_from(network(name, first_bad))


def network(name, value):
    card = json.dumps(asdict(drawn_card()) | {name: value})
    return write_onnx(drawn_layers(), {"card": card})
