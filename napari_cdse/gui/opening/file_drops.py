"""Accept files and folders dropped anywhere on the window.

Qt sends a drop to the widget below the mouse, and then to its parents, until one
accepts it. The canvas accepts all drops for napari; an event filter is asked before.
"""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from npe2 import PluginManager
from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_cdse.gui.session.viewer_window import main_window

if TYPE_CHECKING:
    from qtpy.QtCore import QMimeData

    from napari_cdse.gui.opening.incoming_files import IncomingFiles
    from napari_cdse.gui.session.session import Session

_KINDS = (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop)
_KEYS_FOR_NAPARI = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier
"""Keys with which napari opens a stack, or offers a choice of readers."""
_HINT = "Let go to make it part of the project; with Alt or Shift, napari opens it."


class FileDrops(QObject):
    """Takes files that a project can use, and those that nobody can read.

    All others are left to napari.

    Parameters
    ----------
    session : Session
    incoming : IncomingFiles
        Receives the files and folders after the drop.
    """

    def __init__(self, session: Session, incoming: IncomingFiles) -> None:
        super().__init__(session)
        self._session = session
        self._incoming = incoming
        # The files dragged last, and whether they are taken.
        self._dragged: tuple[tuple[Path, ...], bool] = ((), False)
        window = main_window(session.viewer)
        window.setAcceptDrops(True)
        centre = window.centralWidget()
        within = () if centre is None else (centre, *centre.findChildren(QWidget))
        takers = [window, *(widget for widget in within if widget.acceptDrops())]
        for widget in takers:
            widget.installEventFilter(self)
        # Weak references, which do not keep the window alive.
        self._watched = tuple(map(weakref.ref, takers))

    def close(self) -> None:
        """Remove the event filter."""
        for widget in (ref() for ref in self._watched):
            if widget is None:
                continue
            if isalive(widget):  # type: ignore[no-untyped-call]  # qtpy has no type
                widget.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accept the drop instead of the widget, if the files are taken."""
        if event.type() not in _KINDS or not isinstance(event, QDropEvent):
            return super().eventFilter(watched, event)
        paths = _files(event.mimeData())
        if not paths or self._session.closed or not self._takes(paths):
            return super().eventFilter(watched, event)
        event.acceptProposedAction()
        if event.type() == QEvent.Type.Drop:
            # Later, since the program from which files are dragged waits meanwhile.
            QTimer.singleShot(0, lambda: self._pass_on(paths))
        else:
            self._session.say(_HINT)
        return True

    def _takes(self, paths: tuple[Path, ...]) -> bool:
        """Tell whether files are taken; checked once, and not at each mouse move."""
        if QApplication.keyboardModifiers() & _KEYS_FOR_NAPARI:
            return False
        if paths != self._dragged[0]:
            # Files that nobody can read are taken, to explain what can be opened.
            takes = self._incoming.accepts(paths) or not _napari_reads(paths)
            self._dragged = paths, takes
        return self._dragged[1]

    def _pass_on(self, paths: tuple[Path, ...]) -> None:
        if not self._session.closed:
            self._dragged = (), False
            self._session.say("")
            self._incoming.take(paths)


def _napari_reads(paths: tuple[Path, ...]) -> bool:
    """Tell whether any plugin, including napari's own and ours, can read files."""
    readers = PluginManager.instance().iter_compatible_readers(list(map(str, paths)))
    return next(readers, None) is not None


def _files(data: QMimeData | None) -> tuple[Path, ...]:
    """Return the dragged files; none if there is an address of the web among them."""
    urls = data.urls() if data is not None else []
    if not all(url.isLocalFile() for url in urls):
        return ()
    return tuple(Path(url.toLocalFile()) for url in urls)
