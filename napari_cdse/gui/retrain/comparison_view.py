"""Old forest beside the new one: scores, confusion, defect fraction, what flips."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.retrain.changed_particles import ChangedParticlesView
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.widgets.confusion_matrix import ConfusionView
from napari_cdse.gui.widgets.layout import (
    PlainLabel,
    flush_column,
    row_of,
    say,
    sentence,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_cdse.core.evaluation.model_comparison import FractionChange
    from napari_cdse.core.evaluation.scores import Scores
    from napari_cdse.core.evaluation.validation import Comparison
    from napari_cdse.tasks.training import Outcome

_NO_OLD = "There was no forest with these features to compare with. "
_CONFUSION = "Your labels by row, the forests' words by column:"
_DASH = "\u2013"


def number(value: float) -> str:
    """Two digits, or a dash for what is not known."""
    return _DASH if math.isnan(value) else f"{value:.2f}"


def accuracy(scores: Scores) -> str:
    """Balanced accuracy with its interval, where there is one."""
    told = number(scores.balanced_accuracy)
    if scores.interval_95 is None:
        return told
    low, high = scores.interval_95
    return f"{told} ({number(low)} to {number(high)})"


def flip_sentence(flipped: int, total: int, hidden: int = 0) -> str:
    """Say how many particles would change class, and how many of them are hidden."""
    if not total:
        return ""
    told = f"{flipped} of {total} particles would change class"
    return f"{told}; {hidden} of them wait for the audit." if hidden else f"{told}."


class ComparisonView(QWidget):
    """Shows one outcome of a retraining; `chosen` carries a particle to go to."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.note = sentence()
        self.difference = sentence()
        self.confusion_title = sentence(_CONFUSION)
        self.old_confusion = ConfusionView("old")
        self.new_confusion = ConfusionView("new")
        self.fraction = sentence()
        self.flips = sentence()
        self.flip_list = ChangedParticlesView()
        self.flip_list.chosen.connect(self.chosen)
        self._scores, self._classes = _tables(), _tables()
        self._tables: list[QWidget] = []
        self._lay_out()

    def _lay_out(self) -> None:
        """Put first what decides: a small screen shows no more without scrolling."""
        column = self._column = flush_column(self)
        column.setSpacing(6)
        column.addLayout(self._scores)
        for widget in (self.difference, self.fraction, self.flips, self.flip_list):
            column.addWidget(widget)
        column.addLayout(self._classes)
        column.addWidget(self.confusion_title)
        matrices = row_of((self.old_confusion, self.new_confusion))
        matrices.setSpacing(12)
        column.addLayout(matrices)
        column.addWidget(self.note)

    def show_outcome(
        self,
        outcome: Outcome,
        name_of: Callable[[str], str],
        hides: Callable[[str], bool] = lambda _particle_id: False,
    ) -> None:
        """Show figures, or the sentence that stands in their place.

        Parameters
        ----------
        outcome : Outcome
            What a retraining gave.
        name_of : callable
            Gives the name of a particle's micrograph.
        hides : callable, optional
            Tells whether an audit must not have a particle's prediction shown.
        """
        self._clear()
        comparison = outcome.comparison
        old = None if comparison is None else comparison.old
        self.note.setText(("" if old else _NO_OLD) + _head(outcome.scores))
        scored = not outcome.scores.note
        # A sentence in place of the scores stands where they would.
        self._column.removeWidget(self.note)
        self._column.insertWidget(self._column.count() if scored else 0, self.note)
        if scored:
            self._show(old, outcome.scores)
        self.confusion_title.setVisible(scored)
        self.new_confusion.setVisible(scored)
        self.old_confusion.setVisible(scored and old is not None)
        say(self.difference, "" if comparison is None else _differences(comparison))
        self._show_changes(outcome, name_of, hides)

    def texts(self) -> list[str]:
        """Everything that stands in the tables, row by row."""
        return [
            label.text()
            for table in self._tables
            for label in table.findChildren(QLabel)
        ]

    def _show_changes(
        self,
        outcome: Outcome,
        name_of: Callable[[str], str],
        hides: Callable[[str], bool],
    ) -> None:
        shown = [each for each in outcome.flips if not hides(each.particle_id)]
        total = len(outcome.flips)
        told = flip_sentence(total, outcome.compared, total - len(shown))
        say(self.flips, told)
        names = [name_of(each.particle_id) for each in shown]
        self.flip_list.show_flips(shown, names)
        say(self.fraction, outcome.fraction.sentence if outcome.compared else "")
        self.fraction.setToolTip(plain(_fraction_tip(outcome.fraction)))

    def _show(self, old: Scores | None, new: Scores) -> None:
        rows = [] if old is None else [["old", accuracy(old)]]
        rows.append(["new", accuracy(new)])
        self._add(self._scores, rows, ["Balanced accuracy", ""])
        shown = [one for one in CLASSES if new.class_counts.get(one)]
        head = ["recall", "precision"]
        if old is None:
            rows = [[c, number(new.recall[c]), number(new.precision[c])] for c in shown]
            self._add(self._classes, rows, ["new", *head])
        else:
            rows = [_class_row(one, old, new) for one in shown]
            self._add(self._classes, rows, ["old \u2192 new", *head])
            self.old_confusion.show_counts(old.confusion)
        self.new_confusion.show_counts(new.confusion)

    def _add(
        self, place: QVBoxLayout, rows: Sequence[Sequence[str]], head: Sequence[str]
    ) -> None:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(1)
        for at, texts in enumerate([head, *rows]):
            for column, text in enumerate(texts):
                cell = _cell(text, bold=at == 0, left=column == 0)
                grid.addWidget(cell, at, column)
        self._tables.append(table)
        place.addWidget(table)

    def _clear(self) -> None:
        for table in self._tables:
            table.hide()
            table.deleteLater()
        self._tables.clear()


def _tables() -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(4)
    column.setContentsMargins(0, 0, 0, 0)
    return column


def _class_row(label: str, old: Scores, new: Scores) -> list[str]:
    recall = _arrow(old.recall[label], new.recall[label])
    return [label, recall, _arrow(old.precision[label], new.precision[label])]


def _arrow(before: float, after: float) -> str:
    return f"{number(before)} \u2192 {number(after)}"


def _head(scores: Scores) -> str:
    if scores.note:
        return f"{scores.note} {scores.inheritance}".strip()
    return (
        f"To compare the forests: on your own labels, each without the micrograph it "
        f"is asked about ({scores.n_micrographs} micrographs, {scores.folds} folds). "
        "You chose these particles, doubtful ones mostly; how often a forest is right, "
        f"only the audit tells. {scores.limits}"
    ).strip()


def _differences(comparison: Comparison) -> str:
    """Say how the forests differ where the user chose, and where lots did."""
    told = (comparison.difference, comparison.drawn)
    return " ".join(each.sentence for each in told if each is not None)


def _fraction_tip(change: FractionChange) -> str:
    words = (
        "Labels of particles that were drawn at random, or came up by an order, put "
        "the forest right. Of micrographs that a forest learnt from, its word is not "
        "taken."
    )
    return " ".join(filter(None, (words, change.new.note, change.new.outlook)))


def _cell(text: str, *, bold: bool = False, left: bool = False) -> QLabel:
    label = PlainLabel(text)
    side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
    label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    font = label.font()
    font.setBold(bold)
    label.setFont(font)
    return label
