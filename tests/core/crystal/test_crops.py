"""What is cut out around a particle, and how it is shown, for pictures made by hand."""

import numpy as np
import pytest

from napari_cdse.core.crystal.crops import crop, field_px, spectrum_values, stretched
from napari_cdse.core.records import Circle


@pytest.mark.parametrize(
    ("radius_px", "pixel_nm", "edge_nm"),
    [
        (10, 0.04, 8),
        (80, 0.04, 8),  # 2.5 * 80 * 0.04 = 8
        (80.4, 0.04, 12),
        (120, 0.04, 12),
        (121, 0.04, 16),
        (10, 1.0, 28),
    ],
)
def test_a_field_is_8_nm_or_the_next_4_that_leave_a_margin(
    radius_px, pixel_nm, edge_nm
):
    edge_px, told = field_px(Circle(0, 0, radius_px), pixel_nm)
    assert told == edge_nm
    assert edge_px == pytest.approx(edge_nm / pixel_nm)


@pytest.mark.parametrize("pixel_nm", [None, 0.0])
def test_without_a_pixel_size_the_particle_and_its_margin_are_shown(pixel_nm):
    assert field_px(Circle(0, 0, 20), pixel_nm) == (50, None)
    assert field_px(Circle(0, 0, 1), pixel_nm) == (4, None)


PIXELS = np.arange(30 * 40, dtype=np.float32).reshape(30, 40)


def test_a_crop_has_the_centre_in_its_middle_pixel():
    square = crop(PIXELS, Circle(10.4, 20.6, 4))
    # 2.5 * 4 = 10: five pixels on either side.
    assert square.shape == (11, 11)
    np.testing.assert_array_equal(square, PIXELS[5:16, 16:27])
    square = crop(PIXELS, Circle(10, 20, 4), edge_px=7)
    assert square.shape == (9, 9)
    assert square[4, 4] == PIXELS[10, 20]
    assert crop(PIXELS, Circle(10, 20, 0.1)).shape == (5, 5)


@pytest.mark.parametrize(
    ("row", "col"), [(0, 0), (29, 39), (1, 38), (28, 2), (-3, 20), (31, 20), (15, -4)]
)
def test_what_lies_outside_is_nothing(row, col):
    square = crop(PIXELS, Circle(row, col, 4))
    for (i, j), value in np.ndenumerate(square):
        r, c = row - 5 + i, col - 5 + j
        if 0 <= r < 30 and 0 <= c < 40:
            assert value == PIXELS[r, c]
        else:
            assert np.isnan(value)


@pytest.mark.parametrize(("row", "col"), [(500, 20), (15, 500), (-500, -500)])
def test_far_outside_there_is_nothing_at_all(row, col):
    assert np.isnan(crop(PIXELS, Circle(row, col, 4))).all()


def test_half_a_per_cent_on_either_side_saturates():
    values = np.random.default_rng(0).permutation(10_001).astype(np.float32)
    square = values[:10_000].reshape(100, 100)
    low, high = np.percentile(square, (0.5, 99.5))
    shown = stretched(square)
    wanted = np.clip((square - low) / (high - low), 0, 1)
    np.testing.assert_allclose(shown, wanted, atol=1e-6)
    assert (shown == 0).sum() == pytest.approx(50, abs=1)
    assert (shown == 1).sum() == pytest.approx(50, abs=1)


def test_nothing_and_sameness_are_mid_gray():
    square = np.array([[0, 1], [np.nan, 2]], np.float32)
    assert stretched(square)[1, 0] == 0.5
    assert stretched(square)[0, 0] == 0
    assert (stretched(np.full((5, 5), 7, np.float32)) == 0.5).all()
    assert (stretched(np.full((5, 5), np.nan, np.float32)) == 0.5).all()


def test_a_large_square_is_sampled():
    """Every fifth row and column of 1000 x 1000: the others saturate unseen."""
    square = np.full((1000, 1000), 1e6, np.float32)
    square[::5, ::5] = np.linspace(0, 1, 40_000, dtype=np.float32).reshape(200, 200)
    shown = stretched(square)
    assert shown[1, 1] == 1
    assert shown[500, 500] == pytest.approx(0.5, abs=0.01)


def test_a_spectrum_is_dark_up_to_the_background_and_white_at_its_thousandth():
    ratio = np.full((100, 100), 1.0, np.float32)
    ratio[0, :20] = np.e**5
    ratio[1, 0] = np.e**9
    shown = spectrum_values(ratio)
    # The 99.9th percentile is that of the 20: 5 is white, 1 as dark as 2.5.
    assert shown[0, 0] == pytest.approx(1, abs=1e-5)
    assert shown[1, 0] == 1
    assert shown[50, 50] == pytest.approx(np.log(2.5) / 5, rel=1e-4)
    # Where nothing stands out, one e is white.
    assert spectrum_values(np.ones((9, 9), np.float32)).max() == pytest.approx(
        np.log(2.5), rel=1e-5
    )
