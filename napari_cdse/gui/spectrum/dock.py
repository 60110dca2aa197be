"""The dock Spectrum: power spectrum and profiles of a movable square.

`SpectrumView` connects the parts: the square on the micrograph (`square_layer`), its
spectrum with the peaks (`spectrum_panel`), the picture that is computed from chosen
peaks (`overlay_row`), and the curves (`profile_panel`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer, Slot
from qtpy.QtWidgets import QApplication, QPushButton

from napari_cdse.gui.pictures.scale import Scale, scale_of_open_micrograph
from napari_cdse.gui.spectrum.cropped_spectrum import CroppedSpectrum
from napari_cdse.gui.spectrum.overlay_row import OverlayRow
from napari_cdse.gui.spectrum.profile_panel import ProfilePanel
from napari_cdse.gui.spectrum.spectrum_panel import SpectrumPanel
from napari_cdse.gui.spectrum.square import Square
from napari_cdse.gui.spectrum.square_layer import SquareLayer
from napari_cdse.gui.widgets.layout import PlainLabel, keyless, row_of, view_column
from napari_cdse.gui.workspace.dock import WorkspaceDock, WorkspaceView

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QResizeEvent

    from napari_cdse.gui.workspace import Workspace

_OVERLAY_MS = 150
"""Milliseconds after the last move until the picture over the micrograph follows. A
choice: not noticed as a delay, and the square itself can be moved meanwhile."""
_TALL = 1.2
"""Height over width from which the table is below the spectrum; a choice."""
_FIELDS = 1.25
"""Edge of the square around a particle, over its diameter. A choice: the particle is
seen with some of its surroundings."""


class SpectrumView(WorkspaceView):
    """The spectrum of a square of the open micrograph.

    Parameters
    ----------
    workspace : Workspace

    Attributes
    ----------
    square : SquareLayer
    panel : SpectrumPanel
    overlay : OverlayRow
    profile : ProfilePanel
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._scale = Scale(None)
        self._update_soon = self._timer(0, self._show_spectrum)
        self._overlay_soon = self._timer(_OVERLAY_MS, self.show_overlay)
        self.square = SquareLayer(workspace.session, workspace.canvas, self)
        self.edge = PlainLabel()
        self.edge.setToolTip("Edge of the square")
        self.at_particle = keyless(QPushButton("At the particle"))
        self.at_particle.setToolTip("Bring the square round the selected particle")
        self.copy = keyless(QPushButton("Copy picture"))
        self.copy.setToolTip("Copy the spectrum as it is shown, to paste it elsewhere")
        self.panel = SpectrumPanel()
        self.overlay = OverlayRow(self.square)
        self.profile = ProfilePanel(workspace)
        self._lay_out()
        self._connect()

    def _timer(self, delay_ms: int, act: Callable[[], object]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(delay_ms)
        timer.timeout.connect(act)
        return timer

    def _lay_out(self) -> None:
        column = view_column(self)
        column.addLayout(row_of((self.edge, self.at_particle, self.copy)))
        column.addWidget(self.panel, 1)
        column.addWidget(self.overlay)
        column.addWidget(self.profile)

    def _connect(self) -> None:
        session = self._session
        self.sight.changed.connect(self._on_sight)
        self.square.changed.connect(self._update_soon.start)
        # As a slot of the square, it would be disconnected before the signal.
        square = self.square
        self.destroyed.connect(lambda: square.close())
        self.at_particle.clicked.connect(self.go_to_particle)
        self.copy.clicked.connect(self.copy_picture)
        self.panel.selection_changed.connect(self.show_overlay)
        self.overlay.chosen.connect(self.show_overlay)
        self.overlay.detail_changed.connect(self._on_detail)
        session.opened.connect(self.refresh)
        session.micrographs_changed.connect(self._on_micrographs)
        session.selection_changed.connect(self._enable)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the table beside the spectrum in a dock that is not tall."""
        super().resizeEvent(event)
        place = self.parentWidget()
        low = place is not None and place.height() < _TALL * place.width()
        self.panel.set_side_by_side(low)

    # --- showing and hiding ---------------------------------------------------

    @Slot(bool)
    def _on_sight(self, here: bool) -> None:
        """Show the square as long as the dock is in sight."""
        if here:
            self.refresh()
        elif not self._session.closed:
            self.square.hide()

    def show_project(self) -> None:
        """Show another project."""
        self.refresh()

    @property
    def idle(self) -> bool:
        """Whether everything shown belongs to the present square."""
        return not (self._update_soon.isActive() or self._overlay_soon.isActive())

    @Slot()
    def refresh(self) -> None:
        """Show the spectrum of the open micrograph."""
        if not self.sight.here or self._session.closed:
            return
        self.square.want()
        self._enable()
        self._update_soon.start()

    @Slot()
    def _on_micrographs(self) -> None:
        """Show lengths again if another pixel size was set."""
        is_shown = self.sight.here and self._session.is_open
        if is_shown and self._scale != scale_of_open_micrograph(self._session):
            self.refresh()

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
            self.square.show(Square.around(particle.circle, _FIELDS))

    # --- the spectrum ---------------------------------------------------------

    def _show_spectrum(self) -> None:
        """Compute the spectrum; several moves of the square are joined into one."""
        pixels, square = self.square.pixels, self.square.square
        if pixels is None or square is None or not self.sight.here:
            return
        self.square.place()
        self._scale = scale_of_open_micrograph(self._session)
        self.panel.set_smoothing(self.overlay.smoothing_px(self._scale))
        spectrum = CroppedSpectrum.of(pixels, self._scale)
        self.panel.show_spectrum(spectrum, self._scale)
        self.edge.setText(self._size_words(square))
        self.profile.show_spectrum(spectrum, self._scale)
        self._overlay_soon.start()

    def _size_words(self, square: Square) -> str:
        size_nm = self._scale.pixel_size_nm
        words = f"{square.size_px} px"
        if size_nm is None:
            return words
        return f"{words}, {self._scale.about}{square.size_px * size_nm:.1f} nm"

    @Slot()
    def show_overlay(self) -> None:
        """Lay the picture of the chosen peaks over the square."""
        self.overlay.show_overlay(self.panel.selection.chosen, self._scale)

    @Slot()
    def _on_detail(self) -> None:
        self.panel.set_smoothing(self.overlay.smoothing_px(self._scale))
        self._overlay_soon.start()

    def copy_picture(self) -> None:
        """Copy the spectrum with its marks."""
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setPixmap(self.panel.picture.grab())
            self._session.say("The spectrum is copied.")


class SpectrumDock(WorkspaceDock):
    """The spectrum of any square, its peaks, and what they show over the micrograph."""

    view_class = SpectrumView
