"""The Bragg peaks of a particle as a table: spacing, angle, planes of CdSe."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_cdse.core.crystal.lattice_planes import LATTICE_SCATTER, planes_fitting
from napari_cdse.core.crystal.reflections import shortest_spacing_nm
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.widgets.layout import wrapped
from napari_cdse.gui.widgets.tables import show_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.crystal.bragg_peaks import BraggPeak
    from napari_cdse.core.crystal.fault_line import FaultLine
    from napari_cdse.core.crystal.lattice_planes import Planes
    from napari_cdse.core.crystal.particle_analysis import Examination
    from napari_cdse.core.material import Material
    from napari_cdse.core.pixel_size import PixelSize

SHORT = {"zinc blende": "zb", "wurtzite": "wz", "rock salt": "rs", "fcc": "fcc"}
_ROWS = 4
_MOST_ROWS = 8
_HEADERS = (
    ("", "Number of the peak in the power spectrum"),
    (
        "",
        "Distance of the lattice planes with its standard uncertainty: from the "
        "peak's strength and width and the particle's size and, where the pixel size "
        "is estimated, from that",
    ),
    ("angle", "Between these planes and those of the chosen row"),
    (
        "planes of CdSe",
        "Every reflection within twice the uncertainty, to which "
        f"{LATTICE_SCATTER:.0%} is added for strain, tilt and lens; "
        "zb: zinc blende, wz: wurtzite, rs: rock salt. "
        "{} stands for all equivalent planes",
    ),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a pixel is, and how sure that is.

    Attributes
    ----------
    pixel_size_nm : float or None
        None: spacings are told in pixels.
    sigma : float
        Relative standard uncertainty; above 0 the size is an estimate.
    material : Material or None
        The lattice whose planes are told; None for CdSe.
    """

    pixel_size_nm: float | None
    sigma: float = 0.0
    material: Material | None = None

    @property
    def lattice(self) -> str:
        """Name of the lattice."""
        return "CdSe" if self.material is None else self.material.name

    @property
    def shortest_nm(self) -> float:
        """Shortest spacing of the lattice that is looked for."""
        return shortest_spacing_nm(self.material)

    @property
    def unit(self) -> str:
        """In which lengths are told."""
        return "px" if self.pixel_size_nm is None else "nm"

    @property
    def about(self) -> str:
        """What to say before a length."""
        return "about " if self.sigma else ""


def scale_of(pixel_size: PixelSize | None, material: Material | None) -> Scale:
    """Say how sure a pixel size is; one that is unsure or assumed is none."""
    if pixel_size is None or not pixel_size.source.is_trusted:
        return Scale(None, material=material)
    return Scale(pixel_size.nm, pixel_size.uncertainty or 0.0, material)


def spacing_words(peak: BraggPeak, scale: Scale) -> str:
    """Write a spacing with its uncertainty, as many digits as that leaves."""
    value, sigma = peak.spacing_nm(scale.pixel_size_nm or 1.0, scale.sigma)
    # One digit of the uncertainty, two where it begins with a 1.
    decimals = -math.floor(math.log10(max(sigma, 1e-4) / 2))
    decimals = min(max(decimals, 0), 4)
    return f"{value:.{decimals}f} ± {sigma:.{decimals}f}"


def planes_of(peak: BraggPeak, scale: Scale) -> tuple[Planes, ...]:
    """List all planes of the lattice that a peak can be; none without a pixel size."""
    if scale.pixel_size_nm is None:
        return ()
    spacing_nm, sigma_nm = peak.spacing_nm(scale.pixel_size_nm, scale.sigma)
    return planes_fitting(spacing_nm, sigma_nm, scale.shortest_nm, scale.material)


def planes_words(planes: Sequence[Planes]) -> str:
    """Write planes shortly, by structure, that of the nearest first."""
    names: dict[str, list[str]] = {}
    for each in planes:
        names.setdefault(SHORT[each.structure], []).append(each.name)
    return ", ".join(f"{short} {' '.join(those)}" for short, those in names.items())


class PeaksTable(QTableWidget):
    """One row per Bragg peak; the chosen row's family is the one shown in detail.

    Signals
    -------
    chosen(int)
        A row was clicked.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(_HEADERS), parent)
        self._headers: list[QTableWidgetItem] = []
        for column, (text, tip) in enumerate(_HEADERS):
            item = QTableWidgetItem(text)
            item.setToolTip(wrapped(tip))
            item.setTextAlignment(Qt.AlignmentFlag.AlignLeft)
            self.setHorizontalHeaderItem(column, item)
            self._headers.append(item)
        self.setWordWrap(False)
        self._size()
        self.cellClicked.connect(lambda row, _column: self.chosen.emit(row))

    def _size(self) -> None:
        """Take as much room as a few rows need, and what is left for a few more."""
        row = self.fontMetrics().height() + 3
        self.verticalHeader().setMinimumSectionSize(row)
        show_rows(self, row)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(16)
        header.setSectionsClickable(False)
        for column in range(self.columnCount() - 1):
            # No broader than its name; `_widen` does the rest.
            self.setColumnWidth(column, header.sectionSizeHint(column))
        around = header.sizeHint().height() + 4
        self.setMinimumHeight(around + _ROWS * row)
        self.setMaximumHeight(around + _MOST_ROWS * row)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        """Ask for the few rows only: the pictures come first."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def show_peaks(
        self, examination: Examination | None, chosen: int | None, scale: Scale
    ) -> None:
        """Show the peaks of a particle, or nothing."""
        if examination is None:
            self.show_families((), chosen, scale)
            return
        peaks = [family.peak for family in examination.families]
        self.show_families(peaks, chosen, scale, examination.line)

    def show_families(
        self,
        peaks: Sequence[BraggPeak],
        chosen: int | None,
        scale: Scale,
        line: FaultLine | None = None,
    ) -> None:
        """Show some peaks.

        Parameters
        ----------
        peaks : sequence of BraggPeak
            One row each.
        chosen : int or None
            The row that is marked, and that angles are told to.
        scale : Scale
            How large a pixel is.
        line : FaultLine, optional
            A suspected fault, which some of them can't show.
        """
        self._headers[3].setText(f"planes of {plain(scale.lattice)}")
        self._headers[1].setText(f"{'≈ ' if scale.sigma else ''}spacing, {scale.unit}")
        none = "" if scale.pixel_size_nm is None else "none fits"
        self.setRowCount(len(peaks))
        for row, peak in enumerate(peaks):
            reference = peaks[chosen] if chosen is not None else peak
            angle = "" if peak is reference else f"{peak.angle_to(reference):.1f}°"
            texts = (
                str(row + 1),
                spacing_words(peak, scale),
                angle,
                planes_words(planes_of(peak, scale)) or none,
            )
            tip = _tip(row, peaks, line, scale)
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(plain(tip))
                self.setItem(row, column, item)
        if chosen is None:
            self.clearSelection()
        else:
            self.selectRow(chosen)
        self._widen()

    def _widen(self) -> None:
        """Give columns that are too narrow more room, and take none back.

        Qt draws a table once more after a column has another width: with columns as
        broad as what is in them just now, that is the whole window for each particle.
        """
        header = self.horizontalHeader()
        for column in range(self.columnCount() - 1):
            needed = max(self.sizeHintForColumn(column), header.sectionSizeHint(column))
            if needed > self.columnWidth(column):
                self.setColumnWidth(column, needed)


def _tip(
    row: int, peaks: Sequence[BraggPeak], line: FaultLine | None, scale: Scale
) -> str:
    peak = peaks[row]
    lines = [
        f"Peak {row + 1}: {scale.about}{spacing_words(peak, scale)} {scale.unit}, "
        f"{peak.strength:.0f} times the background's power"
    ]
    lines += [
        f"{each.structure} {each.name} {each.spacing_nm:.4f} nm"
        for each in planes_of(peak, scale)
    ]
    lines += [
        f"{peak.angle_to(other):.1f} ± "
        f"{math.hypot(peak.direction_sigma_deg, other.direction_sigma_deg):.1f}° "
        f"to peak {number + 1}"
        for number, other in enumerate(peaks)
        if other is not peak
    ]
    if line is not None and line.is_parallel(peak):
        lines.append("parallel to the suspected fault, which it can't show")
    if scale.sigma:
        lines.append(
            f"The pixel size is an estimate that takes {scale.lattice} for granted:\n"
            f"these spacings can't prove that it is {scale.lattice}."
        )
    return "\n".join(lines)
