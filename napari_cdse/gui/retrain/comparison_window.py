"""A window that compares old and new forest side by side.

Above are sentences on the outcome, at the left the scores (`ForestFigures`), and beside
them the particles that would change class (`pairs_view`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QRect, QSize, Qt, Signal, Slot
from qtpy.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_cdse.gui.retrain import outcome_words
from napari_cdse.gui.retrain.changed_pairs import ChangedPairs, changed_pairs
from napari_cdse.gui.retrain.forest_figures import ForestFigures
from napari_cdse.gui.retrain.pairs_view import PairsModel, PairsView
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.session.viewer_window import find_canvas, main_window
from napari_cdse.gui.thumbnails.maker import ThumbnailMaker
from napari_cdse.gui.widgets.layout import hint, row_of, say, sentence
from napari_cdse.io.thumbnail_file import default_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtpy.QtGui import QHideEvent, QShowEvent

    from napari_cdse.gui.controllers.navigation import Navigation
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.thumbnails.item import Item
    from napari_cdse.tasks.training import Outcome

_GOOD_SIZE = QSize(1500, 900)
"""Size of the window at first, in screen pixels. A choice: five pairs beside each
other."""
_SCREEN_SHARE = 0.9
"""Greatest share of the screen that the window takes at first. A choice."""
_LARGE = 1.2
"""Size of the letters of the headline, over that of the window's letters. A choice."""
_HOW = (
    "Left by the forest in use, right by the new one. Arrows move from pair to pair; "
    "Return or a click goes to the particle in its micrograph. First come those that "
    "you labelled otherwise (\u2260)."
)
_CLOSING = (
    "Closing this window decides nothing: the forest in use stays, and the new one "
    "waits in the dock Retrain."
)
_NAME = "comparison of forests"
"""Name of the message with the button back to the window."""
_WAITING = "The comparison of the forests waits while you look at this particle."
_BACK = "Back to the comparison"


class ComparisonWindow(QDialog):
    """Shows the outcome of a retraining, for the user to decide.

    Parameters
    ----------
    session : Session
    navigation : Navigation
        Goes to a particle.
    parent : QWidget
        The window above which it stays.

    Signals
    -------
    used(), kept_both(), kept_old()
        The user's decision.
    """

    used = Signal()
    kept_both = Signal()
    kept_old = Signal()

    def __init__(
        self, session: Session, navigation: Navigation, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Old and new forest")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self._session = session
        self._navigation = navigation
        self._outcome: Outcome | None = None
        self.headline = sentence()
        self.headline.setStyleSheet(f"font-size: {round(_LARGE * _points(self))}pt;")
        self.fraction = sentence()
        self.figures = ForestFigures()
        self.changes = sentence()
        self.model = PairsModel(self)
        self.thumbnails = ThumbnailMaker(session, default_path(), self)
        self.pairs = PairsView(
            self.model, self.thumbnails.picture, self.thumbnails.is_missing
        )
        self.empty = hint()
        self._lay_out()
        self._connect()
        self._fit_to_screen()

    # --- layout ---------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.addWidget(self.headline)
        column.addWidget(self.fraction)
        middle = QHBoxLayout()
        middle.addWidget(self.figures)
        middle.addLayout(self._changed(), 1)
        column.addLayout(middle, 1)
        column.addLayout(self._bottom())

    def _changed(self) -> QVBoxLayout:
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.pairs)
        self.how = sentence(_HOW)
        column = QVBoxLayout()
        column.addWidget(self.changes)
        column.addWidget(self.pages, 1)
        column.addWidget(self.how)
        return column

    def _bottom(self) -> QHBoxLayout:
        self.use = _button(
            "Use the new forest", "Classify everything anew with the new forest"
        )
        self.both = _button(
            "Keep both", "Leave the old one in use, and the new one in the list"
        )
        self.keep = _button("Keep the old one", "Drop the new forest; nothing changes")
        self.closing = sentence(_CLOSING)
        row = row_of((self.closing, self.use, self.both, self.keep))
        row.setStretchFactor(self.closing, 1)
        return row

    def _fit_to_screen(self) -> None:
        screen = self.parentWidget().screen().availableGeometry()
        self.resize(_GOOD_SIZE.boundedTo(screen.size() * _SCREEN_SHARE))

    # --- signals --------------------------------------------------------------

    def _connect(self) -> None:
        for button, signal in (
            (self.use, self.used),
            (self.both, self.kept_both),
            (self.keep, self.kept_old),
        ):
            button.clicked.connect(signal)
        self.pairs.in_view_changed.connect(self._fetch)
        self.pairs.visited.connect(self._go_to)
        self.thumbnails.came.connect(self._on_pictures)
        self._session.particles_changed.connect(self._on_particles)

    @Slot()
    def _on_pictures(self) -> None:
        self.pairs.viewport().update()

    @Slot(object)
    def _on_particles(self, _ids: object) -> None:
        if self.isVisible():
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Show changes since the window was hidden."""
        super().showEvent(event)
        self._session.messages.withdraw(_NAME)
        self.thumbnails.try_again()
        self.refresh()
        self.pairs.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop fetching pictures."""
        super().hideEvent(event)
        self.thumbnails.want((), ())

    # --- showing --------------------------------------------------------------

    def show_outcome(self, outcome: Outcome | None) -> None:
        """Show another outcome; None hides the window."""
        if outcome is not self._outcome:
            # Resets the cursor to the first pair.
            self.model.show(ChangedPairs())
        self._outcome = outcome
        if outcome is None:
            self._session.messages.withdraw(_NAME)
            self.hide()
            return
        self.headline.setText(outcome_words.headline(outcome))
        say(self.fraction, outcome_words.fraction(outcome))
        self.fraction.setToolTip(plain(outcome_words.fraction_tip(outcome)))
        self.figures.show_outcome(outcome)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the changed particles as they are now; the cursor keeps its particle."""
        outcome = self._outcome
        if outcome is None or not self._session.is_open:
            return
        project = self._session.project
        shown = [
            one for one in outcome.flips if not project.audits.hides(one.particle_id)
        ]
        before = self._current_id()
        self.model.show(changed_pairs(project, shown))
        words = outcome_words.changes(outcome, len(outcome.flips) - len(shown))
        self.changes.setText(words)
        self.empty.setText(words)
        any_pair = bool(self.model.pairs)
        self.pages.setCurrentWidget(self.pairs if any_pair else self.empty)
        for widget in (self.changes, self.how):
            widget.setVisible(any_pair)
        if any_pair and self.isVisible():
            project.audits.note_in_view(one.item.id for one in self.model.pairs)
            self.pairs.choose(self._row_of(before))
        self.thumbnails.look_up()
        self._fetch()

    def _current_id(self) -> str | None:
        row = self.pairs.currentIndex().row()
        is_pair = 0 <= row < len(self.model.pairs)
        return self.model.pairs[row].item.id if is_pair else None

    def _row_of(self, particle_id: str | None) -> int:
        ids = [one.item.id for one in self.model.pairs]
        return ids.index(particle_id) if particle_id in ids else 0

    @Slot()
    def _fetch(self) -> None:
        """Fetch the pictures in view, and those near them."""
        if not self.isVisible() or not self._session.is_open:
            return
        pairs = self.model.pairs
        near = [pairs[row].item for row in self.pairs.rows_near_view()]
        self.thumbnails.want(near, self._items())

    def _items(self) -> Iterator[Item]:
        return (one.item for one in self.model.pairs)

    # --- to the micrograph, and back ------------------------------------------

    def _go_to(self, particle_id: str) -> None:
        """Go to a particle; hide this window if it covers the particle."""
        self._navigation.go_to(particle_id)
        if self._covers_micrograph():
            self.hide()
            self._session.messages.put(
                _NAME, _WAITING, passes=True, remedy=_BACK, act=self.come_back
            )
            main_window(self._session.viewer).activateWindow()

    def _covers_micrograph(self) -> bool:
        canvas = find_canvas(self._session.viewer)
        if canvas is None:
            return False
        place = QRect(canvas.mapToGlobal(QPoint(0, 0)), canvas.size())
        return self.frameGeometry().contains(place.center())

    @Slot()
    def come_back(self) -> None:
        """Show the window again."""
        self.show()
        self.raise_()
        self.activateWindow()


def _button(text: str, tip: str) -> QPushButton:
    """Make a button that Enter does not press, since Enter goes to a particle."""
    button = QPushButton(text)
    button.setToolTip(plain(tip))
    button.setAutoDefault(False)
    return button


def _points(widget: QWidget) -> float:
    return widget.font().pointSizeF()
