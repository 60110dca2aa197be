from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.features import compute_features
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.picture.repeated_pixels import (
    Repeats,
    as_recorded,
    interpolated,
    repeats_in,
)
from napari_cdse.core.records import Circle
from tests.drawn_particles import PIXEL_NM, micrograph_of


@pytest.fixture(scope="module")
def speckle():
    rng = np.random.default_rng(7)
    smooth = gaussian_filter(rng.normal(size=(60, 80)), 1.5) * 400
    return np.rint(smooth).astype(np.float32)


def repeated(pixels, times):
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


@pytest.mark.parametrize("times", [2, 3, 5])
@pytest.mark.parametrize(("top", "left"), [(0, 0), (1, 0), (1, 1), (4, 3)])
def test_each_pixel_comes_back_though_the_picture_was_cut(speckle, times, top, left):
    large = repeated(speckle, times)[top:, left:]
    found = repeats_in(large)
    assert found == Repeats(times, -top % times, -left % times)
    smooth = interpolated(large, found)
    assert smooth.shape == large.shape
    if times % 2:
        # Middles of blocks lie on pixels; off the cut ones, the recorded values return.
        rows = slice(found.row + times // 2, None, times)
        cols = slice(found.col + times // 2, None, times)
        far = np.s_[4:-4, 4:-4]
        assert np.allclose(smooth[rows, cols][far], large[rows, cols][far], atol=0.5)


def test_a_smooth_field_is_interpolated_where_it_lies():
    rows, cols = np.indices((40, 50))
    field = (100 * np.sin(rows / 5) * np.cos(cols / 6)).astype(np.float32)
    fine_rows, fine_cols = (np.indices((80, 100)) + 0.5) / 2 - 0.5
    wanted = 100 * np.sin(fine_rows / 5) * np.cos(fine_cols / 6)
    smooth, times = as_recorded(repeated(field, 2))
    assert times == 2
    assert np.abs(smooth - wanted)[16:-16, 16:-16].max() < 0.1
    assert np.abs(repeated(field, 2) - wanted).max() > 4


def test_a_scale_bar_drawn_after_the_enlargement_hides_no_repeats(speckle):
    large = repeated(speckle, 3)
    barred = large.copy()
    barred[150:157, 31:170] = 9999
    smooth, times = as_recorded(barred)
    assert times == 3
    far = np.s_[:130]
    assert np.allclose(smooth[far], interpolated(large, Repeats(3, 0, 0))[far], atol=1)
    # Below the bar's edge, in blocks that it covers in part.
    assert np.array_equal(smooth[157:159, 33:168], barred[157:159, 33:168])
    assert not prepare(barred).usable[150:157, 31:170].any()
    assert prepare(barred).usable.mean() > 0.85


@pytest.mark.parametrize("times", [2, 3])
def test_search_and_features_see_the_picture_between_its_pixels(times):
    micrograph, circles = micrograph_of(["no", "yes", "null"], seed=4)
    large = replace(micrograph, id="large", pixels=repeated(micrograph.pixels, times))
    prepared = prepare(large.pixels)
    assert prepared.repeated == times
    assert prepared.usable.mean() > 0.95
    moved = [
        Circle(*(times * (at + 0.5) - 0.5 for at in place), times * radius)
        for *place, radius in map(astuple, circles)
    ]
    size_nm = PIXEL_NM / times
    recorded = compute_features(micrograph, circles, "bragg", PIXEL_NM)
    enlarged = compute_features(large, moved, "bragg", size_nm)
    at = [recorded.names.index(name) for name in ("n_visible", "first_margin")]
    assert np.allclose(enlarged.values[:, at], recorded.values[:, at], rtol=0.01)
    params = DetectionParams(method="bragg")
    found = detect(replace(large, pixel_size_nm=size_nm), params)
    assert len(found.circles) == len(circles)
    assert any(f"{times} x {times} times" in each for each in found.notices)


def test_an_empty_margin_hides_no_repeats(speckle):
    framed = np.full((200, 240), 255, np.float32)
    framed[40:160, 40:200] = repeated(speckle, 2)
    assert repeats_in(framed) == Repeats(2, 0, 0)


def test_what_is_not_enlarged_stays_the_same_array(speckle):
    few = np.rint(speckle / 120)
    assert len(np.unique(few)) < 8
    for pixels in (speckle, speckle.repeat(2, axis=0), speckle.repeat(2, axis=1), few):
        assert as_recorded(pixels) == (pixels, 1)
    uneven = speckle.repeat(2, axis=0).repeat(3, axis=1)
    assert as_recorded(uneven) == (uneven, 1)


def test_flat_areas_and_pictures_without_contrast_are_no_repeats(speckle):
    barred = speckle.copy()
    barred[:30] = 255
    assert repeats_in(barred) is None
    assert repeats_in(np.full((40, 40), 3, np.float32)) is None
    assert repeats_in(repeated(np.eye(2, dtype=np.float32), 20)) is None
