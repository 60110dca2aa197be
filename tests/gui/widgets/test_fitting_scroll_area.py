"""A dock's view that changes within its room leaves the window as it is."""

import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget

from napari_cdse.gui.widgets.fitting_scroll_area import ViewArea
from napari_cdse.gui.widgets.layout import PlainLabel, sentence, view_column
from tests.gui.paints import Count, all_drawn

LONG = "a longer sentence than before, which takes two lines or three of them"


@pytest.fixture
def around(qtbot):
    """A widget that lays out one area, as a dock does."""
    widget = QWidget()
    QVBoxLayout(widget)
    widget.resize(400, 600)
    qtbot.addWidget(widget)
    return widget


def show(around, label):
    view = QWidget()
    view_column(view).addWidget(label)
    area = ViewArea(view, least_lines=1)
    around.layout().addWidget(area)
    around.show()
    all_drawn()
    return area


def test_a_sentence_that_has_room_asks_for_no_other_layout(around):
    label = sentence("sentence")
    area = show(around, label)
    asked = Count(around, QEvent.Type.LayoutRequest)
    label.setText(LONG)
    all_drawn()
    assert asked.number == 0
    assert label.height() >= label.heightForWidth(label.width())
    assert area.widget().width() <= area.viewport().width()


def test_a_part_that_needs_more_width_asks_for_it(around):
    label = PlainLabel("short")
    show(around, label)
    asked = Count(around, QEvent.Type.LayoutRequest)
    label.setText(LONG)
    all_drawn()
    assert asked.number > 0
    assert around.minimumSizeHint().width() > label.sizeHint().width()


def test_what_is_missing_is_told_when_it_comes_to_that(around):
    label = sentence("sentence")
    area = show(around, label)
    told = []
    area.crowded.connect(told.append)
    label.setText(LONG)
    all_drawn()
    assert told == []
    # The window leaves it less than it needs.
    around.layout().setContentsMargins(0, 0, 0, 0)
    around.resize(120, 40)
    all_drawn()
    # Nothing of it lies below the bar.
    assert area.verticalScrollBar().isVisible()
    assert area.widget().width() == area.viewport().width()
    missing = area.widget().height() - area.viewport().height()
    assert told[-1] == missing > 0
    # It comes to need more.
    label.setText(f"{LONG} {LONG}")
    all_drawn()
    assert told[-1] > missing
    # It needs less than before, though still too much: that was told.
    number = len(told)
    label.setText(LONG)
    all_drawn()
    assert len(told) == number


def test_whoever_makes_it_lower_with_the_mouse_is_not_asked(around, monkeypatch):
    area = show(around, sentence(LONG))
    told = []
    area.crowded.connect(told.append)
    left = Qt.MouseButton.LeftButton
    monkeypatch.setattr(QApplication, "mouseButtons", lambda: left)
    around.resize(120, 40)
    all_drawn()
    assert area.widget().height() > area.viewport().height()
    assert told == []
