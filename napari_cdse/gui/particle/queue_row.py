"""Buttons to move through the review queue, and the choice of order and filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QPushButton, QWidget

from napari_cdse.core.review.review_queue import BATCH
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.widgets.layout import PlainLabel, choices, flush_row, keyless

if TYPE_CHECKING:
    from napari_cdse.core.review.review_queue import Order
    from napari_cdse.gui.controllers.navigation import Navigation
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.shortcuts.settings import KeySettings
    from napari_cdse.project import Which

ORDERS: tuple[tuple[str, Order, str], ...] = (
    ("doubtful first", "uncertain", "The most doubtful and the least familiar by "
     f"turns, {BATCH} at a time, each {BATCH} micrograph by micrograph"),
    ("by micrograph", "micrograph", "From micrograph to micrograph, top to bottom"),
    ("by class", "class", "As the forest calls them: yes, no, null, empty; the "
     "doubtful of each first"),
    ("surest first", "confidence", "What the forest is surest of first"),
    ("unfamiliar first", "novelty", "What is least like all that the forest learnt "
     "from first"),
)  # fmt: skip
STOPS: tuple[tuple[str, Which, str], ...] = (
    ("not judged", "unlabelled", "Those left for later come at the end"),
    ("left for later", "deferred", "Those that were left with the key for later"),
    ("disputed", "disputed", "Those on which annotators differ; see Annotators"),
    ("all", "all", "Judged ones too"),
)


class QueueRow(QWidget):
    """Buttons for the last and next particle, order, filter, and progress.

    Parameters
    ----------
    session : Session
    navigation : Navigation
        Goes to the last and next particle.
    keys : KeySettings
    """

    def __init__(
        self, session: Session, navigation: Navigation, keys: KeySettings
    ) -> None:
        super().__init__()
        self._session = session
        self._navigation = navigation
        self._keys = keys
        self.previous = self._button("<", "Particle before", "previous")
        self.next = self._button(">", "Next particle", "next")
        orders = ((text, tip) for text, _, tip in ORDERS)
        self.order = choices(orders, "In which order particles come up")
        stops = ((text, tip) for text, _, tip in STOPS)
        self.which = choices(stops, "Which particles come up")
        self.here = keyless(QPushButton("this one"))
        self.here.setCheckable(True)
        self.here.setToolTip(plain("Keep within the open micrograph"))
        self.done = PlainLabel()
        line = flush_row(self)
        line.addWidget(self.previous)
        line.addWidget(self.next)
        line.addWidget(self.order, 4)
        line.addWidget(self.which, 3)
        line.addWidget(self.here)
        line.addWidget(self.done)
        self._connect()

    def _button(self, text: str, tip: str, shortcut: str) -> QPushButton:
        button = keyless(QPushButton(text))
        self._keys.set_tip(button, tip, shortcut)
        button.setMaximumWidth(36)
        return button

    def _connect(self) -> None:
        navigation, session = self._navigation, self._session
        self.previous.clicked.connect(navigation.go_back)
        self.next.clicked.connect(navigation.go_on)
        self.order.activated.connect(self._on_chosen)
        self.which.activated.connect(self._on_chosen)
        self.here.toggled.connect(navigation.set_stays)
        navigation.order_changed.connect(self.refresh)
        session.micrographs_changed.connect(self.refresh)

    def _on_chosen(self) -> None:
        _, order, _ = ORDERS[self.order.currentIndex()]
        _, which, _ = STOPS[self.which.currentIndex()]
        self._navigation.set_order(order, which)

    @Slot()
    def refresh(self) -> None:
        """Show the order in use, and the progress of the review."""
        navigation, project = self._navigation, self._session.project
        orders, stops = [one for _, one, _ in ORDERS], [one for _, one, _ in STOPS]
        self.order.setCurrentIndex(orders.index(navigation.order))
        self.which.setCurrentIndex(stops.index(navigation.which))
        self.here.setChecked(navigation.stays)
        progress = project.particles.progress()
        deferred = project.particles.n_deferred()
        self.done.setText(str(progress))
        later = f", {deferred} left for later" if deferred else ""
        self.done.setToolTip(
            plain(f"{progress.number} of {progress.total} particles reviewed{later}")
        )
