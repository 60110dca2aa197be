"""Helpers to lay out docks and rows."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, TypeVar

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from superqt import QCollapsible

from napari_cdse.gui.session.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

_DOCK_MARGIN_PX = 6
_DOCK_SPACING_PX = 6
_CHOICE_LETTERS = 6
_DASH = "\u2013"

AnyWidget = TypeVar("AnyWidget", bound=QWidget)


def number(value: float) -> str:
    """Two digits, or a dash for what is not known."""
    return _DASH if math.isnan(value) else f"{value:.2f}"


def keyless(widget: AnyWidget) -> AnyWidget:
    """Keep the keyboard off a widget, and return it.

    Letters belong to the particles, wherever the last click went.
    """
    widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return widget


def paper_of(widget: QWidget) -> str:
    """Colour that a widget is drawn on in the theme of now, as ``#rrggbb``."""
    return widget.palette().color(widget.backgroundRole()).name()


class PlainLabel(QLabel):
    """A label that shows any text as it is; Qt's own takes some for markup."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show a text, with escapes for characters that act."""
        super().setText(plain(text))


class MarkupLabel(QLabel):
    """A label for markup of our own; what comes from outside is escaped in it."""

    def __init__(self, markup: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setText(markup)


def sentence(text: str = "") -> QLabel:
    """Make a label that breaks its text into lines."""
    label = PlainLabel(text)
    label.setWordWrap(True)
    return label


def say(label: QLabel, text: str) -> None:
    """Show a text, or no label where there is nothing to say."""
    label.setText(text)
    label.setVisible(bool(text))


def hint(text: str = "") -> QLabel:
    """Make the sentence that stands in the middle of an empty page."""
    label = sentence(text)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def choices(lines: Iterable[tuple[str, str]], tip: str) -> QComboBox:
    """Make a list to choose from, with a tooltip for it and for each of its lines."""
    box = keyless(QComboBox())
    box.setToolTip(wrapped(tip))
    box.setMinimumContentsLength(_CHOICE_LETTERS)
    for row, (text, tip) in enumerate(lines):
        box.addItem(text)
        box.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
    return box


def folded(title: str, tip: str, *parts: QWidget) -> QCollapsible:
    """Make a part of a dock that opens by a click on its title."""
    whole = QCollapsible(title)
    whole.toggleButton().setToolTip(plain(tip))
    for part in parts:
        whole.addWidget(part)
    whole.collapse(animate=False)
    return whole


def dock_column(dock: QWidget) -> QVBoxLayout:
    """Lay a dock's parts below each other, a little off its edges."""
    column = QVBoxLayout(dock)
    margin = _DOCK_MARGIN_PX
    column.setContentsMargins(margin, margin, margin, margin)
    column.setSpacing(_DOCK_SPACING_PX)
    return column


def view_column(view: QWidget) -> QVBoxLayout:
    """Lay the parts of a dock's view below each other, up to its edges."""
    column = flush_column(view)
    column.setSpacing(_DOCK_SPACING_PX)
    return column


def flush_column(widget: QWidget) -> QVBoxLayout:
    """Lay a part's parts below each other, up to its edges."""
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    return column


def flush_row(widget: QWidget) -> QHBoxLayout:
    """Lay a part's parts beside each other, up to its edges."""
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, 0, 0, 0)
    return row


def row_of(widgets: Iterable[QWidget]) -> QHBoxLayout:
    """Put widgets beside each other, as buttons mostly stand."""
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    return row


def scroll_down(area: QScrollArea, widget: QWidget) -> None:
    """Let a frameless area hold a widget as broad as itself, of any height."""
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


def wrapped(text: str) -> str:
    """Let Qt break a long tooltip into lines, which it does for rich text only."""
    return f"<qt>{escape(plain(text), quote=False)}</qt>"
