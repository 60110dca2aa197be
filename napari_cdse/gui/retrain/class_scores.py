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
    """Balanced accuracy with its interval, where there is one."""
    told = number(scores.balanced_accuracy)
    if scores.interval_95 is None:
        return told
    low, high = scores.interval_95
    return f"{told} ({number(low)} to {number(high)})"


class ClassScores(QWidget):
    """A small table, a row for each class that was scored, and one for their mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(1)
        self.rows: list[list[str]] = []
        self.setToolTip(_TIP)

    def show_scores(self, old: Scores | None, new: Scores) -> None:
        """Show the new forest's scores, beside the old one's where there are any."""
        both = "" if old is None else ", old \u2192 new"
        head = ["", "labels", f"recall{both}", f"precision{both}"]
        each = [
            _class_row(one, old, new) for one in CLASSES if new.class_counts.get(one)
        ]
        self.rows = [head, *each]
        self._clear()
        for at, texts in enumerate(self.rows):
            for column, text in enumerate(texts):
                cell = _cell(text, bold=at == 0, left=column == 0)
                self._grid.addWidget(cell, at, column)

    def _clear(self) -> None:
        while self._grid.count():
            widget = self._grid.takeAt(0).widget()
            widget.hide()
            widget.deleteLater()


def _class_row(label: str, old: Scores | None, new: Scores) -> list[str]:
    told = [
        number(now[label]) if before is None else _arrow(before[label], now[label])
        for before, now in (
            (None if old is None else old.recall, new.recall),
            (None if old is None else old.precision, new.precision),
        )
    ]
    return [f"{LETTERS[label]}  {label}", str(new.class_counts[label]), *told]


def _arrow(before: float, after: float) -> str:
    return f"{number(before)} \u2192 {number(after)}"


def _cell(text: str, *, bold: bool = False, left: bool = False) -> QLabel:
    label = PlainLabel(text)
    side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
    label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    font = label.font()
    font.setBold(bold)
    label.setFont(font)
    return label
