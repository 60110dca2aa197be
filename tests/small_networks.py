"""Networks of the shipped one's shape, narrow and with drawn weights."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from napari_cdse.core.detection.unet.card import PROBE_ANSWERS, NetworkCard
from napari_cdse.core.detection.unet.layers import INPUT, OUTPUT, Layer

WIDTHS = (6, 8, 10, 12)


def drawn_layers(seed: int = 0, stem: int = 4) -> tuple[Layer, ...]:
    """A stem of two strides, four levels with skips, three maps."""
    rng = np.random.default_rng(seed)
    layers: list[Layer] = []

    def weights(shape: tuple[int, ...], fan: int) -> np.ndarray:
        return rng.normal(0, np.sqrt(2 / fan), shape).astype(np.float32)

    def step(given: str, inputs: int, width: int, edge: int = 3, stride: int = 1):
        kernel = weights((width, inputs, edge, edge), inputs * edge**2)
        bias = weights((width,), 50)
        name = f"c{len(layers)}"
        layers.append(Layer("Conv", (given,), name, kernel, bias, stride))
        layers.append(Layer("Relu", (name,), f"{name}.relu"))
        return f"{name}.relu"

    last, width = step(step(INPUT, 2, stem, 7, 2), stem, WIDTHS[0], 3, 2), WIDTHS[0]
    kept = []
    for level, wide in enumerate(WIDTHS):
        last = step(last, width, wide, 3, 2 if level else 1)
        kept.append(last := step(last, wide, wide))
        width = wide
    kept.pop()
    for wide in reversed(WIDTHS[:-1]):
        kernel, bias = weights((width, wide, 2, 2), width), weights((wide,), 50)
        layers.append(Layer("ConvTranspose", (last,), f"up{wide}", kernel, bias, 2))
        layers.append(Layer("Concat", (f"up{wide}", kept.pop()), f"join{wide}"))
        last = step(step(f"join{wide}", 2 * wide, wide), wide, wide)
        width = wide
    head = weights((3, width, 1, 1), width)
    layers.append(Layer("Conv", (last,), "logits", head, weights((3,), 50)))
    layers.append(Layer("Sigmoid", ("logits",), OUTPUT))
    return tuple(layers)


def drawn_card() -> NetworkCard:
    """A card whose probe is of no network."""
    return NetworkCard(
        "drawn",
        "nothing",
        "BSD-3-Clause",
        "2026",
        seed=0,
        weights=1,
        n_micrographs=0,
        n_bare=0,
        false_circles=((0.0, 2.0), (1.0, 0.5), (2.0, 0.1)),
        probe=(0.5,) * PROBE_ANSWERS,
    )


def answer_of(layers: tuple[Layer, ...], given: np.ndarray) -> np.ndarray:
    """Run layers in NumPy, by the definitions of the operators."""
    values = {INPUT: given.astype(np.float64)}
    for layer in layers:
        own = [values[name] for name in layer.inputs]
        values[layer.output] = _DEFINED[layer.operator](layer, *own)
    return values[OUTPUT]


def _convolved(layer: Layer, given: np.ndarray) -> np.ndarray:
    edge = layer.weight.shape[2]
    around = [(0, 0)] + [(edge // 2, edge // 2)] * 2
    windows = sliding_window_view(np.pad(given, around), (edge, edge), (1, 2))
    windows = windows[:, :: layer.stride, :: layer.stride]
    summed = np.einsum("oikl,irckl->orc", layer.weight, windows)
    return summed + layer.bias[:, None, None]


def _enlarged(layer: Layer, given: np.ndarray) -> np.ndarray:
    each = np.einsum("iokl,irc->orkcl", layer.weight, given)
    count, rows, _, cols, _ = each.shape
    return each.reshape(count, 2 * rows, 2 * cols) + layer.bias[:, None, None]


_DEFINED = {
    "Conv": _convolved,
    "ConvTranspose": _enlarged,
    "Relu": lambda layer, given: np.maximum(given, 0),
    "Sigmoid": lambda layer, given: 1 / (1 + np.exp(-given)),
    "Concat": lambda layer, *given: np.concatenate(given),
}
