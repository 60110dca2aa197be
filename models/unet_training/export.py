"""From PyTorch to a file for onnxruntime, with a card: folded, scored, compared."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_cdse.core.detection.unet.card import NetworkCard, probe_input
from napari_cdse.core.detection.unet.layers import INPUT, OUTPUT, Layer
from napari_cdse.core.detection.unet.network import Network
from napari_cdse.core.errors import ModelError
from napari_cdse.io.models.network_file import write_network
from napari_cdse.io.models.onnx_file import write_onnx
from unet_training.network import UNet
from unet_training.scoring import false_circles, scores

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    from unet_training.fields import Plan


TRAINED_ON = (
    "Simulated micrographs of CdSe quantum dots on amorphous carbon (multislice, truth "
    "known, no real micrograph), with other dose, blur, light, scale and what is drawn "
    "over pictures. Look at what it finds in your own before you trust it."
)
_MOST_DIFFERENT = 1e-4
"""Largest difference of a probability between PyTorch and onnxruntime."""


def export(
    plan: Plan, pictures: Path, weights: Path, out: Path, seed: int
) -> NetworkCard:
    """Write ``unet.onnx`` and ``unet.json``, the card for people to read.

    Raises
    ------
    ModelError
        If onnxruntime is missing or gives other probabilities than PyTorch.
    """
    kept = torch.load(weights, map_location="cpu", weights_only=True)
    network = trained(kept["averaged"])
    layers = layers_of(network)
    running = Network(write_onnx(layers, {}))
    probe = _compared(network, running)
    running.false_circles = false_circles(running, plan, pictures)
    card = _card(plan, pictures, network, kept["told"], seed)
    card = replace(
        card,
        scores=scores(running, plan, pictures),
        false_circles=running.false_circles,
        probe=tuple(round(float(each), 6) for each in probe.ravel()),
    )
    write_network(out / "unet.onnx", layers, card)
    told = asdict(replace(card, probe=()))
    (out / "unet.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    return card


def _compared(network: UNet, running: Network) -> NDArray[np.float32]:
    """Ask PyTorch about the probe, and onnxruntime whether it says the same."""
    given = probe_input()
    with torch.no_grad():
        trained_says = torch.sigmoid(network(torch.from_numpy(given[None])))[0].numpy()
    runs_as = running.answer(given)
    different = float(np.abs(trained_says - runs_as).max())
    if not different <= _MOST_DIFFERENT:
        raise ModelError(
            f"onnxruntime differs from PyTorch by {different:.2g}; nothing is written."
        )
    return trained_says


def _card(
    plan: Plan, pictures: Path, network: UNet, told: dict[str, Any], seed: int
) -> NetworkCard:
    taught = [
        name
        for name in plan.names(held_out=False)
        if (pictures / f"{name}.field.npz").exists()
    ]
    bare = sum("-bare_" in name for name in taught)
    return NetworkCard(
        name="CdSe quantum dots, simulated",
        trained_on=TRAINED_ON,
        licence="BSD-3-Clause",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=seed,
        weights=sum(each.numel() for each in network.parameters()),
        n_micrographs=len(taught) - bare,
        n_bare=bare,
        parameters=told,
        versions={name: version(name) for name in ("torch", "onnxruntime", "numpy")},
    )


def trained(state: dict[str, torch.Tensor]) -> UNet:
    """Build the network from averaged weights."""
    network = UNet()
    network.load_state_dict(state)
    network.eval()
    return network


def layers_of(network: UNet) -> tuple[Layer, ...]:
    """List the layers of a network in the order in which they are run."""
    layers: list[Layer] = []

    def steps(blocks: nn.Sequential, given: str) -> str:
        for convolution, normalisation, _ in blocks:
            given = _folded(convolution, normalisation, given, layers)
        return given

    last = steps(network.stem, INPUT)
    kept = []
    for level in network.down:
        last = steps(level, last)
        kept.append(last)
    kept.pop()
    for rise, level in zip(network.rise, network.up, strict=True):
        raised, joined = f"{last}.rise", f"{last}.join"
        weight, bias = _array(rise.weight), _array(rise.bias)
        layers.append(Layer("ConvTranspose", (last,), raised, weight, bias, 2))
        layers.append(Layer("Concat", (raised, kept.pop()), joined))
        last = steps(level, joined)
    head = network.head
    layers.append(
        Layer("Conv", (last,), "logits", _array(head.weight), _array(head.bias))
    )
    layers.append(Layer("Sigmoid", ("logits",), OUTPUT))
    return tuple(layers)


def _folded(
    convolution: nn.Conv2d, normalisation: nn.BatchNorm2d, given: str, out: list[Layer]
) -> str:
    """Add a convolution with its normalisation in its weights, and a rectifier."""
    mean, variance = normalisation.running_mean, normalisation.running_var
    assert mean is not None
    assert variance is not None
    gain = normalisation.weight / torch.sqrt(variance + normalisation.eps)
    weight = convolution.weight * gain[:, None, None, None]
    bias = normalisation.bias - mean * gain
    name = f"c{len(out)}"
    stride = convolution.stride[0]
    out.append(Layer("Conv", (given,), name, _array(weight), _array(bias), stride))
    out.append(Layer("Relu", (name,), f"{name}.relu"))
    return f"{name}.relu"


def _array(values: torch.Tensor) -> NDArray[np.float32]:
    return values.detach().cpu().numpy().astype(np.float32)
