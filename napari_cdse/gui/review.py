"""What keys, buttons and clicks do with particles: label, go on, undo, look."""

from __future__ import annotations

import weakref
from contextlib import nullcontext
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QApplication, QShortcut

from napari_cdse.core.records import CLASSES
from napari_cdse.gui import notices
from napari_cdse.gui.key_sheet import KeySheet
from napari_cdse.gui.keys import bind, unbind
from napari_cdse.gui.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_cdse.core.records import Label, SelectedBy
    from napari_cdse.core.review_queue import Order
    from napari_cdse.gui.session import Session
    from napari_cdse.project.reviewing import Which

_NOTHING_CHOSEN = "Choose a particle first: click its circle, or press {} for the next."
_ALL_DONE = "Every particle of the project has been reviewed."
_NONE_DEFERRED = "No other particle was left for later."
_NONE_DISPUTED = "Annotators differ on no other particle."
_NOTHING_LEFT = "There is no other particle."
_NO_MORE: Mapping[Which, str] = {
    "unlabelled": _ALL_DONE,
    "deferred": _NONE_DEFERRED,
    "disputed": _NONE_DISPUTED,
    "all": _NOTHING_LEFT,
}
_AT_START = "This is where you began."


class Review(QObject):
    """Goes through the particles of a session.

    Attributes
    ----------
    order : {"uncertain", "micrograph", "class", "confidence"}
        In which the next particle is found.
    which : {"unlabelled", "deferred", "disputed", "all"}
        Particles to stop at.
    """

    order_changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._order: Order = "uncertain"
        self._which: Which = "unlabelled"
        self.selection = Selection(session)
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
        if self._session.project.selected is not None:
            self._see(self._session.project.selected)

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
            lambda ids: self._session.project.label(
                ids, label, selected_by=self.selection.how(ids)
            )
        )

    def accept(self) -> None:
        """Confirm what the forest says of the chosen particles, and go on."""
        self._on_chosen(
            lambda ids: self._session.project.accept(
                ids, selected_by=self.selection.how(ids)
            )
        )

    def defer(self) -> None:
        """Leave the chosen particles for later, and go on."""
        self._on_chosen(
            lambda ids: self._session.project.defer(
                ids, selected_by=self.selection.how(ids)
            )
        )

    def remove(self) -> None:
        """Take the chosen circles away, and go on."""
        self._on_chosen(lambda ids: self._session.project.remove(ids))

    def _on_chosen(self, act: Callable[[tuple[str, ...]], object]) -> None:
        if not self._ready():
            return
        ids = self.selection.chosen
        if not ids:
            self._say(_NOTHING_CHOSEN.format(self._session.keys.words("next")))
            return
        view = self._session.view
        with notices.told(), nullcontext() if view is None else view.together():
            if act(ids) is not False:
                self.go_on()

    def _ready(self) -> bool:
        """Whether the layer can be changed now; takes in what was changed by hand."""
        session = self._session
        if session.project is None:
            return False
        if session.view is not None:
            if session.view.in_gesture:
                return False
            session.stage.check()
        return True

    # --- going on -------------------------------------------------------------

    @property
    def order(self) -> Order:
        """In which the next particle is found."""
        return self._order

    @property
    def which(self) -> Which:
        """Particles to stop at."""
        return self._which

    def set_order(self, order: Order, which: Which) -> None:
        """Choose another order, or other particles."""
        self._order, self._which = order, which
        self.order_changed.emit()

    def hides(self, particle_id: str) -> bool:
        """Tell whether a particle's prediction must not be shown yet."""
        project = self._session.project
        return project is not None and project.hides(particle_id)

    def go_on(self) -> None:
        """Select the next particle and look at it."""
        if self._ready():
            found = self._session.project.advance(self._order, self._which)
            how = "queue" if self._order == "uncertain" else "order"
            self._go_to(found, how, _NO_MORE[self._which])

    def go_back(self) -> None:
        """Select the particle that was looked at before this one."""
        if self._ready():
            found = self._session.project.retreat()
            self._go_to(found, self.selection.arrived_by(found), _AT_START)

    def _go_to(self, found: str | None, how: SelectedBy, nothing: str) -> None:
        if found is None:
            self._say(nothing)
            return
        with notices.told():
            self.selection.go_to(found, how)
            self._see(found)

    def go_to(self, particle_id: str) -> None:
        """Select a particle that the person chose from a list, and look at it."""
        project = self._session.project
        if project is None or not self._ready() or project.find(particle_id) is None:
            return
        with notices.told():
            self.selection.go_to(particle_id, "hand")
            self._see(particle_id)

    def step_micrograph(self, by: int) -> None:
        """Open the next micrograph, or the one before."""
        project = self._session.project
        if project is not None and project.current is not None and self._ready():
            self._session.open_micrograph(project.current + by)

    def undo(self) -> None:
        """Take the last step back and show where it was."""
        self._walk_history("undo", "Undone", "There is nothing to undo.")

    def redo(self) -> None:
        """Make the step again that was taken back last."""
        self._walk_history("redo", "Done again", "There is nothing to redo.")

    def _walk_history(self, name: str, says: str, nothing: str) -> None:
        if not self._ready():
            return
        project = self._session.project
        touched: set[str] = set()

        def collect(ids: frozenset[str] | None) -> None:
            touched.update(ids or ())

        project.particles_changed.connect(collect)
        try:
            with notices.told():
                summary = getattr(project, name)()
                self._say(nothing if summary is None else f"{says}: {summary}")
                self._return_to(touched)
        finally:
            project.particles_changed.disconnect(collect)

    def _return_to(self, ids: set[str]) -> None:
        """Select the particle that a step was about, if it was only one."""
        project = self._session.project
        if len(ids) == 1 and project.find(next(iter(ids))) is not None:
            (particle_id,) = ids
            project.select(particle_id)

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
        KeySheet.show_for(self._session.viewer.window._qt_window, self._session.keys)

    def _see(self, particle_id: str) -> None:
        project = self._session.project
        particle = project.find(particle_id)
        if particle is not None and self._session.view is not None:
            self._session.scene.see(particle.circle)

    def _say(self, sentence: str) -> None:
        self._session.viewer.status = sentence

    def _listen_for_question_mark(self) -> None:
        """Napari's key maps know no question mark, so Qt listens for it.

        Which of the two sequences comes depends on keyboard and platform.
        """
        window = self._session.viewer.window._qt_window
        for sequence in ("?", "Shift+?"):
            shortcut = QShortcut(QKeySequence(sequence), window)
            shortcut.activated.connect(self.show_keys)
