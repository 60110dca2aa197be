"""The keys of one window: the registry with the user's changes."""

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
_OWN = {"Escape": "leave a tool", "Space": "move the picture while held"}


class KeySettings(QObject):
    """Gives the keys that hold now; `changed` says that they are others.

    A change in the Preferences holds as soon as the user stops writing. What
    cannot be is told in one sentence, and the usual key stays.

    Parameters
    ----------
    session : Session
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._tips: list[tuple[weakref.ref[QWidget], str, str]] = []
        self._told: tuple[str, ...] = ()
        self._settings = keys_page()
        self.shortcuts: tuple[Shortcut, ...] = SHORTCUTS
        self._read()
        # The Preferences pass on every letter: of "F8", the F alone is napari's.
        self._written = QTimer(self)
        self._written.setSingleShot(True)
        self._written.setInterval(_PAUSE_MS)
        self._written.timeout.connect(self._on_written)
        if self._settings is not None:
            self._settings.events.connect(self._on_settings)

    def close(self) -> None:
        """Stop listening."""
        self._written.stop()
        if self._settings is not None:
            self._settings.events.disconnect(self._on_settings)

    def words(self, name: str) -> str:
        """Keys of a shortcut as a person reads them."""
        (found,) = [one for one in self.shortcuts if one.name == name]
        return key_words(found.keys)

    def tip(self, widget: QWidget, text: str, name: str) -> None:
        """Give a button a tooltip that names its key, now and when it changes."""
        self._tips.append((weakref.ref(widget, self._forget), text, name))
        widget.setToolTip(plain(f"{text} ({self.words(name)})"))

    def _forget(self, gone: weakref.ref[QWidget]) -> None:
        self._tips = [one for one in self._tips if one[0] is not gone]

    def _on_settings(self, _event: object) -> None:
        self._written.start()

    def _on_written(self) -> None:
        before = self.shortcuts
        self._read()
        if self.shortcuts != before:
            for held, text, name in self._tips:
                widget = held()
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
            if sentence not in self._told:
                self._session.warn(sentence)
        self._told = refused

    def _taken(self) -> Mapping[str, str]:
        """Ask napari for its keys on our layers, in the viewer and in its menus."""
        viewer = self._session.viewer
        taken = dict(_OWN)
        for kind in (Shapes, Image, type(viewer)):
            for cls in kind.__mro__:
                for key, act in getattr(cls, "class_keymap", {}).items():
                    taken.setdefault(str(key), _named(act))
        for key, act in menu_keys(viewer):
            taken[key] = _named(act)
        return taken


def _named(act: object) -> str:
    return str(getattr(act, "__name__", act)).replace("_", " ").strip()
