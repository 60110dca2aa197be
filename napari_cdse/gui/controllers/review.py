"""What keys, buttons and clicks do with particles: label, go on, undo, look."""

from __future__ import annotations

import weakref
from contextlib import nullcontext
from typing import TYPE_CHECKING

from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QApplication, QShortcut

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.controllers.navigation import Way
from napari_cdse.gui.session import notifications as notices
from napari_cdse.gui.shortcuts.dialog import KeySheet
from napari_cdse.gui.shortcuts.registry import bind, unbind
from napari_cdse.gui.widgets.viewer_window import main_window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_cdse.core.records import Label
    from napari_cdse.gui.session.session import Session

_NOTHING_CHOSEN = "Choose a particle first: click its circle, or press {} for the next."


class Review(Way):
    """Labels the particles of a session, and binds the keys for all that one can do."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.actions: Mapping[str, Callable[..., object]] = self._actions()
        viewer = session.viewer
        self._shortcuts = session.keys.shortcuts
        self._bound: weakref.WeakSet[object] = weakref.WeakSet()
        self._bind(viewer)
        session.keys.changed.connect(self._bind_anew)
        QApplication.instance().focusChanged.connect(self._on_focus)
        self._listen_for_question_mark()

    def close(self) -> None:
        """Give keys and mouse back."""
        self.selection.close()
        QApplication.instance().focusChanged.disconnect(self._on_focus)
        viewer = self._session.viewer
        if viewer is not None:
            unbind(viewer, self._shortcuts)

    def attach(self) -> None:
        """Take over the layers of a micrograph that was just shown."""
        for layer in self._session.scene.layers:
            self.bind_layer(layer)
        self.selection.attach()
        if self._session.project.selection.particle_id is not None:
            self._see(self._session.project.selection.particle_id)

    def bind_layer(self, layer: object) -> None:
        """Make our keys work while this layer is the active one."""
        self._bind(layer)

    def _bind(self, target: object) -> None:
        bind(target, self.actions, self._shortcuts)
        self._bound.add(target)

    def _bind_anew(self) -> None:
        """Give the old keys back, then take the new ones."""
        before, self._shortcuts = self._shortcuts, self._session.keys.shortcuts
        for target in tuple(self._bound):
            unbind(target, before)
            self._bind(target)

    def detach(self) -> None:
        """Forget the layers that are going away."""
        self.selection.detach()

    def _actions(self) -> Mapping[str, Callable[..., object]]:
        labels = {
            f"label_{label}": lambda chosen=label: self.label(chosen)
            for label in CLASSES
        }
        return labels | {
            "accept": self.accept,
            "defer": self.defer,
            "next": self.go_on,
            "previous": self.go_back,
            "next_micrograph": lambda: self.step_micrograph(1),
            "previous_micrograph": lambda: self.step_micrograph(-1),
            "remove": self.remove,
            "undo": self.undo,
            "redo": self.redo,
            "draw": lambda: self.toggle_mode("add_ellipse"),
            "grab": lambda: self.toggle_mode("select"),
            "hide": self._session.scene.hide,
            "whole": self.see_whole,
            "measure": self._session.measuring.measure,
            "scale_bar": self._session.measuring.scale_bar,
            "leave_region_out": self._session.leaving_out.draw,
            "key_sheet": self.show_keys,
        }

    # --- labels ---------------------------------------------------------------

    def label(self, label: Label) -> None:
        """Give the chosen particles a class and go to the next."""
        self._on_chosen(
            lambda ids: self._session.project.edits.label(
                ids, label, selected_by=self.selection.how(ids)
            )
        )

    def accept(self) -> None:
        """Confirm what the forest says of the chosen particles, and go on."""
        self._on_chosen(
            lambda ids: self._session.project.edits.accept(
                ids, selected_by=self.selection.how(ids)
            )
        )

    def defer(self) -> None:
        """Leave the chosen particles for later, and go on."""
        self._on_chosen(
            lambda ids: self._session.project.edits.defer(
                ids, selected_by=self.selection.how(ids)
            )
        )

    def remove(self) -> None:
        """Take the chosen circles away, and go on."""
        self._on_chosen(lambda ids: self._session.project.edits.remove(ids))

    def _on_chosen(self, act: Callable[[tuple[str, ...]], object]) -> None:
        if not self._ready():
            return
        ids = self.selection.chosen
        if not ids:
            self._say(_NOTHING_CHOSEN.format(self._session.keys.words("next")))
            return
        view, herald = self._session.view, self._session.herald
        together = nullcontext() if view is None else view.together()
        with notices.told(), herald.after_drawing(), together:
            if act(ids) is not False:
                self._advance()

    # --- looking --------------------------------------------------------------

    def see_whole(self) -> None:
        """Fit the micrograph into the view."""
        self._session.scene.see_whole()

    def toggle_mode(self, mode: str) -> None:
        """Go into a mode of the particles layer, or back to moving the picture."""
        view = self._session.view
        if view is None or view.in_gesture:
            return
        self._session.viewer.layers.selection.active = view.layer
        view.layer.mode = "pan_zoom" if view.layer.mode == mode else mode

    def _on_focus(self, _before: object, _now: object) -> None:
        """Bring the overlays back: the key's release goes elsewhere now."""
        self._session.scene.hide(False)

    def show_keys(self) -> None:
        """Show the list of keys."""
        KeySheet.show_for(main_window(self._session.viewer), self._session.keys)

    def _listen_for_question_mark(self) -> None:
        """Napari's key maps know no question mark, so Qt listens for it.

        Which of the two sequences comes depends on keyboard and platform.
        """
        window = main_window(self._session.viewer)
        for sequence in ("?", "Shift+?"):
            shortcut = QShortcut(QKeySequence(sequence), window)
            shortcut.activated.connect(self.show_keys)
