"""Recent projects in napari's File menu.

Plugins may not add a list that changes to that menu by their manifest, so it is done
through the window's own attribute `file_menu`, which napari documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QMenu

from napari_cdse.gui.session.plain_text import caption, plain
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.widgets.start_page import project_name

if TYPE_CHECKING:
    from napari_cdse.gui.opening.opening import Opening
    from napari_cdse.gui.session.session import Session

_NONE = "No project was open yet"


class RecentMenu(QObject):
    """Opens one of the projects that were open last.

    Parameters
    ----------
    session : Session
    opening : Opening

    Attributes
    ----------
    menu : QMenu
    """

    def __init__(self, session: Session, opening: Opening) -> None:
        super().__init__(session)
        self._session = session
        self._opening = opening
        self.menu = QMenu("Open Recent CdSe Project", main_window(session.viewer))
        self.menu.setToolTipsVisible(True)
        self._place()
        # napari fills the menu anew when plugins come and go.
        session.open_viewer.window.file_menu.aboutToShow.connect(self._place)
        self.menu.aboutToShow.connect(self.fill)
        self.fill()

    def fill(self) -> None:
        """List what was open last."""
        self.menu.clear()
        found = self._opening.recent
        for path in found:
            action = self.menu.addAction(caption(project_name(path)))
            action.setToolTip(plain(str(path)))
            action.triggered.connect(
                lambda _on=False, one=path: self._opening.open_recent(one)
            )
        if not found:
            self.menu.addAction(_NONE).setEnabled(False)

    def _place(self) -> None:
        """Put our menu above the first line of napari's, unless it is there."""
        there = self._session.open_viewer.window.file_menu
        mine = self.menu.menuAction()
        lines = [one for one in there.actions() if one.isSeparator()]
        if mine not in there.actions():
            there.insertAction(next(iter(lines), None), mine)
