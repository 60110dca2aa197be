"""Keep the mouse wheel from changing fields while a dock is scrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QSlider

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

_FIELDS = (QAbstractSpinBox, QComboBox, QSlider)


class WheelGuard(QObject):
    """Keeps the wheel off the fields of a dock.

    Qt lets it turn whatever lies below the pointer: who scrolled a dock could take
    another forest into use, or lower the share of draws, which never grows again.

    Parameters
    ----------
    dock : QWidget
        With all its fields.
    """

    def __init__(self, dock: QWidget) -> None:
        super().__init__(dock)
        for kind in _FIELDS:
            for field in dock.findChildren(kind):
                field.installEventFilter(self)
                if field.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                    # Letters belong to the particles where nobody clicked a field.
                    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def eventFilter(self, field: QObject, event: QEvent) -> bool:
        """Hand the wheel on to what the field lies in."""
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return super().eventFilter(field, event)
