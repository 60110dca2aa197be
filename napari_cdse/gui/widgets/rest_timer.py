"""Update a view after the user has paused, and when the project's file is free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Slot

from napari_cdse.core.errors import CdseError, StoreBusy

if TYPE_CHECKING:
    from collections.abc import Callable


class RestTimer(QObject):
    """Updates a view when nothing has happened for a while.

    An update that takes long follows after the last of several keys, so that labelling
    stays quick. If it has to read the project's file while another program holds that,
    it is tried again; the project poller shows that the file is busy. Other errors are
    shown.

    Parameters
    ----------
    parent : QObject
        The view; the timer is deleted with it.
    show : callable
        Updates the view.
    rest_ms : int
        Milliseconds without changes until the update.
    warn : callable
        Called with the sentence of an error.

    Attributes
    ----------
    rest_ms : int
        May be changed.
    """

    def __init__(
        self,
        parent: QObject,
        show: Callable[[], object],
        rest_ms: int,
        warn: Callable[[str], object],
    ) -> None:
        super().__init__(parent)
        self._warn = warn
        self.rest_ms = rest_ms
        self._show = show
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.show_now)

    @property
    def waiting(self) -> bool:
        """Whether an update is scheduled."""
        return self._timer.isActive()

    # Declared as slots, so that Qt disconnects them when the view is deleted.

    @Slot()
    def start(self) -> None:
        """Wait again; can be connected to signals with any arguments."""
        self._timer.start(self.rest_ms)

    @Slot()
    def show_now(self) -> None:
        """Update now, unless the file is busy."""
        self._timer.stop()
        try:
            self._show()
        except StoreBusy:
            self.start()
        except CdseError as error:
            self._warn(str(error))
