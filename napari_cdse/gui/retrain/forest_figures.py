"""Scores of the old and the new forest: confusion matrices, and a table by class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QScrollArea, QWidget

from napari_cdse.gui.retrain import outcome_words
from napari_cdse.gui.retrain.class_scores import ClassScores, accuracy
from napari_cdse.gui.widgets.confusion_matrix import ConfusionView
from napari_cdse.gui.widgets.layout import (
    flush_column,
    row_of,
    say,
    scroll_down,
    sentence,
)

if TYPE_CHECKING:
    from napari_cdse.tasks.training import Outcome

_WIDTH_PX = 460
"""Width in screen pixels: two matrices of four classes with their recall fit."""
_CONFUSION = "Your labels by row, the forests' words by column:"


class ForestFigures(QScrollArea):
    """Shows the scores on held-out micrographs; hidden if there are none."""

    def __init__(self) -> None:
        super().__init__()
        self.old_confusion = ConfusionView("old forest")
        self.new_confusion = ConfusionView("new forest")
        self.scores = ClassScores()
        self.accuracies = sentence()
        self.measured = sentence()
        inside = QWidget()
        column = flush_column(inside)
        self.matrices = QWidget()
        matrices = flush_column(self.matrices)
        matrices.addWidget(sentence(_CONFUSION))
        matrices.addLayout(row_of((self.old_confusion, self.new_confusion)))
        matrices.addWidget(self.scores)
        matrices.addWidget(self.accuracies)
        for widget in (self.matrices, self.measured):
            column.addWidget(widget)
        column.addStretch(1)
        scroll_down(self, inside)
        self.setFixedWidth(_WIDTH_PX)

    def show_outcome(self, outcome: Outcome) -> None:
        """Show the scores of another outcome."""
        new = outcome.scores
        old = None if outcome.comparison is None else outcome.comparison.old
        say(self.measured, outcome_words.measured(new))
        self.setVisible(new.note is None)
        if new.note is not None:
            return
        self.old_confusion.setVisible(old is not None)
        if old is not None:
            self.old_confusion.show_counts(old.confusion, old.recall)
        self.new_confusion.show_counts(new.confusion, new.recall)
        self.scores.show_scores(old, new)
        values = ", ".join(
            f"{name} {accuracy(scores)}"
            for name, scores in (("old", old), ("new", new))
            if scores is not None
        )
        self.accuracies.setText(f"Balanced accuracy, the mean recall: {values}.")
