"""Confusion matrix as a picture, shaded by the share of the row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFontMetricsF, QPainter
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.canvas.class_colours import HEX, LETTERS, readable
from napari_cdse.gui.session.plain_text import one_line, plain
from napari_cdse.gui.widgets.layout import number, paper_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

_FILL = "#4f8fdd"
_STRONGEST = 0.6
"""Opacity of a cell that holds all of its row: letters stay readable on it."""
_CELL_LINES = 1.6
_RECALL, _RECALL_LINES = "recall", 3.0
"""The column beside the matrix, and how broad it is."""
_GAP = 2.0


class ConfusionView(QWidget):
    """Truth by row, forest by column; counts stand in the cells.

    Parameters
    ----------
    title : str
        Stands above the matrix.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._sides = ("Your labels", "the forest's words")
        self._cell_words = "{} of your {} called {}"
        self.counts: list[list[int]] = []
        self.names: tuple[str, ...] = ()
        self.recalls: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def name_sides(self, rows: str, columns: str) -> None:
        """Say whose classes stand by row and by column, where it is two people."""
        rows, columns = one_line(rows), one_line(columns)
        self._title = f"{rows} by row, {columns} by column"
        self._sides = rows, columns
        # A name may hold braces itself.
        first, second = (
            each.replace("{", "{{").replace("}", "}}") for each in self._sides
        )
        self._cell_words = f"{{}} that {first} calls {{}} and {second} {{}}"

    def show_counts(
        self, confusion: NDArray[np.int64], recall: Mapping[str, float] | None = None
    ) -> None:
        """Show a matrix of shape (4, 4), without classes that do not occur at all.

        Beside each row stands the share of it that was called right, where it is given.
        """
        used = (confusion.sum(axis=0) + confusion.sum(axis=1)) > 0
        self.names = tuple(n for n, there in zip(CLASSES, used, strict=True) if there)
        self.counts = confusion[used][:, used].tolist()
        told = () if recall is None else (recall[name] for name in self.names)
        self.recalls = tuple(map(number, told))
        self.setToolTip(plain(self._words()))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Give Qt the size that suits it best."""
        height = (len(self.names) * _CELL_LINES + 2.4) * self._line()
        return QSize(round(9 * self._line()), round(height))

    def minimumSizeHint(self) -> QSize:
        """Give Qt the least size."""
        return QSize(round(7 * self._line()), self.sizeHint().height())

    def paintEvent(self, _event: object) -> None:
        """Draw."""
        if not self.names:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line, ink = self._line(), self.palette().windowText().color()
        top, left = 2.4 * line, 1.4 * line
        right = _RECALL_LINES * line if self.recalls else 0.0
        width = min((self.width() - left - right) / len(self.names), 4.5 * line)
        height = _CELL_LINES * line
        painter.setPen(ink)
        whole = QRectF(0, 0, self.width(), line)
        painter.drawText(whole, int(Qt.AlignmentFlag.AlignLeft), self._title)
        for at, name in enumerate(self.names):
            column = QRectF(left + at * width, 1.2 * line, width, line)
            self._heading(painter, column, name)
            row = QRectF(0, top + at * height, left, height)
            self._heading(painter, row, name)
            for to in range(len(self.names)):
                place = QRectF(left + to * width, top + at * height, width, height)
                self._cell(painter, place, at, to, ink)
        beside = QRectF(left + len(self.names) * width, 0, right, height)
        self._draw_recalls(painter, beside, top)

    def _draw_recalls(self, painter: QPainter, place: QRectF, top: float) -> None:
        """Write the recall of each row beside it."""
        if not self.recalls:
            return
        painter.setPen(self.palette().windowText().color())
        middle = int(Qt.AlignmentFlag.AlignCenter)
        heading = QRectF(place.x(), 1.2 * self._line(), place.width(), self._line())
        painter.drawText(heading, middle, _RECALL)
        for at, text in enumerate(self.recalls):
            painter.drawText(
                place.translated(0, top + at * place.height()), middle, text
            )

    def _cell(
        self, painter: QPainter, place: QRectF, at: int, to: int, ink: QColor
    ) -> None:
        count, total = self.counts[at][to], sum(self.counts[at])
        fill = QColor(_FILL)
        fill.setAlphaF(_STRONGEST * count / total if total else 0.0)
        inner = place.adjusted(_GAP / 2, _GAP / 2, -_GAP / 2, -_GAP / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRect(inner)
        faint = QColor(ink)
        faint.setAlphaF(0.5 if at == to else 0.15)
        painter.setPen(faint)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(inner)
        painter.setPen(ink)
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignCenter), str(count))

    def _heading(self, painter: QPainter, place: QRectF, name: str) -> None:
        painter.setPen(self.palette().windowText().color())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), LETTERS[name])
        below = QRectF(place.center().x() - 5, place.bottom() - 1.5, 10, 1.5)
        painter.fillRect(below, QColor(readable(HEX[name], paper_of(self))))

    def _line(self) -> float:
        return QFontMetricsF(self.font()).height()

    def _words(self) -> str:
        told = [
            self._cell_words.format(count, true, said)
            for true, row in zip(self.names, self.counts, strict=True)
            for said, count in zip(self.names, row, strict=True)
            if count
        ]
        rows, columns = self._sides
        return "\n".join([f"{rows} by row, {columns} by column", *told])
