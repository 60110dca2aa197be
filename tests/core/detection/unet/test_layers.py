"""Which chains of layers are run, and which refused: each limit to the last number."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from napari_cdse.core.detection.unet.layers import INPUT, OUTPUT, Layer, check_layers
from napari_cdse.core.errors import ModelError
from tests.small_networks import drawn_layers


def conv(given, output, shape, stride=1, bias=None):
    """Build a convolution whose weights hold one number, repeated."""
    weight = np.broadcast_to(np.float32(0.1), shape)
    return Layer(
        "Conv", (given,), output, weight, np.zeros(bias or shape[0], np.float32), stride
    )


def turned(given, output, shape, stride=2):
    weight = np.broadcast_to(np.float32(0.1), shape)
    return Layer(
        "ConvTranspose",
        (given,),
        output,
        weight,
        np.zeros(shape[1], np.float32),
        stride,
    )


def through(*middle, last, channels):
    """Put layers between two strides of two and the three maps that are wanted."""
    return (
        conv(INPUT, "half", (4, 2, 3, 3), 2),
        conv("half", "quarter", (4, 4, 3, 3), 2),
        *middle,
        conv(last, OUTPUT, (3, channels, 1, 1)),
    )


PLAIN = through(last="quarter", channels=4)


def refused(layers, words):
    with pytest.raises(ModelError, match=words):
        check_layers(layers)


def test_a_plain_chain_and_a_small_u_net_are_run():
    check_layers(PLAIN)
    check_layers(drawn_layers())
    # A map may be used again, also what was put in.
    check_layers(
        through(
            Layer("Relu", ("quarter",), "a"),
            Layer("Concat", ("a", "quarter", "a"), "b"),
            last="b",
            channels=12,
        )
    )


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ((2, 4, 1, 1), "3 maps at a quarter"),
        ((4, 4, 1, 1), "3 maps at a quarter"),
    ],
)
def test_another_number_of_maps_is_refused(output, words):
    refused((*PLAIN[:-1], conv("quarter", OUTPUT, output)), words)


def test_maps_of_another_fineness_or_name_are_refused():
    half = (PLAIN[0], conv("half", OUTPUT, (3, 4, 1, 1)))
    refused(half, "3 maps at a quarter")
    refused((*PLAIN[:-1], replace(PLAIN[-1], output="other")), "3 maps at a quarter")


def test_as_many_as_128_layers_are_run():
    def chain(number):
        names = ["quarter", *(f"r{at}" for at in range(number - 3))]
        middle = [Layer("Relu", (given,), told) for given, told in pairwise(names)]
        return through(*middle, last=names[-1], channels=4)

    assert len(chain(128)) == 128
    check_layers(chain(128))
    refused(chain(129), "it has 129 layers; at most 128 are used")
    refused((), "it has 0 layers")


def test_weights_are_counted_before_anything_else():
    many = conv("quarter", "x", (1, 1, 1, 2_400_000 - 72 - 144 - 12))
    with pytest.raises(ModelError, match="other shapes"):
        check_layers((*PLAIN[:2], many, PLAIN[2]))
    more = conv("quarter", "x", (1, 1, 1, 2_400_000 - 72 - 144 - 11))
    refused((*PLAIN[:2], more, PLAIN[2]), "2400001 weights; at most 2400000")


def test_multiplications_are_counted_for_each_sample_of_the_input():
    """A kernel at a quarter works once for sixteen samples, an enlargement too.

    Of 100 000 for each sample the first and the last layer take 18, 9 and 12 / 16.
    """
    refused_by = 1_600_000

    def widened(width):
        return through(
            conv("quarter", "w", (width, 4, 1, 1)),
            conv("w", "x", (width, width, 3, 3)),
            last="x",
            channels=width,
        )

    for width in (416, 424):
        layers = widened(width)
        work = 18 * 16 + 144 * 4 + sum(each.weight.size for each in layers[2:])
        assert (work <= refused_by) == (width == 416)
        if work <= refused_by:
            check_layers(layers)
        else:
            refused(layers, "too many multiplications")


def test_an_enlargement_works_once_for_each_sample_it_is_given():
    """Eleven of them at an eighth, by 512 * 96 * 4 weights for 64 samples each."""
    down = conv("quarter", "eighth", (512, 4, 1, 1), 2)
    layers = [down]
    for at in range(11):
        layers.append(turned("eighth", f"up{at}", (512, 96, 2, 2)))
    layers.append(conv("up0", "back", (4, 96, 1, 1)))
    # 33 792 for each sample of the input; at a quarter they would be four times that.
    check_layers(through(*layers, last="back", channels=4))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (Layer("Loop", ("quarter",), "x"), "operator 'Loop'"),
        (Layer("Relu", ("quarter", "half"), "x"), "given more than one map"),
        (Layer("Relu", ("quarter",), "half"), "names a result twice"),
        (Layer("Relu", ("quarter",), INPUT), "names a result twice"),
        (Layer("Relu", ("later",), "x"), "not there"),
        (Layer("Relu", (), "x"), "not there"),
        (Layer("Concat", ("quarter", "half"), "x"), "different sizes"),
        (Layer("Conv", ("quarter",), "x"), "lacks its weights"),
        (replace(conv("quarter", "x", (4, 4, 3, 3)), bias=None), "lacks its weights"),
        (conv("quarter", "x", (4, 4, 3, 3), bias=3), "other shapes than its maps"),
        (conv("quarter", "x", (4, 5, 3, 3)), "other shapes than its maps"),
        (conv("quarter", "x", (4, 4, 3, 5)), "not square, odd and small"),
        (conv("quarter", "x", (4, 4, 2, 2)), "not square, odd and small"),
        (conv("quarter", "x", (4, 4, 11, 11)), "not square, odd and small"),
        (conv("quarter", "x", (4, 4, 3, 3), 3), "strides by 3"),
        (conv("quarter", "x", (4, 4, 3, 3), 0), "strides by 0"),
        (turned("quarter", "x", (5, 4, 2, 2)), "other shapes than its maps"),
        (turned("quarter", "x", (4, 4, 3, 3)), "another factor than 2"),
        (turned("quarter", "x", (4, 4, 2, 2), 1), "another factor than 2"),
        (turned("quarter", "x", (4, 513, 2, 2)), "has 513 channels"),
        (conv("quarter", "x", (513, 4, 1, 1)), "has 513 channels"),
    ],
)
def test_a_layer_that_is_foreign_or_does_not_fit_is_refused(layer, words):
    refused(through(layer, last="quarter", channels=4), words)


@pytest.mark.parametrize("which", ["weight", "bias"])
def test_weights_that_are_no_numbers_or_no_kernels_are_refused(which):
    layer = conv("quarter", "x", (4, 4, 3, 3))
    odd = getattr(layer, which).copy()
    odd.flat[-1] = np.nan
    layers = through(replace(layer, **{which: odd}), last="quarter", channels=4)
    refused(layers, "not finite")
    flat = getattr(layer, which)[None]
    layers = through(replace(layer, **{which: flat}), last="quarter", channels=4)
    refused(layers, "lacks its weights")


def test_kernels_of_nine_and_512_channels_are_run():
    check_layers(through(conv("quarter", "x", (4, 4, 9, 9)), last="x", channels=4))
    check_layers(through(conv("quarter", "x", (512, 4, 1, 1)), last="x", channels=512))


@pytest.mark.parametrize(("channels", "is_run"), [(32, True), (33, False)])
def test_a_fine_map_has_at_most_32_channels(channels, is_run):
    """At the fineness of the input; four times as many at half of it."""
    layers = (
        conv(INPUT, "wide", (channels, 2, 1, 1)),
        conv("wide", "narrow", (2, channels, 1, 1)),
        conv("narrow", "half", (4 * channels, 2, 1, 1), 2),
        conv("half", "quarter", (4, 4 * channels, 1, 1), 2),
        conv("quarter", OUTPUT, (3, 4, 1, 1)),
    )
    if is_run:
        check_layers(layers)
    else:
        refused(layers, "too many channels for its fineness")
        coarser = (conv(INPUT, "narrow", (2, 2, 1, 1)), *layers[2:])
        refused(coarser, "too many channels for its fineness")


def test_levels_lie_between_the_input_and_a_32nd():
    def deep(levels):
        names = ["quarter", *(f"d{at}" for at in range(levels))]
        down = [conv(given, told, (4, 4, 1, 1), 2) for given, told in pairwise(names)]
        return through(*down, last="quarter", channels=4)

    check_layers(deep(3))
    refused(deep(4), "finer than the input or too coarse")
    finest = (
        turned("half", "whole", (4, 4, 2, 2)),
        turned("whole", "double", (4, 4, 2, 2)),
    )
    check_layers(through(finest[0], last="quarter", channels=4))
    refused(through(*finest, last="quarter", channels=4), "another factor than 2")
