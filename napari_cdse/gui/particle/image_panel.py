"""Four pictures of one particle: crop, spectrum, phase, and amplitude or filtered.

`ImagePanel` fills them with what was measured; their arrangement depends on the room
that the dock has.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QButtonGroup, QGridLayout, QPushButton, QWidget

from napari_cdse.core.crystal.crops import crop, field_px, spectrum_values, stretched
from napari_cdse.core.features.sampling import REACH
from napari_cdse.gui.pictures.colour_images import (
    amplitude_colours,
    filtered_colours,
    phase_colours,
    phase_key,
)
from napari_cdse.gui.pictures.image_view import SMALLEST_PX, ImageView
from napari_cdse.gui.pictures.overlays import (
    Caption,
    ColourKey,
    Ring,
    ScaleBar,
    Spot,
    Ticks,
)
from napari_cdse.gui.pictures.spectrum_pointer import SpectrumPointer
from napari_cdse.gui.widgets.layout import PlainLabel, keyless, wrapped

if TYPE_CHECKING:
    from qtpy.QtWidgets import QAbstractButton

    from napari_cdse.core.crystal.particle_analysis import Examination, ExaminedFamily
    from napari_cdse.core.records import Circle, Micrograph
    from napari_cdse.gui.pictures.overlays import Mark
    from napari_cdse.gui.pictures.scale import Scale

    Shown = tuple[Examination, int | None, Scale]

_SPACING_PX = 4
_LEAST_PX = 72
"""Least edge of a picture in a row of four, in screen pixels. A choice: docks need not
be wider than four of them."""
_BAR_NM = 2.0
_BAR_PER_NM = 2.0
"""Lengths of the scale bars in nm and in 1/nm. A choice: about a quarter of the
picture."""
_CHOSEN = "#ffd166"
_OTHERS = "#f5f5f5"
_OUTLINE = "#808080"
_OUTLINE_ALPHA = 0.8
"""Opacity of the outline. A choice."""
_SURE_RAD = math.radians(45)
"""Standard uncertainty of a phase step above which it is not shown. A choice: a fault's
120 degrees would be within three of them of 0."""
_NO_LINE = "no fault line found"
_STEP_TIP = (
    "How far the phase of the chosen family steps across the line that breaks the "
    "fringes best, marked by the ticks. A stacking fault gives 120° in the families "
    "inclined to its plane and 0° in those parallel to it; where a twin ends, the "
    "amplitude falls instead. The uncertainty is that of the speckle alone: look "
    "whether the phase is flat on both sides, as it is for a single fault."
)
_TIPS = {
    "crop": "The particle, always 8 nm across unless it is larger; the ring is its "
    "circle",
    "spectrum": "Its power spectrum over the background's, log scale: each family of "
    "fringes is a pair of Bragg peaks, numbers as in the table; click one for its "
    "phase. At the pointer: spacing, planes that fit, angle to the chosen family",
    "phase": "Geometric phase (Hÿtch, Snoeck, Kilaas 1998) of the chosen family: one "
    "colour where its planes are in step, a jump at a fault. Click a row of the table "
    "for another family",
    "amplitude": "How strong the chosen family is at each place: a twin has it on one "
    "side only",
    "filtered": "Nothing but the numbered peaks, each through a soft mask. Filtering "
    "makes fringes of speckle too: believe only what the first picture shows as well",
}


class ImagePanel(QWidget):
    """Crop, spectrum, phase, and amplitude or filtered picture.

    There are two rows of two; on a low screen there is one row of four.

    Attributes
    ----------
    examined : tuple of (Examination, int or None, Scale), or None
        What is shown: the examination, the row of the chosen family, and the scale.

    Signals
    -------
    shown()
        A picture has changed.
    peak_chosen(int)
        A peak was clicked in the spectrum; its row in the table.
    enlarging(ImageView)
        A picture was double-clicked.
    """

    shown = Signal()
    peak_chosen = Signal(int)
    enlarging = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.crop = ImageView("No particle")
        self.spectrum, self.phase, self.other = ImageView(), ImageView(), ImageView()
        self.step = PlainLabel()
        self.step.setToolTip(wrapped(_STEP_TIP))
        self.switch = QButtonGroup(self)
        self.pictures = (self.crop, self.spectrum, self.phase, self.other)
        self.pointer = SpectrumPointer(self.spectrum)
        self._is_flat: bool | None = None
        self.examined: Shown | None = None
        self._lay_out()
        for name in ("crop", "spectrum", "phase"):
            getattr(self, name).setToolTip(wrapped(_TIPS[name]))
        self.switch.buttonToggled.connect(self._on_switched)
        self.pointer.chosen.connect(self.peak_chosen)
        for picture in self.pictures:
            picture.enlarging.connect(partial(self.enlarging.emit, picture))
        self.switch.buttons()[0].setChecked(True)

    def _lay_out(self) -> None:
        grid = self._grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(_SPACING_PX)
        for number, name in enumerate(("amplitude", "filtered")):
            button = keyless(QPushButton(name, self))
            button.setToolTip(wrapped(_TIPS[name]))
            button.setCheckable(True)
            self.switch.addButton(button, number)
            button.setMaximumHeight(button.fontMetrics().height() + 6)
        self.set_flat(False)

    def set_flat(self, flat: bool) -> None:
        """Put the pictures into one row, or into two."""
        if flat == self._is_flat:
            return
        self._is_flat = flat
        grid, per_row = self._grid, 4 if flat else 2
        for number, picture in enumerate(self.pictures):
            row, place = divmod(number, per_row)
            grid.addWidget(picture, row, 2 * place, 1, 2)
        below, broad = 4 // per_row, per_row // 2
        grid.addWidget(self.step, below, 0, 1, per_row)
        for number, button in enumerate(self.switch.buttons()):
            grid.addWidget(button, below, per_row + broad * number, 1, broad)
        for column in range(8):
            grid.setColumnStretch(column, int(column < 2 * per_row))
        for row in range(3):
            grid.setRowStretch(row, int(row < below))

    def fit(self, width_px: int, height_px: int, rest_px: int) -> None:
        """Choose arrangement and size of the pictures for an area that scrolls.

        They are put into one row if they are larger that way; then they may fill the
        visible part of the area.

        Parameters
        ----------
        width_px, height_px : int
            Size of the visible part of the area.
        rest_px : int
            Height of what follows below the pictures.
        """
        line_px = self.switch.buttons()[0].sizeHint().height() + _SPACING_PX
        in_one_row = width_px // 4 - _SPACING_PX
        in_two_rows = (height_px - rest_px - line_px) // 2
        self.set_flat(in_one_row >= max(SMALLEST_PX, in_two_rows))
        edge = min(in_one_row, height_px - line_px) if self._is_flat else SMALLEST_PX
        for picture in self.pictures:
            least = _LEAST_PX if self._is_flat else SMALLEST_PX
            picture.setMinimumSize(least, max(least, edge))
        # More height than width would only separate the pictures.
        most = in_one_row if self._is_flat else width_px // 2 + _SPACING_PX
        rows = 1 if self._is_flat else 2
        self.setMaximumHeight(line_px + rows * max(most, SMALLEST_PX))

    def clear(self) -> None:
        """Show no particle."""
        self.crop.clear()
        self.show_examination(None, None, None)

    def show_crop(
        self, micrograph: Micrograph, circle: Circle, scale: Scale, colour: str
    ) -> None:
        """Show the particle, with its circle in a colour (``#rrggbb``)."""
        edge_px, edge_nm = field_px(circle, scale.pixel_size_nm)
        square = crop(micrograph.pixels, circle, edge_px)
        share = 2 * circle.radius_px / len(square)
        marks: list[Mark] = [Ring(share, colour)]
        if edge_nm is not None and scale.pixel_size_nm is not None:
            length = _BAR_NM / (scale.pixel_size_nm * len(square))
            marks.append(ScaleBar(length, _BAR_NM, "nm", scale.about))
        self.crop.show_values(stretched(square), marks)
        self.shown.emit()

    def show_examination(
        self, examination: Examination | None, chosen: int | None, scale: Scale | None
    ) -> None:
        """Show an examination, with one family in detail.

        Parameters
        ----------
        examination : Examination or None
            None while it is not available.
        chosen : int or None
            Row of the family; None if there are no fringes.
        scale : Scale or None
            Pixel size.
        """
        if examination is None or scale is None:
            self._set_examined(None)
            for picture in (self.spectrum, self.phase, self.other):
                picture.clear()
            self.step.clear()
            self.shown.emit()
            return
        self._set_examined((examination, chosen, scale))
        self._show_spectrum(examination, chosen, scale)
        self.step.setText(_step_words(examination, chosen))
        self._show_phase(examination, chosen)
        self._show_other()
        self.shown.emit()

    def _set_examined(self, shown: Shown | None) -> None:
        self.examined = shown
        self.pointer.follow(shown)

    def _show_phase(self, examination: Examination, chosen: int | None) -> None:
        if chosen is None:
            self.phase.clear()
            return
        phase_rad = examination.families[chosen].local.phase_rad
        marks = [*_outline(examination), Caption(f"phase of {chosen + 1}")]
        marks.append(ColourKey(phase_key(), "-π", "π"))
        self.phase.show_colours(phase_colours(phase_rad), marks)

    def _show_spectrum(
        self, examination: Examination, chosen: int | None, scale: Scale
    ) -> None:
        values = spectrum_values(examination.spectrum)
        size, step = len(values), examination.spectrum_step_per_px
        marks: list[Mark] = []
        if scale.pixel_size_nm is not None:
            length = _BAR_PER_NM * scale.pixel_size_nm / (step * size)
            about = "≈ " if scale.sigma else ""
            marks.append(ScaleBar(length, _BAR_PER_NM, "nm⁻¹", about))
        for number, family in enumerate(examination.families):
            peak = family.peak
            x, y = (k / (step * size) for k in (peak.k_col, peak.k_row))
            colour = _CHOSEN if number == chosen else _OTHERS
            marks.append(Spot(0.5 + x, 0.5 + y, str(number + 1), colour))
            marks.append(Spot(0.5 - x, 0.5 - y, "", colour, 0.6))
        self.spectrum.show_values(values, marks)

    def _on_switched(self, _button: QAbstractButton, on: bool) -> None:
        if on:
            self._show_other()
            self.shown.emit()

    def _show_other(self) -> None:
        if self.examined is None:
            return
        examination, chosen, _ = self.examined
        name = self.switch.checkedButton().text()
        self.other.setToolTip(wrapped(_TIPS[name]))
        if chosen is None:
            self.other.clear()
        elif name == "filtered":
            colours = filtered_colours(examination.filtered)
            self.other.show_colours(
                colours, [*_outline(examination), Caption("filtered")]
            )
        else:
            amplitude = examination.families[chosen].local.amplitude
            marks = [*_outline(examination), Caption(f"amplitude of {chosen + 1}")]
            self.other.show_colours(amplitude_colours(amplitude), marks)


def _outline(examination: Examination) -> list[Mark]:
    """Return marks for the circle, and for the line that interrupts the fringes."""
    radius = 0.5 / REACH
    marks: list[Mark] = [Ring(2 * radius, _OUTLINE, _OUTLINE_ALPHA, 1.0)]
    line = examination.line
    if line is not None:
        offset = line.offset_radii * radius
        marks.append(Ticks(line.normal_rad, offset, radius, 0.5 - radius))
    return marks


def _step_words(examination: Examination, chosen: int | None) -> str:
    if chosen is None:
        return "no clear fringes"
    if examination.line is None:
        return _NO_LINE
    return _family_step(examination.families[chosen])


def _family_step(family: ExaminedFamily) -> str:
    step_rad, sigma_rad = family.step_rad, family.step_sigma_rad
    if step_rad is None or sigma_rad is None or sigma_rad > _SURE_RAD:
        return "phase step too uncertain"
    step, sigma = math.degrees(step_rad), math.degrees(sigma_rad)
    return f"phase step {abs(step):.0f} ± {sigma:.0f}°"
