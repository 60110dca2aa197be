"""Line with the visible-defect fraction and its interval, updated during the review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Slot
from qtpy.QtWidgets import QWidget
from superqt.utils import signals_blocked

from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.widgets.decimal_field import DecimalField
from napari_cdse.gui.widgets.layout import flush_row, sentence
from napari_cdse.gui.widgets.rest_timer import RestTimer

if TYPE_CHECKING:
    from napari_cdse.core.statistics.visible_defects import VisibleDefects
    from napari_cdse.gui.session.session import Session

_REST_MS = 250
"""Milliseconds after the last label until the fraction is estimated. A choice: the
estimate takes some ten milliseconds with a thousand particles, for which no key should
wait."""
_STEP = 0.01
_FIELD_PX = 120
"""Width of the field: three digits fit."""
_LEAST, _MOST = 0.001, 0.5
"""Range of the wanted half width of the interval; with 0.5 any interval suffices."""
_TIP = (
    "How narrow you need the interval of 95 %: half its width. The line says how many "
    "more judged draws that takes, and you are told when it is reached."
)
_MESSAGE = "the width that is wanted"
"""Name of the message that the wanted width is reached."""
_REACHED = "The visible-defect fraction is known to within {:g}, as you wanted: {}"


class FractionLine(QWidget):
    """The visible-defect fraction, its interval, and how many judged draws are missing.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._was_reached: bool | None = None
        self.words = sentence()
        self.width_wanted = DecimalField()
        self.width_wanted.setPrefix("\u00b1 ")
        self.width_wanted.setRange(_LEAST, _MOST)
        self.width_wanted.setSingleStep(_STEP)
        self.width_wanted.setMaximumWidth(_FIELD_PX)
        self.width_wanted.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.width_wanted.setToolTip(_TIP)
        self._soon = RestTimer(self, self._show_fraction, _REST_MS, session.warn)
        line = flush_row(self)
        line.addWidget(self.words, 1)
        line.addWidget(self.width_wanted)
        self._connect()

    @property
    def waiting(self) -> bool:
        """Whether an update of the fraction is scheduled."""
        return self._soon.waiting

    def _connect(self) -> None:
        session = self._session
        self.width_wanted.valueChanged.connect(self._on_width)
        for signal in (session.micrographs_changed, session.models_changed):
            signal.connect(self._soon.start)
        session.particles_changed.connect(self._soon.start)

    def _on_width(self, half_width: float) -> None:
        with self._session.reporting_errors():
            self._session.project.settings.half_width = half_width
        self._was_reached = None
        self.refresh()
        self._session.half_width_changed.emit()

    def show_project(self) -> None:
        """Show another project."""
        self._was_reached = None
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Estimate and show the fraction now."""
        self._soon.show_now()

    def _show_fraction(self) -> None:
        if not self._session.is_open:
            return
        project = self._session.project
        wanted = project.settings.half_width
        with signals_blocked(self.width_wanted):
            self.width_wanted.show_value(wanted)
        self.width_wanted.setEnabled(not project.read_only)
        defects = project.statistics.visible_defects()
        self.words.setText(defects.brief(wanted))
        details = (defects.sentence, defects.draws, defects.outlook_to(wanted))
        self.words.setToolTip(plain(" ".join(details).strip()))
        self._report_reached(defects, wanted)

    def _report_reached(self, defects: VisibleDefects, wanted: float) -> None:
        """Show a message when a label made the interval as narrow as wanted."""
        before, self._was_reached = self._was_reached, defects.reaches(wanted)
        if before is False and self._was_reached:
            self._session.tell(_REACHED.format(wanted, defects.sentence), _MESSAGE)
        elif not self._was_reached:
            self._session.messages.withdraw(_MESSAGE)
