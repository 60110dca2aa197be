"""Handle our keys while the focus is outside the canvas.

Napari's key maps work where a key event reaches the canvas. Most widgets let letters
pass to the window, but lists, combo boxes and sliders use them themselves; there
`KeyForwarding` filters the events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import (
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QWidget,
)

from napari_cdse.gui.session.viewer_window import (
    application,
    find_canvas,
    find_main_window,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.shortcuts.registry import Shortcut
    from napari_cdse.gui.shortcuts.settings import KeySettings

OWN_KEYS = "cdse_own_keys"
"""Qt property set on a widget that handles our keys itself."""
_KEY_CONSUMERS = (QComboBox, QAbstractItemView, QAbstractSlider)
"""Widgets that use letters or Page Down to search or to step. All others ignore
these keys, and napari passes ignored keys to the canvas."""
_REMOVING = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_MODIFIERS = (
    (Qt.KeyboardModifier.ControlModifier, "Ctrl+"),
    (Qt.KeyboardModifier.AltModifier, "Alt+"),
    (Qt.KeyboardModifier.ShiftModifier, "Shift+"),
    (Qt.KeyboardModifier.MetaModifier, "Meta+"),
)


def shortcut_of(event: QKeyEvent, shortcuts: Iterable[Shortcut]) -> str | None:
    """Return the name of the shortcut whose key was pressed, if any."""
    key = QKeySequence(event.key()).toString()
    modifiers = "".join(text for flag, text in _MODIFIERS if event.modifiers() & flag)
    for shortcut in shortcuts:
        if modifiers + key in map(_as_qt_writes, shortcut.keys):
            return shortcut.name
    return None


def _as_qt_writes(key: str) -> str:
    """Convert a key from napari's notation to Qt's: Control-Z to Ctrl+Z."""
    *modifiers, last = key.replace("Control", "Ctrl").split("-")
    return "+".join([*modifiers, QKeySequence(last).toString()])


class KeyForwarding(QObject):
    """Forwards our keys to the canvas from focused lists, combo boxes and sliders.

    The event filter moves with the focus: one on the whole application would slow it.
    Text fields keep all of their keys.

    Parameters
    ----------
    session : Session
    keys : KeySettings
        The keys to forward.
    """

    def __init__(self, session: Session, keys: KeySettings) -> None:
        super().__init__(session)
        self._session = session
        self._keys = keys
        self._watched: QWidget | None = None
        application().focusChanged.connect(self._on_focus)

    def close(self) -> None:
        """Stop following the focus."""
        application().focusChanged.disconnect(self._on_focus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Send our keys to the canvas instead of the focused widget."""
        ours = isinstance(event, QKeyEvent) and self._is_ours(watched, event)
        canvas = find_canvas(self._session.viewer) if ours else None
        if canvas is None or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        # With the focus the canvas also gets the release, which ends a held shortcut.
        canvas.setFocus()
        kind, text = event.type(), event.text()
        QApplication.sendEvent(
            canvas, QKeyEvent(kind, event.key(), event.modifiers(), text)
        )
        return True

    def _is_ours(self, watched: QObject, event: QKeyEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() in _REMOVING and isinstance(watched, QAbstractItemView):
            # In napari's list of layers these remove layers.
            return False
        return shortcut_of(event, self._keys.shortcuts) is not None

    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        if self._watched is not None:
            self._watched.removeEventFilter(self)
        self._watched = now if self._consumes_our_keys(now) else None
        if self._watched is not None:
            self._watched.installEventFilter(self)
            self._watched.destroyed.connect(self._forget)

    def _forget(self) -> None:
        self._watched = None

    def _consumes_our_keys(self, widget: QWidget | None) -> bool:
        window = find_main_window(self._session.viewer)
        if window is None or widget is None or not window.isAncestorOf(widget):
            return False
        in_dialog = widget.window().isModal()
        is_text_field = isinstance(widget, QComboBox) and widget.isEditable()
        consumes = isinstance(widget, _KEY_CONSUMERS) and not widget.property(OWN_KEYS)
        return consumes and not (is_text_field or in_dialog)
