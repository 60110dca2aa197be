"""Labels, lists and layouts as all docks use them."""

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
"""Least width of a list in letters. A choice: docks can be narrow."""
_DASH = "\u2013"

AnyWidget = TypeVar("AnyWidget", bound=QWidget)


def number(value: float) -> str:
    """Write a number with two decimals, and NaN as a dash."""
    return _DASH if math.isnan(value) else f"{value:.2f}"


def keyless(widget: AnyWidget) -> AnyWidget:
    """Give a widget no keyboard focus, and return it.

    Letters are keys for particles, wherever the user has clicked last.
    """
    widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return widget


def paper_of(widget: QWidget) -> str:
    """Return the background colour of a widget in the present theme, as ``#rrggbb``."""
    return widget.palette().color(widget.backgroundRole()).name()


class PlainLabel(QLabel):
    """A label that shows any text as it is, which Qt may take for markup."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show a text, with control characters escaped."""
        super().setText(plain(text))


class MarkupLabel(QLabel):
    """A label for our own markup; text from outside has to be escaped."""

    def __init__(self, markup: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setText(markup)


def sentence(text: str = "") -> QLabel:
    """Make a label that wraps its text."""
    label = PlainLabel(text)
    label.setWordWrap(True)
    return label


def say(label: QLabel, text: str) -> None:
    """Show a text; an empty one hides the label."""
    label.setText(text)
    label.setVisible(bool(text))


def hint(text: str = "") -> QLabel:
    """Make a label with a centred sentence, for an empty page."""
    label = sentence(text)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def choices(lines: Iterable[tuple[str, str]], tip: str) -> QComboBox:
    """Make a list to choose from.

    Parameters
    ----------
    lines : iterable of (str, str)
        Text and tooltip of each line.
    tip : str
        Tooltip of the list.
    """
    box = keyless(QComboBox())
    box.setToolTip(wrapped(tip))
    box.setMinimumContentsLength(_CHOICE_LETTERS)
    for row, (text, tip) in enumerate(lines):
        box.addItem(text)
        box.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
    return box


def folded(title: str, tip: str, *parts: QWidget) -> QCollapsible:
    """Make a part of a dock that is unfolded by a click on its title."""
    whole = QCollapsible(title)
    whole.toggleButton().setToolTip(plain(tip))
    for part in parts:
        whole.addWidget(part)
    whole.collapse(animate=False)
    return whole


def dock_column(dock: QWidget) -> QVBoxLayout:
    """Return a layout for the parts of a dock, below each other, with margins."""
    column = QVBoxLayout(dock)
    margin = _DOCK_MARGIN_PX
    column.setContentsMargins(margin, margin, margin, margin)
    column.setSpacing(_DOCK_SPACING_PX)
    return column


def view_column(view: QWidget) -> QVBoxLayout:
    """Return a layout for the parts of a view, below each other, without margins."""
    column = flush_column(view)
    column.setSpacing(_DOCK_SPACING_PX)
    return column


def flush_column(widget: QWidget) -> QVBoxLayout:
    """Return a layout below each other, without margins."""
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    return column


def flush_row(widget: QWidget) -> QHBoxLayout:
    """Return a layout beside each other, without margins."""
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, 0, 0, 0)
    return row


def row_of(widgets: Iterable[QWidget]) -> QHBoxLayout:
    """Lay widgets out beside each other."""
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    return row


def scroll_down(area: QScrollArea, widget: QWidget) -> None:
    """Let an area without frame scroll a widget vertically."""
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


def wrapped(text: str) -> str:
    """Return a tooltip as rich text, which Qt wraps."""
    return f"<qt>{escape(plain(text), quote=False)}</qt>"
