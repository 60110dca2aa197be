"""Rows that show the pixel size and its source, with a field to set it."""

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
"""Colour of the dot before the text. Green: calibrated; blue: good enough for the
detection; orange and red: the user should give the number. The text says the same."""


def describe_pixel_size(pixel_size: PixelSize | None, paper: str) -> str:
    """State the pixel size and its source, as rich text.

    Parameters
    ----------
    pixel_size : PixelSize or None
        None if it was not determined yet.
    paper : str
        Colour of the background.
    """
    if pixel_size is None:
        return "Pixel size not known yet"
    colour = readable(_COLOURS[pixel_size.source], paper)
    dot = f'<span style="color: {colour}">\u25cf</span>'
    return f"{dot} {html.escape(str(pixel_size))}"


class PixelSizeRow(QWidget):
    """Shows the pixel size in nm and lets the user set it, for one file or all.

    Parameters
    ----------
    apply : callable
        Called with the pixel size in nm (None: withdraw it) and whether it applies to
        the whole folder.

    Attributes
    ----------
    bar : QPushButton
        Asks for the length of a bar found in the picture; hidden if there is none.
    due : QLabel
        Shown if circles and classes were found at another pixel size or with other
        settings.
    """

    def __init__(
        self,
        apply: Callable[[float | None, bool], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._apply = apply
        self._size: PixelSize | None = None
        self._shown_nm = 0.0
        self.label = MarkupLabel()
        self._show_label()
        self.field = _size_field()
        self.scope = QComboBox()
        self.scope.addItems(["for this one", "for the folder"])
        self.scope.setToolTip("The folder: every micrograph, those that come later too")
        self.button = QPushButton("Set")
        self.button.setToolTip("Take the number, for what is named on the left")
        self.refusal = sentence()
        self.due = sentence()
        self.bar = QPushButton()
        self.bar.setToolTip("Type its length, and the pixel size follows")
        for widget in (self.refusal, self.due, self.bar):
            widget.hide()
        self.button.clicked.connect(self._on_set)
        self.field.refused.connect(self._on_refused)
        self.field.entered.connect(self._on_return)
        self._lay_out()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        for widget, stretch in ((self.field, 1), (self.scope, 0), (self.button, 0)):
            line.addWidget(widget, stretch)
        column = flush_column(self)
        column.setSpacing(2)
        column.addWidget(self.label)
        column.addWidget(self.bar)
        column.addLayout(line)
        column.addWidget(self.refusal)
        column.addWidget(self.due)

    def show_size(self, pixel_size: PixelSize | None) -> None:
        """Show the pixel size of the open micrograph.

        An estimate or assumption is not put into the field: pressing the button would
        turn it into a number that the user gave.
        """
        self._size = pixel_size
        self._show_label()
        if not self.field.hasFocus():
            trusted = pixel_size is not None and pixel_size.source.is_trusted
            self.field.show_value(pixel_size.nm if pixel_size and trusted else 0.0)
            self._shown_nm = self.field.value()

    def changeEvent(self, event: QEvent) -> None:
        """Adapt the colour of the dot to the theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._show_label()

    def _show_label(self) -> None:
        self.label.setText(describe_pixel_size(self._size, paper_of(self)))

    def show_bar(self, bar: ScaleBar | None) -> None:
        """Offer to set the pixel size by a bar in the picture; None: do not."""
        self.bar.setText("" if bar is None else bar.question)
        self.bar.setVisible(bar is not None)

    def show_searched(self, pixel_size_nm: float | None, otherwise: bool) -> None:
        """Show if circles were found at another pixel size or with other settings.

        Parameters
        ----------
        pixel_size_nm : float or None
            The other pixel size; None if it is the current one.
        otherwise : bool
            Whether the settings differ from the current ones.
        """
        text, what = "", "pixel size was"
        if pixel_size_nm is not None:
            text = f"Circles and classes here are those of {pixel_size_nm:.4g} nm/px."
        elif otherwise:
            text = "Circles here were found with other settings than are set now."
            what = "settings were"
        if text:
            text += (
                f' "Detect in all" finds them anew wherever the {what} changed; '
                "your labels and circles stay."
            )
        say(self.due, text)

    def _on_refused(self, reason: str) -> None:
        self.refusal.setText(reason)
        self.refusal.setVisible(bool(reason))
        self.button.setEnabled(not reason)

    def _on_return(self) -> None:
        """Set the number if it was changed; the file's own must stay the file's."""
        if self.field.value() != self._shown_nm:
            self._on_set()

    def _on_set(self) -> None:
        self._shown_nm = value = self.field.value()
        self._apply(value or None, self.scope.currentIndex() == 1)


def _size_field() -> DecimalField:
    field = DecimalField()
    field.setRange(0.0, 10.0)
    field.setSingleStep(0.001)
    field.setSuffix(" nm/px")
    field.setSpecialValueText("not set")
    field.setToolTip("Edge of one pixel; 0 takes your number back")
    return field
