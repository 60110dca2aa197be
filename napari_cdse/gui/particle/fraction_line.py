"""Line with the visible-defect fraction and its interval, as the review goes on."""

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
"""How long hands must rest before the number is worked out: the estimate over a
thousand particles takes some ten milliseconds, which no key has to wait for."""
_STEP = 0.01
_FIELD_PX = 120
"""Room for three digits; the words need the rest."""
_LEAST = 0.001
_MOST = 0.5
_TIP = (
    "How narrow you need the interval of 95 %: half its width. The line says how many "
    "more judged draws that takes, and you are told when it is reached."
)
_ABOUT = "the width that is wanted"
_REACHED = "The visible-defect fraction is known to within {:g}, as you wanted: {}"


class FractionLine(QWidget):
    """The visible-defect fraction, how surely it is known, and what more it takes.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._reached: bool | None = None
        self.says = sentence()
        self.width_wanted = DecimalField()
        self.width_wanted.setPrefix("\u00b1 ")
        self.width_wanted.setRange(_LEAST, _MOST)
        self.width_wanted.setSingleStep(_STEP)
        self.width_wanted.setMaximumWidth(_FIELD_PX)
        self.width_wanted.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.width_wanted.setToolTip(_TIP)
        self._soon = RestTimer(self, self._show_fraction, _REST_MS, session.warn)
        line = flush_row(self)
        line.addWidget(self.says, 1)
        line.addWidget(self.width_wanted)
        self._connect()

    @property
    def waiting(self) -> bool:
        """Whether the number on the screen may be an older one."""
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
        self._reached = None
        self.refresh()
        self._session.half_width_changed.emit()

    def show_project(self) -> None:
        """Show another project."""
        self._reached = None
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Work the number out and say it now."""
        self._soon.show_now()

    def _show_fraction(self) -> None:
        if not self._session.is_open:
            return
        project = self._session.project
        wanted = project.settings.half_width
        with signals_blocked(self.width_wanted):
            self.width_wanted.show_value(wanted)
        self.width_wanted.setEnabled(not project.read_only)
        found = project.statistics.visible_defects()
        self.says.setText(found.brief(wanted))
        self.says.setToolTip(
            plain(f"{found.sentence} {found.draws} {found.outlook_to(wanted)}".strip())
        )
        self._tell_reached(found, wanted)

    def _tell_reached(self, found: VisibleDefects, wanted: float) -> None:
        """Say it once, when a label made the interval as narrow as is wanted."""
        before, self._reached = self._reached, found.reaches(wanted)
        if before is False and self._reached:
            self._session.tell(_REACHED.format(wanted, found.sentence), _ABOUT)
        elif not self._reached:
            self._session.messages.withdraw(_ABOUT)
