"""A drawn curve: where it lies in its frame, and what the mouse reads from it."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, QRectF
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QApplication

from napari_cdse.gui.spectrum.profile_view import Curve, ProfileView
from tests.gui.conftest import point
from tests.gui.painted import bounds, pixels
from tests.gui.paints import Count, wait_until_drawn

INK, CURVE = "#ffffff", "#8fb4ff"


@pytest.fixture
def view(qtbot):
    view = ProfileView()
    qtbot.addWidget(view)
    palette = QPalette(QColor("#202020"))
    palette.setColor(QPalette.ColorRole.Window, QColor("#000000"))
    palette.setColor(QPalette.ColorRole.WindowText, QColor(INK))
    view.setPalette(palette)
    view.resize(308, 160)
    with qtbot.waitExposed(view):
        view.show()
    return view


def frame(view) -> QRectF:
    """Four pixels from either side, a line of words above and two below."""
    line = view.fontMetrics().height()
    return QRectF(4, line, 300, 160 - 3 * line)


def curve(x, y, **others):
    told = {"x_name": "radius in nm", "y_name": "gray value", **others}
    return Curve(np.asarray(x, float), np.asarray(y, float), **told)


def drawn(view):
    return pixels(view.grab().toImage())


def columns_of(mask):
    """Mean row of what is marked in each column that has any."""
    rows, cols = np.nonzero(mask)
    return {int(c): float(rows[cols == c].mean()) for c in np.unique(cols)}


def test_a_straight_line_goes_from_corner_to_corner_of_its_frame(view):
    view.show_curve(curve([2, 3, 7], [10, 12, 20]))
    place = frame(view)
    found = columns_of(_blueish(drawn(view)))
    assert min(found) == pytest.approx(4, abs=1)
    assert max(found) == pytest.approx(304, abs=1.5)
    for col, row in found.items():
        if 8 < col < 300:
            share = (col + 0.5 - 4) / 300
            wanted = place.bottom() - share * place.height()
            assert row == pytest.approx(wanted, abs=1.5)


def _inky(picture):
    """Words, axis and ticks with their soft edges, which are of no colour."""
    colour = picture[..., :3].astype(int)
    return (colour.min(axis=-1) > 90) & (np.ptp(colour, axis=-1) < 20)


def _blueish(picture):
    """The curve with its soft edges, which no words and no axis have."""
    colour = picture[..., :3].astype(int)
    return colour[..., 2] - colour[..., 0] > 25


def test_a_curve_is_broken_where_nothing_is_known(view):
    x = np.linspace(0, 1, 301)
    y = np.where((x > 0.4) & (x < 0.6), np.nan, 1 + x % 0.1)
    view.show_curve(curve(x, y))
    found = set(columns_of(_blueish(drawn(view))))
    assert not found & set(range(4 + 125, 4 + 175))
    assert {4 + 60, 4 + 240} <= found


def test_a_flat_curve_lies_at_the_bottom_of_its_frame(view):
    view.show_curve(curve([0, 1], [5, 5]))
    rows = set(np.nonzero(_blueish(drawn(view)))[0].tolist())
    assert max(abs(row - frame(view).bottom()) for row in rows) < 2


def test_ticks_stand_at_round_numbers_below_the_axis(view):
    """From 0 to 7 in steps of 2; three pixels long."""
    view.show_curve(curve([0, 7], [0, 1]))
    place, white = frame(view), _inky(drawn(view))
    bottom = round(place.bottom())
    for value in (0, 2, 4, 6):
        col = round(4 + 300 * value / 7)
        around = white[bottom + 1 : bottom + 3, max(col - 1, 0) : col + 2]
        assert around.any(axis=1).all(), value
    between = white[bottom + 2, 4 + 50 : 4 + 80]
    assert not between.any()
    # A word at each, which stays inside, and one for the axis below them.
    numbers = white[bottom + 5 : bottom + view.fontMetrics().height()]
    assert numbers[:, :12].any()
    assert numbers[:, 4 + 80 : 4 + 92].any()
    below = white[bottom + view.fontMetrics().height() + 2 :]
    left, _, right, _ = bounds(below)
    assert (left + right) / 2 == pytest.approx(154, abs=4)


def test_the_name_of_the_values_stands_above_and_gives_way_to_the_reading(view):
    x = np.linspace(0, 10, 301)
    view.show_curve(curve(x, x**2, reads="{x:.1f} nm: {y:.2f}, {inverse:.3f} per nm"))
    top = round(frame(view).top())
    name = drawn(view)[:top]
    assert view.reading == ""
    point(view, QPoint(4 + 150, 80))
    assert view.reading == "5.0 nm: 25.00, 0.200 per nm"
    told = drawn(view)
    assert (told[:top] != name).any()
    # A line through the frame where the mouse is.
    drawn_on = _inky(told) | _blueish(told)
    through = drawn_on[top + 3 : round(frame(view).bottom()) - 3]
    assert through[:, 153:156].any(axis=1).all()
    # At its very ends it still reads; beside it nothing.
    point(view, QPoint(4, 80))
    assert view.reading == "0.0 nm: 0.00, inf per nm"
    point(view, QPoint(304, 80))
    assert view.reading.startswith("10.0 nm")
    point(view, QPoint(306, 80))
    assert view.reading == ""
    point(view, QPoint(100, 80))
    assert view.reading != ""
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert view.reading == ""
    assert (drawn(view)[:top] == name).all()


def test_the_reading_is_that_of_the_nearest_place(view):
    view.show_curve(curve([0, 1, 10], [5, 6, 7]))
    for x, told in ((4 + 12, "0: 5"), (4 + 18, "1: 6"), (4 + 170, "10: 7")):
        point(view, QPoint(x, 90))
        assert view.reading == told


def test_what_is_shown_and_pointed_at_is_drawn_at_once(view, qtbot):
    paints = Count(view, QEvent.Type.Paint)
    x = np.linspace(0, 10, 301)
    for act in (
        lambda: view.show_curve(curve(x, x)),
        lambda: point(view, QPoint(150, 80)),
        lambda: QApplication.sendEvent(view, QEvent(QEvent.Type.Leave)),
    ):
        wait_until_drawn(qtbot, paints, act)


def test_without_a_curve_it_says_why(view):
    for nothing in (None, curve([0, 1], [np.nan, np.nan])):
        view.show_curve(nothing, "Draw a line first.")
        left, top, right, bottom = bounds(_inky(drawn(view)))
        assert (left + right) / 2 == pytest.approx(154, abs=4)
        assert (top + bottom) / 2 == pytest.approx(80, abs=5)
        assert view.reading == ""
    assert not _blueish(drawn(view)).any()


def test_it_asks_for_room_that_shows_a_curve(qtbot):
    view = ProfileView()
    qtbot.addWidget(view)
    assert (view.sizeHint().width(), view.sizeHint().height()) == (240, 96)
    assert view.minimumHeight() == 96
    assert view.sizePolicy().horizontalPolicy() == view.sizePolicy().Policy.Expanding
    assert view.sizePolicy().verticalPolicy() == view.sizePolicy().Policy.Preferred
