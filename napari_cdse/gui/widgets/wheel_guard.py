"""Keep the mouse wheel from changing fields while a dock is scrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QSlider

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

_FIELDS = (QAbstractSpinBox, QComboBox, QSlider)


class WheelGuard(QObject):
    """Keeps the wheel from changing the fields of a dock.

    Qt sends the wheel to the field below the pointer. A user who scrolls a dock could
    take another forest into use, or lower the share of draws for good.

    Parameters
    ----------
    dock : QWidget
        Has all its fields already.
    """

    def __init__(self, dock: QWidget) -> None:
        super().__init__(dock)
        for kind in _FIELDS:
            for field in dock.findChildren(kind):
                field.installEventFilter(self)
                if field.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                    # By default the wheel gives a field the focus, and so the keys.
                    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def eventFilter(self, field: QObject, event: QEvent) -> bool:
        """Pass the wheel on to the parent of the field."""
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return super().eventFilter(field, event)
