"""Bar chart of the importance of feature families and features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFontMetricsF, QPainter, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_cdse.gui.session.plain_text import plain

if TYPE_CHECKING:
    from napari_cdse.core.evaluation.feature_importance import (
        FeatureImportance,
        Importance,
    )

_FILL = "#4f8fdd"
_FEATURES = 12
"""Most features shown. A choice: they fit the dock."""
_ROW = 1.35
_NAMES = 9.0
_NUMBER = 3.2
"""Height of a row, and widths of names and numbers, in lines of text. Chosen to fit."""


class ImportanceView(QWidget):
    """Bars with intervals: families of features, then the most important features."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[FeatureImportance] = []
        self._families = 0
        self._title = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_importance(self, importance: Importance) -> None:
        """Show another result."""
        self.rows = [*importance.families, *importance.features[:_FEATURES]]
        self._families = len(importance.families)
        self._title = f"Balanced accuracy lost, of {importance.balanced_accuracy:.2f}"
        self.setToolTip(plain("\n".join(_words(one) for one in self.rows)))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        line = self._line()
        return QSize(round(14 * line), round((len(self.rows) + 2) * _ROW * line))

    def minimumSizeHint(self) -> QSize:
        """Return the least size."""
        return self.sizeHint()

    def paintEvent(self, _event: object) -> None:
        """Draw."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.palette().windowText().color())
        line = _ROW * self._line()
        whole = QRectF(0, 0, self.width(), line)
        painter.drawText(whole, int(Qt.AlignmentFlag.AlignLeft), self._title)
        for number, one in enumerate(self.rows):
            gap = 0.5 if number >= self._families else 0.0
            self._bar(painter, one, (number + 1.2 + gap) * line, number)

    def _bar(
        self, painter: QPainter, one: FeatureImportance, top: float, number: int
    ) -> None:
        line, ink = self._line(), self.palette().windowText().color()
        left, right = _NAMES * line, self.width() - _NUMBER * line
        font = self.font()
        font.setBold(number < self._families)
        painter.setFont(font)
        painter.setPen(ink)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        name = QRectF(0, top, left - 6, line)
        words = QFontMetricsF(font).elidedText(
            one.name, Qt.TextElideMode.ElideMiddle, name.width()
        )
        painter.drawText(name, middle | int(Qt.AlignmentFlag.AlignRight), words)
        scale = (right - left) / max(0.01, *(_ends(w)[1] for w in self.rows))
        length = max(0.0, one.loss.value) * scale
        painter.fillRect(QRectF(left, top + 2, length, line - 4), QColor(_FILL))
        low, high = (left + max(0.0, end) * scale for end in _ends(one))
        painter.setPen(QPen(ink, 1.5))
        y = top + line / 2
        painter.drawLine(QPointF(low, y), QPointF(high, y))
        place = QRectF(right + 4, top, _NUMBER * line - 4, line)
        painter.setFont(self.font())
        painter.drawText(place, middle, f"{one.loss.value:z.3f}")

    def _line(self) -> float:
        return QFontMetricsF(self.font()).height()


def _words(one: FeatureImportance) -> str:
    interval = ""
    if one.loss.interval_95 is not None:
        low, high = one.loss.interval_95
        interval = f" ({low:z.3f} to {high:z.3f}, 95 %)"
    return f"{one.name}: {one.loss.value:z.3f}{interval}; impurity {one.impurity:.3f}"


def _ends(one: FeatureImportance) -> tuple[float, float]:
    """Return the ends of the interval; the value twice if there is none."""
    return one.loss.interval_95 or (one.loss.value, one.loss.value)
