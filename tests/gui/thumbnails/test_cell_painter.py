"""A particle's picture in its frame, pixel by pixel: who says what, at a glance."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import QRectF
from qtpy.QtGui import QColor, QFont, QFontMetrics, QImage, QPalette

from napari_cdse.gui.canvas.class_colours import HEX, PALE
from napari_cdse.gui.thumbnails.cell_painter import CellPainter, colour_of
from tests.gui.painted import bounds, inked, painted

MAT, CHOSEN, BLANK = "#17181c", "#4d7cff", "#3a3d45"
GRAY = 90

pytestmark = pytest.mark.usefixtures("qapp")


def item(label="no", by_person=True, confidence=None, deferred=False):
    return SimpleNamespace(
        label=label,
        name=label or "unlabelled",
        by_person=by_person,
        confidence=confidence,
        deferred=deferred,
    )


def font() -> QFont:
    return QFont("DejaVu Sans", 10)


def drawn(one, edge=100, image=None, **how):
    """A cell from pixel 10 on, both ways, on a transparent picture."""
    if image is None and not how.get("missing"):
        image = QImage(8, 8, QImage.Format.Format_RGB32)
        image.fill(QColor(GRAY, GRAY, GRAY))

    def draw(painter):
        palette = QPalette(QColor("#222222"))
        palette.setColor(QPalette.ColorRole.WindowText, QColor("#00ff00"))
        cells = CellPainter(painter, palette, font())
        cells.draw(QRectF(10, 10, edge, edge), one, how.pop("picture", image), **how)

    return painted(draw, edge + 20, edge + 20)


def is_colour(picture, row, col, colour, off=3):
    wanted = QColor(colour).getRgb()[:3]
    return np.abs(picture[row, col, :3].astype(int) - wanted).max() <= off


@pytest.mark.parametrize("name", ["yes", "no", "null", "empty"])
def test_a_persons_word_is_a_whole_frame_of_the_class_on_a_dark_mat(name):
    picture = drawn(item(name))
    # Three pixels of mat, then the frame.
    for at in (11, 12):
        assert is_colour(picture, 60, at, MAT)
        assert is_colour(picture, 119 - at, 60, MAT)
    frame = inked(picture, HEX[name])
    left, top, right, bottom = bounds(frame)
    assert (left, top) == pytest.approx((13, 13), abs=1)
    assert (right, bottom) == pytest.approx((106, 106), abs=1)
    # Without a gap along each side, two to three pixels broad.
    for side in (frame[:, 13:16], frame[:, 104:108]):
        assert side[20:100].any(axis=1).all()
    assert 2 <= frame[60, 10:20].sum() <= 3
    # The picture inside.
    assert is_colour(picture, 60, 60, QColor(GRAY, GRAY, GRAY).name())


def test_the_forests_word_is_a_broken_frame_and_pale():
    whole, broken = drawn(item("no")), drawn(item("no", by_person=False))
    sides = [
        (np.abs(each[20:100, 14, :3].astype(int) - QColor(MAT).getRgb()[:3]) > 40).any(
            1
        )
        for each in (whole, broken)
    ]
    assert sides[0].all()
    assert 0.3 < sides[1].mean() < 0.9
    assert not inked(broken, HEX["no"])[20:100, 14].any()
    assert colour_of(item("no")).alphaF() == 1
    assert colour_of(item("no", by_person=False)).alphaF() == pytest.approx(
        PALE, abs=0.01
    )
    assert colour_of(item("no")).name() == HEX["no"]


def test_a_chosen_cell_has_a_bright_mat_and_a_veil():
    plain, chosen = drawn(item()), drawn(item(), selected=True)
    assert is_colour(chosen, 60, 11, CHOSEN)
    # Of (77, 124, 255), 80 parts of 255 over the picture.
    share = 80 / 255
    veiled = [round((1 - share) * GRAY + share * each) for each in (77, 124, 255)]
    assert chosen[60, 60, :3].tolist() == pytest.approx(veiled, abs=2)
    assert plain[60, 60, :3].tolist() == [GRAY] * 3


def patch_of(picture, where):
    """Bounds of a dark patch on the gray picture, in a part of it."""
    dark = (picture[..., :3].astype(int).sum(axis=-1) < 3 * 40) & (picture[..., 3] > 0)
    mask = np.zeros_like(dark)
    mask[where] = dark[where]
    return bounds(mask)


@pytest.mark.parametrize(("edge", "size"), [(40, 11), (100, 16), (180, 20)])
def test_the_letter_grows_with_the_cell_within_limits(edge, size):
    """By 0.17 of the picture's edge; bold, on a dark patch in the upper left corner."""
    picture = drawn(item("yes"), edge)
    bold = font()
    bold.setPixelSize(size)
    bold.setBold(True)
    metrics = QFontMetrics(bold)
    left, top, right, bottom = patch_of(
        picture, np.s_[16 : 10 + edge // 2, 16 : 10 + edge // 2]
    )
    assert (left, top) == (16, 16)
    assert right == pytest.approx(16 + metrics.horizontalAdvance("Y") + 6 - 1, abs=2)
    assert bottom == pytest.approx(16 + metrics.height() - 1, abs=2)
    letter = inked(picture, HEX["yes"])[17:bottom, 17:right]
    assert letter.any()


def test_what_no_person_confirmed_bears_a_question_mark():
    sure, asked = (
        patch_of(drawn(item("yes", by_person=by)), np.s_[16:60, 17:60])[2]
        for by in (True, False)
    )
    assert asked > sure + 3


@pytest.mark.parametrize(("edge", "has_number"), [(71, False), (72, True), (120, True)])
def test_a_probability_stands_in_the_lower_right_corner_where_there_is_room(
    edge, has_number
):
    bare, told = (drawn(item(confidence=each), edge) for each in (None, 0.87))
    changed = (bare != told).any(axis=-1)
    assert changed.any() == has_number
    if has_number:
        left, top, right, bottom = bounds(changed)
        small = font()
        small.setPixelSize(11)
        metrics = QFontMetrics(small)
        # Three pixels off the picture's corner, which is three off the cell's.
        assert (right, bottom) == (edge + 10 - 7, edge + 10 - 7)
        assert right - left + 1 == metrics.horizontalAdvance(".87") + 6
        assert bottom - top + 1 == metrics.height()
        assert inked(told, "#e6e6e6")[top:bottom, left:right].any()


@pytest.mark.parametrize(("edge", "size"), [(50, 9.0), (120, 0.13 * 114)])
def test_what_was_left_for_later_bears_an_hourglass(edge, size):
    """On a dark patch in the upper right corner: two triangles, tip to tip."""
    changed = drawn(item(), edge) != drawn(item(deferred=True), edge)
    left, top, right, bottom = bounds(changed.any(axis=-1))
    end = 10 + edge - 3
    assert left == pytest.approx(end - size - 7 - 3, abs=1)
    assert right == pytest.approx(end - 7 + 3, abs=1.5)
    assert top == pytest.approx(13 + 5 - 2, abs=1)
    assert bottom == pytest.approx(13 + 5 + 4 + size, abs=1.5)
    glass = inked(drawn(item(deferred=True), edge), "#f5f5f5")
    inner = glass[top : bottom + 1, left : right + 1]
    breadth = inner.sum(axis=1)
    rows = np.flatnonzero(breadth)
    # Broad at both ends, narrow in the middle.
    assert breadth[rows[0]] > 0.5 * size
    assert breadth[rows[-1]] > 0.5 * size
    assert breadth[(rows[0] + rows[-1]) // 2] <= 3
    assert rows[-1] - rows[0] + 1 == pytest.approx(size + 2, abs=2)


@pytest.mark.parametrize(
    ("how", "whole"),
    [
        ({"marked": True}, True),
        ({"cursor": True}, False),
        ({"marked": True, "cursor": True}, True),
    ],
)
def test_the_current_particle_is_outlined_and_the_keys_cursor_dotted(how, whole):
    bare = drawn(item())
    assert not inked(bare, "#00ff00").any()
    line = inked(drawn(item(), **how), "#00ff00")
    left, top, right, bottom = bounds(line)
    assert (left, top, right, bottom) == pytest.approx((9, 9, 111, 111), abs=1)
    side = line[:, 8:11].any(axis=1)[12:108]
    assert side.all() if whole else 0.2 < side.mean() < 0.9


def test_a_picture_that_is_not_there_yet_is_blank_and_a_missing_one_says_so():
    waiting = drawn(item(), picture=None)
    assert is_colour(waiting, 60, 60, BLANK)
    assert is_colour(waiting, 90, 30, BLANK)
    missing = drawn(item(), picture=None, missing=True)
    words = (waiting != missing).any(axis=-1)
    left, top, right, bottom = bounds(words)
    assert inked(missing, "#d0d3d8")[words].any()
    assert (left + right) / 2 == pytest.approx(60, abs=3)
    assert (top + bottom) / 2 == pytest.approx(60, abs=5)
    # An eighth of the edge high, nearly.
    large = bounds(
        (
            drawn(item(), 180, picture=None, missing=True)
            != drawn(item(), 180, picture=None)
        ).any(axis=-1)
    )
    assert (large[2] - large[0]) > 1.4 * (right - left)
