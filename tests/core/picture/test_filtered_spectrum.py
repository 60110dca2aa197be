"""Speckle before and after filters whose formulas are written out here."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, median_filter, zoom

from napari_cdse.core.classifier.quality_range import UNFILTERED
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.picture.filtered_spectrum import LEAST_SIDE_PX, spectral_flatness
from napari_cdse.core.quality.measurement import measure_quality
from tests.core.picture.drawn import fringed_speckle, gray, jpeg

SHAPE = (820, 700)


@pytest.fixture(scope="module")
def micrograph():
    return fringed_speckle(SHAPE, 6)


def frequencies(shape):
    return np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1]))


def of_power(pixels, gain):
    """Multiply each coefficient by a gain of its power and the mean of its ring."""
    spectrum = np.fft.fft2(pixels - pixels.mean())
    power = np.abs(spectrum) ** 2
    ring = (frequencies(pixels.shape) * 300).astype(int)
    mean = (np.bincount(ring.ravel(), power.ravel()) / np.bincount(ring.ravel()))[ring]
    return gray(np.fft.ifft2(spectrum * gain(power, mean)).real)


def wiener(pixels):
    return of_power(pixels, lambda power, mean: np.maximum(1 - mean / power, 0))


def absf(pixels):
    """The average background subtraction: of amplitudes."""
    return of_power(
        pixels, lambda power, mean: np.maximum(1 - np.sqrt(mean / power), 0)
    )


@pytest.mark.parametrize("filtered", [wiener, absf])
def test_a_filter_that_decides_for_each_frequency_is_seen(micrograph, filtered):
    assert spectral_flatness(filtered(micrograph)) < 0.5
    # In a program that first takes out what is drawn, and levels the rest.
    assert spectral_flatness(prepare(filtered(micrograph)).pixels) < 0.6


@pytest.mark.parametrize("filtered", [wiener, absf])
def test_it_is_seen_in_what_was_cut_out_resized_or_compressed(micrograph, filtered):
    pixels = filtered(micrograph)
    assert spectral_flatness(pixels[150:650, 80:580]) < UNFILTERED
    assert spectral_flatness(resized(pixels, 1.4)) < UNFILTERED
    assert spectral_flatness(jpeg(pixels, 80)) < 0.5


def test_it_is_seen_in_the_frame_of_a_large_camera():
    """A part of it alone would not show it: a tenth of its rows and columns."""
    noise = np.random.default_rng(4).normal(size=(2600, 2100))
    filtered = wiener(gaussian_filter(noise, 1.0))
    assert spectral_flatness(filtered) < 0.2
    assert spectral_flatness(filtered[900:1400, 800:1300]) > UNFILTERED
    assert spectral_flatness(gray(noise)) == pytest.approx(1, abs=0.01)


def resized(pixels, factor):
    return gray(zoom(pixels, factor, order=3))


def equalised(pixels):
    ranks = np.argsort(np.argsort(pixels, axis=None)).reshape(pixels.shape)
    return gray(ranks.astype(float))


def low_pass(pixels):
    spectrum = np.fft.fft2(pixels)
    return gray(
        np.fft.ifft2(spectrum / (1 + (frequencies(pixels.shape) / 0.2) ** 8)).real
    )


def electrons(pixels):
    return np.random.default_rng(0).poisson(pixels / 100).astype(np.float32)


def lit(pixels):
    """Twice as bright at one side as at the other."""
    return gray(pixels * np.linspace(1, 2, pixels.shape[1]))


@pytest.mark.parametrize(
    "change",
    [
        lambda pixels: pixels,
        lambda pixels: gray(gaussian_filter(pixels, 1.0)),
        lambda pixels: gray(gaussian_filter(pixels, [0, 2.0])),
        low_pass,
        lambda pixels: median_filter(pixels, 3),
        lambda pixels: np.clip(pixels, 90, 170),
        lambda pixels: gray(pixels**0.4),
        equalised,
        lambda pixels: gray(np.floor(pixels / 32)),
        electrons,
        lit,
        lambda pixels: jpeg(pixels, 90),
        lambda pixels: jpeg(pixels, 20),
        lambda pixels: resized(pixels, 0.7),
        lambda pixels: resized(pixels, 1.4),
        lambda pixels: pixels[:LEAST_SIDE_PX, -LEAST_SIDE_PX:],
    ],
    ids=lambda change: "" if change.__name__ == "<lambda>" else change.__name__,
)
def test_what_changes_neighbouring_frequencies_alike_is_no_filter(micrograph, change):
    assert spectral_flatness(change(micrograph)) > 0.95


def test_noise_has_a_flatness_of_one_whatever_its_shape_and_scale():
    rng = np.random.default_rng(1)
    for shape in ((400, 400), (401, 533), (1500, 640)):
        noise = rng.normal(1e4, 300, shape).astype(np.float32)
        assert spectral_flatness(noise) == pytest.approx(1, abs=0.01)


def test_half_of_the_frequencies_gone_at_random_are_told_exactly():
    """Of the mean of two, one is left: the logarithm of the floor decides."""
    rng = np.random.default_rng(2)
    noise = rng.normal(size=(600, 600))
    spectrum = np.fft.rfft2(noise)
    power = rng.random(spectrum.shape) < 0.5
    spectrum[power] *= 1e-2
    changed = np.fft.irfft2(spectrum, noise.shape).astype(np.float32)
    # Half have a ten thousandth of the power; the mean is half of what it was.
    assert spectral_flatness(changed) == pytest.approx(2 * 1e-2, rel=0.05)


def test_a_bar_and_letters_are_no_filter(micrograph):
    pixels = micrograph.copy()
    pixels[-60:] = 0
    pixels[-40:-34, 60:260] = 255
    pixels[100:112, 500:620] = 255
    assert spectral_flatness(prepare(pixels).pixels) > 0.95


def test_a_small_or_constant_picture_tells_nothing(micrograph):
    assert spectral_flatness(micrograph[: LEAST_SIDE_PX - 1]) is None
    assert spectral_flatness(np.ones(SHAPE, np.float32)) is None


def test_it_is_a_figure_of_quality_also_where_nothing_else_can_be_measured(micrograph):
    image = prepare(wiener(micrograph))
    quality = measure_quality(image, 0.04)
    assert quality.flatness == spectral_flatness(image.pixels)
    assert quality.clipped == image.clipped
    # No sum of speckle and noise has such a spectrum at so coarse a scale.
    alone = measure_quality(image, 0.0001)
    assert alone.information_limit_nm is None
    assert alone.flatness == quality.flatness
