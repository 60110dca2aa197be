"""Widget for a small picture with marks over it, which can be enlarged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QImage, QPainter
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_cdse.gui.pictures.overlays import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from qtpy.QtCore import QEvent
    from qtpy.QtGui import QMouseEvent, QWheelEvent

    from napari_cdse.gui.pictures.overlays import Mark

_FONT_SHARE = 0.85
"""Size of letters over the window's letters. A choice: they cover less of the
picture."""
SMALLEST_PX = 92
"""Least edge of a picture in screen pixels. A choice: fringes are still visible."""
_LARGEST_ZOOM = 16.0
"""Largest zoom. A choice: a pixel of an 8 nm crop then is some 40 screen pixels
wide."""
_ZOOM_PER_NOTCH = 1.25
"""Factor of the zoom for one step of the mouse wheel. A choice: three steps double
it."""
_NOTCH = 120
"""Angle that Qt reports for one step of a mouse wheel, in eighths of a degree."""


class ImageView(QWidget):
    """Draws a picture as large as the widget allows, with square pixels.

    Signals
    -------
    clicked(float, float), pointed(float, float)
        Place of the mouse, as shares of the picture's edge from its top left corner.
    left()
        The mouse has left.
    enlarging()
        The picture was double-clicked, to see it larger.

    Parameters
    ----------
    placeholder : str
        Text shown while there is no picture.
    zoomable : bool
        Whether the wheel zooms, dragging moves and a double click shows the whole.
    """

    clicked = Signal(float, float)
    pointed = Signal(float, float)
    left = Signal()
    enlarging = Signal()

    def __init__(
        self,
        placeholder: str = "",
        parent: QWidget | None = None,
        *,
        zoomable: bool = False,
    ) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._scaled: QImage | None = None
        self._placeholder = placeholder
        self._zoomable = zoomable
        self._zoom = 1.0
        self._centre = (0.5, 0.5)
        self._grabbed: QPointF | None = None
        self.marks: tuple[Mark, ...] = ()
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)
        self.setMinimumSize(SMALLEST_PX, SMALLEST_PX)

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
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
        """Show grey values from 0 to 1."""
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
        # A copy, since Qt does not keep the bytes alive.
        image = QImage(data, cols, rows, len(data) // rows, form).copy()
        self._image, self._scaled = image, None
        self.marks = tuple(marks)
        self.update()

    @property
    def image(self) -> QImage | None:
        """The picture without its marks; None while only the placeholder is shown."""
        return self._image

    def show_same(self, other: ImageView) -> None:
        """Show what another view shows."""
        self._image, self._scaled = other.image, None
        self.marks = other.marks
        self.update()

    # --- drawing --------------------------------------------------------------

    @property
    def place(self) -> Place:
        """Where the picture lies in the widget."""
        edge = float(min(self.width(), self.height()))
        seen = QRectF((self.width() - edge) // 2, 0, edge, edge)
        x, y = self._centre
        size = edge * self._zoom
        corner = seen.center() - QPointF(x * size, y * size)
        return Place(QRectF(corner.x(), corner.y(), size, size), seen)

    def paintEvent(self, _event: object) -> None:
        """Draw."""
        painter = QPainter(self)
        if self._image is None:
            painter.setPen(self.palette().windowText().color())
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(flags), self._placeholder)
            return
        place = self.place
        painter.setClipRect(place.seen)
        if self._zoom > 1:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place.whole, self._image)
        else:
            edge = round(place.seen.width())
            painter.drawImage(place.seen.topLeft(), self._fitted(self._image, edge))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPointSizeF(_FONT_SHARE * max(font.pointSizeF(), 6.0))
        painter.setFont(font)
        for mark in self.marks:
            mark.paint(painter, place)

    def _fitted(self, image: QImage, edge: int) -> QImage:
        """Scale the picture smoothly, so that fringes make no moiré on the screen."""
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

    # --- the mouse ------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer."""
        if not self._zoomable or self._image is None:
            event.ignore()
            return
        notches = event.angleDelta().y() / _NOTCH
        zoom = min(max(self._zoom * _ZOOM_PER_NOTCH**notches, 1.0), _LARGEST_ZOOM)
        before = self.place.share(event.position())
        self._zoom = zoom
        after = self.place.share(event.position())
        self._move(before[0] - after[0], before[1] - after[1])
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Report a click; begin to drag an enlarged picture."""
        if event.button() != Qt.MouseButton.LeftButton or self._image is None:
            event.ignore()
            return
        if self._zoom > 1:
            self._grabbed = QPointF(event.pos())
        self.clicked.emit(*self.place.share(QPointF(event.pos())))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move an enlarged picture, or report where the mouse is."""
        point = QPointF(event.pos())
        if self._grabbed is not None:
            size = self.place.whole.width()
            by, self._grabbed = self._grabbed - point, point
            self._move(by.x() / size, by.y() / size)
        elif self._image is not None:
            self.pointed.emit(*self.place.share(point))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """End dragging."""
        self._grabbed = None

    def leaveEvent(self, event: QEvent) -> None:
        """Report that the mouse has left."""
        super().leaveEvent(event)
        self.left.emit()

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Ask to be enlarged, or show the whole picture again."""
        if self._zoomable:
            self._zoom, self._centre = 1.0, (0.5, 0.5)
            self.update()
        elif self._image is not None:
            self.enlarging.emit()

    def _move(self, x: float, y: float) -> None:
        """Move the centre of the view, which stays within the picture."""
        margin = 0.5 / self._zoom
        moved = (self._centre[0] + x, self._centre[1] + y)
        across, down = (min(max(each, margin), 1 - margin) for each in moved)
        self._centre = (across, down)
        self.update()
