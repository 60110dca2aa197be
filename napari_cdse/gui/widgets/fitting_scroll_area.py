"""Scroll areas that take as much height as their content needs, if there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from qtpy.QtWidgets import QApplication, QFrame, QScrollArea, QSizePolicy

from napari_cdse.gui.widgets.layout import scroll_down

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent, QShowEvent
    from qtpy.QtWidgets import QWidget

_LINES = 3.8
LEAST_LINES = 18
"""Of a dock. A choice: a few rows of a list, the sentences and the buttons below it."""


class FittingArea(QScrollArea):
    """Shows a widget that may grow, without making the window grow with it.

    Parameters
    ----------
    widget : QWidget
        Such as parameters that can be unfolded.
    """

    def __init__(self, widget: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        scroll_down(self, widget)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        widget.installEventFilter(self)

    def sizeHint(self) -> QSize:
        """As its widget would be."""
        return self.widget().sizeHint() + self._edges

    def minimumSizeHint(self) -> QSize:
        """As broad as its widget must be, and as high as one that is folded."""
        line = round(_LINES * self.fontMetrics().height())
        inside = self.widget().minimumSizeHint() + self._edges
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(inside.width() + bar, min(inside.height(), line))

    @property
    def _edges(self) -> QSize:
        """What the theme puts around the widget, where it wants a frame."""
        both = 2 * self.frameWidth()
        return QSize(both, both)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for another size when the widget does."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class ViewArea(QScrollArea):
    """Lets a dock be lower than its view: what has no room is scrolled to.

    Sentences that break into lines need the more height the narrower they are. Qt does
    not count that among a dock's least size, so that in a low one they are drawn over
    what stands beside them; and what it does count makes the window grow beyond the
    screen. Here the view is never lower than its parts need at its width.

    `crowded` carries how many px are missing to show all, when the view comes to need
    more height or the window leaves it less. While a mouse button is down somebody
    makes the dock as low as it is to be, and nothing is asked.

    Parameters
    ----------
    view : QWidget
        With a layout.
    least_lines : int
        Height in lines of text below which it does not go.
    """

    crowded = Signal(int)

    def __init__(self, view: QWidget, least_lines: int = LEAST_LINES) -> None:
        super().__init__()
        self._needed_before = 0
        # In the midst of a layout Qt would lay out anew by the sizes before it.
        self._laid_out = QTimer(self)
        self._laid_out.setSingleShot(True)
        self._laid_out.timeout.connect(self._ask_for_room)
        self._least_lines = least_lines
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scrolls = False
        # What the window knows of it.
        self._least = QSize()
        self.setWidget(view)
        view.installEventFilter(self)

    def sizeHint(self) -> QSize:
        """As its view would be."""
        return self.widget().sizeHint()

    def minimumSizeHint(self) -> QSize:
        """As broad as its view must be, and a few lines high."""
        width = self.widget().minimumSizeHint().width()
        line = self.fontMetrics().lineSpacing()
        least = min(self.needed(width), self._least_lines * line)
        return QSize(width + (self._bar_px if self._scrolls else 0), least)

    @property
    def _bar_px(self) -> int:
        return self.verticalScrollBar().sizeHint().width()

    def needed(self, width_px: int) -> int:
        """Return how high the view must be at a width, with nothing cut off."""
        layout = self.widget().layout()
        if layout is None or not layout.hasHeightForWidth():
            return self.widget().minimumSizeHint().height()
        return layout.minimumHeightForWidth(width_px)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the view fill it."""
        super().resizeEvent(event)
        self._fill()
        if not QApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            self._laid_out.start(0)

    def showEvent(self, event: QShowEvent) -> None:
        """Remember with what size the window lays it out."""
        super().showEvent(event)
        self._least = self.minimumSizeHint()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow when the view needs another size."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fill()
            self._tell_least()
            needed = self.needed(self.widget().width())
            if needed > self._needed_before:
                self._laid_out.start(0)
            self._needed_before = needed
        return super().eventFilter(watched, event)

    def _tell_least(self) -> None:
        """Have the window laid out anew, if the view can't do with what it has.

        Each sentence that changes asks for a layout, and the window is drawn anew as a
        whole after one. Once a dock stands, the user says how large it is: only the
        least size counts.
        """
        least = self.minimumSizeHint()
        if least != self._least or not self.isVisible():
            self._least = least
            self.updateGeometry()

    def _ask_for_room(self) -> None:
        missing = self.widget().height() - self.maximumViewportSize().height()
        if self.isVisible() and missing > 0:
            self.crowded.emit(missing)

    def _fill(self) -> None:
        """Give the view the width that is there and the height that it needs."""
        inside = self.maximumViewportSize()
        scrolls = self.needed(inside.width()) > inside.height()
        width = inside.width() - (self._bar_px if scrolls else 0)
        self.widget().resize(width, max(inside.height(), self.needed(width)))
        if scrolls != self._scrolls:
            # The bar takes no room from what has only just enough.
            self._scrolls = scrolls
            self.updateGeometry()
