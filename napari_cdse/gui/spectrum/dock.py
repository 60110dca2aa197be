"""The dock Spectrum: power spectrum and profiles of a movable square."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QTimer, Slot
from qtpy.QtWidgets import QApplication, QBoxLayout, QPushButton

from napari_cdse.core.crystal.crops import spectrum_values
from napari_cdse.core.crystal.geometric_phase import SMOOTHING_NM
from napari_cdse.core.crystal.local_lattice import (
    ACROSS_PX,
    LocalWave,
    filtered,
    line_profile,
    local_wave,
    strain_of,
)
from napari_cdse.core.crystal.region_spectrum import (
    RegionSpectrum,
    region_spectrum,
    two_families,
)
from napari_cdse.core.pixel_size import TYPICAL_PIXEL_SIZE_NM
from napari_cdse.gui.pictures.image_view import ImageView
from napari_cdse.gui.pictures.overlays import Caption, Mask, Spot
from napari_cdse.gui.pictures.peaks_table import PeaksTable, Scale, scale_of
from napari_cdse.gui.pictures.spectrum_pointer import reading_of
from napari_cdse.gui.spectrum.profile_view import Curve, ProfileView
from napari_cdse.gui.spectrum.square import Square
from napari_cdse.gui.spectrum.square_layer import SquareLayer
from napari_cdse.gui.tools.line_tool import Line, LineTool
from napari_cdse.gui.widgets.decimal_field import DecimalField, WholeField
from napari_cdse.gui.widgets.layout import (
    PlainLabel,
    choices,
    keyless,
    row_of,
    say,
    sentence,
    view_column,
    wrapped,
)
from napari_cdse.gui.widgets.project_dock import ProjectDock, ProjectView
from napari_cdse.gui.workspace import workspace_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer
    from numpy.typing import NDArray
    from qtpy.QtGui import QResizeEvent

    from napari_cdse.core.crystal.bragg_peaks import BraggPeak
    from napari_cdse.gui.workspace import Workspace

_REST_MS = 150
"""After the last move until the picture over the micrograph follows. A choice: shorter
than one waits, and the square itself goes on meanwhile."""
_HIGH = 1.2
"""Height over width from which picture and table stand below each other; a choice."""
_LEAST_STRAIN = 0.01
"""Of the colours' range, so that noise of a perfect lattice stays pale; a choice."""
_MOST_ACROSS_PX = 200
"""Breadth of a line profile: more than any particle. A choice."""
_FIELDS = 1.25
"""Edge of the square over a particle's diameter."""
_CHOSEN = "#ffd166"
_OTHERS = "#f5f5f5"
_SAID_OF_PICTURE = (
    "Power spectrum of the square, over what the same frequency has in other "
    "directions, log scale, Hann window. Click a peak to choose it: the chosen ones "
    "are what is filtered, two of them tell the strain. The wheel zooms"
)
_OVER: tuple[tuple[str, str], ...] = (
    ("nothing", "The micrograph as it is"),
    ("filtered picture", "Nothing but the chosen peaks, each through its mask. "
     "Filtering makes fringes of noise too: believe only what is there without it"),
    ("amplitude", "How strong the first chosen family is at each place"),
    ("geometric phase", "Of the first chosen family (Hÿtch, Snoeck, Kilaas 1998): one "
     "colour where its planes are in step, a jump at a fault"),
    ("strain along x", "Of the lattice that the two chosen families span, against its "
     "median in the square; x to the right"),
    ("strain along y", "The same, y upwards"),
    ("shear", "The same, xy"),
    ("rotation", "The same, anticlockwise, in degrees"),
)  # fmt: skip
_RADIAL, _LINE = range(2)
_PROFILES = (
    ("mean over directions", "Power of all directions at each frequency, log scale"),
    ("line", "Grey values along a line that you drag"),
)
_CHOOSE_ONE = "Choose a peak: click it in the spectrum or in the table."
_CHOOSE_TWO = (
    "Strain takes two families that are not parallel: choose two peaks, and no others."
)
_NO_LINE = 'Press "Line" and drag one over the micrograph.'


class SpectrumDock(ProjectDock):
    """The spectrum of any square, its peaks, and what they show over the micrograph.

    Parameters
    ----------
    napari_viewer : Viewer
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        workspace = workspace_for(napari_viewer)
        super().__init__(workspace.session, SpectrumView(workspace), workspace.opening)


class SpectrumView(ProjectView):
    """The spectrum of a square of the open micrograph.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._session = workspace.session
        self.square = SquareLayer(workspace.session, workspace.canvas, self)
        self.found: RegionSpectrum | None = None
        self.chosen: tuple[int, ...] = ()
        self._by_hand = False
        self._scale = Scale(None)
        self._line: Line | None = None
        self._moved = self._timer(0, self._look)
        self._rested = self._timer(_REST_MS, self._lay_over)
        self._make_parts()
        self._lay_out()
        self._connect()

    def _timer(self, rest_ms: int, act: Callable[[], object]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(rest_ms)
        timer.timeout.connect(act)
        return timer

    def _make_parts(self) -> None:
        self.where = PlainLabel()
        self.where.setToolTip("Edge of the square")
        self.at_particle = keyless(QPushButton("At the particle"))
        self.at_particle.setToolTip("Bring the square round the selected particle")
        self.copy = keyless(QPushButton("Copy picture"))
        self.copy.setToolTip("Copy the spectrum as it is shown, to paste it elsewhere")
        self.picture = ImageView("No micrograph", zoomable=True)
        self.picture.setToolTip(wrapped(_SAID_OF_PICTURE))
        self.peaks = PeaksTable()
        self.over = choices(_OVER, "What is laid over the micrograph, in the square")
        self.detail = DecimalField()
        self.detail.setRange(0.1, 5.0)
        self.detail.setSingleStep(0.1)
        self.detail.setValue(SMOOTHING_NM)
        self.detail.setSuffix(" nm")
        self.detail.setToolTip(
            "Details finer than about twice this are not in what is laid over the "
            "micrograph: the broader, the smaller is the mask round each peak"
        )
        self.says = sentence()
        self.profiles = choices(_PROFILES, "Which curve is shown below")
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
        self.profile = ProfileView()

    def _lay_out(self) -> None:
        column = view_column(self)
        column.addLayout(row_of((self.where, self.at_particle, self.copy)))
        self._pair = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._pair.addWidget(self.picture, 1)
        self._pair.addWidget(self.peaks, 1)
        column.addLayout(self._pair, 1)
        row = row_of(
            (PlainLabel("Over it"), self.over, PlainLabel("Detail"), self.detail)
        )
        row.setStretch(1, 1)
        column.addLayout(row)
        column.addWidget(self.says)
        below = row_of(
            (self.profiles, self.draw_line, PlainLabel("Across"), self.across)
        )
        below.setStretch(0, 1)
        column.addLayout(below)
        column.addWidget(self.profile)

    def _connect(self) -> None:
        session = self._session
        self.sight.changed.connect(self._on_sight)
        self.square.changed.connect(self._moved.start)
        # A slot of a child would be disconnected before its parent says that it goes.
        square = self.square
        self.destroyed.connect(lambda: square.close())
        self.at_particle.clicked.connect(self.go_to_particle)
        self.copy.clicked.connect(self.copy_picture)
        self.picture.clicked.connect(self._on_click)
        self.picture.pointed.connect(self._on_point)
        self.picture.left.connect(self._show_picture)
        self.peaks.chosen.connect(self._toggle)
        self.over.activated.connect(self._lay_over)
        self.detail.valueChanged.connect(self._on_mask)
        self.profiles.activated.connect(self._show_profile)
        self.draw_line.clicked.connect(self._on_line_tool)
        self.across.valueChanged.connect(self._show_profile)
        session.opened.connect(self.refresh)
        session.micrographs_changed.connect(self._rescale)
        session.selection_changed.connect(self._enable)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the table beside the picture where the dock is low."""
        super().resizeEvent(event)
        place = self.parentWidget()
        low = place is not None and place.height() < _HIGH * place.width()
        ways = QBoxLayout.Direction
        self._pair.setDirection(ways.LeftToRight if low else ways.TopToBottom)

    # --- coming and going -----------------------------------------------------

    @Slot(bool)
    def _on_sight(self, here: bool) -> None:
        """Put the square up, or take it out of sight with the dock."""
        if here:
            self.refresh()
        elif not self._session.closed:
            self.square.hide()

    def show_project(self) -> None:
        """Show another project."""
        self.refresh()

    @property
    def idle(self) -> bool:
        """Whether it shows what the square holds."""
        return not (self._moved.isActive() or self._rested.isActive())

    @Slot()
    def refresh(self) -> None:
        """Look at the open micrograph."""
        if not self.sight.here or self._session.closed:
            return
        self.square.want()
        self._enable()
        self._moved.start()

    @Slot()
    def _rescale(self) -> None:
        """Tell lengths anew where another pixel size was set."""
        if self.sight.here and self._session.is_open and self._scale != self._told:
            self.refresh()

    @property
    def _told(self) -> Scale:
        material = self._session.project.settings.detection.material
        return scale_of(self._session.pixel_size(), material)

    @Slot()
    def _enable(self) -> None:
        is_open = self._session.is_open
        selected = is_open and self._session.project.selection.particle_id is not None
        self.at_particle.setEnabled(bool(selected))

    def go_to_particle(self) -> None:
        """Bring the square round the selected particle."""
        project = self._session.project
        selected = project.selection.particle_id
        particle = None if selected is None else project.particles.find(selected)
        if particle is not None:
            circle = particle.circle
            size = round(2 * _FIELDS * circle.radius_px)
            self.square.show(
                Square(
                    round(circle.row_px - size / 2),
                    round(circle.col_px - size / 2),
                    size,
                )
            )

    # --- the spectrum ---------------------------------------------------------

    def _look(self) -> None:
        """Work the spectrum out anew; moves that came meanwhile are one."""
        pixels, square = self.square.pixels, self.square.square
        if pixels is None or square is None or not self.sight.here:
            return
        self.square.place()
        self._scale = self._told
        size_nm = self._scale.pixel_size_nm
        highest = (
            0.5 if size_nm is None else min(0.5, size_nm / self._scale.shortest_nm)
        )
        before = () if self.found is None else self._chosen_peaks
        self.found = region_spectrum(pixels, highest)
        self._choose_anew(before)
        reach = min(len(pixels) // 2 - 1, math.ceil(highest * len(pixels)))
        middle = len(pixels) // 2
        seen = slice(middle - reach, middle + reach + 1)
        self._seen = 2 * reach + 1
        self.picture.show_values(spectrum_values(self.found.ratio[seen, seen]))
        self.where.setText(self._size_words(square))
        self._show_peaks()
        self._show_profile()
        self._rested.start()

    def _size_words(self, square: Square) -> str:
        size_nm = self._scale.pixel_size_nm
        words = f"{square.size_px} px"
        if size_nm is None:
            return words
        return f"{words}, {self._scale.about}{square.size_px * size_nm:.1f} nm"

    def _choose_anew(self, before: tuple[BraggPeak, ...]) -> None:
        """Choose the same families again; without a hand's choice, two of a lattice."""
        peaks = () if self.found is None else self.found.peaks
        if not self._by_hand:
            pair = two_families(peaks) or peaks[:1]
            self.chosen = tuple(peaks.index(peak) for peak in pair)
            return
        step = 0.0 if self.found is None else 2 * self.found.step_per_px
        same = (_nearest(peak, peaks, step) for peak in before)
        self.chosen = tuple(dict.fromkeys(at for at in same if at is not None))

    @property
    def _chosen_peaks(self) -> tuple[BraggPeak, ...]:
        peaks = () if self.found is None else self.found.peaks
        return tuple(peaks[at] for at in self.chosen if at < len(peaks))

    def _show_peaks(self) -> None:
        peaks = () if self.found is None else self.found.peaks
        first = self.chosen[0] if self.chosen else None
        self.peaks.show_families(peaks, first, self._scale)
        self._show_picture()

    @Slot()
    def _show_picture(self) -> None:
        """Mark the peaks, with a ring of the mask round those that are chosen."""
        self.picture.marks = tuple(self._marks())
        self.picture.update()

    def _marks(self) -> list[Spot | Mask]:
        found = self.found
        if found is None:
            return []
        edge = self._seen * found.step_per_px
        # What a Gaussian of this width in the square is among the frequencies.
        radius = 1 / (2 * np.pi * self._smoothing_px) / edge
        marks: list[Spot | Mask] = []
        for at, peak in enumerate(found.peaks):
            colour = _CHOSEN if at in self.chosen else _OTHERS
            for sign, number in ((1, str(at + 1)), (-1, "")):
                x, y = (0.5 + sign * k / edge for k in (peak.k_col, peak.k_row))
                marks.append(Spot(x, y, number, colour))
                if at in self.chosen:
                    marks.append(Mask(x, y, radius))
        return marks

    def _on_click(self, x: float, y: float) -> None:
        """Choose the peak that was clicked, or leave it out."""
        place = self.picture.place
        point = place.at(x, y)
        spots = [mark for mark in self.picture.marks if isinstance(mark, Spot)]
        for at, spot in enumerate(spots):
            off = point - place.at(spot.x, spot.y)
            if math.hypot(off.x(), off.y()) <= 1.5 * spot.radius_px(place):
                self._toggle(at // 2)
                return

    @Slot(int)
    def _toggle(self, row: int) -> None:
        rest = tuple(at for at in self.chosen if at != row)
        self.chosen = rest if row in self.chosen else (*self.chosen, row)
        self._by_hand = bool(self.chosen)
        self._show_peaks()
        self._lay_over()

    def _on_point(self, x: float, y: float) -> None:
        found = self.found
        if found is None:
            return
        first = self.chosen[0] if self.chosen else None
        told = reading_of(
            x, y, self._seen, found.step_per_px, found.peaks, first, self._scale
        )
        self.picture.marks = (*self._marks(), *([Caption(told)] if told else []))
        self.picture.update()

    def copy_picture(self) -> None:
        """Copy the spectrum with its marks."""
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setPixmap(self.picture.grab())
            self._session.say("The spectrum is copied.")

    # --- over the micrograph --------------------------------------------------

    @property
    def _smoothing_px(self) -> float:
        size_nm = self._scale.pixel_size_nm or TYPICAL_PIXEL_SIZE_NM
        return max(float(self.detail.value()) / size_nm, 1.0)

    def _on_mask(self, _value: float) -> None:
        self._show_picture()
        self._rested.start()

    @Slot()
    def _lay_over(self, *_row: object) -> None:
        """Show over the micrograph what is wanted there, or say what it takes."""
        pixels, row = self.square.pixels, self.over.currentIndex()
        peaks, hint = self._chosen_peaks, ""
        if row == 0 or pixels is None or self.found is None:
            self.square.lay_over(None)
        elif not peaks:
            hint = _CHOOSE_ONE
        elif row >= _STRAINS and (len(peaks) != 2 or two_families(peaks) is None):
            hint = _CHOOSE_TWO
        else:
            hint = self._lay(row, pixels, peaks)
        if hint in (_CHOOSE_ONE, _CHOOSE_TWO):
            self.square.lay_over(None)
        say(self.says, hint)

    def _lay(
        self, row: int, pixels: NDArray[np.float32], peaks: tuple[BraggPeak, ...]
    ) -> str:
        """Lay one of the pictures over the square; say what its colours mean."""
        waves = [local_wave(pixels, peak, self._smoothing_px) for peak in peaks]
        values, limits, colours, words = _PICTURES[row](waves)
        self.square.lay_over(values, _OVER[row][0], colours, limits)
        return words

    # --- the curves -----------------------------------------------------------

    def _on_line_tool(self) -> None:
        session, canvas = self._session, self._workspace.canvas
        self.profiles.setCurrentIndex(_LINE)
        self._workspace.active_tool.toggle(
            "line profile",
            lambda: LineTool(session, canvas, "line profile", self._on_line),
        )
        self._show_profile()

    def _on_line(self, line: Line) -> str:
        """Follow a line as it is dragged; say how long it is."""
        self._line = line
        self._show_profile()
        size_nm = self._scale.pixel_size_nm
        if size_nm is None:
            return f"{line.length_px:.1f} px"
        return f"{self._scale.about}{line.length_px * size_nm:.2f} nm"

    @Slot()
    def _show_profile(self, *_row: object) -> None:
        if self.profiles.currentIndex() == _LINE:
            self.profile.show_curve(self._line_curve(), _NO_LINE)
        else:
            self.profile.show_curve(self._radial_curve())

    def _radial_curve(self) -> Curve | None:
        found = self.found
        if found is None:
            return None
        size_nm = self._scale.pixel_size_nm or 1.0
        frequency = found.ring_frequencies
        seen = (frequency < self._seen * found.step_per_px / 2) & (frequency > 0)
        unit = self._scale.unit
        return Curve(
            frequency[seen] / size_nm,
            np.log10(np.maximum(found.radial[seen], 1e-12)),
            f"1/{unit}",
            "log10 of the mean power",
            f"{{inverse:.3g}} {unit} ({{x:.3g}} /{unit})",
        )

    def _line_curve(self) -> Curve | None:
        micrograph, line = self._session.micrograph, self._line
        if micrograph is None or line is None:
            return None
        place, values = line_profile(
            micrograph.pixels, line.start_px, line.end_px, int(self.across.value())
        )
        if place[-1] <= 0:
            return None
        unit = self._scale.unit
        return Curve(
            place * (self._scale.pixel_size_nm or 1.0),
            values,
            unit,
            "grey value",
            f"{{x:.3g}} {unit}: {{y:.4g}}",
        )


_STRAINS = 4
"""The first line of `_OVER` that takes two families."""
Picture = tuple["NDArray[np.float32]", tuple[float, float], str, str]


def _filtered(waves: list[LocalWave]) -> Picture:
    values = filtered(waves)
    high = max(float(np.percentile(np.abs(values), 99.5)), 1e-9)
    return values, (-high, high), "gray", ""


def _amplitude(waves: list[LocalWave]) -> Picture:
    values = waves[0].amplitude
    high = max(float(values.max()), 1e-9)
    return values, (0.0, high), "viridis", "Yellow where the first family is strongest."


def _phase(waves: list[LocalWave]) -> Picture:
    values = waves[0].phase_rad
    words = "A whole round of colours is one distance of planes; clear: too weak."
    return values, (-math.pi, math.pi), "twilight_shifted", words


def _strained(part: str, name: str) -> Callable[[list[LocalWave]], Picture]:
    def picture(waves: list[LocalWave]) -> Picture:
        values = getattr(strain_of(waves[0], waves[1]), part)
        known = values[np.isfinite(values)]
        middle = float(np.median(known)) if known.size else 0.0
        spread = np.percentile(np.abs(known - middle), 98) if known.size else 0.0
        high = max(float(spread), _LEAST_STRAIN)
        turned = part == "rotation_rad"
        told = f"{math.degrees(high):.1f}°" if turned else f"{100 * high:.1f} %"
        words = f"{name}: blue -{told}, white 0, red +{told} of the square's median."
        return values - middle, (-high, high), "bwr", words

    return picture


_PICTURES: dict[int, Callable[[list[LocalWave]], Picture]] = {
    1: _filtered,
    2: _amplitude,
    3: _phase,
    4: _strained("xx", "Strain along x"),
    5: _strained("yy", "Strain along y"),
    6: _strained("xy", "Shear"),
    7: _strained("rotation_rad", "Rotation"),
}


def _nearest(
    peak: BraggPeak, peaks: tuple[BraggPeak, ...], within_per_px: float
) -> int | None:
    """Find the same family among others, either side of frequency 0."""
    for at, other in enumerate(peaks):
        for sign in (1, -1):
            off = math.hypot(
                peak.k_row - sign * other.k_row, peak.k_col - sign * other.k_col
            )
            if off <= within_per_px:
                return at
    return None
