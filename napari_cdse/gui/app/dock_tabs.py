"""Show the names on the tabs of docks whole.

Qt cuts the names off where the tabs of a main window have no room beside each other:
seven docks on a small screen were "Microgr...", "Ret...", "Gal...". Whole names, with
arrows to reach those that are out of sight, can be read.
"""

from __future__ import annotations

from qtpy.QtCore import QChildEvent, QEvent, QObject, Qt
from qtpy.QtWidgets import QMainWindow, QTabBar


class WholeTabNames(QObject):
    """Changes the tab bars of a main window, and those that Qt adds later.

    Qt makes a tab bar whenever docks are put on top of each other, also by hand.

    Parameters
    ----------
    window : QMainWindow
        The parent; one object for each window is enough.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        options = Qt.FindChildOption.FindDirectChildrenOnly
        for bar in window.findChildren(QTabBar, options=options):
            _show_whole(bar)
        window.installEventFilter(self)

    @classmethod
    def of(cls, window: QMainWindow) -> WholeTabNames:
        """Return the one of a window; made when it is asked for first."""
        found = window.findChild(cls)
        return cls(window) if found is None else found

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Change a tab bar once it is built; Qt announces it as added before it is."""
        polished = event.type() == QEvent.Type.ChildPolished
        if polished and isinstance(event, QChildEvent):
            child = event.child()
            if isinstance(child, QTabBar):
                _show_whole(child)
        return super().eventFilter(watched, event)


def _show_whole(bar: QTabBar) -> None:
    bar.setElideMode(Qt.TextElideMode.ElideNone)
    bar.setUsesScrollButtons(True)
