"""The shortcuts in force in one window: the registry with the user's changes.

Napari's Preferences have a page for our keys (`gui.session.preferences`).
`KeySettings` listens to it, resolves conflicts, and keeps the tooltips that name keys
up to date.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from napari.layers import Image, Shapes
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer, Signal

from napari_cdse.gui.canvas.napari_private.window import menu_keys
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.session.preferences import keys_page
from napari_cdse.gui.shortcuts.registry import SHORTCUTS, Shortcut
from napari_cdse.gui.shortcuts.resolution import choose, key_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtpy.QtWidgets import QWidget

    from napari_cdse.gui.session.session import Session

_PAUSE_MS = 700
"""How long typing must rest before a changed key is read."""
_HARD_WIRED = {"Escape": "leave a tool", "Space": "move the picture while held"}
"""Keys with a fixed meaning on the canvas, which stand in no key map."""


class KeySettings(QObject):
    """The shortcuts with the keys in force; `changed` is emitted when they change.

    A change in the Preferences takes effect when the user stops typing. A key that
    conflicts is refused with a warning, and the usual key stays.

    Parameters
    ----------
    session : Session
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._tips: list[tuple[weakref.ref[QWidget], str, str]] = []
        self._refused: tuple[str, ...] = ()
        self._settings = keys_page()
        self.shortcuts: tuple[Shortcut, ...] = SHORTCUTS
        self._read()
        # The Preferences report every letter typed: of "F8" first the F, which is a
        # key of napari.
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_PAUSE_MS)
        self._typing.timeout.connect(self._on_typed)
        if self._settings is not None:
            self._settings.events.connect(self._on_settings)

    def close(self) -> None:
        """Stop listening to the Preferences."""
        self._typing.stop()
        if self._settings is not None:
            self._settings.events.disconnect(self._on_settings)

    def words(self, name: str) -> str:
        """Keys of a shortcut, formatted for people."""
        (shortcut,) = [one for one in self.shortcuts if one.name == name]
        return key_words(shortcut.keys)

    def set_tip(self, widget: QWidget, text: str, name: str) -> None:
        """Set a tooltip that names the key of a shortcut and follows its changes."""
        self._tips.append((weakref.ref(widget, self._forget), text, name))
        widget.setToolTip(plain(f"{text} ({self.words(name)})"))

    def _forget(self, gone: weakref.ref[QWidget]) -> None:
        self._tips = [one for one in self._tips if one[0] is not gone]

    def _on_settings(self, _event: object) -> None:
        self._typing.start()

    def _on_typed(self) -> None:
        before = self.shortcuts
        self._read()
        if self.shortcuts != before:
            for reference, text, name in self._tips:
                widget = reference()
                if widget is not None and isalive(widget):  # type: ignore[no-untyped-call]
                    widget.setToolTip(plain(f"{text} ({self.words(name)})"))
            self.changed.emit()

    def _read(self) -> None:
        if self._settings is None:
            return
        wanted = {
            one.name: getattr(self._settings, one.name)
            for one in SHORTCUTS
            if hasattr(self._settings, one.name)
        }
        self.shortcuts, refused = choose(SHORTCUTS, wanted, self._taken())
        for sentence in refused:
            if sentence not in self._refused:
                self._session.warn(sentence)
        self._refused = refused

    def _taken(self) -> Mapping[str, str]:
        """Map napari's keys to their actions: on our layers, in viewer and menus."""
        viewer = self._session.viewer
        taken = dict(_HARD_WIRED)
        for kind in (Shapes, Image, type(viewer)):
            for cls in kind.__mro__:
                for key, action in getattr(cls, "class_keymap", {}).items():
                    taken.setdefault(str(key), _action_name(action))
        for key, action in menu_keys(viewer):
            taken[key] = _action_name(action)
        return taken


def _action_name(action: object) -> str:
    return str(getattr(action, "__name__", action)).replace("_", " ").strip()
