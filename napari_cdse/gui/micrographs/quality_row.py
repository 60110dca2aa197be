"""Row to filter the table by quality, and to leave out what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from napari_cdse.gui.micrographs.quality_columns import QUALITY_COLUMNS
from napari_cdse.gui.micrographs.sorted_micrographs import QualityLimit
from napari_cdse.gui.widgets.decimal_field import DecimalField
from napari_cdse.gui.widgets.layout import flush_column, keyless, sentence

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 1e6
"""Largest number that can be typed: no figure of a micrograph is beyond."""
_ALL = "all"


class QualityRow(QWidget):
    """Choose a figure and a limit; the table shows what lies beyond.

    Parameters
    ----------
    show : callable
        Takes the limit, or None where all are to be shown.
    leave_out : callable
        Is called to leave out all that are shown.

    Attributes
    ----------
    figure, side : QComboBox
    limit : DecimalField
    button : QPushButton
    """

    def __init__(
        self,
        show: Callable[[QualityLimit | None], None],
        leave_out: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._show = show
        self.figure = keyless(QComboBox())
        self.figure.addItem(_ALL)
        self.figure.addItems([each.header for each in QUALITY_COLUMNS])
        self.figure.setToolTip("Show all micrographs, or those with this figure ...")
        self.side = keyless(QComboBox())
        self.side.addItems(["above", "below"])
        self.side.setToolTip("... above or below the number")
        self.limit = DecimalField()
        self.limit.setRange(0.0, _MOST)
        self.limit.setToolTip("The limit, in the unit of the figure")
        self.button = QPushButton("Leave these out")
        self.button.setToolTip(
            "Leave out all that are shown; undo takes them back at once"
        )
        self.button.clicked.connect(leave_out)
        self.says = sentence()
        line = QHBoxLayout()
        for widget in (self.figure, self.side, self.limit, self.button):
            line.addWidget(widget)
        column = flush_column(self)
        column.addLayout(line)
        column.addWidget(self.says)
        self.figure.currentIndexChanged.connect(self._on_figure)
        self.side.currentIndexChanged.connect(self._on_limit)
        self.limit.valueChanged.connect(self._on_limit)
        self._enable()
        self.say_shown(0, 0)

    @property
    def wanted(self) -> QualityLimit | None:
        """What is to be shown; None: all."""
        at = self.figure.currentIndex() - 1
        if at < 0:
            return None
        above = self.side.currentIndex() == 0
        return QualityLimit(QUALITY_COLUMNS[at], above, self.limit.value())

    def say_shown(self, shown: int, total: int) -> None:
        """Say how many micrographs are shown."""
        some = self.wanted is not None
        self.says.setText(f"{shown} of {total} micrographs are shown." if some else "")
        self.says.setVisible(some)
        self.button.setEnabled(some and shown > 0)

    def _on_figure(self) -> None:
        at = self.figure.currentIndex() - 1
        if at >= 0:
            self.side.setCurrentIndex(0 if QUALITY_COLUMNS[at].above else 1)
        self._on_limit()

    def _on_limit(self) -> None:
        self._enable()
        self._show(self.wanted)

    def _enable(self) -> None:
        some = self.figure.currentIndex() > 0
        for widget in (self.side, self.limit):
            widget.setEnabled(some)
