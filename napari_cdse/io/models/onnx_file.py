"""Write networks as ONNX files, and parse such files into plain layers.

Only files in the form of `write_onnx` are read: a chain of a few operators, weights as
raw float32 within the file, no external data, no functions, no subgraphs. Any other
field is refused, so that onnxruntime gets nothing that was not checked. Field numbers
are those of ``onnx.proto`` (ONNX 1.x, https://onnx.ai).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.detection.unet.layers import (
    INPUT,
    INPUT_CHANNELS,
    OUTPUT,
    OUTPUT_MAPS,
    Layer,
)
from napari_cdse.core.errors import ModelError
from napari_cdse.io.files import shown
from napari_cdse.io.models.wire_format import fields, message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MOST_BYTES = 10_000_000
"""Largest file that is read. Chosen."""
_MOST_PARTS = 4096
"""Most fields of one number in a message. Chosen: a network of 128 layers has far
fewer."""
_IR_VERSION, _OPSET = 8, 13
"""Versions of 2021, which every current onnxruntime reads; the operators used here have
not changed since."""
_FLOAT = 1
_INTS, _INT = 7, 2
"""``AttributeProto.Type``."""
_PRODUCER = "napari-cdse"
_MODEL = {1: "ir", 2: "producer", 7: "graph", 8: "opset", 14: "property"}
_GRAPH = {1: "node", 2: "name", 5: "tensor", 11: "input", 12: "output"}
_NODE = {1: "input", 2: "output", 4: "operator", 5: "attribute"}
_ATTRIBUTE = {1: "name", 3: "i", 8: "ints", 20: "type"}
_TENSOR = {1: "dims", 2: "type", 8: "name", 9: "raw"}
_PAIR = {1: "key", 2: "value"}
_OPERATOR_SET = {1: "domain", 2: "version"}


@dataclass(frozen=True, slots=True)
class OnnxNetwork:
    """Contents of an ONNX file.

    Attributes
    ----------
    layers : tuple of Layer
        In the order in which they are run.
    properties : dict of str to str
        Texts by name, such as a card.
    """

    layers: tuple[Layer, ...]
    properties: dict[str, str] = field(default_factory=dict)


def write_onnx(layers: tuple[Layer, ...], properties: Mapping[str, str]) -> bytes:
    """Encode layers as an ONNX file.

    Parameters
    ----------
    layers : tuple of Layer
        In the order in which they are run.
    properties : mapping of str to str
        Texts to store with the network.

    Returns
    -------
    bytes
        Contents of the file.
    """
    graph: list[tuple[int, bytes | str]] = [(1, _node(layer)) for layer in layers]
    graph.append((2, "unet"))
    for layer in layers:
        if layer.weight is not None and layer.bias is not None:
            graph.append((5, _tensor(f"{layer.output}.weight", layer.weight)))
            graph.append((5, _tensor(f"{layer.output}.bias", layer.bias)))
    graph.append((11, _map_type(INPUT, INPUT_CHANNELS)))
    graph.append((12, _map_type(OUTPUT, len(OUTPUT_MAPS))))
    return message(
        (1, _IR_VERSION),
        (2, _PRODUCER),
        (7, message(*graph)),
        (8, message((1, ""), (2, _OPSET))),
        *((14, message((1, key), (2, text))) for key, text in properties.items()),
    )


def read_onnx(data: bytes) -> OnnxNetwork:
    """Parse layers and texts of an ONNX file, without running anything in it.

    Parameters
    ----------
    data : bytes
        Contents of the file.

    Raises
    ------
    ModelError
        If it is too large, damaged, or not in the form of `write_onnx`; a clause such
        as "it is cut off or no ONNX file", which the caller completes.
    """
    if len(data) > MOST_BYTES:
        raise ModelError(f"it is larger than {MOST_BYTES / 1e6:g} MB")
    model = _split(data, _MODEL, "graph")
    (graph_data,) = _ones(model, "graph")
    _check_versions(model)
    graph = _split(graph_data, _GRAPH, "node")
    if [_name_of(each) for each in graph["input"]] != [INPUT]:
        raise ModelError("it is given something else than one input")
    if [_name_of(each) for each in graph["output"]] != [OUTPUT]:
        raise ModelError("it gives something else than one output")
    weights: dict[str, NDArray[np.float32]] = {}
    for each in graph["tensor"]:
        name, values = _read_tensor(each)
        if name in weights:
            raise ModelError("it names weights twice")
        weights[name] = values
    layers = tuple(_read_node(each, weights) for each in graph["node"])
    pairs = [_split(each, _PAIR, "key") for each in model["property"]]
    texts = {_text(pair, "key"): _text(pair, "value") for pair in pairs}
    if len(texts) < len(pairs):
        raise ModelError("it names a property twice")
    return OnnxNetwork(layers, texts)


def _node(layer: Layer) -> bytes:
    names = list(layer.inputs)
    attributes: list[bytes] = []
    if layer.weight is not None:
        names += [f"{layer.output}.weight", f"{layer.output}.bias"]
        attributes = [_ints(*each) for each in _convolution(layer).items()]
    elif layer.operator == "Concat":
        attributes = [message((1, "axis"), (3, 1), (20, _INT))]
    return message(
        *((1, name) for name in names),
        (2, layer.output),
        (4, layer.operator),
        *((5, each) for each in attributes),
    )


def _convolution(layer: Layer) -> dict[str, list[int]]:
    """Return the attributes of a convolution, as they are written."""
    assert layer.weight is not None
    edge = int(layer.weight.shape[2])
    pad = 0 if layer.operator == "ConvTranspose" else edge // 2
    return {
        "kernel_shape": [edge, edge],
        "pads": [pad] * 4,
        "strides": [layer.stride] * 2,
    }


def _ints(name: str, values: list[int]) -> bytes:
    return message((1, name), *((8, value) for value in values), (20, _INTS))


def _tensor(name: str, values: NDArray[np.float32]) -> bytes:
    raw = np.ascontiguousarray(values, dtype="<f4").tobytes()
    dims = ((1, int(length)) for length in values.shape)
    return message(*dims, (2, _FLOAT), (8, name), (9, raw))


def _map_type(name: str, channels: int) -> bytes:
    sides = (message((1, 1)), message((1, channels)), message((2, "r")))
    shape = message(*((1, side) for side in (*sides, message((2, "c")))))
    tensor = message((1, _FLOAT), (2, shape))
    return message((1, name), (2, message((1, tensor))))


def _split(data: bytes, known: dict[int, str], needed: str) -> dict[str, list[Any]]:
    """Group the fields of a message by name; refuse unknown field numbers."""
    parts: dict[str, list[Any]] = {name: [] for name in known.values()}
    for number, value in fields(data):
        if number not in known:
            raise ModelError("it has parts that no network of ours has")
        parts[known[number]].append(value)
        if len(parts[known[number]]) > _MOST_PARTS:
            raise ModelError("it has far too many parts")
    if not parts[needed]:
        raise ModelError("it is no ONNX file")
    return parts


def _ones(parts: dict[str, list[Any]], name: str) -> list[bytes]:
    """Return the only field of a name, as a list of one."""
    values = parts[name]
    if len(values) != 1 or not isinstance(values[0], bytes):
        raise ModelError(f"its {name} is missing or there twice")
    return values


def _text(parts: dict[str, list[Any]], name: str) -> str:
    try:
        return _ones(parts, name)[0].decode()
    except UnicodeDecodeError as problem:
        raise ModelError("a text in it cannot be read") from problem


def _numbers(values: list[Any]) -> list[int]:
    if not all(isinstance(value, int) for value in values):
        raise ModelError("a number in it is none")
    return values


def _check_versions(model: dict[str, list[Any]]) -> None:
    sets = [_split(each, _OPERATOR_SET, "version") for each in _bytes(model["opset"])]
    named = [(each["domain"], each["version"]) for each in sets]
    if model["ir"] != [_IR_VERSION] or named not in (
        [([b""], [_OPSET])],
        [([], [_OPSET])],
    ):
        raise ModelError("it is written for another version of ONNX or its operators")


def _bytes(values: list[Any]) -> list[bytes]:
    if not all(isinstance(value, bytes) for value in values):
        raise ModelError("a part of it is none")
    return values


def _name_of(value: Any) -> str:
    """Return the name of an input or output; its declared type is ignored."""
    (data,) = _bytes([value])
    parts = _split(data, {1: "name", 2: "type"}, "name")
    return _text(parts, "name")


def _read_tensor(value: Any) -> tuple[str, NDArray[np.float32]]:
    (data,) = _bytes([value])
    parts = _split(data, _TENSOR, "name")
    shape = _numbers(parts["dims"])
    if parts["type"] != [_FLOAT] or not 1 <= len(shape) <= 4:
        raise ModelError("weights of it are no plain numbers")
    (raw,) = _ones(parts, "raw")
    if min(shape) < 1 or math.prod(shape) * 4 != len(raw):
        raise ModelError("weights of it are not as many as it says")
    values = np.frombuffer(raw, "<f4").astype(np.float32, copy=False)
    return _text(parts, "name"), values.reshape(shape)


def _read_node(value: Any, weights: dict[str, NDArray[np.float32]]) -> Layer:
    (data,) = _bytes([value])
    parts = _split(data, _NODE, "operator")
    operator, output = _text(parts, "operator"), _text(parts, "output")
    names = [_text({"input": [each]}, "input") for each in parts["input"]]
    attributes = dict(map(_read_attribute, parts["attribute"]))
    if len(attributes) < len(parts["attribute"]):
        raise ModelError("it names an attribute twice")
    if operator in ("Conv", "ConvTranspose"):
        return _convolving(operator, names, output, attributes, weights)
    expected = {"axis": [1]} if operator == "Concat" else {}
    if attributes != expected:
        raise ModelError(f"its operator {shown(operator)!r} is used in another way")
    return Layer(shown(operator), tuple(names), output)


def _convolving(
    operator: str,
    names: list[str],
    output: str,
    attributes: dict[str, list[int]],
    weights: dict[str, NDArray[np.float32]],
) -> Layer:
    if len(names) != 3 or any(name not in weights for name in names[1:]):
        raise ModelError("a convolution of it lacks its weights")
    strides = attributes.get("strides", [])
    if not strides or weights[names[1]].ndim != 4:
        raise ModelError("a convolution of it has no stride or other weights")
    layer = Layer(
        operator,
        (names[0],),
        output,
        weights[names[1]],
        weights[names[2]],
        strides[0],
    )
    if attributes != _convolution(layer):
        raise ModelError("a convolution of it is padded, grouped or widened otherwise")
    return layer


def _read_attribute(value: Any) -> tuple[str, list[int]]:
    (data,) = _bytes([value])
    parts = _split(data, _ATTRIBUTE, "name")
    kind = _numbers(parts["type"])
    used, other = ("i", "ints") if kind == [_INT] else ("ints", "i")
    if kind not in ([_INT], [_INTS]) or parts[other]:
        raise ModelError("an attribute of it is no whole number")
    return _text(parts, "name"), _numbers(parts[used])
