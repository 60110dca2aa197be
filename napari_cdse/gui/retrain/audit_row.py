"""Controls of the audit: the share drawn, the goal, and the measured accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Slot
from qtpy.QtWidgets import QWidget
from superqt.utils import signals_blocked

from napari_cdse.core.records import CLASSES
from napari_cdse.core.review.blind_audit import audit
from napari_cdse.core.statistics.intervals import MIN_MICROGRAPHS
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.widgets.decimal_field import WholeField
from napari_cdse.gui.widgets.layout import (
    PlainLabel,
    choices,
    flush_column,
    row_of,
    sentence,
    wrapped,
)
from napari_cdse.gui.widgets.rest_timer import RestTimer

if TYPE_CHECKING:
    from napari_cdse.core.review.blind_audit import Audit, Rate
    from napari_cdse.core.review.review_queue import Goal
    from napari_cdse.gui.session.session import Session

_SOON_MS = 100
"""Milliseconds after the last change until the audit is evaluated. A choice: not
noticed as a delay."""
_TIP = (
    "This share of the proposed particles is chosen at random; their prediction is "
    "hidden until you have judged them. Only they tell how often the forest is right. "
    "A larger share chooses more wherever no prediction has been in view yet."
)
GOALS: tuple[tuple[str, Goal, str], ...] = (
    ("learn", "learn", "All particles are drawn with the same chance and come up in "
     "their share of the queue. The forest learns most from the others, and how often "
     "it is right is told best."),
    ("both by turns", "both", "The doubtful are drawn more often, and every second "
     "particle is one that was drawn: the forest learns, and the visible-defect "
     "fraction gets its interval."),
    ("measure", "measure", "The doubtful are drawn more often, and all that are drawn "
     "come first: the shortest way to a narrow interval of the visible-defect "
     "fraction."),
)  # fmt: skip
_GOAL_TIP = (
    "What the review is for. Chances are written down before a prediction is in view "
    "and never change then; so another goal draws otherwise only where nothing has "
    "been in view yet."
)
_NOTHING_DRAWN = (
    "No particle is drawn for the audit, so how often the forest is right stays "
    "unknown."
)


class AuditRow(QWidget):
    """The share drawn, the goal of the review, and how often the forest is right.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.share = WholeField()
        self.share.setRange(0, 100)
        self.share.setSuffix(" %")
        self.share.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.share.setToolTip(_TIP)
        lines = ((text, wrapped(tip)) for text, _, tip in GOALS)
        self.goal = choices(lines, _GOAL_TIP)
        self.accuracy = sentence()
        self._soon = RestTimer(self, self._show_audit, _SOON_MS, session.warn)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        name = PlainLabel("Blind audit: share of particles")
        line = row_of((name, self.share))
        line.setStretchFactor(name, 1)
        column = flush_column(self)
        column.setSpacing(4)
        column.addLayout(line)
        for_what = PlainLabel("Review to")
        second = row_of((for_what, self.goal))
        second.setStretchFactor(for_what, 1)
        column.addLayout(second)
        column.addWidget(self.accuracy)

    def _connect(self) -> None:
        session = self._session
        self.share.valueChanged.connect(self._on_share)
        self.goal.activated.connect(self._on_goal)
        for signal in (session.micrographs_changed, session.models_changed):
            signal.connect(self._soon.start)
        session.particles_changed.connect(self._on_particles)

    @Slot(object)
    def _on_particles(self, ids: frozenset[str] | None) -> None:
        """Follow a share set in another window, which updates all particles."""
        if ids is None:
            self._soon.start()

    def _on_share(self, per_cent: int) -> None:
        with self._session.reporting_errors():
            self._session.project.audits.share = per_cent / 100
        self.refresh()

    def _on_goal(self, row: int) -> None:
        _, goal, _ = GOALS[row]
        with self._session.reporting_errors():
            self._session.project.audits.goal = goal
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the present share, goal and accuracy."""
        self._soon.show_now()

    def _show_audit(self) -> None:
        project = self._session.project
        with signals_blocked(self.share):
            self.share.show_value(round(100 * project.audits.share))
        self.goal.setCurrentIndex([g for _, g, _ in GOALS].index(project.audits.goal))
        for control in (self.share, self.goal):
            control.setEnabled(not project.read_only)
        result = audit(project.audits.labels(), project.models.active_id or "")
        drawn = project.audits.tallies().drawn
        words = f"{result.sentence} {drawn} {'is' if drawn == 1 else 'are'} drawn."
        if result.note and not project.audits.share:
            words = _NOTHING_DRAWN
        self.accuracy.setText(words)
        self.accuracy.setToolTip(plain(_rates_by_class(result)))


def _rates_by_class(result: Audit) -> str:
    """Write the rates of the classes that have enough particles."""
    lines = []
    for label in CLASSES:
        recall, precision = result.recall[label], result.precision[label]
        if recall.value is not None:
            lines.append(f"Of those that are {label}, it finds {_rate(recall)}.")
        if precision.value is not None:
            lines.append(f"When it says {label}, it is right in {_rate(precision)}.")
    return "\n".join(lines)


def _rate(rate: Rate) -> str:
    if rate.interval_95 is None:
        few = f"no interval: fewer than {MIN_MICROGRAPHS} micrographs"
        return f"{rate.value:.2f} of {rate.n} ({few})"
    low, high = rate.interval_95
    return f"{rate.value:.2f} ({low:.2f} to {high:.2f}) of {rate.n}"
