"""Spikes and flat areas are taken out, lattice and speckle are left alone."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from skimage.exposure import equalize_hist

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


def particles() -> NDArray[np.float32]:
    """Six of strong fringes."""
    places = [(90, 90), (90, 300), (300, 90), (300, 300), (200, 480), (480, 200)]
    dots = tuple(
        Dot(Circle(row, col, 70), ((0.351, 25.0 * n), (0.215, 25.0 * n + 35)), 3.0)
        for n, (row, col) in enumerate(places)
    )
    return draw((580, 580), dots, pixel_nm=0.035, seed=1).pixels


def clipped(pixels: NDArray, dark_percent: float, white_percent: float) -> NDArray:
    """Gray levels in which so many pixels are black, and so many white."""
    low, high = np.percentile(pixels, (dark_percent, 100 - white_percent))
    return np.clip(np.rint((pixels - low) / (high - low) * 255), 0, 255)


def test_fringes_that_reach_black_and_white_are_no_letters() -> None:
    equalised = np.rint(equalize_hist(particles()) * 255)
    assert prepare(equalised.astype(np.float32)).usable.mean() > 0.995


@pytest.mark.parametrize("white_percent", [2, 5])
def test_overexposed_speckle_is_no_letters(white_percent: float) -> None:
    pixels = clipped(speckle((600, 600), 8, blur_px=2.0), 0, white_percent)
    assert prepare(pixels.astype(np.float32)).usable.mean() > 0.995


def test_compressed_letters_are_found_beside_such_fringes() -> None:
    picture = Image.fromarray(clipped(particles(), 1, 1).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((330, 470, 560, 560), fill=255)
    pen.text((350, 485), "20 nm", fill=0, font=ImageFont.load_default(50))
    file = BytesIO()
    picture.save(file, "JPEG", quality=75)
    usable = prepare(np.asarray(Image.open(file), np.float32)).usable
    assert not usable[475:555, 335:555].any()
    assert usable[:400].mean() > 0.995
