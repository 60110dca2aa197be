"""The gallery's controls: which particles are shown, and in what order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QSize, Signal
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QWidget,
)

from napari_cdse.gui.canvas.class_colours import (
    CLASS_NAMES,
    HEX,
    LETTERS,
    MEANINGS,
    UNLABELLED,
    readable,
)
from napari_cdse.gui.gallery.items import SORTINGS, WHO, Choice
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.widgets.layout import choices, flush_column, keyless, paper_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SORTINGS = {
    "surest": ("surest first", "By the forest's probability of the class shown"),
    "doubt": ("doubtful first", "Where the forest's best two classes are close"),
    "micrograph": ("by micrograph", "In each, from top to bottom"),
    "size": ("largest first", "By diameter; in nm where the pixel size is known"),
}
_WHO = {
    "anyone": ("all", "Whoever named the class"),
    "person": ("judged", "A person named the class"),
    "forest": ("not judged", "Only the forest named the class"),
    "differ": ("against the forest", "A person named another class than the forest"),
    "later": ("left for later", "To be looked at again"),
    "nobody": ("no class", "Neither a person nor the forest has spoken"),
}
_SWATCH_PX = 12


class GalleryFilters(QWidget):
    """Two lines of controls.

    Signals
    -------
    changed()
        The user has changed the choice.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.classes = {name: self._class_button(name) for name in CLASS_NAMES}
        self.sorting = self._box(
            [_SORTINGS[one] for one in SORTINGS], "In which order particles are shown"
        )
        self.who = self._box([_WHO[one] for one in WHO], "By who gave the class")
        self.this_one = self._button("this one")
        self.this_one.setToolTip("Only the open micrograph's")
        column = flush_column(self)
        column.setSpacing(4)
        column.addLayout(_even_row(self.classes.values()))
        column.addLayout(_even_row((self.sorting, self.who, self.this_one)))
        self._colour_classes()

    def choice(self, micrograph: int | None) -> Choice:
        """Return the user's choice.

        Parameters
        ----------
        micrograph : int or None
            Index of the open micrograph.
        """
        names = {name for name, button in self.classes.items() if button.isChecked()}
        only = self.this_one.isChecked()
        return Choice(
            sorting=SORTINGS[self.sorting.currentIndex()],
            who=WHO[self.who.currentIndex()],
            names=frozenset(names),
            # No particle has the index -1, which stands for no open micrograph.
            micrograph=(-1 if micrograph is None else micrograph) if only else None,
        )

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show how many particles there are of each class."""
        for name, button in self.classes.items():
            button.setText(f"{LETTERS[name] or '?'} {counts.get(name, 0)}")

    def _class_button(self, name: str) -> QPushButton:
        button = self._button("")
        button.setChecked(True)
        button.setIconSize(QSize(_SWATCH_PX, _SWATCH_PX))
        what = "no class yet" if name == UNLABELLED else f"{name}: {MEANINGS[name]}"
        button.setToolTip(plain(f"Show or hide {what}"))
        return button

    def changeEvent(self, event: QEvent) -> None:
        """Colour the classes for the present theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._colour_classes()

    def _colour_classes(self) -> None:
        for name, button in self.classes.items():
            paper = paper_of(button)
            button.setIcon(_swatch(readable(HEX[name], paper), paper))

    def _button(self, text: str) -> QPushButton:
        button = keyless(QPushButton(text))
        button.setCheckable(True)
        button.toggled.connect(lambda _on: self.changed.emit())
        return button

    def _box(self, lines: Sequence[tuple[str, str]], tip: str) -> QComboBox:
        box = choices(lines, tip)
        box.currentIndexChanged.connect(lambda _row: self.changed.emit())
        return box


def _swatch(colour: str, paper: str) -> QIcon:
    """Make an icon: filled while the class is shown, else an empty frame."""
    icon = QIcon()
    for state, filled in ((QIcon.State.On, True), (QIcon.State.Off, False)):
        pixmap = QPixmap(_SWATCH_PX, _SWATCH_PX)
        # A checked button has another background.
        pixmap.fill(QColor(paper))
        painter = QPainter(pixmap)
        whole = pixmap.rect().adjusted(1, 1, -1, -1)
        painter.fillRect(whole, QColor(colour))
        if not filled:
            painter.fillRect(whole.adjusted(1, 1, -1, -1), QColor(paper))
        painter.end()
        icon.addPixmap(pixmap, QIcon.Mode.Normal, state)
    return icon


def _even_row(widgets: Iterable[QWidget]) -> QHBoxLayout:
    """Lay widgets out beside each other, all equally wide."""
    row = QHBoxLayout()
    row.setSpacing(4)
    for widget in widgets:
        row.addWidget(widget, 1)
    return row
