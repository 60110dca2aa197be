"""A window with a particle's pictures, one of them enlarged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Slot
from qtpy.QtWidgets import QApplication, QDialog, QHBoxLayout, QVBoxLayout

from napari_cdse.gui.pictures.image_view import ImageView
from napari_cdse.gui.pictures.spectrum_pointer import SpectrumPointer
from napari_cdse.gui.widgets.layout import hint

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent
    from qtpy.QtWidgets import QWidget

    from napari_cdse.gui.particle.image_panel import ImagePanel

_SIZE_PX = (860, 660)
"""Size of the window at first, in screen pixels. A choice: it fits on a screen of
1366 x 768 and leaves a part of the micrograph in sight."""
_LEAST_PX = 360
"""Least edge of the enlarged picture in screen pixels. A choice."""
_HINT = (
    "Wheel: zoom. Drag: move. Double click: all of it. "
    "Click a small picture to see it here, a peak to choose it. Keys work as ever; "
    "Escape closes."
)


class EnlargedPictures(QDialog):
    """Shows the card's pictures, one enlarged, and follows the selected particle.

    Parameters
    ----------
    panel : ImagePanel
        The pictures of the card.
    parent : QWidget
        The window above which it stays.
    """

    def __init__(self, panel: ImagePanel, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Particle")
        self.resize(*_SIZE_PX)
        self._panel = panel
        self._source = panel.crop
        self.large = ImageView(zoomable=True)
        self.large.setMinimumSize(_LEAST_PX, _LEAST_PX)
        self.small = tuple(ImageView() for _ in panel.pictures)
        self.pointer = SpectrumPointer(self.large)
        self._lay_out()
        for view, source in zip(self.small, panel.pictures, strict=True):
            view.clicked.connect(lambda _x, _y, one=source: self.enlarge(one))
            view.setCursor(Qt.CursorShape.PointingHandCursor)
        panel.shown.connect(self.refresh)
        self.pointer.chosen.connect(panel.peak_chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pass keys on, for particles to be judged while this window has the focus."""
        if event.key() == Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        else:
            self._pass_on(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Pass it on, for keys that act while they are held."""
        self._pass_on(event)

    def _pass_on(self, event: QKeyEvent) -> None:
        """Send a key to the main window, which forwards it."""
        window = self.parentWidget()
        while window is not None and window.parentWidget() is not None:
            # The parent is a floating dock.
            window = window.parentWidget().window()
        if window is not None:
            QApplication.sendEvent(window, event)

    def _lay_out(self) -> None:
        side = QVBoxLayout()
        for view in self.small:
            side.addWidget(view)
        row = QHBoxLayout()
        row.addWidget(self.large, 1)
        row.addLayout(side)
        column = QVBoxLayout(self)
        column.addLayout(row, 1)
        column.addWidget(hint(_HINT))

    def enlarge(self, source: ImageView) -> None:
        """Show one of the card's pictures enlarged; bring the window to the front."""
        self._source = source
        self.refresh()
        self.show()
        self.raise_()

    @Slot()
    def refresh(self) -> None:
        """Show the card's present pictures."""
        self.large.show_same(self._source)
        is_spectrum = self._source is self._panel.spectrum
        self.pointer.follow(self._panel.examined if is_spectrum else None)
        for view, source in zip(self.small, self._panel.pictures, strict=True):
            view.show_same(source)
