"""A small picture: where it lies, what of it is shown, what the mouse does there."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from qtpy.QtGui import QMouseEvent, QWheelEvent
from qtpy.QtWidgets import QApplication

from napari_cdse.gui.pictures.image_view import ImageView
from napari_cdse.gui.pictures.overlays import Place
from tests.gui.painted import bounds, pixels
from tests.gui.paints import Count, wait_until_drawn

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NO_KEY = Qt.KeyboardModifier.NoModifier


@pytest.fixture(params=[False, True], ids=["fixed", "zoomable"])
def view(request, qtbot):
    return shown(qtbot, zoomable=request.param)


@pytest.fixture
def zoomed(qtbot):
    return shown(qtbot, zoomable=True)


def shown(qtbot, **options):
    view = ImageView("No particle", **options)
    qtbot.addWidget(view)
    view.resize(301, 200)
    with qtbot.waitExposed(view):
        view.show()
    return view


def corners(size=40):
    """Four quarters of a known gray."""
    values = np.zeros((size, size))
    half = size // 2
    values[:half, half:], values[half:, :half], values[half:, half:] = 0.4, 0.6, 1.0
    return values


def gray_at(view, x, y):
    return pixels(view.grab().toImage())[round(y), round(x), :3].tolist()


def wheel(view, point, notches):
    away = QPointF(view.mapToGlobal(point))
    event = QWheelEvent(
        QPointF(point), away, QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, NO_KEY, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    event.ignore()
    QApplication.sendEvent(view, event)
    return event.isAccepted()


def mouse(view, kind, point, button=LEFT, held=LEFT):
    place = QPointF(point)
    event = QMouseEvent(
        kind, place, QPointF(view.mapToGlobal(place.toPoint())), button, held, NO_KEY
    )
    QApplication.sendEvent(view, event)


def test_a_picture_is_square_and_in_the_middle(view):
    view.show_values(corners())
    # 301 broad and 200 high: fifty pixels on either side.
    square = QRectF(50, 0, 200, 200)
    assert view.place == Place(square, square)
    for (x, y), wanted in (
        ((100, 50), 0), ((200, 50), 102), ((100, 150), 153), ((200, 150), 255),
    ):  # fmt: skip
        assert gray_at(view, x, y) == [wanted] * 3
    beside = gray_at(view, 20, 100)
    assert beside == gray_at(view, 280, 100)
    view.resize(100, 240)
    assert view.place.seen == QRectF(0, 0, 100, 100)


def test_gray_values_are_rounded_and_colours_shown_as_they_are(view):
    view.show_values(np.full((8, 8), 0.4985))
    assert gray_at(view, 150, 100) == [127] * 3
    colours = np.zeros((8, 4, 4), np.uint8)
    colours[...] = (200, 100, 50, 255)
    view.show_colours(colours)
    assert gray_at(view, 100, 100) == [200, 100, 50]
    assert (view.image.width(), view.image.height()) == (4, 8)
    # What is clear lets the dock show through.
    colours[..., 3] = 0
    view.show_colours(colours)
    assert gray_at(view, 100, 100) == gray_at(view, 20, 100)


def test_fine_stripes_become_their_mean_where_a_picture_is_made_smaller(view):
    stripes = np.zeros((1200, 1200))
    stripes[:, ::2] = 1
    view.show_values(stripes)
    inner = pixels(view.grab().toImage())[50:150, 100:200, 0].astype(int)
    assert inner.mean() == pytest.approx(127, abs=3)
    assert inner.std() < 4


def test_marks_are_drawn_in_the_pictures_place_in_a_smaller_type(view):
    class Noted:
        def paint(self, painter, place):
            self.told = place, painter.font().pointSizeF(), painter.clipBoundingRect()

    first, second = Noted(), Noted()
    view.show_values(corners(), [first, second])
    assert view.marks == (first, second)
    view.grab()
    for one in (first, second):
        place, size, clip = one.told
        assert place == view.place
        assert size == pytest.approx(0.85 * view.font().pointSizeF())
        assert clip == view.place.seen
    view.clear()
    assert view.marks == ()
    assert view.empty


def test_without_a_picture_words_stand_in_the_middle(view):
    assert view.empty
    assert view.image is None
    picture = pixels(view.grab().toImage())[..., :3].astype(int)
    ink = np.abs(picture - picture[0, 0]).sum(axis=-1) > 60
    left, top, right, bottom = bounds(ink)
    assert (left + right) / 2 == pytest.approx(150, abs=3)
    assert (top + bottom) / 2 == pytest.approx(100, abs=5)
    view.show_values(corners())
    assert not view.empty
    view.clear()
    assert (pixels(view.grab().toImage())[..., :3] == picture).all()


def test_one_view_shows_what_another_shows(view, qtbot):
    other = ImageView()
    qtbot.addWidget(other)
    other.show_values(corners(), ["mark"])
    view.show_values(np.ones((4, 4)))
    view.grab()
    view.show_same(other)
    assert view.marks == ("mark",)
    assert view.image.cacheKey() == other.image.cacheKey()
    view.marks = ()
    assert gray_at(view, 100, 50) == [0, 0, 0]


def test_it_asks_for_room(view):
    assert (view.sizeHint().width(), view.sizeHint().height()) == (164, 164)
    assert (view.minimumWidth(), view.minimumHeight()) == (92, 92)
    policy = view.sizePolicy()
    assert policy.horizontalPolicy() == policy.Policy.Expanding
    assert policy.verticalPolicy() == policy.Policy.Expanding
    assert view.hasMouseTracking()


def test_clicks_and_the_pointer_are_told_in_shares_of_the_picture(view, qtbot):
    clicks, points, gone = [], [], []
    view.clicked.connect(lambda x, y: clicks.append((x, y)))
    view.pointed.connect(lambda x, y: points.append((x, y)))
    view.left.connect(lambda: gone.append(1))
    # Without a picture there is no place.
    qtbot.mouseClick(view, LEFT, pos=QPoint(100, 50))
    mouse(view, QEvent.Type.MouseMove, QPoint(100, 50), held=Qt.MouseButton.NoButton)
    assert clicks == points == []
    view.show_values(corners())
    qtbot.mouseClick(view, LEFT, pos=QPoint(100, 50))
    qtbot.mouseClick(view, RIGHT, pos=QPoint(110, 50))
    mouse(view, QEvent.Type.MouseMove, QPoint(150, 20), held=Qt.MouseButton.NoButton)
    assert clicks == [(0.25, 0.25)]
    assert points == [(0.5, 0.1)]
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert gone == [1]


@pytest.mark.parametrize(("zoomable", "times"), [(False, 1), (True, 0)])
def test_a_double_click_asks_for_a_larger_one_where_it_does_not_zoom(
    qtbot, zoomable, times
):
    view, asked = shown(qtbot, zoomable=zoomable), []
    view.enlarging.connect(lambda: asked.append(1))
    qtbot.mouseDClick(view, LEFT, pos=QPoint(100, 50))
    assert asked == []
    view.show_values(corners())
    qtbot.mouseDClick(view, LEFT, pos=QPoint(100, 50))
    assert len(asked) == times


def test_the_wheel_zooms_up_to_sixteen_times_and_back(zoomed):
    assert not wheel(zoomed, QPoint(150, 100), 1)
    zoomed.show_values(corners())
    point = QPoint(120, 130)
    held = zoomed.place.share(QPointF(point))
    assert wheel(zoomed, point, 1)
    assert zoomed.place.whole.width() == pytest.approx(250)
    assert zoomed.place.seen == QRectF(50, 0, 200, 200)
    assert zoomed.place.share(QPointF(point)) == pytest.approx(held)
    wheel(zoomed, point, -1)
    assert zoomed.place.whole == zoomed.place.seen
    wheel(zoomed, point, -3)
    assert zoomed.place.whole == zoomed.place.seen
    wheel(zoomed, point, 40)
    assert zoomed.place.whole.width() == pytest.approx(16 * 200)
    assert zoomed.place.share(QPointF(point)) == pytest.approx(held)


def test_a_view_that_does_not_zoom_leaves_the_wheel_to_others(qtbot):
    view = shown(qtbot)
    view.show_values(corners())
    assert not wheel(view, QPoint(150, 100), 2)
    assert view.place.whole == view.place.seen


def test_an_enlarged_picture_follows_the_mouse_and_ends_at_its_edge(zoomed, qtbot):
    zoomed.show_values(corners())
    wheel(zoomed, QPoint(150, 100), 4)
    begun = QPoint(150, 100)
    held = zoomed.place.share(QPointF(begun))
    told = []
    zoomed.pointed.connect(lambda x, y: told.append((x, y)))
    mouse(zoomed, QEvent.Type.MouseButtonPress, begun)
    mouse(zoomed, QEvent.Type.MouseMove, QPoint(170, 85), Qt.MouseButton.NoButton)
    assert told == []
    assert zoomed.place.share(QPointF(170, 85)) == pytest.approx(held)
    mouse(zoomed, QEvent.Type.MouseMove, QPoint(160, 105), Qt.MouseButton.NoButton)
    assert zoomed.place.share(QPointF(160, 105)) == pytest.approx(held)
    # Shown as it lies, square by square.
    assert gray_at(zoomed, 60, 10) == [0, 0, 0]
    mouse(zoomed, QEvent.Type.MouseMove, QPoint(3000, 3000), Qt.MouseButton.NoButton)
    whole, seen = zoomed.place.whole, zoomed.place.seen
    assert (whole.left(), whole.top()) == pytest.approx((seen.left(), seen.top()))
    mouse(zoomed, QEvent.Type.MouseMove, QPoint(-3000, -3000), Qt.MouseButton.NoButton)
    whole = zoomed.place.whole
    assert (whole.right(), whole.bottom()) == pytest.approx(
        (seen.right(), seen.bottom())
    )
    mouse(zoomed, QEvent.Type.MouseButtonRelease, QPoint(10, 10))
    mouse(zoomed, QEvent.Type.MouseMove, QPoint(150, 100), held=Qt.MouseButton.NoButton)
    assert len(told) == 1
    assert zoomed.place.whole == whole
    qtbot.mouseDClick(zoomed, LEFT, pos=begun)
    assert zoomed.place.whole == seen


def test_a_picture_that_is_not_enlarged_stays_where_it_is(zoomed):
    zoomed.show_values(corners())
    mouse(zoomed, QEvent.Type.MouseButtonPress, QPoint(150, 100))
    mouse(zoomed, QEvent.Type.MouseMove, QPoint(190, 100), Qt.MouseButton.NoButton)
    assert zoomed.place.whole == zoomed.place.seen


@pytest.mark.parametrize(("own_pt", "letters_pt"), [(20.0, 17.0), (4.0, 5.1)])
def test_letters_of_marks_are_smaller_than_the_window_s_but_legible(
    qtbot, own_pt, letters_pt
):
    class Letters:
        def paint(self, painter, _place):
            self.size_pt = painter.font().pointSizeF()

    view, mark = shown(qtbot), Letters()
    font = view.font()
    font.setPointSizeF(own_pt)
    view.setFont(font)
    view.show_values(corners(), (mark,))
    view.grab()
    assert mark.size_pt == pytest.approx(letters_pt, abs=0.01)


def test_what_is_shown_zoomed_or_taken_away_is_drawn_at_once(zoomed, qtbot):
    view, other, middle = zoomed, shown(qtbot), QPoint(150, 100)
    other.show_values(corners())
    paints = Count(view, QEvent.Type.Paint)
    for act in (
        lambda: view.show_values(corners()),
        lambda: view.show_same(other),
        lambda: wheel(view, middle, 2),
        lambda: qtbot.mouseDClick(view, LEFT, NO_KEY, middle),
        view.clear,
    ):
        wait_until_drawn(qtbot, paints, act)
