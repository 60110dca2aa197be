"""Row that shows the pixel size and its source, with a field to set it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QWidget,
)

from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.gui.canvas.class_colours import readable
from napari_cdse.gui.widgets.decimal_field import DecimalField
from napari_cdse.gui.widgets.layout import (
    MarkupLabel,
    flush_column,
    paper_of,
    say,
    sentence,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.core.pixel_size import PixelSize, ScaleBar

_COLOURS = {
    PixelSizeSource.FILE: "#3a9d5d",
    PixelSizeSource.PERSON: "#3a9d5d",
    PixelSizeSource.ESTIMATED: "#4a90d9",
    PixelSizeSource.UNSURE: "#d98a1f",
    PixelSizeSource.ASSUMED: "#e0503c",
}
"""Of the dot before the words: green calibrates, blue sets windows, orange and red ask
for the user's number. The words say the same."""


def describe_pixel_size(pixel_size: PixelSize | None, paper: str) -> str:
    """Say the pixel size and how it is known, as rich text.

    Parameters
    ----------
    pixel_size : PixelSize or None
        None where it was not looked for yet.
    paper : str
        Colour that it is written on.
    """
    if pixel_size is None:
        return "Pixel size not known yet"
    colour = readable(_COLOURS[pixel_size.source], paper)
    dot = f'<span style="color: {colour}">\u25cf</span>'
    return f"{dot} {html.escape(str(pixel_size))}"


class PixelSizeRow(QWidget):
    """A number in nm per pixel and what it is for.

    Parameters
    ----------
    apply : callable
        Takes the pixel size in nm (None: take it back) and whether it is meant for
        the whole folder.

    Attributes
    ----------
    bar : QPushButton
        Asks how long a bar is that was found in the picture; hidden without one.
    due : QLabel
        Says that circles and classes are those of another pixel size or of other
        settings; hidden else.
    """

    def __init__(
        self,
        apply: Callable[[float | None, bool], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._apply = apply
        self._size: PixelSize | None = None
        self._shown = 0.0
        self.says = MarkupLabel()
        self._say()
        self.field = DecimalField()
        self.field.setRange(0.0, 10.0)
        self.field.setSingleStep(0.001)
        self.field.setSuffix(" nm/px")
        self.field.setSpecialValueText("not set")
        self.field.setToolTip("Edge of one pixel; 0 takes your number back")
        self.scope = QComboBox()
        self.scope.addItems(["for this one", "for the folder"])
        self.scope.setToolTip("The folder: every micrograph, those that come later too")
        self.button = QPushButton("Set")
        self.button.setToolTip("Take the number, for what is named on the left")
        self.button.clicked.connect(self._on_set)
        self.refusal = sentence()
        self.refusal.hide()
        self.field.refused.connect(self._on_refused)
        self.field.entered.connect(self._on_return)
        self.due = sentence()
        self.due.hide()
        self.bar = QPushButton()
        self.bar.setToolTip("Type its length, and the pixel size follows")
        self.bar.hide()
        line = QHBoxLayout()
        for widget, stretch in ((self.field, 1), (self.scope, 0), (self.button, 0)):
            line.addWidget(widget, stretch)
        column = flush_column(self)
        column.setSpacing(2)
        column.addWidget(self.says)
        column.addWidget(self.bar)
        column.addLayout(line)
        column.addWidget(self.refusal)
        column.addWidget(self.due)

    def show_size(self, pixel_size: PixelSize | None) -> None:
        """Show what is known of the open micrograph.

        The field holds no number that nobody can vouch for, so that pressing the
        button makes no assumption a person's word.
        """
        self._size = pixel_size
        self._say()
        if not self.field.hasFocus():
            vouched = pixel_size is not None and pixel_size.source.is_trusted
            self.field.show_value(pixel_size.nm if pixel_size and vouched else 0.0)
            self._shown = self.field.value()

    def changeEvent(self, event: QEvent) -> None:
        """Colour the dot for the theme of now."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._say()

    def _say(self) -> None:
        self.says.setText(describe_pixel_size(self._size, paper_of(self)))

    def show_bar(self, bar: ScaleBar | None) -> None:
        """Offer to set the pixel size by a bar in the picture, or offer nothing."""
        self.bar.setText("" if bar is None else bar.question)
        self.bar.setVisible(bar is not None)

    def show_searched(self, pixel_size_nm: float | None, otherwise: bool) -> None:
        """Say at which other pixel size, or that with other settings, it was searched.

        Parameters
        ----------
        pixel_size_nm : float or None
            None where it was searched at that of now.
        otherwise : bool
            Whether it was searched with other settings than those of now.
        """
        told, what = "", "pixel size was"
        if pixel_size_nm is not None:
            told = f"Circles and classes here are those of {pixel_size_nm:.4g} nm/px."
        elif otherwise:
            told = "Circles here were found with other settings than are set now."
            what = "settings were"
        if told:
            told += (
                f' "Detect in all" finds them anew wherever the {what} changed; '
                "your labels and circles stay."
            )
        say(self.due, told)

    def _on_refused(self, told: str) -> None:
        self.refusal.setText(told)
        self.refusal.setVisible(bool(told))
        self.button.setEnabled(not told)

    def _on_return(self) -> None:
        """Set another number; the file's own would else become a person's word."""
        if self.field.value() != self._shown:
            self._on_set()

    def _on_set(self) -> None:
        self._shown = value = self.field.value()
        self._apply(value or None, self.scope.currentIndex() == 1)
