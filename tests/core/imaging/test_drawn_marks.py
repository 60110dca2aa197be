"""What was drawn over a micrograph is marked, and nothing of the micrograph itself."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import binary_dilation, gaussian_filter

from napari_cdse.core.imaging.drawn_marks import drawn_marks
from napari_cdse.resources import sample_data_dir
from tests.core.drawn import draw as drawn_micrograph
from tests.core.imaging.test_insets import DOTS, SHAPE, resized

SEED = 3
Draw = Callable[[ImageDraw.ImageDraw, int], None]


def picture() -> NDArray[np.float32]:
    """Four particles whose fringes are not at the ends of the gray scale."""
    dots = tuple(replace(dot, amplitude=1.5) for dot in DOTS)
    return np.clip(np.rint(drawn_micrograph(SHAPE, dots, seed=SEED).pixels), 0, 255)


def circles(pen: ImageDraw.ImageDraw, gray: int) -> None:
    for row, col, radius in ((120, 120, 60), (250, 420, 45), (400, 500, 70)):
        box = (col - radius, row - radius, col + radius, row + radius)
        pen.ellipse(box, outline=gray, width=3)


def arrows(pen: ImageDraw.ImageDraw, gray: int) -> None:
    for row, col in ((60, 250), (300, 200), (420, 560)):
        pen.line((col, row, col + 50, row + 40), fill=gray, width=4)
        pen.polygon([(col, row), (col + 18, row + 4), (col + 6, row + 18)], fill=gray)


def words(pen: ImageDraw.ImageDraw, gray: int, size_px: int = 30) -> None:
    font = ImageFont.load_default(size_px)
    for row, col in ((40, 380), (240, 60), (440, 400)):
        pen.text((col, row), "d = 0.35 nm", fill=gray, font=font)


def drawn_over(pixels: NDArray, draw: Draw, gray: int) -> tuple[NDArray, NDArray]:
    """The picture with it, and where it was drawn."""
    image = Image.fromarray(pixels.astype(np.uint8))
    where = Image.new("L", image.size)
    draw(ImageDraw.Draw(image), gray)
    draw(ImageDraw.Draw(where), 255)
    return np.asarray(image, np.float32), np.asarray(where) > 127


@pytest.mark.parametrize("draw", [circles, arrows, words])
@pytest.mark.parametrize("gray", [0, 226, 255])
def test_what_was_drawn_is_marked(draw: Draw, gray: int) -> None:
    pixels, where = drawn_over(picture(), draw, gray)
    marks = drawn_marks(pixels)
    assert marks[where].mean() > 0.97
    assert not (marks & ~binary_dilation(where, iterations=8)).any()


@pytest.mark.parametrize(
    ("draw", "gray"), [(circles, 255), (partial(words, size_px=60), 226)]
)
def test_it_is_marked_in_a_picture_that_was_resized(draw: Draw, gray: int) -> None:
    large = resized(picture(), (1024, 1280))
    pixels, where = drawn_over(large, draw, gray)
    shape = (820, 1025)
    small = resized(pixels, shape)
    within = resized(255.0 * where, shape) > 200
    assert drawn_marks(small)[within].mean() > 0.9


def test_a_micrograph_has_none() -> None:
    pixels = picture()
    assert not drawn_marks(pixels).any()
    assert not drawn_marks(resized(pixels, (360, 450))).any()


def test_stretched_contrast_is_nothing_drawn() -> None:
    """The brightest and darkest of it are all black and white."""
    pixels = picture()
    for share in (0.2, 1, 4, 8):
        low, high = np.percentile(pixels, (share, 100 - share))
        stretched = np.clip((pixels - low) / (high - low), 0, 1) * 255
        assert not drawn_marks(np.rint(stretched).astype(np.float32)).any()


def sample(dark_percent: float, white_percent: float) -> NDArray[np.float32]:
    """A simulated micrograph of strong fringes, so much of it black, so much white."""
    file = sample_data_dir() / "images" / "easy_42_0002.png"
    pixels = np.asarray(Image.open(file).convert("L"), float)
    low, high = np.percentile(pixels, (dark_percent, 100 - white_percent))
    return np.clip((pixels - low) / (high - low) * 255, 0, 255).round().astype("f4")


@pytest.mark.parametrize("percent", [(0.5, 0.5), (0, 1)])
def test_clipped_fringes_are_nothing_drawn(percent: tuple[float, float]) -> None:
    assert drawn_marks(sample(*percent)).mean() < 0.001


def test_white_letters_with_a_black_outline_are_marked() -> None:
    def outlined(pen: ImageDraw.ImageDraw, gray: int) -> None:
        font = ImageFont.load_default(40)
        for row, col in ((40, 380), (240, 60), (440, 400)):
            text = {"text": "10 nm", "font": font, "stroke_width": 2}
            pen.text((col, row), fill=gray, stroke_fill=255 - gray, **text)

    pixels, _ = drawn_over(picture(), outlined, 255)
    letters = (pixels == 255) & (picture() != 255)
    assert drawn_marks(pixels)[letters].mean() > 0.97


def test_a_small_picture_of_many_greys_is_no_error() -> None:
    """Its histogram has no tail that could tell how fast it falls."""
    rng = np.random.default_rng(9)
    pixels = rng.uniform(30, 180, (30, 30))
    pixels.flat[rng.choice(900, 91, replace=False)] = 255
    pixels.flat[0] = 0
    assert drawn_marks(pixels.astype(np.float32)).shape == (30, 30)


def test_holes_and_few_grays_are_nothing_drawn() -> None:
    pixels = picture()
    # A hole in the support: dark, with noise, and soft at its rim.
    hole = np.zeros(pixels.shape)
    hole[300:460, 200:420] = 1
    soft = gaussian_filter(hole, 3)
    noise = np.random.default_rng(1).normal(size=pixels.shape)
    holed = pixels * (1 - soft) + soft * (20 + 3 * noise)
    assert not drawn_marks(np.rint(np.clip(holed, 0, 255)).astype(np.float32)).any()
    assert not drawn_marks(16 * (pixels // 16)).any()
