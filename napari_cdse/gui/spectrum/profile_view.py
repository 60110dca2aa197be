"""Widget for a curve with axes, fast enough to follow a dragged square."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_cdse.gui.canvas.class_colours import readable
from napari_cdse.gui.widgets.layout import paper_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtCore import QEvent
    from qtpy.QtGui import QMouseEvent

_CURVE = "#8fb4ff"
_HEIGHT_PX = 96
_TICKS = 4
"""Most steps between ticks of the axis. A choice: the numbers at them do
not overlap in a narrow dock."""
_MARGIN_PX = 4
_LEAST_SPAN = 1e-9
"""Least difference of the values that is drawn, for constant curves."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve with the names of its axes.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        NaN in y interrupts the curve.
    x_name, y_name : str
        With units.
    reads : str
        Format of the text at the pointer, with the fields ``x``, ``y`` and
        ``inverse``, which is 1 / x.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    x_name: str
    y_name: str
    reads: str = "{x:.3g}: {y:.3g}"


class ProfileView(QWidget):
    """Draws one curve, and the values at the pointer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curve: Curve | None = None
        self._hint = ""
        self._pointed: float | None = None
        self.setMouseTracking(True)
        grows, fixed = QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred
        self.setSizePolicy(grows, fixed)
        self.setMinimumHeight(_HEIGHT_PX)

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(240, _HEIGHT_PX)

    def show_curve(self, curve: Curve | None, hint: str = "") -> None:
        """Show a curve, or a hint why there is none."""
        self.curve, self._hint = curve, hint
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show the values at the pointer."""
        self._pointed = float(event.pos().x())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Show no values."""
        super().leaveEvent(event)
        self._pointed = None
        self.update()

    # --- drawing --------------------------------------------------------------

    @property
    def _frame(self) -> QRectF:
        """Rectangle of the curve, with room for text below and above."""
        line = self.fontMetrics().height()
        inside = QRectF(self.rect()).adjusted(_MARGIN_PX, line, -_MARGIN_PX, -2 * line)
        return inside if inside.height() > 1 else QRectF(self.rect())

    def paintEvent(self, _event: object) -> None:
        """Draw."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().windowText().color()
        painter.setPen(ink)
        curve = self.curve
        if curve is None or not np.isfinite(curve.y).any():
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(flags), self._hint)
            return
        frame = self._frame
        self._draw_axis(painter, frame, curve)
        painter.setPen(QPen(QColor(readable(_CURVE, paper_of(self))), 1.5))
        for part in self._lines(frame, curve):
            painter.drawPolyline(part)
        painter.setPen(ink)
        text = self.reading or curve.y_name
        painter.drawText(QPointF(frame.left(), frame.top() - 3), text)
        self._draw_pointer(painter, frame)

    def _draw_axis(self, painter: QPainter, frame: QRectF, curve: Curve) -> None:
        painter.drawLine(frame.bottomLeft(), frame.bottomRight())
        metrics = painter.fontMetrics()
        low, high = float(curve.x[0]), float(curve.x[-1])
        for value in _ticks(low, high):
            across = frame.left() + frame.width() * (value - low) / (high - low)
            painter.drawLine(
                QPointF(across, frame.bottom()), QPointF(across, frame.bottom() + 3)
            )
            text = f"{value:g}"
            half = metrics.horizontalAdvance(text) / 2
            left = min(max(across - half, 0), self.width() - 2 * half)
            painter.drawText(QPointF(left, frame.bottom() + metrics.ascent() + 4), text)
        box = QRectF(0, frame.bottom() + metrics.height(), self.width(), 20)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(box, int(flags), curve.x_name)

    def _draw_pointer(self, painter: QPainter, frame: QRectF) -> None:
        if self._pointed is None or not frame.left() <= self._pointed <= frame.right():
            return
        painter.drawLine(
            QPointF(self._pointed, frame.top()), QPointF(self._pointed, frame.bottom())
        )

    @property
    def reading(self) -> str:
        """Values at the pointer as text; empty beside the curve."""
        curve, frame = self.curve, self._frame
        if curve is None or self._pointed is None:
            return ""
        share = (self._pointed - frame.left()) / max(frame.width(), 1.0)
        if not 0 <= share <= 1:
            return ""
        x = float(curve.x[0] + share * (curve.x[-1] - curve.x[0]))
        at = int(np.argmin(np.abs(curve.x - x)))
        x, y = float(curve.x[at]), float(curve.y[at])
        return curve.reads.format(x=x, y=y, inverse=1 / x if x else float("inf"))

    @staticmethod
    def _lines(frame: QRectF, curve: Curve) -> list[QPolygonF]:
        """Return the curve in widget coordinates, in parts where it is interrupted."""
        low, high = float(np.nanmin(curve.y)), float(np.nanmax(curve.y))
        span = curve.x[-1] - curve.x[0]
        across = frame.left() + frame.width() * (curve.x - curve.x[0]) / span
        down = frame.bottom() - frame.height() * (curve.y - low) / max(
            high - low, _LEAST_SPAN
        )
        parts, points = [], []
        for x, y in zip(across, down, strict=True):
            if np.isfinite(y):
                points.append(QPointF(float(x), float(y)))
            elif points:
                parts.append(QPolygonF(points))
                points = []
        return [*parts, QPolygonF(points)]


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers of an axis, in steps of 1, 2 or 5; at least two of them."""
    span = max(high - low, 1e-12)
    power = 10.0 ** np.floor(np.log10(span / _TICKS))
    steps = [one * power for one in (0.5, 1, 2, 5, 10)]
    index = next(at for at, step in enumerate(steps) if step * _TICKS >= span * 0.999)
    ticks = _multiples(steps[index], low, high)
    # A single number would not show the scale.
    return ticks if len(ticks) > 1 else _multiples(steps[index - 1], low, high)


def _multiples(step: float, low: float, high: float) -> list[float]:
    first = np.ceil(low / step)
    number = int(np.floor(high / step) - first) + 1
    return [float(round((first + at) * step, 12)) for at in range(number)]
