"""Tools that measure: a distance, and the pixel size from a scale bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_cdse.gui import notices
from napari_cdse.gui.drag_line import DragLine, Line
from napari_cdse.gui.scale_bar_dialog import ScaleBarDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cdse.core.records import PixelSizeSource
    from napari_cdse.gui.session import Session

DISTANCE = "distance"
SCALE_BAR = "scale bar"
_HINTS = {
    DISTANCE: "Drag from one point to the other; Shift keeps it straight, Esc ends.",
    SCALE_BAR: "Drag along the scale bar from end to end; Shift keeps it straight, "
    "Esc ends.",
}


def distance_text(
    length_px: float, pixel_size_nm: float | None, source: PixelSizeSource | None
) -> str:
    """Say a distance in pixels, and in nm as far as the pixel size is known."""
    if pixel_size_nm is None:
        return f"{length_px:.1f} px"
    about = "about " if source == "estimated" else ""
    return f"{length_px:.1f} px, {about}{length_px * pixel_size_nm:.3g} nm"


class Measuring(QObject):
    """The measuring tools of a session; at most one is up.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.tool: DragLine | None = None
        self.dialog: ScaleBarDialog | None = None

    def measure(self) -> None:
        """Take up the ruler, or put it away."""
        self._toggle(DISTANCE, self._distance)

    def scale_bar(self) -> None:
        """Take up the line that is drawn along a scale bar, or put it away."""
        tool = self._toggle(SCALE_BAR, lambda line: f"{line.length_px:.1f} px")
        if tool is not None:
            tool.drawn.connect(self._ask_length)

    def end(self) -> None:
        """Put away whatever is up."""
        if self.dialog is not None:
            self.dialog.close()
        if self.tool is not None:
            self.tool.end()

    def _toggle(self, name: str, says: Callable[[Line], str]) -> DragLine | None:
        up = None if self.tool is None else self.tool.layer.name
        self.end()
        session = self._session
        session.leaving_out.end()
        if up == name or session.view is None or session.view.in_gesture:
            return None
        self.tool = DragLine(session, name, says)
        self.tool.ended.connect(self._on_ended)
        session.viewer.status = _HINTS[name]
        return self.tool

    def _distance(self, line: Line) -> str:
        return distance_text(line.length_px, *self._session.pixel_size())

    def _on_ended(self) -> None:
        self.tool = None

    def _ask_length(self, line: Line) -> None:
        if self.dialog is not None:
            self.dialog.close()
        session = self._session
        window = session.viewer.window._qt_window
        self.dialog = ScaleBarDialog(line, session.project.scale_bar, window)
        self.dialog.accepted.connect(self._calibrate)
        self.dialog.finished.connect(self._on_answered)
        self.dialog.open()

    def _calibrate(self) -> None:
        dialog, session = self.dialog, self._session
        if self.tool is not None:
            self.tool.end()
        with notices.told():
            session.project.scale_bar = (dialog.length, dialog.unit)
        session.set_pixel_size(dialog.pixel_size_nm, dialog.whole_folder)

    def _on_answered(self, _result: int) -> None:
        self.dialog = None
