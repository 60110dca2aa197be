"""Window with one figure of the population, to copy and save."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QApplication, QDialog, QPushButton, QVBoxLayout

from napari_cdse.gui.session import notifications
from napari_cdse.gui.widgets.figure_view import FigureView
from napari_cdse.gui.widgets.layout import choices, row_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QWidget

    from napari_cdse.io.export.figures.style import Draw

_SIZE_PX = (860, 640)
"""Half a screen of 1366 x 768, so that the micrograph can be seen beside it."""


class FigureWindow(QDialog):
    """Shows the same figure as the dock, larger.

    Parameters
    ----------
    figures : sequence of tuple of str
        Name and tooltip of each figure, as in the list of the dock.
    parent : QWidget
        The main window; this one stays above it.

    Signals
    -------
    chosen(int)
        The row of another figure was chosen.
    saving()
        The figure is to be saved as a file.
    """

    chosen = Signal(int)
    saving = Signal()

    def __init__(self, figures: Sequence[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Population")
        self.resize(*_SIZE_PX)
        self.figure = FigureView()
        self.figures = choices(figures, "Which figure is shown, here and in the dock")
        self.copy = QPushButton("Copy picture")
        self.copy.setToolTip("Put the figure into the clipboard as it looks here")
        self.save = QPushButton("Save\u2026")
        self.save.setToolTip("Write the figure as PNG, SVG or PDF, black on white")
        for button in (self.copy, self.save):
            # Return opens the list instead.
            button.setAutoDefault(False)
        column = QVBoxLayout(self)
        top = row_of((self.figures, self.copy, self.save))
        top.setStretch(0, 1)
        column.addLayout(top)
        column.addWidget(self.figure, 1)
        self.figures.activated.connect(self.chosen)
        self.copy.clicked.connect(self._copy)
        self.save.clicked.connect(self.saving)

    def show_figure(self, row: int, draw: Draw) -> None:
        """Show a figure.

        Parameters
        ----------
        row : int
            Row of the figure in the list.
        draw : callable
            Draws the figure.
        """
        self.figures.setCurrentIndex(row)
        self.figure.show_figure(draw)

    def _copy(self) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setPixmap(self.figure.canvas.grab())
            notifications.inform("The figure is copied.")
