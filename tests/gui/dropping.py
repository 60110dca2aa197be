"""Files that a hand drags onto the window and lets go."""

from __future__ import annotations

from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from qtpy.QtWidgets import QApplication

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
COPY = Qt.DropAction.CopyAction


def drop(widget, *paths) -> bool:
    """Drag files over a widget and let go; whether anybody took them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place = QPoint(4, 4)
    for kind in (QDragEnterEvent, QDragMoveEvent):
        over = kind(place, COPY, data, LEFT, NONE)
        # As Qt does with a mouse's moves over who has taken the drag.
        over.setAccepted(kind is QDragMoveEvent)
        QApplication.sendEvent(widget, over)
        if not over.isAccepted():
            return False
    QApplication.sendEvent(widget, QDropEvent(QPointF(place), COPY, data, LEFT, NONE))
    return True
