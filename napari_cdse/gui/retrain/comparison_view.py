"""The result of a retraining in the dock: old and new forest compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

from napari_cdse.gui.retrain import outcome_words
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.widgets.layout import flush_column, say, sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.tasks.training import Outcome


class ComparisonView(QWidget):
    """Sentences on one outcome; `ComparisonWindow` shows the details."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.headline = sentence()
        self.fraction = sentence()
        self.changes = sentence()
        column = flush_column(self)
        for widget in (self.headline, self.fraction, self.changes):
            column.addWidget(widget)

    def show_outcome(
        self,
        outcome: Outcome,
        hides: Callable[[str], bool] = lambda _particle_id: False,
    ) -> None:
        """Show another outcome.

        Parameters
        ----------
        outcome : Outcome
            Outcome of a retraining.
        hides : callable, optional
            Tells whether an audit hides the prediction of a particle.
        """
        hidden = sum(hides(each.particle_id) for each in outcome.flips)
        self.headline.setText(outcome_words.headline(outcome))
        say(self.fraction, outcome_words.fraction(outcome))
        self.fraction.setToolTip(plain(outcome_words.fraction_tip(outcome)))
        self.changes.setText(outcome_words.changes(outcome, hidden))
