"""Scroll areas that are as high as their content, if there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from qtpy.QtWidgets import QApplication, QFrame, QScrollArea, QSizePolicy

from napari_cdse.gui.widgets.layout import scroll_down

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent, QShowEvent
    from qtpy.QtWidgets import QWidget

_LEAST_FOLDED_LINES = 3.8
"""Least height of a `FittingArea` in lines of text. A choice: a folded part and a
row."""
LEAST_LINES = 18
"""Least height of a dock in lines of text. A choice: a few rows of a list, the
sentences and the buttons below it."""


class FittingArea(QScrollArea):
    """Shows a widget that may become higher, without making the window higher.

    Parameters
    ----------
    widget : QWidget
        For example parameters that can be unfolded.
    """

    def __init__(self, widget: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        scroll_down(self, widget)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        widget.installEventFilter(self)

    def sizeHint(self) -> QSize:
        """Return the size of the widget."""
        return self.widget().sizeHint() + self._edges

    def minimumSizeHint(self) -> QSize:
        """Return the least width of the widget, and the height of a folded one."""
        line = round(_LEAST_FOLDED_LINES * self.fontMetrics().height())
        inside = self.widget().minimumSizeHint() + self._edges
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(inside.width() + bar, min(inside.height(), line))

    @property
    def _edges(self) -> QSize:
        """Width of the frame that the theme draws, on both sides."""
        both = 2 * self.frameWidth()
        return QSize(both, both)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for another size when the widget needs one."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class ViewArea(QScrollArea):
    """Lets a dock be lower than its view, which can be scrolled then.

    The narrower wrapped sentences are, the more height they need. Qt does not take that
    into account for the least size of a dock, so that sentences would overlap in a low
    one; and the least sizes that it does use would make the window larger than the
    screen. Here, the view always has the height that its parts need at its width.

    Parameters
    ----------
    view : QWidget
        With a layout.
    least_lines : int
        Least height in lines of text.

    Signals
    -------
    crowded(missing_px)
        The view needs more height than before, or has less; so many pixels are missing
        to show all of it. It is not emitted while a mouse button is down, with which
        the user may be sizing the dock.
    """

    crowded = Signal(int)

    def __init__(self, view: QWidget, least_lines: int = LEAST_LINES) -> None:
        super().__init__()
        self._needed_before = 0
        # Delayed, since during a layout Qt would use the sizes from before.
        self._laid_out = QTimer(self)
        self._laid_out.setSingleShot(True)
        self._laid_out.timeout.connect(self._ask_for_room)
        self._least_lines = least_lines
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scrolls = False
        # The least size for which the window was laid out.
        self._least = QSize()
        self.setWidget(view)
        view.installEventFilter(self)

    def sizeHint(self) -> QSize:
        """Return the size of the view."""
        return self.widget().sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Return the least width of the view, and a few lines of height."""
        width = self.widget().minimumSizeHint().width()
        line = self.fontMetrics().lineSpacing()
        least = min(self.needed(width), self._least_lines * line)
        return QSize(width + (self._bar_px if self._scrolls else 0), least)

    @property
    def _bar_px(self) -> int:
        return self.verticalScrollBar().sizeHint().width()

    def needed(self, width_px: int) -> int:
        """Return the height in px that the view needs at a width."""
        layout = self.widget().layout()
        if layout is None or not layout.hasHeightForWidth():
            return self.widget().minimumSizeHint().height()
        return layout.minimumHeightForWidth(width_px)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the view fill the area."""
        super().resizeEvent(event)
        self._fill()
        if not QApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            self._laid_out.start(0)

    def showEvent(self, event: QShowEvent) -> None:
        """Remember the least size for which the window is laid out."""
        super().showEvent(event)
        self._least = self.minimumSizeHint()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Adapt to another size of the view."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fill()
            self._update_least()
            needed = self.needed(self.widget().width())
            if needed > self._needed_before:
                self._laid_out.start(0)
            self._needed_before = needed
        return super().eventFilter(watched, event)

    def _update_least(self) -> None:
        """Have the window laid out if the least size has changed.

        Each changed sentence requests a layout, after which the whole window is drawn.
        Once a dock is visible, its size is the user's choice, and only its least size
        matters.
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
        """Give the view the width of the area, and the height that it needs."""
        inside = self.maximumViewportSize()
        scrolls = self.needed(inside.width()) > inside.height()
        width = inside.width() - (self._bar_px if scrolls else 0)
        self.widget().resize(width, max(inside.height(), self.needed(width)))
        if scrolls != self._scrolls:
            # The bar needs width of its own.
            self._scrolls = scrolls
            self.updateGeometry()
