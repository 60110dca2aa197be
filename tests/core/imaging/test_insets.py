"""Pictures inside a picture: found where they are, and nothing else taken for one."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from napari_cdse.core.arrays import PixelRectangle
from napari_cdse.core.imaging.insets import find_insets
from napari_cdse.core.records import Circle
from tests.core.drawn import Dot, draw

SHAPE = (512, 640)
DOTS = (
    Dot(Circle(120, 120, 48), amplitude=3.0),
    Dot(Circle(130, 330, 52), ((0.35, 0.0), (0.303, 90.0)), amplitude=3.0),
    Dot(Circle(380, 140, 46), ((0.35, 140.0), (0.214, 50.0)), amplitude=3.0),
    Dot(Circle(390, 340, 50), amplitude=3.0),
)
LINES = {"white": (255, 3), "black": (0, 2), "none": (0, 0)}
"""Gray value and width in pixels of the line around an inset."""
WITHIN_PX = 4


def picture() -> NDArray[np.float32]:
    """Four particles, one of them with fringes along rows and columns."""
    return np.clip(np.rint(draw(SHAPE, DOTS, seed=3).pixels), 0, 255)


def power_spectrum(size_px: int) -> NDArray[np.float32]:
    """The middle of the micrograph's own, its logarithm in 8 bits."""
    square = picture()[:512, :512]
    window = np.hanning(512)
    tapered = (square - square.mean()) * window * window[:, None]
    power = np.log1p(np.abs(np.fft.fftshift(np.fft.fft2(tapered))) ** 2)
    middle = power[156:356, 156:356]
    low, high = np.percentile(middle, (5, 99.9))
    gray = np.clip((middle - low) / (high - low), 0, 1) * 255
    return resized(gray.astype(np.float32), (size_px, size_px))


def enlarged(size_px: int) -> NDArray[np.float32]:
    """A particle at two and a half times its size."""
    side = round(size_px / 2.5)
    return resized(picture()[80 : 80 + side, 80 : 80 + side], (size_px, size_px))


def resized(pixels: NDArray[np.float32], shape: tuple[int, int]) -> NDArray:
    image = Image.fromarray(pixels.astype(np.uint8))
    wide = image.resize(shape[::-1], Image.Resampling.BICUBIC)
    return np.asarray(wide, np.float32)


def put(
    pixels: NDArray, inset: NDArray, row: int, col: int, line: str
) -> PixelRectangle:
    """Lay an inset over a picture, in place, with a line along its sides."""
    rows, cols = inset.shape
    part = pixels[row : row + rows, col : col + cols]
    part[...] = inset
    gray, width = LINES[line]
    if width:
        outline(part, gray, width)
    return PixelRectangle(row, row + rows, col, col + cols)


def outline(part: NDArray, gray: int, width: int) -> None:
    part[:width] = part[-width:] = gray
    part[:, :width] = part[:, -width:] = gray


def sides(inset: PixelRectangle) -> tuple[int, int, int, int]:
    return inset.top, inset.bottom, inset.left, inset.right


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("kind", [power_spectrum, enlarged])
@pytest.mark.parametrize("place", [(0, 460), (200, 420), (332, 0)])
def test_an_inset_is_found_where_it_is(kind, line: str, place: tuple[int, int]) -> None:
    pixels = picture()
    laid = put(pixels, kind(180), *place, line)
    (found,) = find_insets(pixels)
    assert sides(found) == pytest.approx(sides(laid), abs=WITHIN_PX)


def test_two_insets_are_two() -> None:
    pixels = picture()
    laid = [
        put(pixels, power_spectrum(160), 0, 480, "white"),
        put(pixels, enlarged(170), 342, 0, "black"),
    ]
    found = find_insets(pixels)
    assert len(found) == 2
    for one, other in zip(found, laid, strict=True):
        assert sides(one) == pytest.approx(sides(other), abs=WITHIN_PX)


def test_one_is_found_in_a_compressed_picture() -> None:
    pixels = picture()
    laid = put(pixels, power_spectrum(200), 250, 380, "white")
    file = BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG", quality=75)
    (found,) = find_insets(np.asarray(Image.open(file), np.float32))
    assert sides(found) == pytest.approx(sides(laid), abs=WITHIN_PX)


def test_a_micrograph_has_none() -> None:
    pixels = picture()
    for scale in (0.6, 1.0, 1.7):
        shape = (round(SHAPE[0] * scale), round(SHAPE[1] * scale))
        assert find_insets(resized(pixels, shape)) == []


@pytest.mark.parametrize("width", [1, 3])
def test_a_square_drawn_around_a_particle_leaves_it_in_the_picture(width: int) -> None:
    for gray in (0, 255):
        pixels = picture()
        outline(pixels[50:210, 250:410], gray, width)
        assert find_insets(pixels) == []


def test_a_circle_drawn_around_a_particle_is_no_inset() -> None:
    """Its lines alone are one to find_insets, which is told what was drawn."""
    pixels = picture()
    bare = pixels.copy()
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for dot in DOTS:
        circle = dot.circle
        off = np.hypot(rows - circle.row_px, cols - circle.col_px)
        pixels[np.abs(off - circle.radius_px - 8) < 2] = 255
    assert find_insets(pixels, bare) == []


def test_the_quarters_of_a_camera_are_no_insets() -> None:
    for gain, offset in ((1.1, 0), (1.0, 25), (0.75, 10)):
        pixels = picture()
        pixels[:256, 320:] = pixels[:256, 320:] * gain + offset
        assert find_insets(pixels) == []


def test_a_small_picture_is_not_looked_at() -> None:
    assert find_insets(picture()[:150, :200]) == []
