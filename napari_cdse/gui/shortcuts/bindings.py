"""Bind our keys to the viewer and to each of our layers.

The viewer alone would not do: napari asks the active layer's key map first.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QShortcut

from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.shortcuts.registry import bind, unbind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.shortcuts.settings import KeySettings


class ShortcutBindings(QObject):
    """Binds the keys in force, and binds again when the user changes them.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        Its layers are bound when they are added.
    keys : KeySettings
    actions : mapping of str to callable
        What each shortcut of the registry does, by its name.
    """

    def __init__(
        self,
        session: Session,
        canvas: MicrographView,
        keys: KeySettings,
        actions: Mapping[str, Callable[..., object]],
    ) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._keys = keys
        self._actions = actions
        self._shortcuts = keys.shortcuts
        self._bound: weakref.WeakSet[object] = weakref.WeakSet()
        self._bind(session.viewer)
        keys.changed.connect(self._bind_again)
        canvas.shown.connect(self._on_shown)
        canvas.layer_added.connect(self._bind)
        self._listen_for_question_mark()

    def close(self) -> None:
        """Remove our keys from the viewer."""
        viewer = self._session.viewer
        if viewer is not None:
            unbind(viewer, self._shortcuts)

    def _on_shown(self) -> None:
        for layer in self._canvas.layers.present:
            self._bind(layer)

    def _bind(self, target: object) -> None:
        bind(target, self._actions, self._shortcuts)
        self._bound.add(target)

    def _bind_again(self) -> None:
        """Replace the old keys by the new ones on every target."""
        before, self._shortcuts = self._shortcuts, self._keys.shortcuts
        for target in tuple(self._bound):
            unbind(target, before)
            self._bind(target)

    def _listen_for_question_mark(self) -> None:
        """Open the list of keys at a question mark, which napari cannot bind.

        Whether Qt reports Shift with it depends on keyboard and platform.
        """
        window = main_window(self._session.viewer)
        for sequence in ("?", "Shift+?"):
            shortcut = QShortcut(QKeySequence(sequence), window)
            shortcut.activated.connect(self._actions["key_sheet"])
