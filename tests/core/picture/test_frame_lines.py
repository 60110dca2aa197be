"""Frames are taken for what they are, and nothing else is taken for a frame."""

import numpy as np
import pytest

from napari_cdse.core.features import compute_features
from napari_cdse.core.picture.frame_lines import field_of, without_frame
from napari_cdse.core.records import Circle, Micrograph
from tests.core.drawn import Dot, draw, speckle
from tests.core.framed import FRAMES, over


def _speckle(seed: int, shape: tuple[int, int] = (240, 300)) -> np.ndarray:
    gray = np.rint(120 + 20 * speckle(shape, seed))
    return np.clip(gray, 0, 255).astype(np.float32)


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("seed", [0, 1])
def test_what_surrounds_a_micrograph_is_found_to_a_few_pixels(
    name: str, seed: int
) -> None:
    pixels = _speckle(seed)
    picture, (row, col) = FRAMES[name](pixels)
    found = field_of(picture)
    kept = np.zeros(pixels.shape, bool)
    kept[
        max(found.top - row, 0) : found.bottom - row,
        max(found.left - col, 0) : found.right - col,
    ] = True
    assert kept[10:-10, 10:-10].all()
    inside = found.of(picture)
    drawn = picture[row : row + 240, col : col + 300] != pixels
    assert inside.size == kept.sum()
    # Half of what covers little of a line may stay: it is no darker than speckle.
    assert not drawn[kept].any() or name in ("soft edges", "soft white")


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_in_a_lossy_file_is_found_too(name: str) -> None:
    picture, (row, col) = FRAMES[name](_speckle(2))
    noise = np.random.default_rng(2).normal(0, 1.2, picture.shape)
    found = field_of(np.rint(np.clip(picture + noise, 0, 255)).astype(np.float32))
    assert abs(found.top - row) <= 10
    assert abs(found.left - col) <= 10
    assert abs(found.bottom - row - 240) <= 10
    assert abs(found.right - col - 300) <= 10


@pytest.mark.parametrize("shape", [(1024, 1024), (240, 300), (100, 120), (16, 40)])
def test_a_bare_micrograph_is_left_whole(shape: tuple[int, int]) -> None:
    for seed in range(5):
        pixels = _speckle(seed, shape)
        assert without_frame(pixels).pixels is pixels or np.array_equal(
            without_frame(pixels).pixels, pixels
        )


def test_fringes_along_a_border_are_no_frame() -> None:
    large = (Dot(Circle(20, 60, 70), ((0.35, 90.0),), amplitude=4.0),)
    pixels = draw((120, 130), large, seed=3).pixels
    assert field_of(pixels).of(pixels).shape == pixels.shape


def test_a_scale_bar_at_the_border_is_no_frame() -> None:
    pixels = _speckle(4)
    pixels[225:, :150] = 0
    pixels[230:235, 20:130] = 255
    assert field_of(pixels).of(pixels).shape == pixels.shape


def test_uneven_light_is_no_frame() -> None:
    pixels = draw((300, 300), seed=5).pixels
    slope = pixels * np.linspace(0.2, 2.0, 300, dtype=np.float32)
    assert field_of(slope).of(slope).shape == slope.shape


def test_lines_over_the_border_leave_the_size_and_margins_do_not() -> None:
    pixels = _speckle(6)
    lines, margin = over(pixels, 0, 1, 2, 3, 4)[0], FRAMES["a plot"](pixels)[0]
    mended = without_frame(lines)
    assert (mended.pixels.shape, mended.origin_px) == (pixels.shape, (0, 0))
    np.testing.assert_array_equal(mended.pixels[1:-2, 3:-4], pixels[1:-2, 3:-4])
    np.testing.assert_array_equal(mended.pixels[0, 3:-4], pixels[2, 3:-4])
    cut = without_frame(margin)
    assert (cut.pixels.shape, cut.origin_px) == (pixels.shape, (41, 61))


def test_a_picture_that_is_all_frame_is_left_as_it_is() -> None:
    for picture in (np.zeros((60, 80)), np.tile(np.arange(80.0), (60, 1))):
        gray = picture.astype(np.float32)
        assert field_of(gray).of(gray).shape == gray.shape


@pytest.mark.parametrize("name", ["black, 1 px", "a plot", "on a dark screen"])
def test_features_of_a_particle_do_not_see_the_frame(name: str) -> None:
    dot = Dot(Circle(110.0, 140.0, 45.0), amplitude=2.0)
    bare = draw((240, 300), (dot,), seed=7)
    picture, (row, col) = FRAMES[name](bare.pixels)
    framed = Micrograph(picture, "framed", "f" * 64, 0.04, "person")
    moved = dot.circle.moved(row, col)
    first = compute_features(bare, [dot.circle], "bragg", 0.04).values
    second = compute_features(framed, [moved], "bragg", 0.04).values
    np.testing.assert_allclose(second, first, rtol=0.02, atol=0.02)
