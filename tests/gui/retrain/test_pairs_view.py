"""Pairs of pictures as they are drawn, and the keys and clicks that lead to one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QModelIndex, Qt
from qtpy.QtGui import QColor, QImage, QKeyEvent, QPalette
from qtpy.QtWidgets import QAbstractItemView, QApplication

from napari_cdse.gui.retrain.changed_pairs import ChangedPairs
from napari_cdse.gui.retrain.pairs_view import PairsModel, PairsView
from napari_cdse.gui.shortcuts.key_events import OWN_KEYS
from napari_cdse.gui.thumbnails.grid_geometry import CellShape
from tests.gui.painted import pixels

K, Role = Qt.Key, Qt.ItemDataRole
GRAY = 90


def cell_item(name):
    return SimpleNamespace(
        label=name, name=name, by_person=True, confidence=None, deferred=False
    )


def pair(number, contradicts=False):
    return SimpleNamespace(
        item=SimpleNamespace(id=f"p{number}"),
        before=cell_item("yes"),
        after=cell_item("no"),
        name=f"dots\n{number}",
        label_words="not judged",
        words=f"dots_{number}\nnot judged",
        verdict=SimpleNamespace(contradicts=contradicts),
    )


def shown_pairs(*numbers):
    groups = tuple(
        SimpleNamespace(sentence=f"group {at}", verdicts=range(n))
        for at, n in enumerate(numbers)
    )
    return ChangedPairs(groups, tuple(pair(at) for at in range(sum(numbers))))


@pytest.fixture
def view(qtbot):
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor(GRAY, GRAY, GRAY))
    asked = []

    def picture(item):
        asked.append(item.name)
        return image

    model = PairsModel()
    view = PairsView(model, picture, lambda item: False)
    view.asked = asked
    qtbot.addWidget(view)
    palette = QPalette(QColor("#202020"))
    palette.setColor(QPalette.ColorRole.Base, QColor("#000000"))
    palette.setColor(QPalette.ColorRole.WindowText, QColor("#00ff00"))
    view.setPalette(palette)
    view.resize(440, 420)
    model.show(shown_pairs(3, 30))
    with qtbot.waitExposed(view):
        view.show()
    return view


def test_rows_are_pairs_in_their_groups(view, qtbot):
    model = view.model()
    assert model.sections == (("group 0", 3), ("group 1", 30))
    assert (model.rowCount(), model.rowCount(model.index(0, 0))) == (33, 0)
    index = model.index(4, 0)
    assert model.data(index) == "dots_4\\nnot judged"
    for role in (Role.ToolTipRole, Role.AccessibleTextRole):
        assert model.data(index, role) == "dots_4\nnot judged"
    assert model.data(index, Role.FontRole) is None
    assert model.data(QModelIndex()) is None
    same = model.shown
    with qtbot.assertNotEmitted(model.modelReset):
        model.show(same)
    with qtbot.waitSignals([model.modelReset, view.in_view_changed]):
        model.show(shown_pairs(2))
    assert model.rowCount() == 2


def test_a_pair_is_half_as_high_as_broad_with_two_lines_below(view):
    words = round(2.2 * view.fontMetrics().height())
    assert view.cell_shape() == CellShape(0.5, words - 10)
    assert view.edge_px == 200
    assert view.selectionMode() == QAbstractItemView.SelectionMode.SingleSelection
    assert view.property(OWN_KEYS) is True
    assert view.hasMouseTracking()


def drawn(view):
    view.asked.clear()
    return pixels(view.viewport().grab().toImage())[..., :3].astype(int)


def is_gray(picture, x, y):
    return picture[round(y), round(x)].tolist() == [GRAY] * 3


def green(picture, left, top, right, bottom):
    part = picture[round(top) : round(bottom), round(left) : round(right)]
    return (part[..., 1] - part[..., 0] > 60).sum()


def test_two_pictures_lie_beside_each_other_with_an_arrow_between(view):
    picture = drawn(view)
    place = view.visualRect(view.model().index(1, 0))
    edge = (place.width() - 20) / 2
    middle = place.top() + edge / 2
    assert is_gray(picture, place.left() + edge / 2, middle)
    assert is_gray(picture, place.left() + edge + 20 + edge / 2, middle)
    assert not is_gray(picture, place.left() + edge + 2, middle)
    assert green(picture, place.left() + edge, place.top(), place.left() + edge + 20,
                 place.top() + edge) > 10  # fmt: skip
    # The old forest's on the left, in the colours of the classes.
    frames = [
        picture[round(middle), round(x)].tolist()
        for x in (place.left() + 4, place.left() + edge + 20 + 4)
    ]
    assert frames[0][0] > 200 > frames[0][1]
    assert frames[1][1] > 200 > frames[1][0]
    # Two lines of words below: as many as are seen.
    line = view.fontMetrics().height()
    below = place.top() + round(edge)
    for at in (0, 1):
        top = below + at * line
        assert green(picture, place.left(), top + 1, place.right(), top + line) > 20
    assert view.asked == ["yes", "no"] * len(view.rows_in_view())


def test_headers_say_what_was_and_becomes(view):
    picture = drawn(view)
    (_, first), (_, second) = list(view.grid.headers(0, 1000))
    for box in (first, second):
        assert green(picture, 4, box.top, 100, box.top + box.height) > 30
        assert green(picture, 0, box.top, 4, box.top + box.height) == 0


def test_the_word_of_a_person_that_is_contradicted_is_bold(view):
    plain = drawn(view)
    told = shown_pairs(3, 30)
    odd = ChangedPairs(told.groups, (pair(0, True), *told.pairs[1:]))
    view.model().show(odd)
    bold = drawn(view)
    place = view.visualRect(view.model().index(0, 0))
    line = view.fontMetrics().height()
    below = place.top() + round((place.width() - 20) / 2)
    name, word = (
        [green(p, place.left(), top, place.right(), top + line) for p in (plain, bold)]
        for top in (below, below + line)
    )
    assert name[0] == name[1]
    assert word[1] > 1.1 * word[0]
    # The name never is: the same words, where they are a name, are thinner.
    same = pair(0, True)
    same.name = same.label_words
    view.model().show(ChangedPairs(told.groups, (same, *told.pairs[1:])))
    both = drawn(view)
    name, word = (
        green(both, place.left(), top, place.right(), top + line)
        for top in (below, below + line)
    )
    assert word > 1.1 * name


def test_the_cursor_is_a_line_around_where_the_keys_are(view, monkeypatch):
    """Whole while they come here; without a window manager no widget has the focus."""
    view.choose(1)
    monkeypatch.setattr(view, "hasFocus", lambda: True)
    place = view.visualRect(view.model().index(1, 0)).adjusted(-1, -1, 1, 1)
    picture = drawn(view)
    side = picture[place.top() : place.bottom(), place.left(), 1] > 150
    assert side.mean() > 0.95
    monkeypatch.setattr(view, "hasFocus", lambda: False)
    picture = drawn(view)
    side = picture[place.top() : place.bottom(), place.left() - 1 : place.left() + 2, 1]
    assert 0.2 < (side.max(axis=1) > 100).mean() < 0.95
    assert view.selectionModel().selectedIndexes()[0].row() == 1


def test_a_row_far_below_is_scrolled_to(view):
    view.choose(30)
    assert 30 in view.rows_in_view()
    assert view.currentIndex().row() == 30
    with_signal = []
    view.in_view_changed.connect(lambda: with_signal.append(1))
    view.verticalScrollBar().setValue(0)
    assert with_signal


def test_clicks_and_enter_lead_to_a_particle(view, qtbot):
    place = view.visualRect(view.model().index(2, 0)).center()
    with qtbot.waitSignal(view.visited) as heard:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert heard.args == ["p2"]
    qtbot.keyClick(view, K.Key_Right)
    assert view.currentIndex().row() == 3
    for key in (K.Key_Return, K.Key_Enter):
        with qtbot.waitSignal(view.visited) as heard:
            qtbot.keyClick(view, key)
        assert heard.args == ["p3"]
    view.setCurrentIndex(QModelIndex())
    with qtbot.assertNotEmitted(view.visited):
        qtbot.keyClick(view, K.Key_Return)


def test_letters_are_left_to_the_window(view):
    view.choose(1)
    for key, text, is_ours in ((K.Key_D, "d", False), (K.Key_Right, "", True)):
        event = QKeyEvent(
            QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text
        )
        QApplication.sendEvent(view, event)
        assert event.isAccepted() == is_ours
    assert view.currentIndex().row() == 2
    assert np.array(view.rows_in_view()).size


def test_a_row_that_is_gone_says_nothing():
    """Qt may still ask for it while the rows change."""
    model = PairsModel()
    model.show(shown_pairs(2))
    last = model.index(1, 0)
    assert model.data(last).startswith("dots_1")
    model.show(shown_pairs(1))
    assert model.data(last) is None
