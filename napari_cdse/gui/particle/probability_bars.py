"""Probabilities of the four classes as bars with numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, QSize
from qtpy.QtGui import QColor, QPainter
from qtpy.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.canvas.class_colours import (
    HEX,
    LETTERS,
    MEANINGS,
    mixed,
    readable,
)
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.widgets.layout import PlainLabel, paper_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_CLASSES_PER_LINE = 2
_TINT = 0.12
"""Share of the colour in the background of a bar. A choice: the filled part stands
out."""


class Bar(QWidget):
    """A bar whose filled share shows a number from 0 to 1."""

    def __init__(self, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = colour
        self._share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def share(self) -> float:
        """The number shown."""
        return self._share

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(60, 10)

    def set_share(self, share: float) -> None:
        """Show another number."""
        if share != self._share:
            self._share = share
            self.update()

    def paintEvent(self, _event: object) -> None:
        """Draw."""
        painter = QPainter(self)
        paper = paper_of(self)
        whole = mixed(paper, self._colour, _TINT)
        painter.fillRect(self.rect(), QColor(whole))
        filled = QRectF(0, 0, self._share * self.width(), self.height())
        painter.fillRect(filled, QColor(readable(self._colour, whole)))


class ProbabilityBars(QWidget):
    """Letter and name, bar and number of each class, two classes in each line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        self.bars: dict[str, Bar] = {}
        self.numbers: dict[str, QLabel] = {}
        grid.setHorizontalSpacing(6)
        for place, label in enumerate(CLASSES):
            name = PlainLabel(f"{LETTERS[label]}  {label}")
            name.setToolTip(plain(MEANINGS[label]))
            self.bars[label] = Bar(HEX[label])
            self.numbers[label] = PlainLabel()
            # One more digit, since the window sets a larger font later.
            width = self.numbers[label].fontMetrics().horizontalAdvance("00.00")
            self.numbers[label].setMinimumWidth(width)
            row, side = divmod(place, _CLASSES_PER_LINE)
            for column, widget in enumerate(
                (name, self.bars[label], self.numbers[label])
            ):
                grid.addWidget(widget, row, 3 * side + column)
            grid.setColumnStretch(3 * side + 1, 1)

    def show_probabilities(self, probabilities: Sequence[float] | None) -> None:
        """Show four probabilities in the order of `CLASSES`; None for none."""
        for number, label in enumerate(CLASSES):
            share = 0.0 if probabilities is None else float(probabilities[number])
            self.bars[label].set_share(share)
            text = "" if probabilities is None else f"{share:.2f}"
            self.numbers[label].setText(text)
