"""Handle our keys while the focus is outside the canvas."""

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
"""Property of a widget that knows itself what our keys mean in it."""
_TAKERS = (QComboBox, QAbstractItemView, QAbstractSlider)
"""Widgets that take letters or Page Down for a search or a step of their own. All
others leave such keys to the window, and napari hands them to the canvas."""
_REMOVING = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_MODIFIERS = (
    (Qt.KeyboardModifier.ControlModifier, "Ctrl+"),
    (Qt.KeyboardModifier.AltModifier, "Alt+"),
    (Qt.KeyboardModifier.ShiftModifier, "Shift+"),
    (Qt.KeyboardModifier.MetaModifier, "Meta+"),
)


def shortcut_of(event: QKeyEvent, shortcuts: Iterable[Shortcut]) -> str | None:
    """Return the name of the shortcut that a key belongs to."""
    key = QKeySequence(event.key()).toString()
    held = "".join(text for flag, text in _MODIFIERS if event.modifiers() & flag)
    for shortcut in shortcuts:
        if held + key in map(_as_qt_writes, shortcut.keys):
            return shortcut.name
    return None


def _as_qt_writes(key: str) -> str:
    """Turn a key as napari writes it into Qt's way: Control-Z into Ctrl+Z."""
    *held, last = key.replace("Control", "Ctrl").split("-")
    return "+".join([*held, QKeySequence(last).toString()])


class KeyForwarding(QObject):
    """Hands our keys to the canvas when a list, a combo box or a slider has the focus.

    Only what has the focus is watched: a filter of all events would slow the window.
    Fields in which text is typed keep all of their keys.

    Parameters
    ----------
    session : Session
    keys : KeySettings
        Which keys are ours.
    """

    def __init__(self, session: Session, keys: KeySettings) -> None:
        super().__init__(session)
        self._session = session
        self._keys = keys
        self._watched: QWidget | None = None
        application().focusChanged.connect(self._on_focus)

    def close(self) -> None:
        """Hand on nothing more."""
        application().focusChanged.disconnect(self._on_focus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take a key of ours away from a widget that would take it for its own."""
        ours = isinstance(event, QKeyEvent) and self._is_ours(watched, event)
        canvas = find_canvas(self._session.viewer) if ours else None
        if canvas is None or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        # The canvas hears of the key's release too: some of ours hold.
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
            # In napari's list of layers it removes layers.
            return False
        return shortcut_of(event, self._keys.shortcuts) is not None

    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        if self._watched is not None:
            self._watched.removeEventFilter(self)
        self._watched = now if self._takes_our_keys(now) else None
        if self._watched is not None:
            self._watched.installEventFilter(self)
            self._watched.destroyed.connect(self._forget)

    def _forget(self) -> None:
        self._watched = None

    def _takes_our_keys(self, widget: QWidget | None) -> bool:
        window = find_main_window(self._session.viewer)
        if window is None or widget is None or not window.isAncestorOf(widget):
            return False
        is_dialog = widget.window().isModal()
        writes = isinstance(widget, QComboBox) and widget.isEditable()
        taker = isinstance(widget, _TAKERS) and not widget.property(OWN_KEYS)
        return taker and not (writes or is_dialog)
