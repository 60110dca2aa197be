"""A scroll area that is as high as what it holds, where there is room for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QSize
from qtpy.QtWidgets import QScrollArea, QSizePolicy

from napari_cdse.gui.widgets.layout import scroll_down

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

_LINES = 3.8


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
