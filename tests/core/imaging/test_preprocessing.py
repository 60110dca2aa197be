"""Spikes and flat areas are taken out, lattice and speckle are left alone."""

import numpy as np
import pytest

from napari_cdse.core.errors import MicrographError
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.records import Circle
from tests.core.drawn import Dot, draw, speckle


def test_hot_and_dead_pixels_go_and_nothing_else_changes() -> None:
    pixels = (100 + 10 * speckle((120, 150), 0)).astype(np.float32)
    spoilt = pixels.copy()
    spoilt[30, 40], spoilt[100, 149], spoilt[0, 0] = 9000, 5000, -8000
    clean, mended = prepare(pixels).pixels, prepare(spoilt).pixels
    touched = np.zeros(pixels.shape, bool)
    touched[[30, 100, 0], [40, 149, 0]] = True
    scale = np.polyfit(mended[~touched], clean[~touched], 1)
    assert np.abs(np.polyval(scale, mended) - clean)[~touched].max() < 0.01
    assert np.abs(mended[touched]).max() < 4


def test_a_lattice_is_not_taken_for_spikes() -> None:
    dots = (Dot(Circle(60, 60, 50), amplitude=6.0),)
    pixels = draw((120, 120), dots, pixel_nm=0.065, seed=1).pixels
    prepared = prepare(pixels)
    assert np.corrcoef(prepared.pixels.ravel(), pixels.ravel())[0, 1] > 0.9999
    assert prepared.usable.all()


def test_a_scale_bar_is_marked_and_filled() -> None:
    pixels = (100 + 10 * speckle((200, 300), 2)).astype(np.float32)
    pixels[180:188, 20:120] = 255
    prepared = prepare(pixels)
    assert not prepared.usable[180:188, 20:120].any()
    assert prepared.usable[:160].all()
    assert prepared.usable[:, 144:].all()
    assert np.abs(prepared.pixels[180:188, 20:120]).max() < 1


@pytest.mark.parametrize("value", [0.0, 7.0, 1e30])
def test_a_constant_picture_is_refused(value: float) -> None:
    with pytest.raises(MicrographError, match="same grey value"):
        prepare(np.full((50, 60), value, np.float32))


def test_a_picture_of_flat_areas_is_refused() -> None:
    pixels = np.zeros((60, 60), np.float32)
    pixels[:, 30:] = 1
    with pytest.raises(MicrographError, match="flat areas only"):
        prepare(pixels)


def test_a_picture_that_is_flat_once_marks_are_filled_is_refused() -> None:
    rng = np.random.default_rng(87)
    rows, cols = rng.integers(16, 60, 2)
    pixels = np.full((rows, cols), 7, np.float32)
    pixels[rng.random(pixels.shape) < 0.01] = 8
    row, col, size = rng.integers(0, rows), rng.integers(0, cols), rng.integers(5, 40)
    pixels[row : row + size, col : col + size] = rng.choice([0, 255])
    with pytest.raises(MicrographError, match="flat areas only"):
        prepare(pixels)


def test_the_input_is_left_alone() -> None:
    pixels = (100 + 10 * speckle((80, 80), 3)).astype(np.float32)
    before = pixels.copy()
    prepare(pixels)
    assert np.array_equal(pixels, before)


def test_gray_values_of_any_size() -> None:
    pixels = speckle((80, 80), 4)
    small, large = (prepare((pixels * f).astype(np.float32)) for f in (1e-20, 1e20))
    np.testing.assert_allclose(small.pixels, large.pixels, atol=1e-3)
