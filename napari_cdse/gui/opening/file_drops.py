"""Accept files and folders dropped anywhere on the window.

Qt asks the widget below the mouse, and from there up to the window, for the first that
takes the drop. The canvas takes all, for napari; it is asked here before it is.
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
_NAPARIS = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier
"""Held while dropping, they ask napari for a stack, or for a choice of readers."""
_SAY = "Let go to make it part of the project; with Alt or Shift, napari opens it."


class FileDrops(QObject):
    """Takes what a project can take or nobody reads, and leaves the rest to napari.

    Parameters
    ----------
    session : Session
    incoming : IncomingFiles
        Gets the files and folders, once the drop is over.
    """

    def __init__(self, session: Session, incoming: IncomingFiles) -> None:
        super().__init__(session)
        self._session = session
        self._incoming = incoming
        self._dragged: tuple[tuple[Path, ...], bool] = ((), False)
        window = main_window(session.viewer)
        window.setAcceptDrops(True)
        centre = window.centralWidget()
        within = () if centre is None else (centre, *centre.findChildren(QWidget))
        takers = [window, *(widget for widget in within if widget.acceptDrops())]
        for widget in takers:
            widget.installEventFilter(self)
        # The window goes with its last reference; none of ours may keep it.
        self._watched = tuple(map(weakref.ref, takers))

    def close(self) -> None:
        """Watch no longer."""
        for widget in (ref() for ref in self._watched):
            if widget is None:
                continue
            if isalive(widget):  # type: ignore[no-untyped-call]  # qtpy has no type
                widget.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Answer for the widget where the files are something of ours."""
        if event.type() not in _KINDS or not isinstance(event, QDropEvent):
            return super().eventFilter(watched, event)
        paths = _files(event.mimeData())
        if not paths or self._session.closed or not self._is_ours(paths):
            return super().eventFilter(watched, event)
        event.acceptProposedAction()
        if event.type() == QEvent.Type.Drop:
            # The program that files are dragged from waits until this returns.
            QTimer.singleShot(0, lambda: self._hand_over(paths))
        else:
            self._session.say(_SAY)
        return True

    def _is_ours(self, paths: tuple[Path, ...]) -> bool:
        """Tell it anew for other files only: it is asked at every step of the mouse."""
        if QApplication.keyboardModifiers() & _NAPARIS:
            return False
        if paths != self._dragged[0]:
            # What nobody reads is taken too, to say what can be done with it.
            ours = self._incoming.accepts(paths) or not _napari_reads(paths)
            self._dragged = paths, ours
        return self._dragged[1]

    def _hand_over(self, paths: tuple[Path, ...]) -> None:
        if not self._session.closed:
            self._dragged = (), False
            self._session.say("")
            self._incoming.take(paths)


def _napari_reads(paths: tuple[Path, ...]) -> bool:
    """Whether any plugin, napari's own or ours too, offers to read files."""
    readers = PluginManager.instance().iter_compatible_readers(list(map(str, paths)))
    return next(readers, None) is not None


def _files(data: QMimeData | None) -> tuple[Path, ...]:
    """Return the files that are dragged; none where an address of the web is."""
    urls = data.urls() if data is not None else []
    if not all(url.isLocalFile() for url in urls):
        return ()
    return tuple(Path(url.toLocalFile()) for url in urls)
