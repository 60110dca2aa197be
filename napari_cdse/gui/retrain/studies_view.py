"""Studies and their results: a grid of settings, and importance of features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from napari_cdse.gui.retrain.importance_view import ImportanceView
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.widgets.layout import flush_column, row_of, sentence
from napari_cdse.gui.widgets.tables import show_rows

if TYPE_CHECKING:
    from napari_cdse.core.evaluation.feature_importance import Importance
    from napari_cdse.core.evaluation.tuning import Trial, Tuning
    from napari_cdse.core.params import ForestParams

_HEADERS = ("Settings", "Score", "Gain, 95 %")
_TIPS = (
    "Trees, features per split, criterion",
    "Balanced accuracy on held-out micrographs",
    "95 % interval of the gain over the present settings",
)
_SHOWN = 12
"""Most settings shown. A choice: the others score lower."""
_ROW_LINES = 1.35
"""Height of a row in lines of text. A choice."""


class StudiesView(QWidget):
    """Two buttons that ask for studies, and their results below.

    Signals
    -------
    tuning_requested(), importance_requested()
        A study is wanted.
    chosen(params)
        Settings were double-clicked, to train with them.
    """

    tuning_requested = Signal()
    importance_requested = Signal()
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trials: list[Trial] = []
        self.settings = QPushButton("Try settings")
        self.settings.setToolTip(
            "Score trees, features per split and criterion on a grid, each on "
            "micrographs it did not learn from"
        )
        self.features = QPushButton("Weigh features")
        self.features.setToolTip(
            "What is lost when a feature is shuffled among particles that the forest "
            "never saw"
        )
        self.settings.clicked.connect(self.tuning_requested)
        self.features.clicked.connect(self.importance_requested)
        self.words = sentence()
        self.table = self._make_table()
        self.importance = ImportanceView()
        column = flush_column(self)
        column.addLayout(row_of((self.settings, self.features)))
        for widget in (self.words, self.table, self.importance):
            column.addWidget(widget)
            widget.hide()

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(_HEADERS))
        for column, (text, words) in enumerate(zip(_HEADERS, _TIPS, strict=True)):
            header = QTableWidgetItem(text)
            header.setToolTip(plain(words))
            table.setHorizontalHeaderItem(column, header)
        show_rows(table, round(_ROW_LINES * self.fontMetrics().height()))
        table.horizontalHeader().setStretchLastSection(True)
        table.setToolTip("A double click takes the settings over")
        table.cellDoubleClicked.connect(self._on_row)
        return table

    def set_busy(self, busy: bool, ready: bool) -> None:
        """Disable the buttons while something runs, or nothing is labelled."""
        for button in (self.settings, self.features):
            button.setEnabled(ready and not busy)

    def clear(self) -> None:
        """Hide the results."""
        for widget in (self.words, self.table, self.importance):
            widget.hide()

    def show_tuning(self, tuning: Tuning) -> None:
        """Show the present settings, then the best ones."""
        self._trials = [tuning.present, *tuning.trials[:_SHOWN]]
        self.table.setRowCount(len(self._trials))
        for row, trial in enumerate(self._trials):
            for column, words in enumerate(_cells(trial, present=row == 0)):
                self.table.setItem(row, column, QTableWidgetItem(words))
        section = self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(round((len(self._trials) + 1.6) * section))
        self.words.setText(tuning.sentence)
        self.words.show()
        self.table.show()

    def show_importance(self, importance: Importance) -> None:
        """Show the importance of features and their families."""
        self.importance.show_importance(importance)
        self.importance.show()

    def _on_row(self, row: int, _column: int) -> None:
        params: ForestParams = self._trials[row].params
        self.chosen.emit(params)


def _cells(trial: Trial, *, present: bool) -> list[str]:
    gain, params = trial.difference, trial.params
    words = f"{gain.value:+z.2f}"
    if gain.interval_95 is not None:
        low, high = gain.interval_95
        words = f"{low:+z.2f} to {high:+z.2f}"
    return [
        f"{params.trees}, {params.split_features}, {params.criterion}",
        f"{trial.scores.balanced_accuracy:.2f}",
        "present" if present else words,
    ]
