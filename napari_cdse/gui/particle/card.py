"""The card of one particle: pictures, peaks, probabilities, labels, note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Signal
from qtpy.QtWidgets import QPushButton, QScrollArea, QVBoxLayout, QWidget

from napari_cdse.core.classifier.novelty import is_novel
from napari_cdse.gui.canvas.class_colours import HEX, class_name
from napari_cdse.gui.particle.analysis_worker import (
    AnalysisWorker,
    ExaminationRequest,
    request_for,
)
from napari_cdse.gui.particle.enlarged_pictures import EnlargedPictures
from napari_cdse.gui.particle.image_panel import ImagePanel
from napari_cdse.gui.particle.note_row import NoteRow
from napari_cdse.gui.particle.probability_bars import ProbabilityBars
from napari_cdse.gui.particle.provenance_text import difference, history, person_says
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

    from napari_cdse.core.records import Annotation, Micrograph
    from napari_cdse.gui.pictures.image_view import ImageView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.shortcuts.settings import KeySettings
    from napari_cdse.project import Particle

_SPACING_PX = 4
_LEAST_HEIGHT_PX = 120
_NO_PARTICLE = "Click a circle, or press {} for the next particle."
_NO_CIRCLES = (
    'No circles here yet: press "Detect in this one", or {} and drag over a particle.'
)
_NOT_CLASSIFIED = "Not classified yet"
_FIRST = 100
_HIDDEN = "Blind audit: judge it before the prediction is shown"
_NOVEL = "; it is unlike anything in the forest's training set"


class ParticleCard(QWidget):
    """Shows one particle; what takes longer to measure follows from a worker.

    Parameters
    ----------
    session : Session
    keys : KeySettings
        For the sentences that name a key.
    """

    def __init__(self, session: Session, keys: KeySettings) -> None:
        super().__init__()
        self._session = session
        self._keys = keys
        self._cropped: object = None
        self._request: ExaminationRequest | None = None
        self._scale = Scale(None)
        self._chosen: int | None = None
        self.analysis = AnalysisWorker(session, self)
        self.pictures = ImagePanel()
        self.enlarged: EnlargedPictures | None = None
        self.peaks = PeaksTable()
        self.bars = ProbabilityBars()
        self.says = sentence()
        # Most particles have two lines to say: nothing jumps from one to the next.
        self.says.setMinimumHeight(2 * self.says.fontMetrics().lineSpacing())
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
        # The table grows where the pictures are as large as they become.
        inner.addWidget(self.pictures, _FIRST)
        inner.addWidget(self.peaks, 1)
        row = row_of((self.note, self.region))
        row.setStretch(0, 1)
        inner.addLayout(row)
        inner.addStretch(0)
        area = _Scrolled(scrolled)
        area.resized.connect(self._suit)
        column = _column(self)
        column.addWidget(area, 1)
        column.addWidget(self.says)
        column.addWidget(self.bars)

    def _suit(self, width_px: int, height_px: int) -> None:
        """Give the pictures what table and note leave of the area."""
        below = (self.peaks, self.note)
        rest = sum(each.sizeHint().height() + _SPACING_PX for each in below)
        self.pictures.suit(width_px, height_px, rest)

    def hasHeightForWidth(self) -> bool:
        """Tell Qt that the hints below hold at any width.

        A layout takes the height that suits best for the least one otherwise.
        """
        return False

    def minimumSizeHint(self) -> QSize:
        """Give Qt the least size, with the height that the sentences need."""
        size, column = super().minimumSizeHint(), self.layout()
        if column is not None:
            size.setHeight(column.minimumHeightForWidth(max(self.width(), 1)))
        return size

    @property
    def measured(self) -> bool:
        """Whether what is measured of the particle is shown."""
        return self._request is not None and not self.pictures.spectrum.empty

    def show_particle(self, particle: Particle | None) -> None:
        """Show a particle as it is now, or none."""
        if particle is not None:
            particle = self._session.project.audits.as_seen(particle)
        self._show_words(particle)
        self.note.show_note(particle)
        micrograph = self._session.micrograph
        if particle is None or micrograph is None:
            self._cropped = self._request = None
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
            self.analysis.ask(micrograph, request)
            self._show_measured()

    # --- pictures -------------------------------------------------------------

    def _show_crop(
        self, micrograph: Micrograph, particle: Particle, scale: Scale
    ) -> None:
        colour = HEX[class_name(particle.label)]
        shown = (micrograph.id, scale, particle.circle, colour)
        if shown != self._cropped:
            self._cropped = shown
            self.pictures.show_crop(micrograph, particle.circle, scale, colour)

    def _show_measured(self) -> None:
        """Show what is known of the present particle; an answer on another is not."""
        examination = None
        if self._request is not None:
            examination = self.analysis.known(self._request)
        if examination is not None and self._chosen is None:
            self._chosen = examination.chosen
        self.pictures.show_examination(examination, self._chosen, self._scale)
        self.peaks.show_peaks(examination, self._chosen, self._scale)

    def enlarge(self, picture: ImageView) -> None:
        """Show one of the pictures in a window of its own, the others beside it."""
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
            self.says.setText(self._hint())
            self.says.setToolTip("")
            return
        said = self._session.project.annotators.statements_in_view(particle.id)
        lines = []
        if particle.annotation is not None:
            lines.append(self._person_words(particle.annotation, len(said)))
        lines.append(self._difference(particle))
        lines.append(self._forest_words(particle))
        self.says.setText("\n".join(filter(None, lines)))
        self.says.setToolTip(plain(history(said, self._model_name)))

    def _hint(self) -> str:
        """Say what to do where no particle is selected."""
        entry, keys = self._session.current_entry, self._keys
        if entry is None or entry.found or entry.analysed or entry.problem:
            return _NO_PARTICLE.format(keys.words("next"))
        return _NO_CIRCLES.format(keys.words("draw"))

    def _person_words(self, annotation: Annotation, number: int) -> str:
        """Tell the last statement; the forest below is named once only."""
        shown = annotation.shown
        same = shown is None or shown.model_id == self._session.project.models.active_id
        words = person_says(annotation, None if same else self._model_name)
        return f"{words} (and {number - 1} before)" if number > 1 else words

    def _difference(self, particle: Particle) -> str:
        project = self._session.project
        if not project.annotators.sees_others(particle.id):
            return ""
        return difference(project.annotators.labels_of(particle.id))

    def _forest_words(self, particle: Particle) -> str:
        """Name the forest whose word the bars show, or say why they show none."""
        if self._session.project.audits.hides(particle.id):
            return _HIDDEN
        prediction = particle.prediction
        if prediction is None:
            return _NOT_CLASSIFIED
        novel = _NOVEL if is_novel(prediction.novelty) else ""
        return f"Forest: {self._model_name(prediction.model_id)}{novel}"

    def _model_name(self, model_id: str) -> str:
        names = {card.id: card.name for card in self._session.project.models.cards}
        return names.get(model_id, "another forest")


class _Scrolled(QScrollArea):
    """As high as what is in it where there is room; scrolls where there is not.

    `resized` carries width and height of what is in sight, in px.
    """

    resized = Signal(int, int)

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        scroll_down(self, widget)
        keyless(self)
        self.setMinimumHeight(_LEAST_HEIGHT_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell what is in sight."""
        super().resizeEvent(event)
        self.resized.emit(self.viewport().width(), self.viewport().height())

    def sizeHint(self) -> QSize:
        """Give Qt the size that suits it best."""
        return self.widget().sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Give Qt the least size: the width is not scrolled."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self.widget().minimumSizeHint().width() + bar, _LEAST_HEIGHT_PX)


def _column(widget: QWidget) -> QVBoxLayout:
    column = flush_column(widget)
    column.setSpacing(_SPACING_PX)
    return column
