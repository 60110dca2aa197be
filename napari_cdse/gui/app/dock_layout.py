"""Store which docks are open and where, and restore them at the next start."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path
from qtpy.QtCore import QByteArray, QEvent, QObject
from qtpy.QtWidgets import QDockWidget, QMainWindow

from napari_cdse.core.errors import StoreError
from napari_cdse.io.files import MALFORMED, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_VERSION = 1
"""Version of the stored layout; Qt restores no other."""


def default_file() -> Path:
    """Return the file of the layout in the user's data folder."""
    return user_data_path("napari-cdse", appauthor=False) / "docks.json"


class DockLayout(QObject):
    """Stores which docks are open, where and how large, when a window closes.

    Parameters
    ----------
    window : QMainWindow
    names : iterable of str
        Titles of our docks; those of napari and other plugins are left alone.
    file : Path
        File of the layout.
    """

    def __init__(self, window: QMainWindow, names: Iterable[str], file: Path) -> None:
        super().__init__(window)
        self._window = window
        self._names = tuple(names)
        self._file = file
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Store the layout before the window closes its docks."""
        if event.type() == QEvent.Type.Close:
            self.keep()
        return super().eventFilter(watched, event)

    def keep(self) -> None:
        """Write the layout; if that fails, the next window has the usual one."""
        state = bytes(self._window.saveState(_VERSION).data())
        kept = {"docks": self._open(), "state": base64.b64encode(state).decode()}
        with suppress(OSError, StoreError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_file(self._file, json.dumps(kept, indent=1).encode(), StoreError)

    def restore(self, add: Callable[[str], object]) -> bool:
        """Open the docks of the stored layout where they were; False if there is none.

        Parameters
        ----------
        add : callable
            Called with the title of each dock to add.
        """
        kept = _read(self._file)
        if kept is None:
            return False
        names, state = kept
        for name in names:
            if name in self._names:
                add(name)
        return bool(self._window.restoreState(QByteArray(state), _VERSION))

    def _open(self) -> list[str]:
        docks = self._window.findChildren(QDockWidget)
        shown = {dock.windowTitle() for dock in docks if not dock.isHidden()}
        return [name for name in self._names if name in shown]


def _read(file: Path) -> tuple[list[str], bytes] | None:
    """Read titles of docks and Qt's state; None if the file cannot be read."""
    try:
        stored = json.loads(file.read_bytes())
        names = [str(name) for name in stored["docks"]]
        return names, base64.b64decode(stored["state"], validate=True)
    except (OSError, *MALFORMED):
        return None
