"""Row to filter the table by quality and to leave out the micrographs shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QComboBox, QPushButton, QWidget

from napari_cdse.gui.micrographs.quality_columns import QUALITY_COLUMNS
from napari_cdse.gui.micrographs.sorted_micrographs import QualityLimit
from napari_cdse.gui.widgets.decimal_field import DecimalField
from napari_cdse.gui.widgets.layout import flush_column, keyless, row_of, sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.gui.micrographs.quality_columns import QualityColumn

_LARGEST_LIMIT = 1e6
"""Largest number that can be typed; beyond all figures of micrographs."""
_ALL = "all"


class QualityRow(QWidget):
    """Lets the user choose a figure and a limit; the table shows what is beyond it.

    Parameters
    ----------
    show : callable
        Called with the limit, or None to show all.
    leave_out : callable
        Called to leave out all that are shown.

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
        self.limit.setRange(0.0, _LARGEST_LIMIT)
        self.limit.setToolTip("The limit, in the unit of the figure")
        self.button = QPushButton("Leave these out")
        self.button.setToolTip(
            "Leave out all that are shown; undo takes them back at once"
        )
        self.button.clicked.connect(leave_out)
        self.label = sentence()
        column = flush_column(self)
        column.addLayout(row_of((self.figure, self.side, self.limit)))
        # In a line of its own: with it beside them the dock was wider than a small
        # screen has room for.
        beyond = row_of((self.label, self.button))
        beyond.setStretchFactor(self.label, 1)
        column.addLayout(beyond)
        self.figure.currentIndexChanged.connect(self._on_figure)
        self.side.currentIndexChanged.connect(self._on_limit)
        self.limit.valueChanged.connect(self._on_limit)
        self._enable()
        self.say_shown(0, 0)

    @property
    def wanted(self) -> QualityLimit | None:
        """The limit that is set; None: all micrographs are shown."""
        column = self._column
        if column is None:
            return None
        above = self.side.currentIndex() == 0
        return QualityLimit(column, above, self.limit.value())

    @property
    def _column(self) -> QualityColumn | None:
        row = self.figure.currentIndex()
        return QUALITY_COLUMNS[row - 1] if row > 0 else None

    def say_shown(self, shown: int, total: int) -> None:
        """Show how many micrographs are shown, if a limit is set."""
        limited = self.wanted is not None
        self.label.setText(
            f"{shown} of {total} micrographs are shown." if limited else ""
        )
        for widget in (self.label, self.button):
            widget.setVisible(limited)
        self.button.setEnabled(limited and shown > 0)

    def _on_figure(self) -> None:
        column = self._column
        if column is not None:
            self.side.setCurrentIndex(0 if column.above else 1)
        self._on_limit()

    def _on_limit(self) -> None:
        self._enable()
        self._show(self.wanted)

    def _enable(self) -> None:
        for widget in (self.side, self.limit):
            widget.setEnabled(self._column is not None)
