"""Measure a distance, or the pixel size by a scale bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from napari_cdse.core.errors import ParameterError
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.tools.line_tool import Line, LineTool
from napari_cdse.gui.widgets.decimal_field import DecimalField
from napari_cdse.gui.widgets.layout import PlainLabel, sentence
from napari_cdse.io.images.micrograph_file import check_pixel_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.core.pixel_size import PixelSize, ScaleBar
    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.tools.active_tool import ActiveTool

DISTANCE = "distance"
SCALE_BAR = "scale bar"
_HINTS = {
    DISTANCE: "Drag from one point to the other; Shift keeps it straight, Escape ends.",
    SCALE_BAR: "Drag along the scale bar from end to end; Shift keeps it straight, "
    "Escape ends.",
}


def distance_text(length_px: float, pixel_size: PixelSize | None) -> str:
    """Say a distance in pixels, and in nm as far as the pixel size is known."""
    if pixel_size is None:
        return f"{length_px:.1f} px"
    if not pixel_size.source.is_trusted:
        return f"{length_px:.1f} px (the pixel size is {pixel_size.source})"
    about = "" if pixel_size.source.is_given else "about "
    return f"{length_px:.1f} px, {about}{length_px * pixel_size.nm:.3g} nm"


class Measurement(QObject):
    """Takes up the tools that measure.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    active : ActiveTool
        Where the tool goes that is up.

    Attributes
    ----------
    dialog : ScaleBarDialog or None
        While it asks how long a scale bar is.
    """

    def __init__(
        self, session: Session, canvas: MicrographView, active: ActiveTool
    ) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._active = active
        self.dialog: ScaleBarDialog | None = None

    def measure(self) -> None:
        """Take up the ruler, or put it away."""
        self._toggle(DISTANCE, self._distance)

    def scale_bar(self) -> None:
        """Take up the line that is drawn along a scale bar, or put it away."""
        tool = self._toggle(SCALE_BAR, lambda line: f"{line.length_px:.1f} px")
        if tool is not None:
            tool.drawn.connect(self._ask_length)
            tool.ended.connect(self._close_dialog)

    def ask_about(self, bar: ScaleBar) -> None:
        """Ask how long a bar is that was found in the picture."""
        # It is known to a pixel, whatever the zoom.
        self._ask_length(Line(bar.start_px, bar.end_px, 1.0))

    def _toggle(self, name: str, says: Callable[[Line], str]) -> LineTool | None:
        tool = self._active.toggle(
            name, lambda: LineTool(self._session, self._canvas, name, says)
        )
        if tool is not None:
            self._session.say(_HINTS[name])
        return tool

    def _distance(self, line: Line) -> str:
        return distance_text(line.length_px, self._session.pixel_size())

    def _ask_length(self, line: Line) -> None:
        self._close_dialog()
        session = self._session
        window = main_window(session.viewer)
        dialog = ScaleBarDialog(line, session.project.settings.scale_bar, window)
        dialog.accepted.connect(lambda: self._calibrate(dialog))
        dialog.finished.connect(self._on_answered)
        self.dialog = dialog
        dialog.open()

    def _calibrate(self, dialog: ScaleBarDialog) -> None:
        self.dialog = None
        self._active.end()
        with self._session.reporting_errors():
            self._session.project.settings.scale_bar = (dialog.length, dialog.unit)
        self._session.set_pixel_size(dialog.pixel_size_nm, dialog.whole_folder)

    def _close_dialog(self) -> None:
        if self.dialog is not None:
            self.dialog.close()

    def _on_answered(self, _result: int) -> None:
        self.dialog = None


NM_PER_UNIT = {"nm": 1.0, "\u00b5m": 1000.0, "\u00c5": 0.1}
SCOPES = ("for this one", "for the folder")


class ScaleBarDialog(QDialog):
    """Ask for the length that a line stands for, and show what follows.

    Parameters
    ----------
    line : Line
        As drawn along the scale bar.
    last : tuple of (float, str)
        Length and unit as answered last time.
    """

    def __init__(
        self, line: Line, last: tuple[float, str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Scale bar")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._line = line
        length, unit = last
        self.field = DecimalField()
        # What follows is told with each key.
        self.field.setKeyboardTracking(True)
        self.field.setRange(0.0001, 100_000.0)
        self.field.setValue(length)
        self.units = QComboBox()
        self.units.addItems(list(NM_PER_UNIT))
        self.units.setCurrentText(unit)
        self.scope = QComboBox()
        self.scope.addItems(SCOPES)
        self.says = sentence()
        self.says.setMinimumWidth(320)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.field.valueChanged.connect(self._refresh)
        self.field.refused.connect(self._refresh)
        self.units.currentTextChanged.connect(self._refresh)
        self._refresh()
        self.field.selectAll()
        self.field.setFocus()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.addWidget(PlainLabel("The scale bar is"))
        for widget, stretch in ((self.field, 1), (self.units, 0), (self.scope, 0)):
            line.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.addLayout(line)
        column.addWidget(self.says)
        column.addWidget(self.buttons)

    @property
    def length(self) -> float:
        """Length in the chosen unit."""
        return self.field.value()

    @property
    def unit(self) -> str:
        """Chosen unit."""
        return self.units.currentText()

    @property
    def pixel_size_nm(self) -> float:
        """Edge of a pixel that follows."""
        return self.length * NM_PER_UNIT[self.unit] / self._line.length_px

    @property
    def whole_folder(self) -> bool:
        """Whether it is meant for all micrographs."""
        return self.scope.currentIndex() == 1

    def _refresh(self) -> None:
        says, good = self._judged()
        self.says.setText(says)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(good)

    def _judged(self) -> tuple[str, bool]:
        """Say what the answer means, and whether it can be taken."""
        if self.field.sentence:
            return self.field.sentence, False
        # Half a pixel of the screen at each end, and both may err the same way.
        share = self._line.screen_px / self._line.length_px
        says = (
            f"The line is {self._line.length_px:.1f} px long: "
            f"{self.pixel_size_nm:.5f} nm/px, within {share:.1%} as it was drawn."
        )
        try:
            check_pixel_size(self.pixel_size_nm)
        except ParameterError as error:
            return str(error), False
        return says, True
