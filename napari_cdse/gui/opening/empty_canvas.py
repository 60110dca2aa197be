"""Help on how to begin, shown on the canvas while no project is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt, Slot
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_cdse.gui.session.viewer_window import find_canvas
from napari_cdse.gui.widgets.layout import hint
from napari_cdse.gui.widgets.start_page import StartPage

if TYPE_CHECKING:
    from napari_cdse.gui.opening.opening import Opening
    from napari_cdse.gui.session.session import Session

_BEGIN = "Open a folder of micrographs"
_HOW = (
    "or drop it anywhere on this window: a folder, micrographs, label files or a "
    "project. The sample shows the program at work."
)
_LARGE = 2.0
"""Size of the first line's letters, over that of the window's letters. A choice."""
_WIDEST_PX = 620
"""Greatest width of the text in screen pixels. A choice: lines of some 80 letters."""
_MARGIN_PX = 20


class EmptyCanvas(QWidget):
    """Covers the canvas until a project is open or a layer is added.

    Parameters
    ----------
    session : Session
    opening : Opening
        Opens projects for the buttons.
    """

    def __init__(self, session: Session, opening: Opening) -> None:
        canvas = find_canvas(session.viewer)
        super().__init__(canvas)
        self._session = session
        self.setAutoFillBackground(True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        title = hint(_BEGIN)
        letters = title.font()
        title.setStyleSheet(f"font-size: {round(_LARGE * letters.pointSizeF())}pt;")
        self.page = StartPage(_HOW, opening, recent=True)
        self._column = QVBoxLayout(self)
        self._column.addStretch(1)
        self._column.addWidget(title)
        self._column.addWidget(self.page)
        self._column.addStretch(1)
        if canvas is not None:
            canvas.installEventFilter(self)
        session.project_changed.connect(self.refresh)
        opening.image_changed.connect(self.refresh)
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of the canvas."""
        if event.type() == QEvent.Type.Resize:
            self._fill()
        return super().eventFilter(watched, event)

    @Slot()
    def refresh(self) -> None:
        """Show the page while there is no project and no layer."""
        viewer = self._session.viewer
        empty = viewer is not None and not self._session.is_open and not viewer.layers
        self.setVisible(empty)
        if empty:
            self._fill()
            self.raise_()

    def _fill(self) -> None:
        canvas = self.parentWidget()
        if canvas is not None:
            self.setGeometry(canvas.rect())
            side = max(_MARGIN_PX, (self.width() - _WIDEST_PX) // 2)
            self._column.setContentsMargins(side, _MARGIN_PX, side, _MARGIN_PX)
