"""What is drawn over small pictures lies where the closed form says, pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qtpy.QtCore import QPointF, QRectF
from qtpy.QtGui import QFontMetrics, QGuiApplication

from napari_cdse.gui.pictures.overlays import (
    Caption,
    ColourKey,
    Mask,
    Place,
    Ring,
    ScaleBar,
    Spot,
    Ticks,
)
from tests.gui.painted import bounds, inked, painted

WHOLE = QRectF(20, 10, 200, 200)
PLACE = Place(WHOLE, WHOLE)
ENLARGED = Place(QRectF(-380, -390, 800, 800), WHOLE)
INK, GOLD = "#f5f5f5", "#ffd166"

pytestmark = pytest.mark.usefixtures("qapp")


def drawn(mark, place=PLACE):
    return painted(lambda painter: mark.paint(painter, place), 240, 230)


def line_height() -> int:
    return QFontMetrics(QGuiApplication.font()).height()


def advance(text: str) -> int:
    return QFontMetrics(QGuiApplication.font()).horizontalAdvance(text)


def test_places_are_shares_of_the_whole_picture():
    place = Place(QRectF(20, 10, 200, 100), WHOLE)
    assert place.at(0.25, 0.5) == QPointF(70, 60)
    assert place.share(QPointF(70, 60)) == (0.25, 0.5)
    assert place.share(QPointF(0, 0)) == (-0.1, -0.1)


@pytest.mark.parametrize(("place", "radius"), [(PLACE, 60), (ENLARGED, 240)])
def test_a_ring_grows_with_the_picture(place, radius):
    picture = drawn(Ring(0.6, "#ff0000", width_px=1.0), place)
    rows, cols = np.nonzero(inked(picture, "#ff0000"))
    middle = place.whole.center()
    apart = np.hypot(cols - middle.x(), rows - middle.y())
    assert apart == pytest.approx(np.full(len(apart), radius), abs=1.2)
    # Opaque unless it is told otherwise, and in its own breadth.
    assert set(picture[rows, cols, 3]) == {255}
    pale = drawn(Ring(0.6, "#ff0000", alpha=0.4, width_px=1.0), place)
    assert set(pale[inked(pale)][:, 3]) == {102}
    broad = drawn(Ring(0.6, "#ff0000", width_px=6.0), place)
    assert inked(broad).sum() > 3 * len(apart)


@pytest.mark.parametrize(("edge", "radius"), [(200, 8), (150, 6), (60, 4)])
def test_a_ring_round_a_peak_keeps_its_size_where_the_picture_is_enlarged(edge, radius):
    seen = QRectF(10, 10, edge, edge)
    for whole in (seen, QRectF(10, 10, 2 * edge, 2 * edge)):
        place = Place(whole, seen)
        share = 0.5 * edge / whole.width()
        picture = drawn(Spot(share, share), place)
        left, top, right, bottom = bounds(inked(picture, INK))
        middle = 10 + edge / 2
        assert (left, top) == pytest.approx((middle - radius,) * 2, abs=1)
        assert (right, bottom) == pytest.approx((middle + radius,) * 2, abs=1)


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_peaks_number_stands_beyond_it_seen_from_the_middle(turn):
    """As far from the ring as a little more than half a line."""
    x, y = ((0.7, 0.5), (0.5, 0.7), (0.3, 0.5), (0.5, 0.3))[turn]
    bare, numbered = drawn(Spot(x, y)), drawn(Spot(x, y, "8", colour=INK))
    number = inked(numbered) & ~inked(bare)
    left, top, right, bottom = bounds(number)
    away = 40 + 8 + 0.55 * line_height()
    across, down = ((1, 0), (0, 1), (-1, 0), (0, -1))[turn]
    assert (left + right) / 2 == pytest.approx(120 + across * away, abs=2.5)
    assert (top + bottom) / 2 == pytest.approx(110 + down * away, abs=2.5)
    # No more than a digit.
    assert bottom - top <= line_height()


def test_a_number_is_kept_in_the_picture_as_long_as_its_peak_is_in_it():
    for x, y in ((0.01, 0.02), (0.99, 0.5), (0.5, 0.99)):
        number = inked(drawn(Spot(x, y, "8"))) & ~inked(drawn(Spot(x, y)))
        left, top, right, bottom = bounds(number)
        assert left >= 20
        assert top >= 10
        assert right <= 220
        assert bottom <= 210
    outside = Spot(1.04, 0.5, "8")
    number = inked(drawn(outside)) & ~inked(drawn(Spot(1.04, 0.5)))
    assert not number[:, :215].any()


def test_a_mask_is_a_broken_ring_that_grows_with_the_picture():
    for place, centre, radius in ((PLACE, (70, 60), 30), (ENLARGED, (20, 210), 120)):
        x, y = place.share(QPointF(*centre))
        picture = drawn(Mask(x, y, 0.15), place)
        rows, cols = np.nonzero(inked(picture, GOLD))
        apart = np.hypot(cols - centre[0], rows - centre[1])
        assert apart == pytest.approx(np.full(len(apart), radius), abs=1.5)
    angles = np.arctan2(
        *(np.array(np.nonzero(inked(drawn(Mask(0.5, 0.5, 0.3))))) - [[110], [120]])
    )
    share = len(np.unique(np.round(angles, 2))) / len(np.arange(-3.14, 3.14, 0.01))
    assert 0.4 < share < 0.9


@pytest.mark.parametrize(
    ("normal", "offset"), [(0.0, 0.0), (0.0, 0.1), (math.pi / 2, 0.1), (0.7, -0.05)]
)
def test_ticks_mark_a_line_outside_of_the_outline_alone(normal, offset):
    ticks = Ticks(normal, offset, radius=0.2, length=0.1)
    picture = drawn(ticks)
    rows, cols = np.nonzero(inked(picture, GOLD))
    x, y = (cols - 120) / 200, (rows - 110) / 200
    across = x * math.cos(normal) + y * math.sin(normal)
    along = -x * math.sin(normal) + y * math.cos(normal)
    assert across == pytest.approx(np.full(len(x), offset), abs=0.014)
    start = math.sqrt(0.2**2 - offset**2)
    for side in (along[along > 0], -along[along < 0]):
        assert side.min() == pytest.approx(start, abs=0.014)
        assert side.max() == pytest.approx(start + 0.1, abs=0.014)
    # On a shade, which is broader than the line itself.
    shade = inked(picture) & ~inked(picture, GOLD)
    assert shade.sum() > 0.5 * len(x)


def test_ticks_of_a_line_beside_the_particle_begin_at_its_foot():
    rows, cols = np.nonzero(inked(drawn(Ticks(0.0, 0.3, 0.2, 0.1)), GOLD))
    assert cols == pytest.approx(np.full(len(cols), 180), abs=2)
    assert (rows.min(), rows.max()) == pytest.approx((90, 130), abs=2)


def bright(picture):
    """Tell where words are, those too whose strokes are thinner than a pixel."""
    return picture[..., :3].min(axis=-1) > 100


def test_a_caption_stands_on_a_shade_in_the_top_left_corner_of_what_is_seen():
    picture = drawn(Caption("phase of 2"), ENLARGED)
    height = line_height()
    wanted = (20, 10, 20 + advance("phase of 2") + 5, 10 + height - 1)
    assert bounds(inked(picture)) == wanted
    words = bright(picture)
    assert words.any()
    left, top, right, bottom = bounds(words)
    assert left - 20 == pytest.approx(25 + advance("phase of 2") - right, abs=3)
    assert picture[11, 21].tolist() == [0, 0, 0, 150]
    assert top >= 10
    assert bottom < 10 + height


@pytest.mark.parametrize("length", [0.1, 0.45])
def test_a_scale_bar_is_as_long_as_it_says_in_the_bottom_left_corner(length):
    """White, three pixels high, four from the left; its words above, on one shade."""
    bar = ScaleBar(length, 2.0, "nm", about="about ")
    assert bar.text == "about 2 nm"
    picture = drawn(bar)
    line = inked(picture, INK)
    line[: 210 - 8] = False
    left, top, right, bottom = bounds(line)
    assert (left, right - left + 1) == (24, 200 * length)
    assert (bottom, bottom - top + 1) == (206, 3)
    shade_left, shade_top, shade_right, shade_bottom = bounds(inked(picture))
    width = max(200 * length, advance(bar.text)) + 8
    assert (shade_left, shade_bottom) == (20, 209)
    assert shade_right == pytest.approx(20 + width - 1, abs=1)
    assert shade_top == pytest.approx(210 - (line_height() + 3 + 4), abs=1)
    words = bright(picture)
    words[shade_bottom - 7 :] = False
    left, _, right, _ = bounds(words)
    assert (left + right) / 2 == pytest.approx(20 + width / 2, abs=4)


@pytest.mark.parametrize(
    ("value", "enlarged", "shown"),
    [(5.0, 1, 5.0), (5.0, 4, 2.0), (2.0, 4, 1.0), (1.0, 4, 0.5), (20.0, 16, 2.0)],
)
def test_an_enlarged_picture_has_a_shorter_bar_in_steps_of_1_2_and_5(
    value, enlarged, shown
):
    """At most half of what is seen; one less long would do as well."""
    whole = QRectF(20, 10, 200 * enlarged, 200 * enlarged)
    bar = ScaleBar(0.25, value, "nm").fitting(Place(whole, WHOLE))
    assert bar.value == pytest.approx(shown)
    assert bar.length == pytest.approx(0.25 * shown / value)
    assert bar.length * enlarged <= 0.5


def test_however_far_a_picture_is_enlarged_a_bar_stays():
    whole = QRectF(0, 0, 200e9, 200e9)
    bar = ScaleBar(0.25, 5.0, "nm").fitting(Place(whole, WHOLE))
    assert 0.0004 < bar.length <= 0.001


def test_colours_of_a_key_take_the_middle_half_of_the_bottom_edge():
    colours = ("#ff0000", "#00ff00", "#0000ff", "#ffff00")
    picture = drawn(ColourKey(colours, "low", "high"))
    for number, colour in enumerate(colours):
        left, top, right, bottom = bounds(inked(picture, colour))
        # A quarter of the hundred pixels from 70 on, six of them high.
        assert left == pytest.approx(70 + 25 * number, abs=1)
        assert right == pytest.approx(70 + 25 * (number + 1), abs=1.5)
        assert (top, bottom) == pytest.approx((210 - 6 - 2, 207), abs=1)
    words = inked(picture) & (picture[..., 3] < 255)
    left, top, right, bottom = bounds(words)
    assert left == pytest.approx(70 - advance("low") - 6, abs=1)
    assert right == pytest.approx(170 + advance("high") + 6, abs=1)
    assert bottom == pytest.approx(209, abs=1)
    assert top == pytest.approx(210 - line_height(), abs=1)
