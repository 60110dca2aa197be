"""Files of networks: written and read back, and every bad one refused in a sentence."""

import contextlib
import json
import re
from dataclasses import asdict, replace
from itertools import pairwise

import numpy as np
import pytest

from napari_cdse.core.detection.unet.layers import (
    INPUT,
    OUTPUT,
    Layer,
    check_layers,
)
from napari_cdse.core.errors import ModelError
from napari_cdse.io.models.network_file import network_from, read_network, write_network
from napari_cdse.io.models.onnx_file import MOST_BYTES, read_onnx, write_onnx
from napari_cdse.io.models.wire_format import fields, message
from tests.small_networks import drawn_card, drawn_layers


@pytest.fixture(scope="module")
def layers():
    return drawn_layers()


@pytest.fixture(scope="module")
def file(layers, tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "unet.onnx"
    write_network(path, layers, drawn_card())
    return path


def test_a_network_is_read_as_it_was_written(file, layers):
    network, card = read_network(file)
    assert card == drawn_card()
    assert network.false_circles == card.false_circles
    back = read_onnx(network.data).layers
    assert len(back) == len(layers)
    for one, other in zip(layers, back, strict=True):
        assert (one.operator, one.inputs, one.output, one.stride) == (
            other.operator,
            other.inputs,
            other.output,
            other.stride,
        )
        assert np.array_equal(one.weight, other.weight)
        assert np.array_equal(one.bias, other.bias)


def refused(tmp_path, data):
    path = tmp_path / "other.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        read_network(path)
    sentence = str(caught.value)
    assert sentence.startswith("other.onnx ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    "data", [b"", b"\x80\x04pickle", b"PK\x03\x04" * 9, b"\x08", b"\xff" * 100]
)
def test_what_is_no_network_is_refused(tmp_path, data):
    assert "no U-Net of napari-cdse" in refused(tmp_path, data)


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.onnx"
    with path.open("wb") as stream:
        stream.truncate(MOST_BYTES + 1)
    with pytest.raises(ModelError, match="far too large"):
        read_network(path)


def test_a_file_cut_off_anywhere_is_refused(file):
    data = file.read_bytes()
    for length in [*range(0, 400, 7), len(data) // 2, len(data) - 1]:
        with pytest.raises(ModelError):
            network_from(data[:length])


def test_a_byte_changed_anywhere_is_refused_or_changes_weights_only(file):
    data = file.read_bytes()
    rng = np.random.default_rng(0)
    for at in rng.integers(0, len(data), 150):
        other = bytearray(data)
        other[at] ^= 1 << int(rng.integers(8))
        # Anything but a network or a refusal would be raised here.
        with contextlib.suppress(ModelError):
            check_layers(read_onnx(network_from(bytes(other))[0].data).layers)


def changed(layers, at, **values):
    return (*layers[:at], replace(layers[at], **values), *layers[at + 1 :])


def large(*shape):
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("at", "values", "told"),
    [
        (1, {"operator": "Loop"}, "operator 'Loop'"),
        (1, {"operator": "Softmax"}, "operator 'Softmax'"),
        (1, {"inputs": ("c0", "c0")}, "more than one map"),
        (2, {"inputs": ("elsewhere",)}, "waits for a result"),
        (3, {"output": "c0"}, "names a result twice"),
        (0, {"weight": large(4, 3, 7, 7)}, "other shapes"),
        (0, {"weight": large(4, 2, 6, 6)}, "square, odd and small"),
        (0, {"weight": large(4, 2, 11, 11)}, "square, odd and small"),
        (0, {"weight": large(600, 2, 3, 3), "bias": large(600)}, "600 channels"),
        (0, {"weight": large(64, 2, 3, 3), "stride": 1, "bias": large(64)}, "fineness"),
        (0, {"bias": np.full(4, np.nan, np.float32)}, "not finite"),
        (0, {"stride": 3}, "strides by 3"),
        (0, {"stride": 1}, "joins maps|quarter"),
        (-1, {"output": "c99"}, "maps at a quarter"),
    ],
)
def test_a_network_of_other_steps_or_shapes_is_refused(
    tmp_path, layers, at, values, told
):
    at %= len(layers)
    data = write_onnx(changed(layers, at, **values), {"card": "{}"})
    sentence = refused(tmp_path, data)
    assert re.search(told, sentence), sentence


def test_too_many_weights_or_layers_are_refused(tmp_path):
    wide = Layer("Conv", (INPUT,), OUTPUT, large(512, 512, 9, 9)[:, :112], large(512))
    with pytest.raises(ModelError, match="larger than 10 MB"):
        read_onnx(write_onnx((wide,), {}))
    with pytest.raises(ModelError, match="weights"):
        check_layers((wide,))
    slow = [Layer("Conv", (INPUT,), "r0", large(32, 2, 9, 9), large(32))]
    slow += [
        Layer("Conv", (f"r{n}",), f"r{n + 1}", large(32, 32, 9, 9), large(32))
        for n in range(4)
    ]
    end = Layer("Conv", ("r4",), "r5", large(3, 32, 1, 1), large(3), 2)
    slow += [end, Layer("Conv", ("r5",), OUTPUT, large(3, 3, 1, 1), large(3), 2)]
    with pytest.raises(ModelError, match="too many multiplications"):
        check_layers(tuple(slow))
    names = [INPUT, *(f"r{n}" for n in range(200)), OUTPUT]
    long = [Layer("Relu", (a,), b) for a, b in pairwise(names)]
    assert "201 layers" in refused(tmp_path, write_onnx(tuple(long), {}))


def with_part(data, number, extra):
    """The same file with one more field in its graph."""
    parts = list(fields(data))
    return message(
        *(
            (field, value + message((number, extra)) if field == 7 else value)
            for field, value in parts
        )
    )


def test_weights_in_another_file_are_refused(tmp_path, layers):
    data = write_onnx(layers, {"card": "{}"})
    outside = message((1, "location"), (2, "/etc/passwd"))
    tensor = message((1, 1), (2, 1), (8, "w"), (13, outside), (14, 1))
    assert "parts that no network" in refused(tmp_path, with_part(data, 5, tensor))


def test_functions_sparse_weights_and_inner_graphs_are_refused(tmp_path, layers):
    data = write_onnx(layers, {"card": "{}"})
    functions = data + message((25, message((1, "f"))))
    assert "parts that no network" in refused(tmp_path, functions)
    assert "parts that no network" in refused(tmp_path, with_part(data, 15, b""))
    inner = message((1, "body"), (6, message((2, "g"))), (20, 5))
    node = message((1, INPUT), (2, "x"), (4, "If"), (5, inner))
    assert "parts that no network" in refused(tmp_path, with_part(data, 1, node))


def test_weights_that_claim_more_than_is_there_are_refused(tmp_path, layers):
    data = write_onnx(layers, {"card": "{}"})
    for sides in ((2**40, 2**40), (2**63, 1), (0, 4), (3, 3)):
        tensor = message(*((1, n) for n in sides), (2, 1), (8, "w"), (9, b"abcd"))
        assert "not as many" in refused(tmp_path, with_part(data, 5, tensor))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("seed", -1, "card's seed"),
        ("weights", "many", "card's weights"),
        ("created", "a\nb", "control characters"),
        ("scores", {"easy": [[[[[[[[1]]]]]]]]}, "card's scores"),
        ("false_circles", [[1.0, 2.0], [0.5, 1.0]], "do not fall"),
        ("false_circles", [[1.0, 2.0], [2.0, 3.0]], "do not fall"),
        ("false_circles", [[1.0, 0.0]], "not above 0"),
        ("probe", [0.5], "card's probe"),
        ("mood", "good", "which no card has"),
    ],
)
def test_a_card_that_says_what_none_can_is_refused(tmp_path, layers, name, value, told):
    card = json.dumps(asdict(drawn_card()) | {name: value})
    assert told in refused(tmp_path, write_onnx(layers, {"card": card}))


@pytest.mark.parametrize("scores", [{"Dice": float("nan")}, {"Dice": float("inf")}])
def test_a_card_that_could_not_be_read_again_is_not_written(tmp_path, layers, scores):
    card = replace(drawn_card(), scores=scores)
    with pytest.raises(ModelError, match="card's scores"):
        write_network(tmp_path / "unet.onnx", layers, card)
    assert list(tmp_path.iterdir()) == []


def test_a_network_without_a_whole_card_is_refused(tmp_path, layers):
    assert "no card" in refused(tmp_path, write_onnx(layers, {}))
    assert "cannot be read" in refused(tmp_path, write_onnx(layers, {"card": "[" * 9}))
    twice = '{"seed": 1, "seed": 2}'
    assert "cannot be read" in refused(tmp_path, write_onnx(layers, {"card": twice}))
    assert "card has no" in refused(tmp_path, write_onnx(layers, {"card": "{}"}))
