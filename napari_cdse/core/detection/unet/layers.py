"""The layers that a network may consist of, and checks of their sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

INPUT, OUTPUT = "input", "output"
"""Names of what goes in and what comes out."""
INPUT_CHANNELS = 2
OUTPUT_MAPS = ("interior", "border", "distance")
OUTPUT_STRIDE = 4
"""Samples of the input, along an axis, for each of the output: 0.2 nm."""
COARSEST_STRIDE = 32
"""The same for the coarsest level: inputs are multiples of it."""

OPERATORS = ("Conv", "ConvTranspose", "Relu", "Concat", "Sigmoid")
"""What is needed for a U-Net whose normalisations are folded into its weights."""
MOST_LAYERS = 128
"""A choice: the shipped network has 51, and a chain of these can be looked through."""
MOST_CHANNELS = 512
"""A choice: four times the widest level."""
MOST_VALUES = 32.0
"""Of one map, for each sample of the input; the shipped network has 8 at most. A
choice: with tiles of 1024 samples a map then takes 134 MB."""
MOST_WORK = 100_000.0
"""Multiplications for each sample of the input; the shipped network has 13 000. A
choice: a tile then takes some seconds at most."""
MOST_WEIGHTS = 2_400_000
"""Numbers in all: what 10 MB of a file hold, less what else is in it."""
_LARGEST_KERNEL = 9
_STRIDES = (1, 2)
_FINEST, _COARSEST = 1, COARSEST_STRIDE


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One step of a network.

    Attributes
    ----------
    operator : str
        One of `OPERATORS`, as ONNX names and defines them.
    inputs : tuple of str
        Names of what it is given; two or more for ``Concat`` alone.
    output : str
        Name of what it gives.
    weight : ndarray of float32 or None
        Shape (outputs, inputs, k, k) for ``Conv``, whose borders are padded by k // 2,
        and (inputs, outputs, 2, 2) for ``ConvTranspose``; None for the rest.
    bias : ndarray of float32 or None
        Shape (outputs,).
    stride : int
    """

    operator: str
    inputs: tuple[str, ...]
    output: str
    weight: NDArray[np.float32] | None = None
    bias: NDArray[np.float32] | None = None
    stride: int = 1


@dataclass(frozen=True, slots=True)
class _Size:
    """Channels of a map, and how many samples of the input one of its own spans."""

    channels: int
    stride: int


def check_layers(layers: tuple[Layer, ...]) -> None:
    """Refuse a network of foreign steps, of other maps, or one too large to run.

    Raises
    ------
    ModelError
        A clause without a full stop, such as "it uses the operator 'Loop'"; the caller
        says whose.
    """
    _check_count(layers)
    work, sizes = 0.0, {INPUT: _Size(INPUT_CHANNELS, _FINEST)}
    for layer in layers:
        size = _checked_size(layer, sizes)
        if layer.weight is not None:
            # Enlarging multiplies once for each sample that it is given.
            coarser = max(size.stride, sizes[layer.inputs[0]].stride)
            work += layer.weight.size / coarser**2
        sizes[layer.output] = size
    if work > MOST_WORK:
        raise ModelError("it takes too many multiplications")
    if sizes.get(OUTPUT) != _Size(len(OUTPUT_MAPS), OUTPUT_STRIDE):
        raise ModelError(
            f"it does not give {len(OUTPUT_MAPS)} maps at a quarter of its input"
        )


def _check_count(layers: tuple[Layer, ...]) -> None:
    if not 0 < len(layers) <= MOST_LAYERS:
        raise ModelError(f"it has {len(layers)} layers; at most {MOST_LAYERS} are used")
    count = sum(0 if each.weight is None else each.weight.size for each in layers)
    if count > MOST_WEIGHTS:
        raise ModelError(f"it has {count} weights; at most {MOST_WEIGHTS} are used")


def _checked_size(layer: Layer, sizes: dict[str, _Size]) -> _Size:
    """Tell the size of a layer's result, once it is known to be bounded."""
    if layer.output in sizes:
        raise ModelError("it names a result twice")
    if not layer.inputs or any(name not in sizes for name in layer.inputs):
        raise ModelError("a layer of it waits for a result that is not there")
    size = _size_after(layer, [sizes[name] for name in layer.inputs])
    if size.channels > MOST_CHANNELS:
        raise ModelError(f"a layer of it has {size.channels} channels")
    if size.channels > MOST_VALUES * size.stride**2:
        raise ModelError("a layer of it has too many channels for its fineness")
    if not _FINEST <= size.stride <= _COARSEST:
        raise ModelError("a level of it is finer than the input or too coarse")
    return size


def _size_after(layer: Layer, given: list[_Size]) -> _Size:
    if layer.operator == "Concat":
        if len({each.stride for each in given}) > 1:
            raise ModelError("it joins maps of different sizes")
        return _Size(sum(each.channels for each in given), given[0].stride)
    if layer.operator not in OPERATORS:
        raise ModelError(f"it uses the operator {layer.operator!r}")
    if len(given) > 1:
        raise ModelError("a layer of it is given more than one map")
    if layer.operator in ("Relu", "Sigmoid"):
        return given[0]
    return _size_convolved(layer, given[0])


def _size_convolved(layer: Layer, given: _Size) -> _Size:
    weight, bias = layer.weight, layer.bias
    if weight is None or bias is None or weight.ndim != 4 or bias.ndim != 1:
        raise ModelError("a convolution of it lacks its weights")
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise ModelError("weights of it are not finite")
    turned = layer.operator == "ConvTranspose"
    inputs, outputs = weight.shape[:2] if turned else weight.shape[1::-1]
    if inputs != given.channels or len(bias) != outputs:
        raise ModelError("weights of it have other shapes than its maps")
    if turned:
        if weight.shape[2:] != (2, 2) or layer.stride != 2 or given.stride % 2:
            raise ModelError("it enlarges maps by another factor than 2")
        return _Size(outputs, given.stride // 2)
    edge = weight.shape[2]
    if weight.shape[3] != edge or edge % 2 == 0 or edge > _LARGEST_KERNEL:
        raise ModelError("a kernel of it is not square, odd and small")
    if layer.stride not in _STRIDES:
        raise ModelError(f"a layer of it strides by {layer.stride}")
    return _Size(outputs, given.stride * layer.stride)
