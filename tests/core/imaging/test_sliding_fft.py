"""Windows cover every row and column; spectra are scaled so that white noise is 1."""

import numpy as np
import pytest

from napari_cdse.core.errors import MicrographError
from napari_cdse.core.imaging.sliding_fft import (
    all_power_spectra,
    hann,
    power_spectra,
    window_grid,
)


@pytest.mark.parametrize("shape", [(97, 130), (64, 64), (200, 65)])
def test_centres_are_even_and_reach_the_border(shape: tuple[int, int]) -> None:
    grid = window_grid(shape, 32, 7)
    for centres, length in zip((grid.rows_px, grid.cols_px), shape, strict=True):
        assert set(np.diff(centres)) == {7.0}
        assert centres[0] <= 0.5
        assert centres[-1] >= length - 1.5


def test_spectrum_is_that_of_the_window_at_its_centre() -> None:
    image = np.random.default_rng(0).normal(size=(90, 120)).astype(np.float32)
    grid = window_grid(image.shape, 16, 5)
    power = np.concatenate([strip for _, strip in power_spectra(image, grid)])
    assert power.shape == (len(grid.rows_px), len(grid.cols_px), 16, 9)
    row, col = 9, 12
    top, left = (int(c - 7.5) for c in (grid.rows_px[row], grid.cols_px[col]))
    cut = image[top : top + 16, left : left + 16]
    expected = np.abs(np.fft.rfft2(cut * hann(16))) ** 2
    np.testing.assert_allclose(power[row, col], expected, rtol=1e-3, atol=1e-4)


def test_white_noise_has_unit_power() -> None:
    image = np.random.default_rng(1).normal(size=(300, 300)).astype(np.float32)
    grid = window_grid(image.shape, 24, 12)
    power = np.concatenate([strip for _, strip in power_spectra(image, grid)])
    assert power[:, :, 3:-3, 3:-3].mean() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("place", [(0, 0), (70, 89), (0, 89), (70, 40)])
def test_a_point_at_the_border_is_seen(place: tuple[int, int]) -> None:
    image = np.zeros((71, 90), np.float32)
    image[place] = 1000
    grid = window_grid(image.shape, 20, 5)
    power = np.concatenate([strip for _, strip in power_spectra(image, grid)])
    total = power.sum(axis=(2, 3))
    row, col = np.unravel_index(total.argmax(), total.shape)
    assert abs(grid.rows_px[row] - place[0]) <= 5
    assert abs(grid.cols_px[col] - place[1]) <= 5


def test_strips_follow_one_another_without_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("napari_cdse.core.imaging.sliding_fft._STRIP_VALUES", 20_000)
    image = np.random.default_rng(2).normal(size=(150, 90)).astype(np.float32)
    grid = window_grid(image.shape, 20, 5)
    strips = list(power_spectra(image, grid))
    assert len(strips) > 3
    covered = [row for rows, _ in strips for row in range(rows.start, rows.stop)]
    assert covered == list(range(len(grid.rows_px)))
    together = np.concatenate([power for _, power in strips])
    np.testing.assert_array_equal(all_power_spectra(image, grid), together)


def test_windows_apart_are_not_those_beside_them() -> None:
    image = np.random.default_rng(3).normal(size=(150, 90)).astype(np.float32)
    grid = window_grid(image.shape, 20, 27)
    power = all_power_spectra(image, grid)
    top, left = (round(c - 9.5) for c in (grid.rows_px[2], grid.cols_px[1]))
    cut = image[top : top + 20, left : left + 20]
    expected = np.abs(np.fft.rfft2(cut * hann(20))) ** 2
    np.testing.assert_allclose(power[2, 1], expected, rtol=1e-3, atol=1e-4)


def test_an_image_smaller_than_a_window_is_refused() -> None:
    with pytest.raises(MicrographError, match="less than one window of 64"):
        window_grid((50, 400), 64, 16)
