"""Dialog for the length of a scale bar, from which the pixel size follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from napari_cdse.core.errors import ParameterError
from napari_cdse.gui.widgets.decimal_field import DecimalField
from napari_cdse.gui.widgets.layout import PlainLabel, sentence
from napari_cdse.io.images.micrograph_file import check_pixel_size

if TYPE_CHECKING:
    from napari_cdse.gui.tools.line_tool import Line

NM_PER_UNIT = {"nm": 1.0, "\u00b5m": 1000.0, "\u00c5": 0.1}
SCOPES = ("for this one", "for the folder")
_LENGTHS = (0.0001, 100_000.0)
"""Range of the length. A choice: wider than any scale bar in any of the units."""


class ScaleBarDialog(QDialog):
    """Asks for the length of a scale bar, and shows the pixel size that follows.

    Parameters
    ----------
    line : Line
        Drawn along the scale bar.
    last : tuple of (float, str)
        Length and unit of the last answer.
    """

    def __init__(
        self, line: Line, last: tuple[float, str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Scale bar")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._line = line
        length, unit = last
        self.field = DecimalField()
        # The pixel size is shown while the length is typed.
        self.field.setKeyboardTracking(True)
        self.field.setRange(*_LENGTHS)
        self.field.setValue(length)
        self.units = QComboBox()
        self.units.addItems(list(NM_PER_UNIT))
        self.units.setCurrentText(unit)
        self.scope = QComboBox()
        self.scope.addItems(SCOPES)
        self.result_label = sentence()
        self.result_label.setMinimumWidth(320)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.field.valueChanged.connect(self._refresh)
        self.field.refused.connect(self._refresh)
        self.units.currentTextChanged.connect(self._refresh)
        self._refresh()
        self.field.selectAll()
        self.field.setFocus()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.addWidget(PlainLabel("The scale bar is"))
        for widget, stretch in ((self.field, 1), (self.units, 0), (self.scope, 0)):
            line.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.addLayout(line)
        column.addWidget(self.result_label)
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
        """The pixel size that follows."""
        return self.length * NM_PER_UNIT[self.unit] / self._line.length_px

    @property
    def whole_folder(self) -> bool:
        """Whether the pixel size is set for all micrographs."""
        return self.scope.currentIndex() == 1

    def _refresh(self) -> None:
        words, is_valid = self._result()
        self.result_label.setText(words)
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(is_valid)

    def _result(self) -> tuple[str, bool]:
        """Return the result of the present answer in words, and whether it is valid."""
        if self.field.sentence:
            return self.field.sentence, False
        # Half a screen pixel at each end, and both errors may have the same sign.
        share = self._line.screen_px / self._line.length_px
        words = (
            f"The line is {self._line.length_px:.1f} px long: "
            f"{self.pixel_size_nm:.5f} nm/px, within {share:.1%} as it was drawn."
        )
        try:
            check_pixel_size(self.pixel_size_nm)
        except ParameterError as error:
            return str(error), False
        return words, True
