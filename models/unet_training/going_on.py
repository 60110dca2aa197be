"""From a file that was exported back to PyTorch, to train on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from napari_cdse.core.errors import ModelError
from napari_cdse.io.files import name_of, read_file
from napari_cdse.io.models.network_file import network_from
from napari_cdse.io.models.onnx_file import MOST_BYTES, read_onnx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from napari_cdse.core.detection.unet.card import NetworkCard
    from napari_cdse.core.detection.unet.layers import Layer
    from unet_training.network import UNet


def go_on_from(network: UNet, path: Path, given: Iterable[torch.Tensor]) -> NetworkCard:
    """Give a network the weights of an exported one.

    The export folded each normalisation into the convolution before it. What the
    normalisations measure is measured anew here, and their gains and offsets are set
    so that the network answers as the exported one does.

    Parameters
    ----------
    network : UNet
        Changed in place.
    path : Path
        ``unet.onnx``.
    given : iterable of Tensor, shape (n, 2, rows, columns)
        Batches that the normalisations are measured on.

    Returns
    -------
    NetworkCard
        Of the exported network.

    Raises
    ------
    ModelError
        If the file is no network of ours, or one of other layers.
    """
    data = read_file(path, MOST_BYTES, ModelError)
    _, card = network_from(data)
    layers = [each for each in read_onnx(data).layers if each.weight is not None]
    steps = list(_in_order(network))
    if [_shape(each) for each in layers] != [tuple(c.weight.shape) for c, _ in steps]:
        raise ModelError(f"{name_of(path)} has other layers than the U-Net to train.")
    for layer, (convolution, normalisation) in zip(layers, steps, strict=True):
        _copy(layer, convolution, normalisation)
    _measure([norm for _, norm in steps if norm is not None], network, given)
    return card


def _shape(layer: Layer) -> tuple[int, ...]:
    assert layer.weight is not None
    return layer.weight.shape


def _copy(
    layer: Layer,
    convolution: nn.Conv2d | nn.ConvTranspose2d,
    normalisation: nn.BatchNorm2d | None,
) -> None:
    """Copy weights; a normalisation does nothing yet but to add the bias."""
    with torch.no_grad():
        convolution.weight.copy_(torch.tensor(layer.weight))
        bias = torch.tensor(layer.bias)
        if normalisation is None:
            assert convolution.bias is not None
            convolution.bias.copy_(bias)
            return
        _normalise(normalisation, torch.zeros_like(bias), torch.ones_like(bias), bias)


def _normalise(
    norm: nn.BatchNorm2d,
    mean: torch.Tensor,
    variance: torch.Tensor,
    bias: torch.Tensor,
) -> None:
    """Set what was measured, and gain and offset that leave but the bias of it."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_(torch.sqrt(variance + norm.eps))
    norm.bias.copy_(bias + mean)


def _measure(
    norms: list[nn.BatchNorm2d], network: UNet, given: Iterable[torch.Tensor]
) -> None:
    """Measure mean and variance of what reaches each normalisation."""
    sums = {
        norm: torch.zeros(3, len(norm.weight), dtype=torch.float64) for norm in norms
    }

    def add(norm: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        values = inputs[0].double().transpose(0, 1).flatten(1)
        count = torch.full((len(values),), values.shape[1])
        measured = torch.stack([values.sum(1), (values**2).sum(1)]).cpu()
        sums[norm] += torch.cat([count[None], measured])

    hooks = [norm.register_forward_pre_hook(add) for norm in norms]
    network.eval()
    with torch.no_grad():
        for batch in given:
            network(batch)
        for norm, (count, total, squares) in sums.items():
            mean = total / count
            variance = squares / count - mean**2
            _normalise(norm, mean, variance.clamp(min=0), norm.bias.double().cpu())
    for hook in hooks:
        hook.remove()


def _in_order(
    network: UNet,
) -> Iterator[tuple[nn.Conv2d | nn.ConvTranspose2d, nn.BatchNorm2d | None]]:
    """Convolutions with their normalisations, in the order of the export."""
    blocks = [network.stem, *network.down]
    for block in blocks:
        yield from ((step[0], step[1]) for step in block)
    for rise, level in zip(network.rise, network.up, strict=True):
        yield rise, None
        yield from ((step[0], step[1]) for step in level)
    yield network.head, None
