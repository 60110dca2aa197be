"""Files of networks as another reader takes them: onnxruntime runs what we write."""

import struct

import numpy as np
import pytest

from napari_cdse.core.detection.unet.layers import INPUT, OUTPUT
from napari_cdse.core.detection.unet.network import start_session
from napari_cdse.core.errors import ModelError
from napari_cdse.io.models.onnx_file import read_onnx, write_onnx
from napari_cdse.io.models.wire_format import fields, message
from tests.small_networks import answer_of, drawn_layers


def test_onnxruntime_reads_names_texts_and_shapes_and_runs_the_layers():
    layers = drawn_layers()
    texts = {"card": "{}", "Straße": "日本語"}
    session = start_session(write_onnx(layers, texts))
    told = session.get_modelmeta()
    assert told.producer_name == "napari-cdse"
    assert told.graph_name == "unet"
    assert told.custom_metadata_map == texts
    (given,), (gives,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.shape) == (INPUT, [1, 2, "r", "c"])
    assert (gives.name, gives.shape) == (OUTPUT, [1, 3, "r", "c"])
    assert given.type == gives.type == "tensor(float)"
    values = np.random.default_rng(0).normal(size=(2, 64, 32)).astype(np.float32)
    (answer,) = session.run(None, {INPUT: values[None]})
    np.testing.assert_allclose(answer[0], answer_of(layers, values), atol=1e-4)


# Numbers and their bytes from the "Encoding" page of Protocol Buffers' documentation.
@pytest.mark.parametrize(
    ("parts", "written"),
    [
        ([(1, 150)], "08 96 01"),
        ([(2, "testing")], "12 07 74 65 73 74 69 6e 67"),
        ([(3, bytes.fromhex("089601"))], "1a 03 08 96 01"),
        ([(1, 0)], "08 00"),
        ([(1, 127), (1, 128)], "08 7f 08 80 01"),
        ([(16, 1)], "80 01 01"),
        ([(1, 2**64 - 1)], "08 ff ff ff ff ff ff ff ff ff 01"),
        ([], ""),
    ],
)
def test_messages_are_those_of_the_documentation(parts, written):
    data = bytes.fromhex(written)
    assert message(*parts) == data
    texts = [
        (number, value.encode() if isinstance(value, str) else value)
        for number, value in parts
    ]
    assert list(fields(data)) == texts


@pytest.mark.parametrize(
    "written",
    ["08", "08 96", "12", "12 07 74", "08" + " ff" * 10, "08" + " 80" * 11 + " 01"],
)
def test_messages_cut_off_or_with_numbers_too_long_are_refused(written):
    with pytest.raises(ModelError, match="cut off"):
        list(fields(bytes.fromhex(written)))


# Kinds 1 and 5 are numbers of 8 and 4 bytes, 3 and 4 groups; no model of ours has any.
@pytest.mark.parametrize("kind", [1, 3, 4, 5, 6, 7])
def test_kinds_of_fields_that_no_network_has_are_refused(kind):
    with pytest.raises(ModelError, match="fields that no model needs"):
        list(fields(bytes([1 << 3 | kind]) + struct.pack("<d", 1.0)))


def changed(path, change, layers=None):
    """A network's file in which fields found along a path of numbers are changed."""
    data = write_onnx(layers or drawn_layers(), {"card": "{}"})
    return _changed(data, path, change)


def _changed(data, path, change):
    number, *deeper = path
    found = []
    for field, value in fields(data):
        if field != number:
            found.append((field, value))
        elif deeper:
            found.append((field, _changed(value, deeper, change)))
        else:
            found.extend((field, each) for each in change(value))
    return message(*found)


def once_more(value):
    return [value, value]


def none(_):
    return []


def add(number):
    return lambda value: [value + number]


@pytest.mark.parametrize(
    ("path", "change", "says"),
    [
        ((7,), none, "no ONNX file"),
        ((7,), once_more, "graph is missing or there twice"),
        ((7,), lambda _: [5], "graph is missing or there twice"),
        ((1,), add(1), "another version"),
        ((1,), once_more, "another version"),
        ((1,), none, "another version"),
        ((8,), once_more, "another version"),
        ((8,), none, "another version"),
        ((8,), lambda _: [13], "a part of it is none"),
        ((8, 2), add(1), "another version"),
        ((8, 2), once_more, "another version"),
        ((8, 1), lambda _: [b"ai.onnx.ml"], "another version"),
        ((14,), once_more, "a property twice"),
        ((14, 1), lambda _: [b"\xff"], "text in it cannot be read"),
        ((14, 2), none, "value is missing"),
        ((7, 1), none, "no ONNX file"),
        ((7, 11), none, "given something else than one input"),
        ((7, 11), once_more, "given something else than one input"),
        ((7, 11, 1), lambda _: [b"other"], "given something else"),
        ((7, 12), none, "gives something else than one output"),
        ((7, 12), once_more, "gives something else than one output"),
        ((7, 12, 1), lambda _: [b"other"], "gives something else"),
        ((7, 5), once_more, "names weights twice"),
        ((7, 5), lambda _: [5], "a part of it is none"),
        ((7, 5), none, "lacks its weights"),
        ((7, 5, 2), add(1), "no plain numbers"),
        ((7, 5, 2), once_more, "no plain numbers"),
        ((7, 5, 1), none, "no plain numbers"),
        ((7, 5, 1), lambda value: [value, 1, 1, 1], "no plain numbers"),
        ((7, 5, 1), lambda _: [b"1"], "a number in it is none"),
        ((7, 5, 9), lambda value: [value + b"\0\0\0\0"], "not as many"),
        ((7, 5, 9), lambda value: [value[:-1]], "not as many"),
        ((7, 5, 9), once_more, "raw is missing or there twice"),
        ((7, 1, 2), once_more, "output is missing or there twice"),
        ((7, 1, 5), once_more, "names an attribute twice"),
        ((7, 1, 5, 20), lambda _: [3], "no whole number"),
        ((7, 1, 5, 20), once_more, "no whole number"),
        ((7, 1, 5, 8), add(1), "padded, grouped or widened"),
        ((7, 1, 5, 8), once_more, "padded, grouped or widened"),
        ((7, 1, 5, 8), none, "no stride|padded"),
        ((7, 1, 5, 1), lambda value: [value + b"s"], "no stride|padded"),
        ((7, 1, 5, 3), add(1), "'Concat' is used in another way"),
        ((7, 1, 5, 3), once_more, "'Concat' is used in another way"),
    ],
)
def test_whatever_is_written_otherwise_is_refused(path, change, says):
    with pytest.raises(ModelError, match=says):
        read_onnx(changed(path, change))


def test_the_domain_of_the_operators_may_be_left_out():
    assert read_onnx(changed((8, 1), none)).properties == {"card": "{}"}


def test_other_operators_with_attributes_are_refused():
    def given_one(node):
        extra = message((1, "alpha"), (3, 1), (20, 2))
        return [message(*fields(node), (5, extra))] if b"Relu" in node else [node]

    with pytest.raises(ModelError, match="'Relu' is used in another way"):
        read_onnx(changed((7, 1), given_one))


def test_a_convolution_needs_its_kernel_and_its_bias():
    def without_bias(node):
        inputs = [value for field, value in fields(node) if field == 1]
        if len(inputs) < 3:
            return [node]
        kept = [part for part in fields(node) if part != (1, inputs[-1])]
        return [message(*kept)]

    with pytest.raises(ModelError, match="lacks its weights"):
        read_onnx(changed((7, 1), without_bias))


def test_up_to_4096_parts_of_a_kind_are_read():
    texts = {str(number): "" for number in range(4096)}
    data = write_onnx(drawn_layers(), texts)
    assert len(read_onnx(data).properties) == 4096
    with pytest.raises(ModelError, match="far too many parts"):
        read_onnx(data + message((14, message((1, "one"), (2, "more")))))


def test_a_file_may_have_ten_million_bytes():
    layers = drawn_layers()
    bare = len(write_onnx(layers, {"card": ""}))
    for over in (0, 1):
        # A length of millions takes four bytes, one below 128 a single one: that of the
        # text and that of what holds it.
        text = "x" * (10_000_000 - bare - 6 + over)
        data = write_onnx(layers, {"card": text})
        assert len(data) == 10_000_000 + over
        if over:
            with pytest.raises(ModelError, match="larger than 10 MB"):
                read_onnx(data)
        else:
            assert read_onnx(data).properties == {"card": text}
