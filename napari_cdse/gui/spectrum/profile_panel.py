"""Curves below the spectrum: its mean over directions, or grey values on a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QPushButton, QWidget

from napari_cdse.core.crystal.local_lattice import ACROSS_PX, line_profile
from napari_cdse.gui.pictures.scale import Scale
from napari_cdse.gui.spectrum.profile_view import Curve, ProfileView
from napari_cdse.gui.tools.line_tool import Line, LineTool
from napari_cdse.gui.widgets.decimal_field import WholeField
from napari_cdse.gui.widgets.layout import (
    PlainLabel,
    choices,
    keyless,
    row_of,
    view_column,
)

if TYPE_CHECKING:
    from napari_cdse.gui.spectrum.cropped_spectrum import CroppedSpectrum
    from napari_cdse.gui.workspace import Workspace

_MOST_ACROSS_PX = 200
"""Greatest width of a line profile. A choice: wider than any particle."""
_MEAN, _LINE = range(2)
_CURVES = (
    ("mean over directions", "Power of all directions at each frequency, log scale"),
    ("line", "Grey values along a line that you drag"),
)
_NO_LINE = 'Press "Line" and drag one over the micrograph.'
_TOOL = "line profile"


class ProfilePanel(QWidget):
    """Shows one of two curves, and draws the line of the second.

    Parameters
    ----------
    workspace : Workspace
        Has the slot for the tool that draws the line.

    Attributes
    ----------
    line : Line or None
        The line that was drawn last.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._session = workspace.session
        self._canvas = workspace.canvas
        self._active_tool = workspace.active_tool
        self._spectrum: CroppedSpectrum | None = None
        self._scale = Scale(None)
        self.line: Line | None = None
        self.kind = choices(_CURVES, "Which curve is shown below")
        self.draw_line = keyless(QPushButton("Line"))
        self.draw_line.setToolTip("Drag a line over the micrograph; Escape leaves it")
        self.across = WholeField()
        self.across.setRange(1, _MOST_ACROSS_PX)
        self.across.setValue(ACROSS_PX)
        self.across.setSuffix(" px")
        self.across.setToolTip(
            "How broad the line is: each value is the mean across it. Along planes, a "
            "broader one has less noise"
        )
        self.view = ProfileView()
        row = row_of((self.kind, self.draw_line, PlainLabel("Across"), self.across))
        row.setStretch(0, 1)
        column = view_column(self)
        column.addLayout(row)
        column.addWidget(self.view)
        self.kind.activated.connect(self.refresh)
        self.draw_line.clicked.connect(self._on_line_tool)
        self.across.valueChanged.connect(self.refresh)

    def show_spectrum(self, spectrum: CroppedSpectrum, scale: Scale) -> None:
        """Show the curve of another spectrum, or of another micrograph."""
        self._spectrum, self._scale = spectrum, scale
        self.refresh()

    def _on_line_tool(self) -> None:
        self.kind.setCurrentIndex(_LINE)
        self._active_tool.toggle(
            _TOOL,
            lambda: LineTool(self._session, self._canvas, _TOOL, self._on_line),
        )
        self.refresh()

    def _on_line(self, line: Line) -> str:
        """Follow a line as it is dragged; return its length for the canvas."""
        self.line = line
        self.refresh()
        size_nm = self._scale.pixel_size_nm
        if size_nm is None:
            return f"{line.length_px:.1f} px"
        return f"{self._scale.about}{line.length_px * size_nm:.2f} nm"

    @Slot()
    def refresh(self, *_row: object) -> None:
        """Show the chosen curve."""
        if self.kind.currentIndex() == _LINE:
            self.view.show_curve(self._line_curve(), _NO_LINE)
        else:
            self.view.show_curve(self._radial_curve())

    def _radial_curve(self) -> Curve | None:
        if self._spectrum is None:
            return None
        frequency_per_px, power = self._spectrum.radial_curve()
        unit = self._scale.unit
        return Curve(
            frequency_per_px / (self._scale.pixel_size_nm or 1.0),
            power,
            f"1/{unit}",
            "log10 of the mean power",
            f"{{inverse:.3g}} {unit} ({{x:.3g}} /{unit})",
        )

    def _line_curve(self) -> Curve | None:
        micrograph, line = self._session.micrograph, self.line
        if micrograph is None or line is None:
            return None
        place_px, values = line_profile(
            micrograph.pixels, line.start_px, line.end_px, int(self.across.value())
        )
        if place_px[-1] <= 0:
            return None
        unit = self._scale.unit
        return Curve(
            place_px * (self._scale.pixel_size_nm or 1.0),
            values,
            unit,
            "grey value",
            f"{{x:.3g}} {unit}: {{y:.4g}}",
        )
