"""Speckle before and after median filters, and after what leaves no ties."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import (
    gaussian_filter,
    generate_binary_structure,
    median_filter,
    zoom,
)

from napari_cdse.core.classifier.quality_range import UNTIED
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.picture.tied_neighbours import ties
from napari_cdse.core.quality.measurement import measure_quality
from tests.core.picture.drawn import fringed_speckle, gray, jpeg

SHAPE = (420, 380)
CROSS = generate_binary_structure(2, 1)


@pytest.fixture(scope="module")
def micrograph():
    return fringed_speckle(SHAPE, 4)


def measured(pixels):
    """As a program does: what is drawn over them is found first."""
    return prepare(pixels.astype(np.float32)).ties


def of_all(pixels):
    return ties(pixels.astype(np.float32), np.ones(pixels.shape, bool))


@pytest.mark.parametrize(
    "filtered",
    [
        lambda pixels: median_filter(pixels, 3),
        lambda pixels: median_filter(pixels, 7),
        lambda pixels: median_filter(pixels, footprint=CROSS),
        lambda pixels: np.clip(1.4 * median_filter(pixels, 5) - 50, 0, 255),
        lambda pixels: median_filter(pixels, 5)[100:300, 80:280],
        lambda pixels: median_filter(of_many_bits(pixels), 3),
        # A median filter of one's own, by rank in five pixels of a row.
        lambda pixels: np.median([np.roll(pixels, by, 1) for by in range(-2, 3)], 0),
        # Every second pixel stands twice.
        lambda pixels: pixels[:, (np.arange(540) / 1.5).astype(int)],
    ],
)
def test_values_that_neighbours_share_are_seen(micrograph, filtered):
    assert measured(filtered(micrograph)) > UNTIED


def of_many_bits(pixels):
    """As of a camera of sixteen bits, in which hardly two pixels are equal."""
    return np.rint(200 * pixels + np.random.default_rng(1).normal(0, 60, pixels.shape))


@pytest.mark.parametrize(
    "change",
    [
        lambda pixels: pixels,
        of_many_bits,
        lambda pixels: gray(gaussian_filter(pixels, 1.0)),
        lambda pixels: np.rint(gaussian_filter(pixels, 2.0)),
        lambda pixels: np.rint(pixels * np.linspace(0.4, 1, SHAPE[1])),
        lambda pixels: np.clip(3 * pixels - 250, 0, 255),
        lambda pixels: np.rint(255 * (pixels / 255) ** 0.5),
        lambda pixels: np.floor(pixels / 4),
        lambda pixels: np.random.default_rng(0).poisson(pixels / 20).astype(float),
        lambda pixels: jpeg(pixels, 90),
        lambda pixels: jpeg(pixels, 20),
        lambda pixels: gray(zoom(pixels, 0.7, order=3)),
        lambda pixels: gray(zoom(pixels, 1.4, order=3)),
        lambda pixels: np.repeat(np.repeat(pixels, 2, axis=0), 2, axis=1),
    ],
)
def test_whatever_else_is_done_leaves_none(micrograph, change):
    found = measured(change(micrograph))
    assert found is not None
    assert found < UNTIED / 2


def test_hot_pixels_that_were_replaced_by_a_median_leave_none(micrograph):
    hot = np.random.default_rng(2).random(SHAPE) < 0.01
    pixels = np.where(hot, median_filter(micrograph, 3), micrograph)
    assert measured(pixels) < UNTIED / 2


def test_a_known_share_of_ties_is_told():
    """Of pairs along rows, a tenth made equal; along columns none."""
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(300, 300))
    noise[:, 1::2] = np.where(
        rng.random((300, 150)) < 0.2, noise[:, ::2], noise[:, 1::2]
    )
    # 0.2 of every second pair of one of two directions; some in the end classes.
    assert of_all(noise) == pytest.approx(0.05, abs=0.004)
    assert of_all(np.random.default_rng(4).normal(size=(300, 300))) < 0.002


def test_what_lies_over_it_does_not_count():
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(256, 256))
    usable = np.ones(noise.shape, bool)
    usable[60:160, 60:200] = False
    covered = np.where(usable, noise, median_filter(noise, 5))
    assert ties(covered, usable) < 0.003
    assert of_all(covered) > 0.02


def test_few_gray_levels_and_too_little_tell_nothing():
    noise = np.random.default_rng(6).normal(size=(300, 300))
    assert of_all(np.rint(noise)) is None
    assert of_all(np.zeros((300, 300))) is None
    usable = np.zeros(noise.shape, bool)
    assert ties(noise, usable) is None
    usable[100:160, 100:160] = True
    assert ties(noise, usable) is None
    usable[100:190, 100:190] = True
    assert ties(noise, usable) is not None


def test_it_is_a_figure_of_quality(micrograph):
    image = prepare(median_filter(micrograph, 3))
    assert image.ties > UNTIED
    assert measure_quality(image, 0.04).ties == image.ties
