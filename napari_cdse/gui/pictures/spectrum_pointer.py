"""The mouse in a spectrum: show spacings, and choose a family of fringes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_cdse.core.crystal.lattice_planes import planes_fitting
from napari_cdse.gui.pictures.overlays import Caption, Spot
from napari_cdse.gui.pictures.peak_words import planes_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.crystal.bragg_peaks import BraggPeak
    from napari_cdse.core.crystal.particle_analysis import Examination
    from napari_cdse.gui.pictures.image_view import ImageView
    from napari_cdse.gui.pictures.scale import Scale

_NEAR = 1.5
"""Greatest distance of a click from a peak, over the radius of the peak's ring. A
choice: a click just beside the ring is meant for it."""
_LOWEST = 2.0
"""Samples around frequency 0 for which no spacing is shown: such a spacing would be as
long as half the field."""


class SpectrumPointer(QObject):
    """Shows what is at the pointer in the spectrum of a particle, and reports clicks.

    Signals
    -------
    chosen(int)
        A peak was clicked; its row in the table.

    Parameters
    ----------
    view : ImageView
        Shows the spectrum.
    """

    chosen = Signal(int)

    def __init__(self, view: ImageView) -> None:
        super().__init__(view)
        self._view = view
        self._shown: tuple[Examination, int | None, Scale] | None = None
        view.clicked.connect(self._on_click)
        view.pointed.connect(self._on_point)
        view.left.connect(self._on_left)

    def follow(self, shown: tuple[Examination, int | None, Scale] | None) -> None:
        """Set the examination whose spectrum is shown; None if there is none."""
        self._shown = shown

    def _on_click(self, x: float, y: float) -> None:
        row = None if self._shown is None else family_at(self._view, x, y)
        if row is not None:
            self.chosen.emit(row)

    def _on_point(self, x: float, y: float) -> None:
        if self._shown is not None:
            self._show(reading(x, y, *self._shown))

    def _on_left(self) -> None:
        if self._shown is not None:
            self._show("")

    def _show(self, text: str) -> None:
        others = [one for one in self._view.marks if not isinstance(one, Caption)]
        caption = [Caption(text)] if text else []
        self._view.marks = (*others, *caption)
        self._view.update()


def family_at(view: ImageView, x: float, y: float) -> int | None:
    """Return the family whose peak is at a place of a spectrum; None if there is none.

    Parameters
    ----------
    view : ImageView
        Its marks have two spots for each family, in the order of the families.
    x, y : float
        Shares of the picture's edge, from its top left corner.
    """
    place = view.place
    point = place.at(x, y)
    spots = (mark for mark in view.marks if isinstance(mark, Spot))
    for number, spot in enumerate(spots):
        off = point - place.at(spot.x, spot.y)
        if math.hypot(off.x(), off.y()) <= _NEAR * spot.radius_px(place):
            return number // 2
    return None


def reading(
    x: float, y: float, examination: Examination, chosen: int | None, scale: Scale
) -> str:
    """Describe a place of a particle's spectrum.

    Parameters
    ----------
    x, y : float
        Shares of the picture's edge, from its top left corner.
    examination : Examination
        Has the spectrum.
    chosen : int or None
        The family to which the angle is measured.
    scale : Scale
        Unit of the spacing, and lattice of the planes.

    Returns
    -------
    str
        Spacing, planes of the lattice that fit it to within half a sample of the
        spectrum, and the angle to the normal of the chosen family; empty in the
        middle.
    """
    peaks = [family.peak for family in examination.families]
    size, step = len(examination.spectrum), examination.spectrum_step_per_px
    return reading_of(x, y, size, step, peaks, chosen, scale)


def reading_of(
    x: float,
    y: float,
    size: int,
    step_per_px: float,
    peaks: Sequence[BraggPeak],
    chosen: int | None,
    scale: Scale,
) -> str:
    """Describe a place of any spectrum that has frequency 0 in the middle.

    Parameters
    ----------
    x, y : float
        Shares of the picture's edge, from its top left corner.
    size : int
        Samples along each edge.
    step_per_px : float
        Distance of two samples, in cycles per pixel.
    peaks : sequence of BraggPeak
        Its families of fringes.
    chosen : int or None
        The family to which the angle is measured.
    scale : Scale
        Unit of the spacing, and lattice of the planes.
    """
    k_col, k_row = ((each - 0.5) * size * step_per_px for each in (x, y))
    k = math.hypot(k_row, k_col)
    if k < _LOWEST * step_per_px:
        return ""
    words = [f"{scale.about}{_spacing(k, step_per_px, scale)}"]
    if chosen is not None:
        words.append(f"{_angle(k_row, k_col, peaks[chosen]):.0f}° to {chosen + 1}")
    return ", ".join(words)


def _spacing(k: float, step: float, scale: Scale) -> str:
    if scale.pixel_size_nm is None:
        return f"{1 / k:.1f} px"
    spacing_nm = scale.pixel_size_nm / k
    sigma_nm = spacing_nm * math.hypot(0.5 * step / k, scale.sigma)
    planes = planes_fitting(spacing_nm, sigma_nm, scale.shortest_nm, scale.material)
    names = f" ({planes_words(planes)})" if planes else ""
    return f"{spacing_nm:.3f} nm{names}"


def _angle(k_row: float, k_col: float, peak: BraggPeak) -> float:
    """Return the angle between normals, 0 to 90 degrees."""
    dot = abs(k_row * peak.k_row + k_col * peak.k_col)
    return math.degrees(
        math.acos(min(dot / math.hypot(k_row, k_col) / peak.k_per_px, 1))
    )
