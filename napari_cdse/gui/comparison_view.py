"""Old forest beside the new one: accuracy, recall and precision, confusion, flips."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.palette import LETTERS

if TYPE_CHECKING:
    from napari_cdse.core.validation import Scores
    from napari_cdse.gui.retraining import Outcome

_NO_OLD = "There was no forest to compare with."
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
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.flips = QLabel()
        self.flips.setWordWrap(True)
        self._scores = QWidget()
        self._grid = QGridLayout(self._scores)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(1)
        column.addWidget(self.note)
        column.addWidget(self._scores)
        column.addWidget(self.flips)

    def show_outcome(self, outcome: Outcome, flipped: int, total: int) -> None:
        """Show figures, or the sentence that stands in their place."""
        comparison = outcome.comparison
        note = _NO_OLD if comparison is None else comparison.new.note or ""
        self.note.setText(note or _head(comparison.new))
        self.flips.setText(flip_sentence(flipped, total))
        self._clear()
        self._scores.setVisible(comparison is not None and not comparison.new.note)
        if comparison is not None and not comparison.new.note:
            self._show_scores(comparison.old, comparison.new)
            self._show_confusion(comparison.new)

    def texts(self) -> list[str]:
        """Everything that stands in the grid, row by row."""
        items = (self._grid.itemAt(at) for at in range(self._grid.count()))
        return [item.widget().text() for item in items]

    def _show_scores(self, old: Scores, new: Scores) -> None:
        self._row(0, "", "old", "new")
        self._row(1, "balanced accuracy", accuracy(old), accuracy(new))
        row = 2
        for label in CLASSES:
            if not new.class_counts.get(label):
                continue
            for name, part in (("recall", "recall"), ("precision", "precision")):
                before, after = getattr(old, part)[label], getattr(new, part)[label]
                self._row(row, f"{name} {label}", number(before), number(after))
                row += 1

    def _show_confusion(self, new: Scores) -> None:
        row = self._grid.rowCount()
        title = QLabel("New forest: your label by row, its word by column")
        title.setWordWrap(True)
        self._grid.addWidget(title, row, 0, 1, 3)
        table = QGridLayout()
        table.setVerticalSpacing(1)
        for at, label in enumerate(CLASSES):
            table.addWidget(_cell(LETTERS[label], bold=True), 0, at + 1)
            table.addWidget(_cell(label, bold=True), at + 1, 0)
            for other in range(len(CLASSES)):
                cell = _cell(str(new.confusion[at, other]), bold=at == other)
                table.addWidget(cell, at + 1, other + 1)
        holder = QWidget()
        holder.setLayout(table)
        table.setContentsMargins(0, 0, 0, 0)
        self._grid.addWidget(holder, row + 1, 0, 1, 3)

    def _row(self, row: int, *texts: str) -> None:
        for column, text in enumerate(texts):
            self._grid.addWidget(_cell(text, left=column == 0), row, column)

    def _clear(self) -> None:
        while self._grid.count():
            self._grid.takeAt(0).widget().deleteLater()


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
