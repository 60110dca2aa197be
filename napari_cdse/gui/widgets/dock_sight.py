"""Tell whether a dock is visible or hidden behind another tab."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QDockWidget, QWidget


class DockSight(QObject):
    """Tells when a view in a dock comes into sight and when it goes.

    For Qt a tab that lies behind is no hidden widget: ``isVisible`` says yes, and what
    follows every key would be worked out and drawn for nobody.

    `changed` carries whether it is in sight now.

    Parameters
    ----------
    view : QWidget
        Calls `shown` and `hidden` from its own events of these names.

    Attributes
    ----------
    here : bool
        Whether the view is in sight.
    """

    changed = Signal(bool)

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self._dock: QDockWidget | None = None
        self.here = False

    def shown(self) -> None:
        """Begin to follow the dock, whichever the view is in by now."""
        dock = dock_of(self._view)
        if dock is not self._dock and dock is not None:
            dock.visibilityChanged.connect(self._come_or_go)
            self._dock = dock
        self._come_or_go(dock is None or not dock.visibleRegion().isEmpty())

    def hidden(self) -> None:
        """Say that the view went with its dock or its page."""
        self._come_or_go(False)

    def _come_or_go(self, here: bool) -> None:
        if here != self.here:
            self.here = here
            self.changed.emit(here)


def dock_of(widget: QWidget) -> QDockWidget | None:
    """Find the dock that a widget is in; None where it is in none, or is one."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent
