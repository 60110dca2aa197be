"""A frame around a micrograph changes nothing of what is found in it."""

import numpy as np
import pytest

from napari_cdse.core.detection.methods import Detection, detect
from napari_cdse.core.matching import match
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle, Micrograph
from tests.core.drawn import Dot, draw
from tests.core.framed import FRAMES

DOTS = (
    Dot(Circle(90, 90, 46), amplitude=3.0),
    Dot(Circle(235, 330, 44), ((0.35, 100.0), (0.35, 30.0)), amplitude=3.0),
    Dot(Circle(90, 320, 40), ((0.35, 140.0), (0.214, 50.0)), amplitude=3.0),
    Dot(Circle(240, 110, 42), ((0.35, 60.0), (0.303, 150.0)), amplitude=3.0),
)
SHAPE = (320, 430)
NEAR_PX = 10


def _picture(pixels: np.ndarray) -> Micrograph:
    return Micrograph(pixels.astype(np.float32), "framed", "0")


def _bare() -> Micrograph:
    gray = np.rint(draw(SHAPE, DOTS, seed=21).pixels)
    return _picture(np.clip(gray, 0, 255))


@pytest.fixture(scope="module")
def bare() -> Detection:
    return detect(_bare(), DetectionParams())


def _is_far(circle: Circle) -> bool:
    rows, cols = circle.row_px, circle.col_px
    nearest = min(rows, cols, SHAPE[0] - 1 - rows, SHAPE[1] - 1 - cols)
    return nearest - circle.radius_px > NEAR_PX


@pytest.mark.parametrize("name", FRAMES)
def test_circles_and_scale_are_those_of_the_bare_micrograph(
    name: str, bare: Detection
) -> None:
    picture, (row, col) = FRAMES[name](_bare().pixels)
    found = detect(_picture(picture), DetectionParams())
    circles = [circle.moved(-row, -col) for circle in found.circles]
    matches = match(bare.circles, circles, 0.8)
    assert len(matches.pairs) >= len(DOTS)
    assert not any(_is_far(bare.circles[number]) for number in matches.missed)
    assert not any(_is_far(circles[number]) for number in matches.false)
    assert found.pixel_size_nm == pytest.approx(bare.pixel_size_nm, rel=0.01)
    assert any("frame" in notice for notice in found.notices)
    assert not any("frame" in notice for notice in bare.notices)


def test_the_map_lies_over_the_micrograph_inside_its_margin(bare: Detection) -> None:
    picture, (row, col) = FRAMES["a plot"](_bare().pixels)
    first, second = bare.maps[0], detect(_picture(picture), DetectionParams()).maps[0]
    assert second.origin_px == (first.origin_px[0] + row, first.origin_px[1] + col)
    np.testing.assert_array_equal(second.values, first.values)


def test_lines_drawn_inside_the_picture_make_no_circle(bare: Detection) -> None:
    pixels = _bare().pixels.copy()
    pixels[18, 18:400] = pixels[300, 18:400] = 0
    pixels[18:300, 18] = pixels[18:300, 399] = 0
    pixels[20:301, 215] = 255
    found = detect(_picture(pixels), DetectionParams())
    matches = match([dot.circle for dot in DOTS], found.circles, 0.7)
    assert not matches.missed
    assert len(found.circles) <= len(bare.circles)
