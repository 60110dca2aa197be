"""Docks with two pages: how to begin, and the view of the open project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Slot
from qtpy.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QWidget,
)

from napari_cdse.gui.widgets.dock_sight import DockSight, dock_of
from napari_cdse.gui.widgets.fitting_scroll_area import LEAST_LINES, ViewArea
from napari_cdse.gui.widgets.layout import dock_column
from napari_cdse.gui.widgets.start_page import StartPage
from napari_cdse.gui.widgets.wheel_guard import WheelGuard

if TYPE_CHECKING:
    from qtpy.QtGui import QHideEvent, QShowEvent

    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.widgets.start_page import Opener

NO_PROJECT = "Open a folder of micrographs, or the sample project."


class ProjectView(QWidget):
    """A widget that shows the open project; without one it is not shown.

    Attributes
    ----------
    sight : DockSight
        Whether the view is in sight; otherwise it need not be updated.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sight = DockSight(self)

    def showEvent(self, event: QShowEvent) -> None:
        """Follow the dock, which may be behind another tab."""
        super().showEvent(event)
        self.sight.shown()

    def hideEvent(self, event: QHideEvent) -> None:
        """Report that the view is out of sight."""
        super().hideEvent(event)
        self.sight.hidden()

    def show_project(self) -> None:
        """Show another project."""
        raise NotImplementedError


class ProjectDock(QWidget):
    """Shows the start page until a project is open, then the project's view.

    Parameters
    ----------
    session : Session
    view : ProjectView
        View of the open project.
    opener : Opener
        Opens projects for the buttons of the start page.
    start : str, optional
        Text of the start page.
    buttons : bool
        Whether the start page has the buttons that open something.
    least_lines : int
        Least height of the project's view, in lines of text.
    takes_room : bool
        Whether the dock takes height from those above and below it, down to their
        least, when its view needs more than it has.

    Attributes
    ----------
    view : ProjectView
    start_page : StartPage
    """

    def __init__(
        self,
        session: Session,
        view: ProjectView,
        opener: Opener,
        start: str = NO_PROJECT,
        *,
        buttons: bool = True,
        least_lines: int = LEAST_LINES,
        takes_room: bool = False,
    ) -> None:
        super().__init__()
        self.session = session
        self.view = view
        self._pages = _Pages()
        self.start_page = StartPage(start, opener, buttons=buttons)
        self._pages.addWidget(self.start_page)
        self._area = ViewArea(view, least_lines)
        self._pages.addWidget(self._area)
        if takes_room:
            self._area.crowded.connect(self._take_room)
        # Otherwise napari leaves the space below empty.
        grows = QSizePolicy.Policy.Expanding
        self._pages.setSizePolicy(grows, grows)
        self._column = dock_column(self)
        self._column.addWidget(self._pages, 1)
        WheelGuard(self)
        session.project_changed.connect(self._show_project)
        if session.is_open:
            self._show_project()

    @Slot()
    def _show_project(self) -> None:
        self.view.show_project()
        self._pages.setCurrentWidget(self._area)

    @Slot(int)
    def _take_room(self, missing_px: int) -> None:
        dock = dock_of(self)
        window = None if dock is None else dock.parentWidget()
        if dock is not None and isinstance(window, QMainWindow):
            _take_height(window, dock, missing_px)


def _take_height(window: QMainWindow, dock: QDockWidget, missing_px: int) -> None:
    """Give a dock height from the one in its column that has most to spare.

    Parameters
    ----------
    window : QMainWindow
        Has the docks.
    dock : QDockWidget
        Becomes higher.
    missing_px : int
        Height that it needs in addition.
    """
    area = window.dockWidgetArea(dock)
    beside = [
        other
        for other in window.findChildren(QDockWidget)
        if other is not dock
        and window.dockWidgetArea(other) == area
        and not (other.isFloating() or other.visibleRegion().isEmpty())
    ]
    spare = {
        other: other.height() - other.minimumSizeHint().height() for other in beside
    }
    if dock.isFloating() or not spare:
        return
    giver = max(spare, key=lambda other: spare[other])
    given = min(missing_px, spare[giver])
    if given > 0:
        # Both are set, since Qt would take the height from all other docks.
        heights = [dock.height() + given, giver.height() - given]
        window.resizeDocks([dock, giver], heights, Qt.Orientation.Vertical)


class _Pages(QStackedWidget):
    """Pages that always have the size of the largest one.

    Qt ignores hidden pages whose height depends on their width. The dock would be low
    at first, and would stay so when the project's view is shown.
    """

    def hasHeightForWidth(self) -> bool:
        """Return False: the size hints hold at any width."""
        return False

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        size = super().sizeHint()
        for at in range(self.count()):
            size = size.expandedTo(self.widget(at).sizeHint())
        return size

    def minimumSizeHint(self) -> QSize:
        """Return the least size."""
        size = super().minimumSizeHint()
        for at in range(self.count()):
            size = size.expandedTo(self.widget(at).minimumSizeHint())
        return size
