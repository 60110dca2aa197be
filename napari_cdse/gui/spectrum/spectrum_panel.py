"""The spectrum as a picture with its peaks marked, and the table of the peaks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal, Slot
from qtpy.QtWidgets import QBoxLayout, QWidget

from napari_cdse.core.crystal.crops import spectrum_values
from napari_cdse.gui.pictures.image_view import ImageView
from napari_cdse.gui.pictures.overlays import Caption, Mask, Spot
from napari_cdse.gui.pictures.peaks_table import PeaksTable
from napari_cdse.gui.pictures.scale import Scale
from napari_cdse.gui.pictures.spectrum_pointer import family_at, reading_of
from napari_cdse.gui.spectrum.peak_selection import PeakSelection
from napari_cdse.gui.widgets.layout import wrapped

if TYPE_CHECKING:
    from napari_cdse.gui.spectrum.cropped_spectrum import CroppedSpectrum

_CHOSEN = "#ffd166"
_OTHERS = "#f5f5f5"
_TIP = (
    "Power spectrum of the square, over what the same frequency has in other "
    "directions, log scale, Hann window. Click a peak to choose it: the chosen ones "
    "are what is filtered, two of them tell the strain. The wheel zooms"
)


class SpectrumPanel(QWidget):
    """Shows a spectrum; a click on a peak or on its row chooses its family.

    Attributes
    ----------
    spectrum : CroppedSpectrum or None
    selection : PeakSelection
        Its families, and those chosen.

    Signals
    -------
    selection_changed()
        The user has chosen other families.
    """

    selection_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.spectrum: CroppedSpectrum | None = None
        self.selection = PeakSelection()
        self._scale = Scale(None)
        self._smoothing_px = 1.0
        self.picture = ImageView("No micrograph", zoomable=True)
        self.picture.setToolTip(wrapped(_TIP))
        self.peaks = PeaksTable()
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.picture, 1)
        self._layout.addWidget(self.peaks, 1)
        self.picture.clicked.connect(self._on_click)
        self.picture.pointed.connect(self._on_point)
        self.picture.left.connect(self._show_marks)
        self.peaks.chosen.connect(self.toggle)

    def set_side_by_side(self, beside: bool) -> None:
        """Put the table beside the picture, or below it."""
        ways = QBoxLayout.Direction
        self._layout.setDirection(ways.LeftToRight if beside else ways.TopToBottom)

    def show_spectrum(self, spectrum: CroppedSpectrum, scale: Scale) -> None:
        """Show another spectrum; the same families stay chosen."""
        self.spectrum, self._scale = spectrum, scale
        self.selection.show(spectrum.peaks, spectrum.step_per_px)
        self.picture.show_values(spectrum_values(spectrum.ratio))
        self._show_selection()

    def set_smoothing(self, smoothing_px: float) -> None:
        """Draw masks of filters with this resolution in pixels of the micrograph."""
        self._smoothing_px = smoothing_px
        self._show_marks()

    @Slot(int)
    def toggle(self, row: int) -> None:
        """Choose a family, or leave it out if it is chosen."""
        self.selection.toggle(row)
        self._show_selection()
        self.selection_changed.emit()

    def _show_selection(self) -> None:
        selection = self.selection
        self.peaks.show_families(selection.peaks, selection.first, self._scale)
        self._show_marks()

    @Slot()
    def _show_marks(self) -> None:
        """Mark the peaks, and the masks of those that are chosen."""
        self.picture.marks = tuple(self._marks())
        self.picture.update()

    def _marks(self) -> list[Spot | Mask]:
        spectrum = self.spectrum
        if spectrum is None:
            return []
        edge = spectrum.edge_per_px
        # The Fourier transform of the Gaussian that smooths in the square.
        radius = 1 / (2 * math.pi * self._smoothing_px) / edge
        marks: list[Spot | Mask] = []
        for row, peak in enumerate(spectrum.peaks):
            is_chosen = row in self.selection.rows
            colour = _CHOSEN if is_chosen else _OTHERS
            for sign, number in ((1, str(row + 1)), (-1, "")):
                x, y = (0.5 + sign * k / edge for k in (peak.k_col, peak.k_row))
                marks.append(Spot(x, y, number, colour))
                if is_chosen:
                    marks.append(Mask(x, y, radius))
        return marks

    def _on_click(self, x: float, y: float) -> None:
        row = family_at(self.picture, x, y)
        if row is not None:
            self.toggle(row)

    def _on_point(self, x: float, y: float) -> None:
        """Write the spacing at the pointer into the picture."""
        spectrum = self.spectrum
        if spectrum is None:
            return
        text = reading_of(
            x,
            y,
            spectrum.size,
            spectrum.step_per_px,
            spectrum.peaks,
            self.selection.first,
            self._scale,
        )
        self.picture.marks = (*self._marks(), *([Caption(text)] if text else []))
        self.picture.update()
