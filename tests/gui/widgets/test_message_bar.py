"""The bar of standing messages: how many are seen, what closes them, how high it is."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMainWindow, QPushButton, QStyle, QToolButton

from napari_cdse.gui.session.standing_messages import StandingMessages
from napari_cdse.gui.widgets.message_bar import MessageBar
from tests.gui.paints import all_drawn

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def messages(qtbot):
    return StandingMessages()


@pytest.fixture
def bar(messages, qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    bar = MessageBar(messages, window)
    window.resize(500, 300)
    with qtbot.waitExposed(window):
        window.show()
    bar.kept = window
    return bar


def rows(bar):
    column = bar._page._column
    return [column.itemAt(at).widget() for at in range(column.count())]


def buttons(row):
    return row.findChildren(QPushButton), row.findChildren(QToolButton)


def test_it_is_at_the_top_and_hidden_while_there_is_nothing(bar, messages):
    assert bar.kept.toolBarArea(bar) == Qt.ToolBarArea.TopToolBarArea
    assert bar.objectName() == "napari-cdse messages"
    assert bar.windowTitle() == "Messages"
    assert not bar.isMovable()
    assert not bar.isFloatable()
    assert not bar.toggleViewAction().isVisible()
    assert not bar.isVisible()
    assert bar.sentences == ()
    messages.put("a", "Something.")
    assert bar.isVisible()
    messages.withdraw("a")
    assert not bar.isVisible()


def test_three_are_seen_and_closing_one_brings_up_the_next(bar, messages, qtbot):
    for name in "abcde":
        messages.put(name, f"About {name}.")
    more = "and {} more, seen when these are closed"
    assert bar.sentences == ("About a.", "About b.", "About c.", more.format(2))
    # What counts the others can't be closed.
    assert buttons(rows(bar)[3]) == ([], [])
    qtbot.mouseClick(rows(bar)[1].close_button, LEFT)
    assert bar.sentences == ("About a.", "About c.", "About d.", more.format(1))
    assert [each.name for each in messages.shown] == list("acde")
    qtbot.mouseClick(rows(bar)[0].close_button, LEFT)
    assert bar.sentences == ("About c.", "About d.", "About e.")


def test_a_message_that_passes_has_no_cross_and_another_says_what_it_is(bar, messages):
    messages.put("a", "It is busy.", passes=True)
    messages.put("b", "It failed.")
    passing, standing = rows(bar)
    assert buttons(passing) == ([], [])
    (cross,) = buttons(standing)[1]
    assert (cross.text(), cross.accessibleName()) == ("\u00d7", "Close this message")
    assert cross.toolTip() == "I have read it"
    assert cross.focusPolicy() == Qt.FocusPolicy.NoFocus
    flags = standing.text.textInteractionFlags()
    assert flags == Qt.TextInteractionFlag.TextSelectableByMouse


def test_a_remedy_is_a_button_that_does_it(bar, messages, qtbot):
    done = []
    messages.put("a", "It failed.", remedy="Try again", act=lambda: done.append(1))
    (remedy,) = buttons(rows(bar)[0])[0]
    assert remedy.text() == "Try again"
    assert remedy.focusPolicy() == Qt.FocusPolicy.NoFocus
    qtbot.mouseClick(remedy, LEFT)
    assert done == [1]
    # It stays until it is over.
    assert bar.sentences == ("It failed.",)


@pytest.mark.parametrize(
    ("good", "sign"),
    [
        (True, QStyle.StandardPixmap.SP_MessageBoxInformation),
        (False, QStyle.StandardPixmap.SP_MessageBoxWarning),
    ],
)
def test_a_sign_says_whether_something_is_wrong(bar, messages, good, sign):
    messages.put("a", "It is so.", good=good)
    (row,) = rows(bar)
    label = row.layout().itemAt(0).widget()
    wanted = row.style().standardIcon(sign).pixmap(16, 16)
    assert label.pixmap().toImage() == wanted.toImage()
    assert row.layout().stretch(1) == 1


def test_it_is_as_high_as_its_sentences_at_its_width(bar, messages):
    messages.put("a", "word " * 60)
    narrow = bar.height()
    assert narrow == bar._page.height()
    lines = narrow / bar.fontMetrics().height()
    assert lines > 3
    bar.kept.resize(1400, 300)
    assert bar.height() < narrow
    assert bar.height() == max(1, bar._page._column.heightForWidth(bar.width()))
    margins = bar._page._column.contentsMargins()
    assert (
        (margins.left(), margins.top()) == (margins.right(), margins.bottom()) == (4, 4)
    )


def test_it_grows_and_shrinks_with_its_messages_at_the_same_width(bar, messages):
    messages.put("a", "One.")
    all_drawn()
    width, low = bar.width(), bar.height()
    messages.put("b", "Two.")
    assert bar.height() == bar._page.height() > low
    messages.withdraw("b")
    assert bar.height() == low
    assert bar.width() == width


def test_a_newer_message_of_a_name_takes_its_place(bar, messages, qtbot):
    messages.put("a", "One.")
    messages.put("b", "Two.")
    messages.put("a", "Three.")
    assert bar.sentences == ("Three.", "Two.")
    with qtbot.assertNotEmitted(messages.changed):
        messages.put("a", "Three.")
        messages.withdraw("none")
