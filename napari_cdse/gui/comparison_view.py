"""Old forest beside the new one: accuracy, recall and precision, confusion, flips."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.palette import LETTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.validation import Scores
    from napari_cdse.gui.retraining import Outcome

_NO_OLD = "There was no forest with these features to compare with."
_DASH = "\u2013"


def number(value: float) -> str:
    """Two digits, or a dash for what is not known."""
    return _DASH if math.isnan(value) else f"{value:.2f}"


def accuracy(scores: Scores) -> str:
    """Balanced accuracy with its interval."""
    low, high = scores.interval_95
    return f"{number(scores.balanced_accuracy)} ({number(low)} to {number(high)})"


def flip_sentence(flipped: int, total: int) -> str:
    """Say how many particles would change class."""
    if not total:
        return ""
    return f"{flipped} of {total} particles would change class."


class ComparisonView(QWidget):
    """Shows one outcome of a retraining."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.flips = QLabel()
        self.flips.setWordWrap(True)
        self._scores = QVBoxLayout()
        self._scores.setSpacing(4)
        self._scores.setContentsMargins(0, 0, 0, 0)
        self._tables: list[QWidget] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.note)
        column.addLayout(self._scores)
        column.addWidget(self.flips)

    def show_outcome(self, outcome: Outcome, flipped: int, total: int) -> None:
        """Show figures, or the sentence that stands in their place."""
        self._clear()
        self.flips.setText(flip_sentence(flipped, total))
        comparison = outcome.comparison
        if comparison is None:
            self.note.setText(_NO_OLD)
        elif comparison.new.note:
            self.note.setText(comparison.new.note)
        else:
            self.note.setText(_head(comparison.new))
            self._show(comparison.old, comparison.new)

    def texts(self) -> list[str]:
        """Everything that stands in the tables, row by row."""
        return [
            label.text()
            for table in self._tables
            for label in table.findChildren(QLabel)
        ]

    def _show(self, old: Scores, new: Scores) -> None:
        self._add(
            [["old", accuracy(old)], ["new", accuracy(new)]], ["Balanced accuracy", ""]
        )
        rows = [_class_row(one, old, new) for one in CLASSES if _known(one, new)]
        self._add(rows, ["old \u2192 new", "recall", "precision"])
        title = QLabel("New forest: your labels by row, its words by column")
        title.setWordWrap(True)
        self._keep(title)
        rows = [
            [name, *(str(count) for count in new.confusion[at])]
            for at, name in enumerate(CLASSES)
        ]
        self._add(rows, ["", *(LETTERS[one] for one in CLASSES)])

    def _add(self, rows: Sequence[Sequence[str]], head: Sequence[str]) -> None:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(1)
        for at, texts in enumerate([head, *rows]):
            for column, text in enumerate(texts):
                cell = _cell(text, bold=at == 0, left=column == 0)
                grid.addWidget(cell, at, column)
        self._keep(table)

    def _keep(self, widget: QWidget) -> None:
        self._tables.append(widget)
        self._scores.addWidget(widget)

    def _clear(self) -> None:
        for table in self._tables:
            table.hide()
            self._scores.removeWidget(table)
            table.deleteLater()
        self._tables.clear()


def _known(label: str, scores: Scores) -> bool:
    return bool(scores.class_counts.get(label))


def _class_row(label: str, old: Scores, new: Scores) -> list[str]:
    recall = _arrow(old.recall[label], new.recall[label])
    return [label, recall, _arrow(old.precision[label], new.precision[label])]


def _arrow(before: float, after: float) -> str:
    return f"{number(before)} \u2192 {number(after)}"


def _head(scores: Scores) -> str:
    return (
        f"On your own labels, each forest without the micrograph it is asked about "
        f"({scores.n_micrographs} micrographs, {scores.folds} folds):"
    )


def _cell(text: str, *, bold: bool = False, left: bool = False) -> QLabel:
    label = QLabel(text)
    side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
    label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    font = label.font()
    font.setBold(bold)
    label.setFont(font)
    return label
