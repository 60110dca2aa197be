"""Scale bars of many kinds are found to the pixel, and none where there is none."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from napari_cdse.core.imaging.scale_bar import find_scale_bar
from tests.core.drawn import Circle as At
from tests.core.drawn import Dot, draw


def speckle(seed: int = 0, shape: tuple[int, int] = (512, 640)) -> Image.Image:
    """A particle on amorphous carbon, in 8 bits, a few pixels clipped."""
    drawn = draw(shape, (Dot(At(150, 200, 50), amplitude=2.0),), seed=seed).pixels
    low, high = np.percentile(drawn, (0.05, 99.95))
    gray = np.clip((drawn - low) / (high - low), 0, 1) * 255
    return Image.fromarray(gray.astype(np.uint8))


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L"), np.float32)


def through_jpeg(picture: Image.Image, quality: int = 85) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer)


def bar_and_text(picture, left, top, length, thickness, colour, text="20 nm"):
    pen = ImageDraw.Draw(picture)
    box = (left, top, left + length - 1, top + thickness - 1)
    pen.rectangle(box, fill=colour)
    pen.text((left + length // 3, top - 24), text, fill=colour, font_size=20)
    return picture


@pytest.mark.parametrize("colour", [0, 255])
@pytest.mark.parametrize(
    ("length", "thickness"), [(187, 6), (187, 1), (40, 3), (120, 20), (400, 8)]
)
def test_a_bar_is_found_to_the_pixel(length, thickness, colour):
    picture = bar_and_text(speckle(), 40, 470, length, thickness, colour)
    found = find_scale_bar(pixels(picture))
    assert (found.length_px, found.thickness_px) == (length, thickness)
    middle = 470 + (thickness - 1) / 2
    assert found.start_px == (middle, 39.5)
    assert found.end_px == (middle, 39.5 + length)
    assert found.question == f"Bar of {length} px found: how long is it?"


@pytest.mark.parametrize(("box", "colour"), [(0, 255), (255, 0)])
def test_a_bar_in_a_box_is_found_and_not_the_box(box, colour):
    picture = speckle()
    ImageDraw.Draw(picture).rectangle((20, 420, 300, 500), fill=box)
    bar_and_text(picture, 60, 480, 187, 6, colour)
    assert find_scale_bar(pixels(picture)).length_px == 187


def test_a_bar_in_an_outlined_box_is_found_and_not_the_outline():
    picture = speckle()
    pen = ImageDraw.Draw(picture)
    pen.rectangle((20, 420, 300, 500), fill=255, outline=0, width=2)
    bar_and_text(picture, 60, 480, 187, 6, 0)
    assert find_scale_bar(pixels(picture)).length_px == 187


def test_a_bar_in_a_banner_over_the_whole_width_is_found():
    picture = speckle()
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 460, 639, 511), fill=0)
    pen.text((400, 470), "300 kV  x370k  2018-03-14", fill=255, font_size=14)
    bar_and_text(picture, 60, 496, 187, 4, 255)
    assert find_scale_bar(pixels(picture)).length_px == 187


def test_ticks_at_its_ends_belong_to_a_bar():
    picture = speckle()
    pen = ImageDraw.Draw(picture)
    pen.rectangle((60, 480, 246, 482), fill=255)
    pen.rectangle((60, 473, 62, 489), fill=255)
    pen.rectangle((244, 473, 246, 489), fill=255)
    assert find_scale_bar(pixels(picture)).length_px == 187


def test_an_upright_bar_is_found():
    picture = speckle()
    ImageDraw.Draw(picture).rectangle((600, 200, 605, 349), fill=255)
    found = find_scale_bar(pixels(picture))
    assert (found.length_px, found.start_px) == (150, (199.5, 602.5))


@pytest.mark.parametrize("colour", [0, 255])
def test_a_compressed_bar_is_found_within_two_pixels(colour):
    picture = through_jpeg(bar_and_text(speckle(), 40, 470, 187, 6, colour))
    assert find_scale_bar(pixels(picture)).length_px == pytest.approx(187, abs=2)


def test_a_bar_is_found_at_any_depth_of_gray():
    picture = pixels(bar_and_text(speckle(), 40, 470, 187, 6, 255))
    assert find_scale_bar(picture * 257 - 1000).length_px == 187


@pytest.mark.parametrize("seed", range(3))
def test_speckle_and_fringes_hold_no_bar(seed):
    assert find_scale_bar(pixels(speckle(seed))) is None


def test_text_alone_is_no_bar():
    picture = speckle()
    pen = ImageDraw.Draw(picture)
    pen.text((40, 400), "CdSe - 20 nm, HT", fill=255, font_size=36)
    assert find_scale_bar(pixels(picture)) is None


@pytest.mark.parametrize("inset", [0, 3])
@pytest.mark.parametrize("colour", [0, 255])
def test_a_frame_is_no_bar(inset, colour):
    picture = speckle()
    edges = (inset, inset, 639 - inset, 511 - inset)
    ImageDraw.Draw(picture).rectangle(edges, outline=colour, width=2)
    assert find_scale_bar(pixels(picture)) is None


def test_dead_lines_saturated_areas_and_boxes_are_no_bar():
    picture = pixels(speckle())
    picture[100] = 0
    picture[:256, 300] = 255
    rows, cols = np.indices(picture.shape)
    picture[(rows - 330) ** 2 + ((cols - 420) / 3) ** 2 < 30**2] = 255
    picture[400:460, 60:200] = 0
    assert find_scale_bar(picture) is None


def test_a_picture_that_is_black_and_white_or_flat_holds_no_bar():
    noise = np.random.default_rng(1).random((300, 300)) > 0.5
    assert find_scale_bar(noise.astype(np.float32)) is None
    assert find_scale_bar(np.full((64, 64), 7, np.float32)) is None
