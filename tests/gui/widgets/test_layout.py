"""The small pieces that docks are put together from, each as a person sees it."""

from __future__ import annotations

import math

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QWidget

from napari_cdse.gui.widgets import layout
from tests.gui.painted import pixels


@pytest.fixture
def shown(qtbot):
    """Show a widget by itself."""

    def show(widget, size=None):
        qtbot.addWidget(widget)
        if size is not None:
            widget.resize(*size)
        with qtbot.waitExposed(widget):
            widget.show()
        return widget

    return show


def same(one, other) -> bool:
    return bool((pixels(one.grab().toImage()) == pixels(other.grab().toImage())).all())


@pytest.mark.parametrize(
    ("value", "words"), [(0.126, "0.13"), (1, "1.00"), (math.nan, "\u2013")]
)
def test_a_number_has_two_digits_and_none_is_a_dash(value, words):
    assert layout.number(value) == words


def test_markup_of_ours_is_never_shown_as_its_signs(shown):
    """Qt would take what holds no tag for plain text, and show such an apostrophe."""
    size = (160, 40)
    markup = shown(layout.MarkupLabel("Ada&#x27;s word"), size)
    rich = QLabel("Ada&#x27;s word")
    rich.setTextFormat(Qt.TextFormat.RichText)
    plain = shown(QLabel("Ada&#x27;s word"), size)
    assert same(markup, shown(rich, size))
    assert not same(markup, plain)
    assert markup.wordWrap()


def test_text_from_outside_is_shown_as_it_is(shown):
    label = shown(layout.PlainLabel("<b>bold</b>"), (160, 40))
    assert same(label, shown(layout.PlainLabel("<b>bold</b>"), (160, 40)))
    assert label.textFormat() == Qt.TextFormat.PlainText
    # A sentence breaks into lines, a name does not.
    assert layout.sentence("a b").wordWrap()
    assert not label.wordWrap()
    middle = layout.hint("how to begin")
    assert middle.wordWrap()
    assert middle.alignment() == Qt.AlignmentFlag.AlignCenter


def test_a_sentence_that_says_nothing_takes_no_room(shown):
    label = shown(layout.sentence())
    for text in ("", "one", "", "two"):
        layout.say(label, text)
        assert (label.text(), label.isHidden()) == (text, not text)


def test_a_choice_explains_itself_and_its_lines_and_leaves_the_letters(shown):
    box = shown(layout.choices([("one", "The first"), ("two", "Another")], "Which"))
    assert [box.itemText(row) for row in range(box.count())] == ["one", "two"]
    tip = Qt.ItemDataRole.ToolTipRole
    assert [box.itemData(row, tip) for row in range(2)] == ["The first", "Another"]
    assert box.toolTip() == "<qt>Which</qt>"
    assert box.focusPolicy() == Qt.FocusPolicy.NoFocus
    assert box.minimumContentsLength() == 6


def test_a_folded_part_opens_by_its_title(shown, qtbot):
    part = QLabel("inside")
    whole = shown(layout.folded("More", "What else there is", part), (200, 200))
    button = whole.toggleButton()
    assert (button.text(), button.toolTip()) == ("More", "What else there is")
    assert part.visibleRegion().isEmpty()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not part.visibleRegion().isEmpty())


@pytest.mark.parametrize(
    ("column", "margin", "spacing"),
    [
        (layout.dock_column, 6, 6),
        (layout.view_column, 0, 6),
        (layout.flush_column, 0, None),
        (layout.flush_row, 0, None),
    ],
)
def test_parts_lie_as_far_from_the_edges_and_each_other_as_is_meant(
    shown, column, margin, spacing
):
    widget, parts = QWidget(), [QPushButton("one"), QPushButton("two")]
    lines = column(widget)
    for part in parts:
        lines.addWidget(part)
    shown(widget)
    assert (parts[0].x(), parts[0].y()) == (margin, margin)
    # Down a column, along a row.
    row = column is layout.flush_row
    assert (parts[1].x() == parts[0].x()) != row
    assert (parts[1].y() == parts[0].y()) == row
    if spacing is not None:
        assert parts[1].y() - (parts[0].y() + parts[0].height()) == spacing


def test_buttons_stand_beside_each_other_in_their_order(shown):
    widget, parts = QWidget(), [QPushButton(words) for words in "abc"]
    layout.flush_column(widget).addLayout(layout.row_of(parts))
    shown(widget)
    assert [one.x() for one in parts] == sorted({one.x() for one in parts})
    assert len({one.y() for one in parts}) == 1


def test_an_area_scrolls_down_alone_and_holds_what_is_as_broad(shown):
    area, widget = QScrollArea(), QWidget()
    widget.setMinimumHeight(500)
    layout.scroll_down(area, widget)
    shown(area, (200, 100))
    assert area.frameShape() == QFrame.Shape.NoFrame
    assert widget.width() == area.viewport().width()
    assert not area.horizontalScrollBar().isVisible()
    assert area.verticalScrollBar().maximum() == 500 - area.viewport().height()


def test_a_long_tooltip_is_broken_into_lines_and_keeps_its_signs():
    assert layout.wrapped('5 < 6 & "c"') == '<qt>5 &lt; 6 &amp; "c"</qt>'
