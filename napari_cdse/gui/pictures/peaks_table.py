"""The Bragg peaks of a particle or square as a table: spacing, angle, planes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_cdse.core.crystal.lattice_planes import LATTICE_SCATTER
from napari_cdse.gui.pictures.peak_words import planes_of, planes_words, spacing_words
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.widgets.layout import wrapped
from napari_cdse.gui.widgets.tables import show_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.crystal.bragg_peaks import BraggPeak
    from napari_cdse.core.crystal.fault_line import FaultLine
    from napari_cdse.core.crystal.particle_analysis import Examination
    from napari_cdse.gui.pictures.scale import Scale

_ROWS = 4
"""Rows for which there is always room. A choice: few particles have more peaks."""
_MOST_ROWS = 8
"""Rows to which the table grows in a large window: as many as peaks are found."""
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
        """Set the height: a few rows at least, and more if there is room."""
        row = self.fontMetrics().height() + 3
        self.verticalHeader().setMinimumSectionSize(row)
        show_rows(self, row)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(16)
        header.setSectionsClickable(False)
        for column in range(self.columnCount() - 1):
            # As wide as the header; `_widen` makes room for the cells.
            self.setColumnWidth(column, header.sectionSizeHint(column))
        around = header.sizeHint().height() + 4
        self.setMinimumHeight(around + _ROWS * row)
        self.setMaximumHeight(around + _MOST_ROWS * row)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        """Ask for the fewest rows: the pictures have priority."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def show_peaks(
        self, examination: Examination | None, chosen: int | None, scale: Scale
    ) -> None:
        """Show the peaks of a particle; None for none."""
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
        """Show families of fringes, one peak in each row.

        Parameters
        ----------
        peaks : sequence of BraggPeak
            In the order of the rows.
        chosen : int or None
            The row that is selected, and to which angles are measured.
        scale : Scale
            Unit of the spacings, and lattice of the planes.
        line : FaultLine, optional
            A suspected fault, which planes parallel to it can't show.
        """
        self._headers[3].setText(f"planes of {plain(scale.lattice)}")
        self._headers[1].setText(f"{'≈ ' if scale.sigma else ''}spacing, {scale.unit}")
        self.setRowCount(len(peaks))
        for row in range(len(peaks)):
            tip = _tip(row, peaks, line, scale)
            for column, text in enumerate(_cells(row, peaks, chosen, scale)):
                item = QTableWidgetItem(text)
                item.setToolTip(plain(tip))
                self.setItem(row, column, item)
        if chosen is None:
            self.clearSelection()
        else:
            self.selectRow(chosen)
        self._widen()

    def _widen(self) -> None:
        """Widen columns that are too narrow, and narrow none.

        Qt draws the whole window again after a column has changed its width, which
        would be the case for each particle.
        """
        header = self.horizontalHeader()
        for column in range(self.columnCount() - 1):
            needed = max(self.sizeHintForColumn(column), header.sectionSizeHint(column))
            if needed > self.columnWidth(column):
                self.setColumnWidth(column, needed)


def _cells(
    row: int, peaks: Sequence[BraggPeak], chosen: int | None, scale: Scale
) -> tuple[str, ...]:
    """Return the texts of one row."""
    peak = peaks[row]
    reference = peaks[chosen] if chosen is not None else peak
    none = "" if scale.pixel_size_nm is None else "none fits"
    return (
        str(row + 1),
        spacing_words(peak, scale),
        "" if peak is reference else f"{peak.angle_to(reference):.1f}°",
        planes_words(planes_of(peak, scale)) or none,
    )


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
