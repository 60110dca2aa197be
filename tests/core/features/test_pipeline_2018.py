from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.features import GROUPS, compute_features
from napari_cdse.core.features.pipeline_2018 import as_gray8, crop, crop_features
from napari_cdse.core.records import Circle, Micrograph

NAMES = GROUPS["origin"].names


def named(image):
    return dict(zip(NAMES, crop_features(image).tolist(), strict=True))


def test_there_are_874_and_no_row_number():
    assert len(NAMES) == 874
    assert len(set(NAMES)) == 874
    assert not any("row" in name or "index" in name for name in NAMES)


def test_centre_pixels_mean_and_deviation_of_a_small_crop():
    image = np.arange(24 * 22, dtype=np.uint16).reshape(24, 22) % 251
    image = image.astype(np.uint8)
    told = named(image)
    assert told["pixel_00_00"] == image[2, 1]
    assert told["pixel_19_19"] == image[21, 20]
    assert told["gray_mean"] == pytest.approx(image.mean())
    assert told["gray_std"] == pytest.approx(image.std())


def test_histograms_are_densities():
    image = np.random.default_rng(0).integers(0, 255, (60, 50)).astype(np.uint8)
    told = crop_features(image)
    levels = np.log2(np.abs(np.fft.rfft2(image)))
    width = (levels.max() - levels.min()) / 20
    assert told[800:820].sum() * width == pytest.approx(1)
    assert np.count_nonzero(told[822:872]) > 10


def test_binary_pattern_compares_with_the_two_points_at_radius_16():
    rows = np.mgrid[:80, :80][0].astype(np.uint8)
    told = named(rows * 3)
    # On a ramp down the rows both neighbours along the row are equal: 1 + 2.
    assert told["binary_pattern_10_10"] == 3
    peak = np.zeros((81, 81), np.uint8)
    peak[40, 40] = 200
    assert named(peak)["binary_pattern_10_10"] == 0


def test_blobs_are_counted():
    row, col = np.mgrid[:64, :64]
    image = np.zeros((64, 64))
    for centre in ((16, 16), (16, 48), (48, 32)):
        image += np.exp(-((row - centre[0]) ** 2 + (col - centre[1]) ** 2) / 4.5)
    told = named((255 * np.clip(image, 0, 1)).astype(np.uint8))
    assert told["blob_number"] == 3
    assert told["blob_mean_size"] == pytest.approx(1.5, abs=0.2)


def test_vanishing_amplitudes_give_finite_numbers():
    assert np.isfinite(crop_features(np.zeros((30, 30), np.uint8))).all()
    assert np.isfinite(crop_features(np.full((20, 20), 9, np.uint8))).all()


def test_crop_is_radius_and_two_pixels_clipped_at_the_border():
    gray = np.zeros((100, 120), np.uint8)
    assert crop(gray, Circle(50, 60, 30)).shape == (64, 64)
    assert crop(gray, Circle(10, 60, 30)).shape == (42, 64)
    assert crop(gray, Circle(50, 60, 3)).shape == (20, 20)


def test_an_8_bit_picture_stays_as_it_is():
    pixels = np.random.default_rng(1).integers(0, 256, (200, 200))
    gray = as_gray8(pixels.astype(np.float32))
    assert np.abs(gray.astype(int) - pixels).max() <= 1


def test_table_holds_one_row_per_circle():
    pixels = np.random.default_rng(2).normal(100, 20, (150, 90)).astype(np.float32)
    circles = [Circle(40, 40, 30), Circle(140, 85, 12)]
    table = compute_features(Micrograph(pixels, "m", "0"), circles, "origin", 0.04)
    assert table.values.shape == (2, 874)
    assert table.schema == "origin/1"
