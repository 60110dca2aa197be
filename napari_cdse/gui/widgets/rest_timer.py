"""Update a view only after the user has paused and the project's file is free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Slot

from napari_cdse.core.errors import CdseError, StoreBusy

if TYPE_CHECKING:
    from collections.abc import Callable


class RestTimer(QObject):
    """Shows something anew when nothing has happened for a while.

    Labelling must stay quick, so what takes its time follows after the last of a row
    of keys. A view may have to read the project's file for it; while another program
    holds that, the view stays as it is and tries again: that the file is busy is said
    once for the whole window, by whoever polls it. Another error is told.

    Parameters
    ----------
    parent : QObject
        What it shows; the timer goes with it.
    show : callable
    rest_ms : int
        How long nothing must happen.
    tell : callable
        Gets the sentence of an error.

    Attributes
    ----------
    rest_ms : int
        As given; may be set.
    """

    def __init__(
        self,
        parent: QObject,
        show: Callable[[], object],
        rest_ms: int,
        tell: Callable[[str], object],
    ) -> None:
        super().__init__(parent)
        self._tell = tell
        self.rest_ms = rest_ms
        self._show = show
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.show_now)

    @property
    def waiting(self) -> bool:
        """Whether what is shown may be old."""
        return self._timer.isActive()

    # Slots of Qt's own, so that signals let go of a view that is closed.

    @Slot()
    def start(self) -> None:
        """Wait anew; to be connected to signals, whatever they tell."""
        self._timer.start(self.rest_ms)

    @Slot()
    def show_now(self) -> None:
        """Wait no longer, unless the file is busy."""
        self._timer.stop()
        try:
            self._show()
        except StoreBusy:
            self.start()
        except CdseError as error:
            self._tell(str(error))
