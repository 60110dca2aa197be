"""Confusion matrix as a picture; cells are shaded by their share of the row."""

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
"""Opacity of a cell that has the whole row. A choice: its number stays readable."""
_CELL_LINES = 1.6
"""Height of a cell in lines of text. A choice."""
_MOST_CELL_LINES = 4.5
"""Greatest width of a cell in lines of text. A choice."""
_RECALL, _RECALL_LINES = "recall", 3.0
"""Heading of the column beside the matrix, and its width in lines of text."""
_TITLE_LINES, _CLASSES_LINES = 2.4, 1.4
"""Height above the cells, and width of the row headings, in lines of text."""
_GAP = 2.0


class ConfusionView(QWidget):
    """Shows counts of labels by row and predictions by column.

    Parameters
    ----------
    title : str
        Text above the matrix.

    Attributes
    ----------
    counts : list of list of int
        Rows of the matrix, for classes that occur.
    names : tuple of str
        Names of the classes that occur.
    recalls : tuple of str
        Recall of each row as text; empty if it is not shown.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._sides = ("Your labels", "the forest's words")
        self._cell_text = "{} of your {} called {}"
        self.counts: list[list[int]] = []
        self.names: tuple[str, ...] = ()
        self.recalls: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def name_sides(self, rows: str, columns: str) -> None:
        """Set whose labels are compared, for two annotators."""
        rows, columns = one_line(rows), one_line(columns)
        self._title = f"{rows} by row, {columns} by column"
        self._sides = rows, columns
        # Names may contain braces, which are doubled for `str.format`.
        first, second = (
            each.replace("{", "{{").replace("}", "}}") for each in self._sides
        )
        self._cell_text = f"{{}} that {first} calls {{}} and {second} {{}}"

    def show_counts(
        self, confusion: NDArray[np.int64], recall: Mapping[str, float] | None = None
    ) -> None:
        """Show another matrix, without classes that do not occur.

        Parameters
        ----------
        confusion : ndarray of int64, shape (4, 4)
            Counts, in the order of `CLASSES`.
        recall : mapping of str to float, optional
            Recall of each class, to show beside the rows.
        """
        used = (confusion.sum(axis=0) + confusion.sum(axis=1)) > 0
        self.names = tuple(n for n, occurs in zip(CLASSES, used, strict=True) if occurs)
        self.counts = confusion[used][:, used].tolist()
        values = () if recall is None else (recall[name] for name in self.names)
        self.recalls = tuple(map(number, values))
        self.setToolTip(plain(self._tooltip()))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        height = (len(self.names) * _CELL_LINES + _TITLE_LINES) * self._line()
        return QSize(round(9 * self._line()), round(height))

    def minimumSizeHint(self) -> QSize:
        """Return the least size."""
        return QSize(round(7 * self._line()), self.sizeHint().height())

    def paintEvent(self, _event: object) -> None:
        """Draw."""
        if not self.names:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line, ink = self._line(), self.palette().windowText().color()
        top, left = _TITLE_LINES * line, _CLASSES_LINES * line
        right = _RECALL_LINES * line if self.recalls else 0.0
        room = (self.width() - left - right) / len(self.names)
        width = min(room, _MOST_CELL_LINES * line)
        height = _CELL_LINES * line
        painter.setPen(ink)
        whole = QRectF(0, 0, self.width(), line)
        painter.drawText(whole, int(Qt.AlignmentFlag.AlignLeft), self._title)
        for row, name in enumerate(self.names):
            column_head = QRectF(left + row * width, 1.2 * line, width, line)
            self._draw_heading(painter, column_head, name)
            row_head = QRectF(0, top + row * height, left, height)
            self._draw_heading(painter, row_head, name)
            for column in range(len(self.names)):
                place = QRectF(left + column * width, top + row * height, width, height)
                self._draw_cell(painter, place, row, column, ink)
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
        for row, text in enumerate(self.recalls):
            painter.drawText(
                place.translated(0, top + row * place.height()), middle, text
            )

    def _draw_cell(
        self, painter: QPainter, place: QRectF, row: int, column: int, ink: QColor
    ) -> None:
        count, total = self.counts[row][column], sum(self.counts[row])
        fill = QColor(_FILL)
        fill.setAlphaF(_STRONGEST * count / total if total else 0.0)
        inner = place.adjusted(_GAP / 2, _GAP / 2, -_GAP / 2, -_GAP / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRect(inner)
        faint = QColor(ink)
        faint.setAlphaF(0.5 if row == column else 0.15)
        painter.setPen(faint)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(inner)
        painter.setPen(ink)
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignCenter), str(count))

    def _draw_heading(self, painter: QPainter, place: QRectF, name: str) -> None:
        painter.setPen(self.palette().windowText().color())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), LETTERS[name])
        below = QRectF(place.center().x() - 5, place.bottom() - 1.5, 10, 1.5)
        painter.fillRect(below, QColor(readable(HEX[name], paper_of(self))))

    def _line(self) -> float:
        return QFontMetricsF(self.font()).height()

    def _tooltip(self) -> str:
        cells = [
            self._cell_text.format(count, label, prediction)
            for label, row in zip(self.names, self.counts, strict=True)
            for prediction, count in zip(self.names, row, strict=True)
            if count
        ]
        rows, columns = self._sides
        return "\n".join([f"{rows} by row, {columns} by column", *cells])
