"""Speckle before and after filters that smooth by content, those of scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, zoom
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from napari_cdse.core.arrays import central_part
from napari_cdse.core.classifier.quality_range import NOT_DENOISED
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.picture.denoised_noise import patchiness
from napari_cdse.core.quality.measurement import measure_quality
from tests.core.picture.drawn import fringed_speckle, gray, jpeg

SHAPE = (420, 380)


@pytest.fixture(scope="module")
def micrograph():
    """From 0 to 1."""
    return fringed_speckle(SHAPE, 4) / 255


def measured(values):
    image = prepare(gray(values))
    return patchiness(image.pixels, image.usable)


@pytest.mark.parametrize(
    "denoised",
    [
        lambda values: denoise_nl_means(values, 5, 7, h=0.1, sigma=0.12),
        lambda values: denoise_nl_means(values, 5, 5, h=0.05, sigma=0.06),
        lambda values: denoise_tv_chambolle(values, weight=0.3),
    ],
)
def test_what_smooths_by_content_is_seen(micrograph, denoised):
    assert measured(denoised(micrograph)) > NOT_DENOISED


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values,
        lambda values: gaussian_filter(values, 1.0),
        lambda values: values * np.linspace(1, 3, SHAPE[1]),
        lambda values: np.clip(values, 0.35, 0.65),
        lambda values: values**0.4,
        lambda values: np.floor(values * 12),
        lambda values: np.random.default_rng(0).poisson(6 * values).astype(float),
        lambda values: jpeg(gray(values), 75),
        lambda values: jpeg(gray(values), 30),
        lambda values: zoom(values, 0.7, order=3),
        lambda values: zoom(values, 1.4, order=3),
        lambda values: values[:200, :200],
    ],
)
def test_what_changes_neighbouring_places_alike_is_not_denoised(micrograph, change):
    assert measured(change(micrograph)) < 1.05


def of_noise(noise):
    return patchiness(noise.astype(np.float32), np.ones(noise.shape, bool))


def test_noise_differs_by_chance_only_whatever_its_strength_and_shape():
    rng = np.random.default_rng(1)
    for shape in ((200, 200), (401, 533), (1500, 640)):
        noise = rng.normal(0, 1, shape)
        assert 0.7 < of_noise(noise) < 1.0
        assert of_noise(noise * 7) == pytest.approx(of_noise(noise), rel=1e-3)


def test_blocks_of_two_strengths_differ_by_their_ratio():
    """As on a chessboard, so that all neighbours do."""
    noise = np.random.default_rng(2).normal(size=(480, 480))
    rows, cols = np.indices(noise.shape) // 16
    uneven = np.where((rows + cols) % 2, 3 * noise, noise)
    assert of_noise(uneven) > 3 * of_noise(noise)


def test_what_lies_over_the_noise_does_not_count():
    noise = np.random.default_rng(4).normal(size=(640, 640))
    rows, cols = np.indices(noise.shape) // 16
    usable = (rows < 6) | (rows > 33) | (cols < 6) | (cols > 33)
    covered = np.where(usable | ((rows + cols) % 2 == 0), noise, 0.1 * noise)
    assert of_noise(covered) > NOT_DENOISED
    # At the edges of what is filled, its lack reaches into the blocks beside it.
    found = patchiness(covered.astype(np.float32), usable)
    assert found == pytest.approx(of_noise(noise), abs=0.1)


def test_too_little_of_it_tells_nothing():
    noise = np.random.default_rng(5).normal(size=(300, 300)).astype(np.float32)
    assert of_noise(noise[:191, :191]) is None
    assert of_noise(noise[:192, :192]) is not None
    usable = np.zeros(noise.shape, bool)
    usable[:, :160] = True
    assert patchiness(noise, usable) is not None
    usable[:160] = False
    assert patchiness(noise, usable) is None


def test_only_the_middle_of_a_large_picture_counts():
    values = np.arange(20).reshape(4, 5)
    np.testing.assert_array_equal(central_part(values, 3), values[:3, 1:4])
    np.testing.assert_array_equal(central_part(values, 9), values)


def test_it_is_a_figure_of_quality(micrograph):
    image = prepare(gray(micrograph))
    assert measure_quality(image, 0.04).patchiness == patchiness(
        image.pixels, image.usable
    )
