"""Tell whether a dock is visible or hidden behind another tab."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QDockWidget, QWidget


class DockSight(QObject):
    """Reports when the view of a dock comes into sight or goes out of it.

    For Qt, a dock behind another tab is visible, and its view would be updated after
    every key for nothing.

    Parameters
    ----------
    view : QWidget
        Calls `shown` and `hidden` in its show and hide events.

    Attributes
    ----------
    here : bool
        Whether the view is in sight.

    Signals
    -------
    changed(here)
        ``here`` has changed.
    """

    changed = Signal(bool)

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self._dock: QDockWidget | None = None
        self.here = False

    def shown(self) -> None:
        """Follow the dock that has the view now; called when the view is shown."""
        dock = dock_of(self._view)
        if dock is not self._dock and dock is not None:
            dock.visibilityChanged.connect(self._set_here)
            self._dock = dock
        self._set_here(dock is None or not dock.visibleRegion().isEmpty())

    def hidden(self) -> None:
        """Report that the view is out of sight; called when it is hidden."""
        self._set_here(False)

    def _set_here(self, here: bool) -> None:
        if here != self.here:
            self.here = here
            self.changed.emit(here)


def dock_of(widget: QWidget) -> QDockWidget | None:
    """Return the dock that contains a widget; None if there is none."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent
