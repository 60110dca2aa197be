"""A small picture in a dock, with marks over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QImage, QPainter
from qtpy.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.gui.particle.overlays import Mark

_FONT_SHARE = 0.85
SMALLEST_PX = 92


class ImageView(QWidget):
    """Draws a picture as large as its place allows, square pixels kept.

    Parameters
    ----------
    placeholder : str
        Said while there is no picture.
    """

    def __init__(self, placeholder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._scaled: QImage | None = None
        self._placeholder = placeholder
        self.marks: tuple[Mark, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)
        self.setMinimumSize(SMALLEST_PX, SMALLEST_PX)

    def sizeHint(self) -> QSize:
        """Give Qt the size that suits it best."""
        return QSize(164, 164)

    @property
    def empty(self) -> bool:
        """Whether only the placeholder is shown."""
        return self._image is None

    def clear(self) -> None:
        """Show the placeholder."""
        self._image = self._scaled = None
        self.marks = ()
        self.update()

    def show_values(
        self, values: NDArray[np.floating], marks: Sequence[Mark] = ()
    ) -> None:
        """Show gray values from 0 to 1."""
        gray = np.round(values * 255).astype(np.uint8)
        self._show(gray, QImage.Format.Format_Grayscale8, marks)

    def show_colours(
        self, colours: NDArray[np.uint8], marks: Sequence[Mark] = ()
    ) -> None:
        """Show colours, shape (rows, columns, 4): red, green, blue, opacity."""
        self._show(colours, QImage.Format.Format_RGBA8888, marks)

    def _show(
        self, pixels: NDArray[np.uint8], form: QImage.Format, marks: Sequence[Mark]
    ) -> None:
        rows, cols = pixels.shape[:2]
        data = pixels.tobytes()
        # The bytes do not outlive this call; the copy does.
        image = QImage(data, cols, rows, len(data) // rows, form).copy()
        self._image, self._scaled = image, None
        self.marks = tuple(marks)
        self.update()

    def paintEvent(self, _event: object) -> None:
        """Draw."""
        painter = QPainter(self)
        if self._image is None:
            painter.setPen(self.palette().windowText().color())
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(flags), self._placeholder)
            return
        edge = min(self.width(), self.height())
        place = QRectF((self.width() - edge) // 2, 0, edge, edge)
        painter.drawImage(QPointF(place.topLeft()), self._fitted(self._image, edge))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(place)
        font = painter.font()
        font.setPointSizeF(_FONT_SHARE * max(font.pointSizeF(), 6.0))
        painter.setFont(font)
        for mark in self.marks:
            mark.paint(painter, place)

    def _fitted(self, image: QImage, edge: int) -> QImage:
        """Bring the picture to size; fringes must not beat with the screen's pixels."""
        ratio = self.devicePixelRatioF()
        size = max(1, round(edge * ratio))
        if self._scaled is None or self._scaled.width() != size:
            self._scaled = image.scaled(
                size,
                size,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            self._scaled.setDevicePixelRatio(ratio)
        return self._scaled
