"""The network's input: fixed pixel size, local contrast, white noise."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_cdse.core.detection.unet.channels import (
    INPUT_NM,
    _along_columns,
    _along_rows,
    _Surroundings,
    _Trend,
    locally_normalise,
    network_input,
)
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
        found = _along_columns(wave, shape[0], slice(0, shape[0]))
        found = _along_rows(found, shape[1])
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_pixels_too_coarse_for_fringes_are_refused():
    with pytest.raises(MicrographError, match="no fringe can be seen"):
        network_input(prepare(draw((80, 80)).pixels), 0.4)


def test_a_surface_of_second_order_either_way_is_taken_off():
    """Nine terms by least squares, as numpy's own polynomials fit them."""
    rng = np.random.default_rng(1)
    rows, cols = np.meshgrid(
        np.linspace(-1, 1, 96), np.linspace(-1, 1, 128), indexing="ij"
    )
    weights = rng.normal(size=(3, 3))
    surface = np.polynomial.polynomial.polyval2d(rows, cols, weights)
    trend = _Trend.fitted(surface.astype(np.float32)).at(slice(None))
    assert trend == pytest.approx(surface, abs=1e-4)


def test_the_surroundings_mean_is_a_gaussian_of_fifteen_cells():
    """Six nm of 0.05 nm samples, by way of cells of eight."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=(400, 480)).astype(np.float32)
    rows, cols = np.mgrid[:400, :480]
    values += (0.01 * rows + 0.02 * cols).astype(np.float32)
    wanted = gaussian_filter(values.astype(float), 40.0, mode="reflect")
    found = _Surroundings.of(values, 40.0 / 8).at(slice(None))
    assert found.shape == values.shape
    assert np.abs(found - wanted)[60:-60, 60:-60].max() < 0.05
    # The mean of a slope is the slope, at its own place.
    slope = (0.01 * rows + 0.02 * cols).astype(np.float32)
    middle = np.s_[150:-150, 150:-150]
    found = _Surroundings.of(slope, 2.0).at(slice(None))
    assert found[middle] == pytest.approx(slope[middle], abs=1e-3)


def test_local_contrast_is_in_spreads_of_the_surroundings_and_clipped_at_six():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(240, 320)).astype(np.float32)
    values[:, 160:] *= 5
    values[100, 60], values[150, 250] = 60, -300
    found = values.copy()
    locally_normalise(found)
    # Six nm are 120 samples.
    flat = values.astype(float) - _Trend.fitted(values).at(slice(None))
    rest = flat - gaussian_filter(flat, 120, mode="reflect")
    spread = np.sqrt(gaussian_filter(rest**2, 120, mode="reflect"))
    assert found == pytest.approx(np.clip(rest / spread, -6, 6), abs=0.15)
    assert (found.min(), found.max()) == (-6, 6)
    assert (found[100, 60], found[150, 250]) == (6, -6)
    flat = np.full((64, 64), 3, np.float32)
    locally_normalise(flat)
    assert not flat.any()


def test_the_input_is_even_and_covers_what_is_usable():
    drawn = draw((203, 301))
    prepared = prepare(drawn.pixels)
    prepared.usable[40:80, 100:180] = False
    given = network_input(prepared, 0.04)
    rows, cols = (
        np.rint(first + step * np.arange(count)).astype(int)
        for first, step, count in zip(
            given.origin_px, given.step_px, given.values.shape[1:], strict=True
        )
    )
    blind = ~prepared.usable[np.ix_(rows.clip(0, 202), cols.clip(0, 300))]
    assert blind.any()
    assert not given.values[:, blind].any()
    assert (np.abs(given.values[:, ~blind]).max(axis=0) > 0).mean() > 0.99


@pytest.mark.parametrize("shape", [(5, 64), (64, 5), (3, 4)])
def test_a_strip_narrower_than_a_cell_is_one_cell_across(shape):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = _Surroundings.of(values, 1e-3).at(slice(None))
    if shape[0] < 8:
        assert np.ptp(found, axis=0) == pytest.approx(np.zeros(shape[1]), abs=1e-6)
    if shape[1] < 8:
        assert np.ptp(found, axis=1) == pytest.approx(np.zeros(shape[0]), abs=1e-6)
    whole = tuple(slice(0, max(n // 8, 1) * 8 if n >= 8 else n) for n in shape)
    assert found[whole].mean() == pytest.approx(values[whole].mean(), abs=0.05)
