"""The card of one particle: pictures, peaks, probabilities, labels, note.

`particle_words` writes the sentences, and `analysis_worker` measures what the pictures
and the table show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Signal
from qtpy.QtWidgets import QPushButton, QScrollArea, QVBoxLayout, QWidget

from napari_cdse.gui.canvas.class_colours import HEX, class_name
from napari_cdse.gui.particle.analysis_worker import (
    AnalysisWorker,
    ExaminationRequest,
    request_for,
)
from napari_cdse.gui.particle.enlarged_pictures import EnlargedPictures
from napari_cdse.gui.particle.image_panel import ImagePanel
from napari_cdse.gui.particle.note_row import NoteRow
from napari_cdse.gui.particle.particle_words import (
    history_words,
    no_particle_words,
    particle_words,
)
from napari_cdse.gui.particle.probability_bars import ProbabilityBars
from napari_cdse.gui.pictures.peaks_table import PeaksTable
from napari_cdse.gui.pictures.scale import Scale, scale_of
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.session.viewer_window import run_command
from napari_cdse.gui.widgets.layout import (
    flush_column,
    keyless,
    row_of,
    scroll_down,
    sentence,
)

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent

    from napari_cdse.core.records import Micrograph
    from napari_cdse.gui.pictures.image_view import ImageView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.shortcuts.settings import KeySettings
    from napari_cdse.project import Particle

_SPACING_PX = 4
_LEAST_HEIGHT_PX = 120
"""Least height of the part that scrolls. A choice: a row of pictures is visible."""
_PICTURES_FIRST = 100
"""Stretch of the pictures, against 1 of the table: they get the room they can use."""


class ParticleCard(QWidget):
    """Shows one particle; pictures and peaks that have to be measured follow.

    Parameters
    ----------
    session : Session
    keys : KeySettings
        Names of keys in sentences.
    """

    def __init__(self, session: Session, keys: KeySettings) -> None:
        super().__init__()
        self._session = session
        self._keys = keys
        self._shown_crop: object = None
        self._request: ExaminationRequest | None = None
        self._scale = Scale(None)
        self._chosen: int | None = None
        self.analysis = AnalysisWorker(session, self)
        self.pictures = ImagePanel()
        self.enlarged: EnlargedPictures | None = None
        self.peaks = PeaksTable()
        self.bars = ProbabilityBars()
        self.words = sentence()
        # Room for two lines, so that the layout stays from particle to particle.
        self.words.setMinimumHeight(2 * self.words.fontMetrics().lineSpacing())
        self.note = NoteRow(session)
        self.region = keyless(QPushButton("Any region\u2026"))
        self.region.setToolTip(
            "Spectrum, filtered picture and strain of a square that you drag over the "
            "micrograph"
        )
        self._lay_out()
        self.analysis.examined.connect(self._show_measured)
        self.peaks.chosen.connect(self._on_chosen)
        self.pictures.peak_chosen.connect(self._on_chosen)
        self.pictures.enlarging.connect(self.enlarge)
        self.region.clicked.connect(self._show_region)

    def _lay_out(self) -> None:
        scrolled = QWidget()
        inner = _column(scrolled)
        # The table grows once the pictures have their greatest size.
        inner.addWidget(self.pictures, _PICTURES_FIRST)
        inner.addWidget(self.peaks, 1)
        row = row_of((self.note, self.region))
        row.setStretch(0, 1)
        inner.addLayout(row)
        inner.addStretch(0)
        area = _ScrollArea(scrolled)
        area.resized.connect(self._fit_pictures)
        column = _column(self)
        column.addWidget(area, 1)
        column.addWidget(self.words)
        column.addWidget(self.bars)

    def _fit_pictures(self, width_px: int, height_px: int) -> None:
        """Give the pictures the room that table and note leave."""
        below = (self.peaks, self.note)
        rest = sum(each.sizeHint().height() + _SPACING_PX for each in below)
        self.pictures.fit(width_px, height_px, rest)

    def hasHeightForWidth(self) -> bool:
        """Return False: the size hints hold at any width.

        Otherwise a layout would use the preferred height as the least one.
        """
        return False

    def minimumSizeHint(self) -> QSize:
        """Return the least size, with the height that the sentences need."""
        size, column = super().minimumSizeHint(), self.layout()
        if column is not None:
            size.setHeight(column.minimumHeightForWidth(max(self.width(), 1)))
        return size

    @property
    def measured(self) -> bool:
        """Whether the particle's examination is shown."""
        return self._request is not None and not self.pictures.spectrum.empty

    def show_particle(self, particle: Particle | None) -> None:
        """Show a particle as it is now, or none."""
        if particle is not None:
            particle = self._session.project.audits.as_seen(particle)
        self._show_words(particle)
        self.note.show_note(particle)
        micrograph = self._session.micrograph
        if particle is None or micrograph is None:
            self._shown_crop = self._request = None
            self.analysis.forget()
            self.pictures.clear()
            self.peaks.show_peaks(None, None, Scale(None))
            return
        material = self._session.project.settings.detection.material
        pixel_size = self._session.pixel_size()
        scale = scale_of(pixel_size, material)
        self._show_crop(micrograph, particle, scale)
        request = request_for(micrograph, pixel_size, particle.circle, material)
        if (request, scale) != (self._request, self._scale):
            self._request, self._scale, self._chosen = request, scale, None
            self.analysis.request(micrograph, request)
            self._show_measured()

    # --- pictures -------------------------------------------------------------

    def _show_crop(
        self, micrograph: Micrograph, particle: Particle, scale: Scale
    ) -> None:
        colour = HEX[class_name(particle.label)]
        crop = (micrograph.id, scale, particle.circle, colour)
        if crop != self._shown_crop:
            self._shown_crop = crop
            self.pictures.show_crop(micrograph, particle.circle, scale, colour)

    def _show_measured(self) -> None:
        """Show the examination of the present particle, if it is available."""
        examination = None
        if self._request is not None:
            examination = self.analysis.result(self._request)
        if examination is not None and self._chosen is None:
            self._chosen = examination.chosen
        self.pictures.show_examination(examination, self._chosen, self._scale)
        self.peaks.show_peaks(examination, self._chosen, self._scale)

    def enlarge(self, picture: ImageView) -> None:
        """Show one picture enlarged in a window, with the others beside it."""
        if self.enlarged is None:
            self.enlarged = EnlargedPictures(self.pictures, self.window())
        self.enlarged.enlarge(picture)

    def _show_region(self) -> None:
        """Open the dock of the spectrum of any region."""
        run_command("napari-cdse.show_spectrum", self._session.open_viewer)

    def _on_chosen(self, row: int) -> None:
        self._chosen = row
        self._show_measured()

    # --- words ----------------------------------------------------------------

    def _show_words(self, particle: Particle | None) -> None:
        prediction = None if particle is None else particle.prediction
        self.bars.show_probabilities(
            None if prediction is None else prediction.probabilities
        )
        if particle is None:
            self.words.setText(self._hint())
            self.words.setToolTip("")
            return
        project = self._session.project
        self.words.setText(particle_words(project, particle))
        self.words.setToolTip(plain(history_words(project, particle.id)))

    def _hint(self) -> str:
        """Return what to do if no particle is selected."""
        entry, keys = self._session.current_entry, self._keys
        return no_particle_words(entry, keys.words("next"), keys.words("draw"))


class _ScrollArea(QScrollArea):
    """A scroll area as high as its content, if there is room.

    Signals
    -------
    resized(width, height)
        Size of the visible part in px.
    """

    resized = Signal(int, int)

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        scroll_down(self, widget)
        keyless(self)
        self.setMinimumHeight(_LEAST_HEIGHT_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Report the size of the visible part."""
        super().resizeEvent(event)
        self.resized.emit(self.viewport().width(), self.viewport().height())

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return self.widget().sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Return the least size; the width does not scroll."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self.widget().minimumSizeHint().width() + bar, _LEAST_HEIGHT_PX)


def _column(widget: QWidget) -> QVBoxLayout:
    column = flush_column(widget)
    column.setSpacing(_SPACING_PX)
    return column
