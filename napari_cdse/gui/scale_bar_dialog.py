"""The question after a line was drawn along a scale bar: its length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from napari_cdse.core.errors import ParameterError
from napari_cdse.gui.widgets import sentence
from napari_cdse.io.micrograph_file import check_pixel_size

if TYPE_CHECKING:
    from napari_cdse.gui.drag_line import Line

NM_PER_UNIT = {"nm": 1.0, "\u00b5m": 1000.0, "\u00c5": 0.1}
SCOPES = ("for this one", "for the folder")


class ScaleBarDialog(QDialog):
    """Ask for the length that a line stands for, and show what follows.

    Parameters
    ----------
    line : Line
        As drawn along the scale bar.
    last : tuple of (float, str)
        Length and unit as answered last time.
    """

    def __init__(
        self, line: Line, last: tuple[float, str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Scale bar")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._line = line
        length, unit = last
        self.field = QDoubleSpinBox()
        self.field.setDecimals(4)
        self.field.setRange(0.0001, 100_000.0)
        self.field.setValue(length)
        self.units = QComboBox()
        self.units.addItems(list(NM_PER_UNIT))
        self.units.setCurrentText(unit)
        self.scope = QComboBox()
        self.scope.addItems(SCOPES)
        self.says = sentence()
        self.says.setMinimumWidth(320)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.field.valueChanged.connect(self._refresh)
        self.units.currentTextChanged.connect(self._refresh)
        self._refresh()
        self.field.selectAll()
        self.field.setFocus()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.addWidget(QLabel("The scale bar is"))
        for widget, stretch in ((self.field, 1), (self.units, 0), (self.scope, 0)):
            line.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.addLayout(line)
        column.addWidget(self.says)
        column.addWidget(self.buttons)

    @property
    def length(self) -> float:
        """Length in the chosen unit."""
        return self.field.value()

    @property
    def unit(self) -> str:
        """Chosen unit."""
        return self.units.currentText()

    @property
    def pixel_size_nm(self) -> float:
        """Edge of a pixel that follows."""
        return self.length * NM_PER_UNIT[self.unit] / self._line.length_px

    @property
    def whole_folder(self) -> bool:
        """Whether it is meant for all micrographs."""
        return self.scope.currentIndex() == 1

    def _refresh(self) -> None:
        # Half a pixel of the screen at each end, and both may err the same way.
        share = self._line.screen_px / self._line.length_px
        says = (
            f"The line is {self._line.length_px:.1f} px long: "
            f"{self.pixel_size_nm:.5f} nm/px, within {share:.1%} as it was drawn."
        )
        try:
            check_pixel_size(self.pixel_size_nm)
            good = True
        except ParameterError as error:
            says, good = str(error), False
        self.says.setText(says)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(good)
