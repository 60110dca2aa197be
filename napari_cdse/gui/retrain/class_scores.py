"""Table of recall and precision per class, of the old and the new forest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.canvas.class_colours import LETTERS
from napari_cdse.gui.widgets.layout import PlainLabel, number

if TYPE_CHECKING:
    from napari_cdse.core.evaluation.scores import Scores

_TIP = (
    "Recall: of those that you call so, the share that the forest calls so too. "
    "Precision: of those that the forest calls so, the share that you call so."
)


def accuracy(scores: Scores) -> str:
    """Write the balanced accuracy, with its interval if there is one."""
    value = number(scores.balanced_accuracy)
    if scores.interval_95 is None:
        return value
    low, high = scores.interval_95
    return f"{value} ({number(low)} to {number(high)})"


class ClassScores(QWidget):
    """A small table with a row for each class that was scored."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(1)
        self.rows: list[list[str]] = []
        self.setToolTip(_TIP)

    def show_scores(self, old: Scores | None, new: Scores) -> None:
        """Show the new forest's scores, and those of the old one if there are any."""
        both = "" if old is None else ", old \u2192 new"
        head = ["", "labels", f"recall{both}", f"precision{both}"]
        each = [
            _class_row(one, old, new) for one in CLASSES if new.class_counts.get(one)
        ]
        self.rows = [head, *each]
        self._clear()
        for row, texts in enumerate(self.rows):
            for column, text in enumerate(texts):
                cell = _cell(text, bold=row == 0, left=column == 0)
                self._grid.addWidget(cell, row, column)

    def _clear(self) -> None:
        while self._grid.count():
            widget = self._grid.takeAt(0).widget()
            widget.hide()
            widget.deleteLater()


def _class_row(label: str, old: Scores | None, new: Scores) -> list[str]:
    recall, precision = number(new.recall[label]), number(new.precision[label])
    if old is not None:
        recall = f"{number(old.recall[label])} \u2192 {recall}"
        precision = f"{number(old.precision[label])} \u2192 {precision}"
    name, count = f"{LETTERS[label]}  {label}", str(new.class_counts[label])
    return [name, count, recall, precision]


def _cell(text: str, *, bold: bool = False, left: bool = False) -> QLabel:
    label = PlainLabel(text)
    side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
    label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    font = label.font()
    font.setBold(bold)
    label.setFont(font)
    return label
