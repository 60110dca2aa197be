"""A small gray picture in a dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Picture(QWidget):
    """Draws gray values as large as its place allows, square pixels kept.

    Parameters
    ----------
    placeholder : str
        Shown while there is no picture.
    """

    def __init__(self, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._placeholder = placeholder
        self._ring: tuple[float, QColor] | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)
        self.setMinimumSize(96, 96)

    def sizeHint(self) -> QSize:
        """Give Qt the size that suits it best."""
        return QSize(150, 150)

    def show_values(self, values: NDArray[np.floating] | None) -> None:
        """Show gray values from 0 to 1, or the placeholder."""
        if values is None:
            self._image = None
        else:
            gray = np.ascontiguousarray(np.round(values * 255).astype(np.uint8))
            rows, cols = gray.shape
            image = QImage(
                gray.tobytes(), cols, rows, cols, QImage.Format.Format_Grayscale8
            )
            self._image = image.copy()
        self.update()

    def ring(self, share: float | None, colour: str = "#ffffff") -> None:
        """Draw a circle whose diameter is a share of the picture's edge."""
        self._ring = None if share is None else (share, QColor(colour))
        self.update()

    def paintEvent(self, _event: object) -> None:
        """Draw."""
        painter = QPainter(self)
        if self._image is None:
            painter.setPen(self.palette().windowText().color())
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(flags), self._placeholder)
            return
        edge = float(min(self.width(), self.height()))
        place = QRectF(
            (self.width() - edge) / 2, (self.height() - edge) / 2, edge, edge
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, self._image)
        if self._ring is not None:
            self._paint_ring(painter, place)

    def _paint_ring(self, painter: QPainter, place: QRectF) -> None:
        share, colour = self._ring
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 1.5))
        radius = share * place.width() / 2
        painter.drawEllipse(QPointF(place.center()), radius, radius)
