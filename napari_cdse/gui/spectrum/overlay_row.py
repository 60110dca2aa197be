"""Controls of the picture that is laid over the micrograph, in the square."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_cdse.core.crystal.geometric_phase import SMOOTHING_NM
from napari_cdse.core.pixel_size import TYPICAL_PIXEL_SIZE_NM
from napari_cdse.gui.spectrum.overlay_pictures import OVERLAYS
from napari_cdse.gui.widgets.decimal_field import DecimalField
from napari_cdse.gui.widgets.layout import (
    PlainLabel,
    choices,
    row_of,
    say,
    sentence,
    view_column,
)

if TYPE_CHECKING:
    from napari_cdse.core.crystal.bragg_peaks import BraggPeak
    from napari_cdse.gui.pictures.scale import Scale
    from napari_cdse.gui.spectrum.square_layer import SquareLayer

_NONE = ("nothing", "The micrograph as it is")
_DETAIL_NM = (0.1, 5.0)
"""Range of the resolution. A choice: from the distance of atoms to a whole particle."""
_LEAST_SMOOTHING_PX = 1.0
"""Least resolution in pixels: finer detail is not in the micrograph."""


class OverlayRow(QWidget):
    """Which picture is laid over the micrograph, and with what resolution.

    Parameters
    ----------
    square : SquareLayer
        Shows the picture.

    Signals
    -------
    chosen()
        Another kind of picture was chosen.
    detail_changed()
        Another resolution was set.
    """

    chosen = Signal()
    detail_changed = Signal()

    def __init__(self, square: SquareLayer) -> None:
        super().__init__()
        self._square = square
        lines = (_NONE, *((each.name, each.tip) for each in OVERLAYS))
        self.kind = choices(lines, "What is laid over the micrograph, in the square")
        self.detail = DecimalField()
        self.detail.setRange(*_DETAIL_NM)
        self.detail.setSingleStep(0.1)
        self.detail.setValue(SMOOTHING_NM)
        self.detail.setSuffix(" nm")
        self.detail.setToolTip(
            "Details finer than about twice this are not in what is laid over the "
            "micrograph: the broader, the smaller is the mask round each peak"
        )
        self.meaning = sentence()
        row = row_of(
            (PlainLabel("Over it"), self.kind, PlainLabel("Detail"), self.detail)
        )
        row.setStretch(1, 1)
        column = view_column(self)
        column.addLayout(row)
        column.addWidget(self.meaning)
        self.kind.activated.connect(lambda _row: self.chosen.emit())
        self.detail.valueChanged.connect(lambda _value: self.detail_changed.emit())

    def smoothing_px(self, scale: Scale) -> float:
        """Return the resolution in pixels of the micrograph."""
        size_nm = scale.pixel_size_nm or TYPICAL_PIXEL_SIZE_NM
        return max(float(self.detail.value()) / size_nm, _LEAST_SMOOTHING_PX)

    def show_overlay(self, peaks: tuple[BraggPeak, ...], scale: Scale) -> None:
        """Lay the chosen picture over the square, or write what is missing for it.

        Parameters
        ----------
        peaks : tuple of BraggPeak
            The chosen families.
        scale : Scale
            Pixel size of the micrograph.
        """
        row, pixels = self.kind.currentIndex(), self._square.pixels
        if row == 0 or pixels is None:
            self._square.hide_overlay()
            say(self.meaning, "")
            return
        overlay = OVERLAYS[row - 1]
        missing = overlay.missing(peaks)
        if missing:
            self._square.hide_overlay()
            say(self.meaning, missing)
            return
        picture = overlay.picture(pixels, peaks, self.smoothing_px(scale))
        self._square.show_overlay(picture, overlay.name)
        say(self.meaning, picture.words)
