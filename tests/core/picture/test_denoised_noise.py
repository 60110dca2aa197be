"""Speckle before and after filters that smooth by content, those of scikit-image."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter, zoom
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from napari_cdse.core.arrays import central_part
from napari_cdse.core.classifier.quality_range import NOT_DENOISED
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.picture.denoised_noise import patchiness
from napari_cdse.core.quality.measurement import measure_quality

SHAPE = (420, 380)


@pytest.fixture(scope="module")
def micrograph():
    """Blurred noise, white noise, and four patches of fringes; from 0 to 1."""
    rng = np.random.default_rng(3)
    speckle = gaussian_filter(rng.normal(size=SHAPE), 1.2) * 4
    speckle += 0.5 * rng.normal(size=SHAPE)
    rows, cols = np.indices(SHAPE)
    for row, col in rng.uniform(60, 330, (4, 2)):
        inside = np.hypot(rows - row, cols - col) < 40
        speckle += inside * 2 * np.cos(2 * np.pi * (rows + 0.3 * cols) / 8.5)
    return (speckle - speckle.min()) / np.ptp(speckle)


def saved(values):
    low, high = float(values.min()), float(values.max())
    return np.rint((values - low) / (high - low) * 255).astype(np.float32)


def measured(values):
    return patchiness(prepare(saved(values)).pixels)


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


def jpeg(values, quality):
    file = io.BytesIO()
    Image.fromarray(saved(values).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).astype(float)


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
        lambda values: jpeg(values, 75),
        lambda values: jpeg(values, 30),
        lambda values: zoom(values, 0.7, order=3),
        lambda values: zoom(values, 1.4, order=3),
        lambda values: values[:200, :200],
    ],
)
def test_what_changes_neighbouring_places_alike_is_not_denoised(micrograph, change):
    assert measured(change(micrograph)) < 1.05


def test_noise_differs_by_chance_only_whatever_its_strength_and_shape():
    rng = np.random.default_rng(1)
    for shape in ((200, 200), (401, 533), (1500, 640)):
        noise = rng.normal(0, 1, shape).astype(np.float32)
        assert 0.7 < patchiness(noise) < 1.0
        assert patchiness(noise * 7) == pytest.approx(patchiness(noise), rel=1e-3)


def test_blocks_of_two_strengths_differ_by_their_ratio():
    """As on a chessboard, so that all neighbours do."""
    noise = np.random.default_rng(2).normal(size=(480, 480)).astype(np.float32)
    rows, cols = np.indices(noise.shape) // 16
    even = patchiness(noise)
    assert patchiness(np.where((rows + cols) % 2, 3 * noise, noise)) > 3 * even


def test_a_small_picture_tells_nothing(micrograph):
    assert patchiness(micrograph[:191].astype(np.float32)) is None


def test_only_the_middle_of_a_large_picture_counts():
    values = np.arange(20).reshape(4, 5)
    np.testing.assert_array_equal(central_part(values, 3), values[:3, 1:4])
    np.testing.assert_array_equal(central_part(values, 9), values)


def test_it_is_a_figure_of_quality(micrograph):
    image = prepare(saved(micrograph))
    assert measure_quality(image, 0.04).patchiness == patchiness(image.pixels)
