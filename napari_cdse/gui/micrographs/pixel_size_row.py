"""How large a pixel is, who says so, and a field to set it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QWidget,
)

from napari_cdse.gui.widgets.decimal_field import DecimalField
from napari_cdse.gui.widgets.layout import PlainLabel, flush_column, sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.core.records import PixelSizeSource

_SAYS = {
    "file": "from the file",
    "person": "set by hand",
    "estimated": "estimated from the lattice",
}


def describe_pixel_size(
    pixel_size_nm: float | None, source: PixelSizeSource | None
) -> str:
    """Say the pixel size and where it comes from."""
    if pixel_size_nm is None or source is None:
        return "Pixel size not known yet"
    return f"{pixel_size_nm:.4g} nm/px, {_SAYS[source]}"


class PixelSizeRow(QWidget):
    """A number in nm per pixel and what it is for.

    Parameters
    ----------
    apply : callable
        Takes the pixel size in nm (None: take it back) and whether it is meant for
        the whole folder.
    """

    def __init__(
        self,
        apply: Callable[[float | None, bool], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._apply = apply
        self.says = PlainLabel(describe_pixel_size(None, None))
        self.field = DecimalField()
        self.field.setRange(0.0, 10.0)
        self.field.setSingleStep(0.001)
        self.field.setSuffix(" nm/px")
        self.field.setSpecialValueText("not set")
        self.field.setToolTip("Edge of one pixel; 0 takes your number back")
        self.scope = QComboBox()
        self.scope.addItems(["for this one", "for the folder"])
        self.button = QPushButton("Set")
        self.button.clicked.connect(self._on_set)
        self.refusal = sentence()
        self.refusal.hide()
        self.field.refused.connect(self._on_refused)
        line = QHBoxLayout()
        for widget, stretch in ((self.field, 1), (self.scope, 0), (self.button, 0)):
            line.addWidget(widget, stretch)
        column = flush_column(self)
        column.setSpacing(2)
        column.addWidget(self.says)
        column.addLayout(line)
        column.addWidget(self.refusal)

    def show_size(
        self, pixel_size_nm: float | None, source: PixelSizeSource | None
    ) -> None:
        """Show what is known of the open micrograph."""
        self.says.setText(describe_pixel_size(pixel_size_nm, source))
        if not self.field.hasFocus():
            self.field.setValue(pixel_size_nm or 0.0)

    def _on_refused(self, told: str) -> None:
        self.refusal.setText(told)
        self.refusal.setVisible(bool(told))
        self.button.setEnabled(not told)

    def _on_set(self) -> None:
        value = self.field.value()
        self._apply(value or None, self.scope.currentIndex() == 1)
