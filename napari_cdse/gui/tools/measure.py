"""Measure a distance, or the pixel size by a scale bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.tools.line_tool import Line, LineTool
from napari_cdse.gui.tools.scale_bar_dialog import ScaleBarDialog

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
    """Write a distance in pixels, and in nm if the pixel size is known."""
    if pixel_size is None:
        return f"{length_px:.1f} px"
    if not pixel_size.source.is_trusted:
        return f"{length_px:.1f} px (the pixel size is {pixel_size.source})"
    about = "" if pixel_size.source.is_given else "about "
    return f"{length_px:.1f} px, {about}{length_px * pixel_size.nm:.3g} nm"


class Measurement(QObject):
    """Starts the tools that measure.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
    active : ActiveTool
        Slot for the tool.

    Attributes
    ----------
    dialog : ScaleBarDialog or None
        None unless the user is asked for the length of a scale bar.
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
        """Start the ruler, or put it away."""
        self._toggle(DISTANCE, self._distance)

    def scale_bar(self) -> None:
        """Start the tool for the line along a scale bar, or put it away."""
        tool = self._toggle(SCALE_BAR, lambda line: f"{line.length_px:.1f} px")
        if tool is not None:
            tool.drawn.connect(self._ask_length)
            tool.ended.connect(self._close_dialog)

    def ask_about(self, bar: ScaleBar) -> None:
        """Ask for the length of a scale bar that was found in the micrograph."""
        # Its ends are known to a pixel of the micrograph, not of the screen.
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
