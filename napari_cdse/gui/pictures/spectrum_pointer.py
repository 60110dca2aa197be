"""Mouse in a spectrum: show spacings, and choose a family of fringes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QPointF, Signal

from napari_cdse.core.crystal.lattice_planes import planes_fitting
from napari_cdse.gui.pictures.overlays import Caption, Spot
from napari_cdse.gui.pictures.peaks_table import planes_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.crystal.bragg_peaks import BraggPeak
    from napari_cdse.core.crystal.particle_analysis import Examination
    from napari_cdse.gui.pictures.image_view import ImageView
    from napari_cdse.gui.pictures.peaks_table import Scale

_NEAR = 1.5
"""How far from a peak's ring a click still means it, over the ring's radius."""
_LOWEST = 2.0
"""Samples from the middle within which a place is no spacing: the field's own edge."""


class SpectrumPointer(QObject):
    """Reads one spectrum with the mouse.

    Signals
    -------
    chosen(int)
        A peak was clicked; its place in the table.

    Parameters
    ----------
    view : ImageView
        In which the spectrum is shown.
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
        """Read this from now on; None where the view shows no spectrum."""
        self._shown = shown

    def _on_click(self, x: float, y: float) -> None:
        if self._shown is None:
            return
        place = self._view.place
        point = place.at(x, y)
        spots = (mark for mark in self._view.marks if isinstance(mark, Spot))
        # Each family has two, and the second one has no number.
        for at, spot in enumerate(spots):
            off = point - place.at(spot.x, spot.y)
            if QPointF.dotProduct(off, off) <= (_NEAR * spot.radius_px(place)) ** 2:
                self.chosen.emit(at // 2)
                return

    def _on_point(self, x: float, y: float) -> None:
        if self._shown is not None:
            self._say(reading(x, y, *self._shown))

    def _on_left(self) -> None:
        if self._shown is not None:
            self._say("")

    def _say(self, text: str) -> None:
        others = [one for one in self._view.marks if not isinstance(one, Caption)]
        said = [Caption(text)] if text else []
        self._view.marks = (*others, *said)
        self._view.update()


def reading(
    x: float, y: float, examination: Examination, chosen: int | None, scale: Scale
) -> str:
    """Tell what lies at a place of a spectrum.

    Parameters
    ----------
    x, y : float
        Shares of the picture's edge, from its top left corner.
    examination : Examination
        Whose spectrum it is.
    chosen : int or None
        The family that the angle is told to.
    scale : Scale
        How large a pixel is, and whose planes are named.

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
    """Tell what lies at a place of a spectrum whose middle is frequency 0.

    Parameters
    ----------
    x, y : float
        Shares of the picture's edge, from its top left corner.
    size : int
        Samples along each edge.
    step_per_px : float
        Distance of two samples, in cycles per pixel.
    peaks : sequence of BraggPeak
        Families in it.
    chosen : int or None
        The family that the angle is told to.
    scale : Scale
        How large a pixel is, and whose planes are named.
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
