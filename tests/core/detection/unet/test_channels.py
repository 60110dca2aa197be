"""The network's input: fixed pixel size, local contrast, white noise."""

import numpy as np
import pytest

from napari_cdse.core.detection.unet.channels import INPUT_NM, network_input, resampled
from napari_cdse.core.errors import MicrographError
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.records import Circle
from tests.core.drawn import Dot, draw


@pytest.mark.parametrize("pixel_nm", [0.02, 0.04, 0.06])
def test_the_input_has_one_pixel_size_and_lies_over_the_micrograph(pixel_nm):
    circle = Circle(9.0 / pixel_nm, 7.0 / pixel_nm, 2.0 / pixel_nm)
    shape = (round(14 / pixel_nm), round(17 / pixel_nm))
    drawn = draw(shape, (Dot(circle, amplitude=4.0),), pixel_nm=pixel_nm)
    given = network_input(prepare(drawn.pixels), pixel_nm)
    for length, count, step, first in zip(
        shape, given.values.shape[1:], given.step_px, given.origin_px, strict=True
    ):
        assert step * pixel_nm == pytest.approx(INPUT_NM, rel=0.02)
        assert 0 <= first < step
        assert length - 1 - step < first + step * (count - 1) <= length - 1
    power = np.square(given.values[1])
    rows, cols = np.indices(power.shape)
    heavy = power > np.quantile(power, 0.995)
    middle = rows[heavy].mean(), cols[heavy].mean()
    place = np.array(given.origin_px) + np.array(given.step_px) * middle
    assert place == pytest.approx((circle.row_px, circle.col_px), abs=0.4 / pixel_nm)


def test_neither_gray_scale_nor_slope_changes_the_input():
    drawn = draw((300, 360), (Dot(Circle(150.0, 200.0, 45.0)),))
    slope = 1 + 0.3 * np.linspace(-1, 1, 360, dtype=np.float32)
    first = network_input(prepare(drawn.pixels), 0.04).values
    other = network_input(prepare((7 * drawn.pixels + 900) * slope), 0.04).values
    for one, two in zip(first, other, strict=True):
        assert np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.99


def test_on_bare_support_both_channels_are_normal():
    values = network_input(prepare(draw((500, 500)).pixels), 0.04).values
    assert values.mean((1, 2)) == pytest.approx((0, 0), abs=0.05)
    assert values.std((1, 2)) == pytest.approx((1, 1), abs=0.25)


def test_a_wave_resampled_is_the_same_wave():
    rows, cols = np.mgrid[:60, :90]
    wave = np.cos(2 * np.pi * (3 * rows / 60 + 5 * cols / 90)).astype(np.float32)
    for shape in ((96, 100), (40, 50), (60, 90)):
        down, right = np.mgrid[: shape[0], : shape[1]]
        expected = np.cos(2 * np.pi * (3 * down / shape[0] + 5 * right / shape[1]))
        np.testing.assert_allclose(resampled(wave, shape), expected, atol=1e-5)


def test_pixels_too_coarse_for_fringes_are_refused():
    with pytest.raises(MicrographError, match="no fringe can be seen"):
        network_input(prepare(draw((80, 80)).pixels), 0.4)
