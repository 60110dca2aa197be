"""The bar at the top of the window with lasting messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Slot
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QSizePolicy,
    QStyle,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_cdse.gui.session.plain_text import caption
from napari_cdse.gui.session.standing_messages import Message
from napari_cdse.gui.widgets.layout import PlainLabel, keyless, sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.gui.session.standing_messages import StandingMessages

_MOST = 3
"""Most messages shown at a time; the next one follows when one is closed. A choice:
more would take too much room from the micrograph."""
_MORE = "and {} more, seen when these are closed"
_NAME = "napari-cdse messages"
_MARGIN_PX = 4
_SIGN_PX = 16
_WRONG = QStyle.StandardPixmap.SP_MessageBoxWarning
_GOOD = QStyle.StandardPixmap.SP_MessageBoxInformation


class MessageBar(QToolBar):
    """Shows lasting messages across the whole window; hidden while there are none.

    Parameters
    ----------
    messages : StandingMessages
    window : QMainWindow
        The bar is at its top.
    """

    def __init__(self, messages: StandingMessages, window: QMainWindow) -> None:
        super().__init__("Messages", window)
        self._messages = messages
        # napari stores the layout of its window by this name.
        self.setObjectName(_NAME)
        self.setMovable(False)
        self.setFloatable(False)
        self.toggleViewAction().setVisible(False)
        self._page = _Page()
        self.addWidget(self._page)
        window.addToolBar(Qt.ToolBarArea.TopToolBarArea, self)
        messages.changed.connect(self.refresh)
        self.refresh()

    @property
    def sentences(self) -> tuple[str, ...]:
        """The messages shown."""
        return self._page.sentences

    @Slot()
    def refresh(self) -> None:
        """Show the present messages."""
        shown = self._messages.shown
        self._page.clear()
        for message in shown[:_MOST]:
            self._page.add(_Row(message, self._messages))
        if len(shown) > _MOST:
            more = _MORE.format(len(shown) - _MOST)
            self._page.add(_Row(Message("", more, passes=True), self._messages))
        self.setVisible(bool(shown))
        # Before the first layout, the bar does not have the width of the window.
        self._fit(self.parentWidget().width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the sentences at the new width."""
        super().resizeEvent(event)
        self._fit(self.width())

    def _fit(self, width_px: int) -> None:
        """Set the height, which Qt does not compute for wrapped text in a tool bar."""
        self.setFixedHeight(self._page.fit(width_px))


class _Page(QWidget):
    """Rows of messages, as high as their sentences at the bar's width."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._column = QVBoxLayout(self)
        margin = _MARGIN_PX
        self._column.setContentsMargins(margin, margin, margin, margin)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences of the rows."""
        lines = [self._column.itemAt(at).widget() for at in range(self._column.count())]
        return tuple(each.text.text() for each in lines if isinstance(each, _Row))

    def clear(self) -> None:
        """Remove all rows."""
        while self._column.count():
            widget = self._column.takeAt(0).widget()
            widget.hide()
            widget.deleteLater()

    def add(self, row: QWidget) -> None:
        """Add a row below the others."""
        self._column.addWidget(row)
        # A layout ignores widgets that are not shown yet.
        row.show()

    def fit(self, width_px: int) -> int:
        """Set and return the height that the rows need at a width."""
        self._column.activate()
        height = max(1, self._column.heightForWidth(width_px))
        self.setFixedHeight(height)
        return height


class _Row(QWidget):
    """A message with its button, and a cross to close it."""

    def __init__(self, message: Message, messages: StandingMessages) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        sign = PlainLabel()
        icon = self.style().standardIcon(_GOOD if message.good else _WRONG)
        sign.setPixmap(icon.pixmap(_SIGN_PX, _SIGN_PX))
        line.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        self.text = _text(message.sentence)
        line.addWidget(self.text, 1)
        if message.act is not None:
            line.addWidget(_remedy(message.remedy, message.act))
        if message.passes:
            return
        self.close_button = keyless(QToolButton())
        self.close_button.setText("\u00d7")
        self.close_button.setAccessibleName("Close this message")
        self.close_button.setToolTip("I have read it")
        name = message.name
        self.close_button.clicked.connect(lambda: messages.withdraw(name))
        line.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)


def _remedy(words: str, act: Callable[[], object]) -> QPushButton:
    button = keyless(QPushButton(caption(words)))
    button.clicked.connect(lambda: act())
    return button


def _text(text: str) -> QLabel:
    label = sentence(text)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
