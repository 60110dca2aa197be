"""Recent projects in napari's File menu.

A plugin's manifest can't add a list that changes to that menu. So it is added to the
window's attribute `file_menu`, which napari documents.
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

_NO_PROJECT = "No project was open yet"


class RecentMenu(QObject):
    """A menu of the projects that were open before.

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
        # napari rebuilds its menu when plugins are added or removed.
        session.open_viewer.window.file_menu.aboutToShow.connect(self._place)
        self.menu.aboutToShow.connect(self.fill)
        self.fill()

    def fill(self) -> None:
        """List the recent projects."""
        self.menu.clear()
        recent = self._opening.recent
        for path in recent:
            action = self.menu.addAction(caption(project_name(path)))
            action.setToolTip(plain(str(path)))
            action.triggered.connect(
                lambda _on=False, one=path: self._opening.open_recent(one)
            )
        if not recent:
            self.menu.addAction(_NO_PROJECT).setEnabled(False)

    def _place(self) -> None:
        """Insert our menu above the first separator of napari's, if it is missing."""
        file_menu = self._session.open_viewer.window.file_menu
        action = self.menu.menuAction()
        separators = [one for one in file_menu.actions() if one.isSeparator()]
        if action not in file_menu.actions():
            file_menu.insertAction(next(iter(separators), None), action)
