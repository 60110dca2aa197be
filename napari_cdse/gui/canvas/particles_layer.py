"""The Shapes layer that shows the particles, and turns gestures into edits.

The layer is only a view. After any event of napari, the whole layer is read and
compared with its last snapshot, the difference is applied to the project as one edit,
and the layer is updated to the project's state.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari.layers import Shapes
from qtpy.QtCore import QTimer

from napari_cdse.core.errors import CdseError
from napari_cdse.gui.canvas.drawing_state import DrawingState
from napari_cdse.gui.canvas.layer_diff import Changes, compare
from napari_cdse.gui.canvas.shapes_io import badly_dressed, named, read_layer, unchanged
from napari_cdse.gui.canvas.shapes_style import hold_in_place
from napari_cdse.gui.canvas.shown_particles import ShownParticles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from napari.utils.events import Event

    from napari_cdse.gui.canvas.particle_style import ParticleStyle, Plan
    from napari_cdse.gui.canvas.shown_particles import Wanted

    Commit = Callable[[Changes], tuple[str, ...]]

_POLL_MS = 400
"""Milliseconds between checks for changes without an event. A choice: soon enough for a
user, and rare enough to cost no noticeable time."""
_AGAIN_MS = 20
"""Milliseconds until an update is tried again that had to wait for a gesture."""
_SELECTING = ("select", "direct")
"""napari's modes in which shapes can be selected."""
_SLIP_SCREEN_PX = 8.0
"""Diameter in screen pixels below which a drawn circle counts as a click without a
drag. A choice: more than a hand trembles, less than any circle that can be seen."""
_SLIP_PX = 3.0
"""The same in pixels of the micrograph at least, however large the zoom."""
LOOKS = (
    "Colours and letters of circles say their class, so they are as before; a class is "
    "changed by its key."
)


class ParticlesLayer:
    """Keeps a Shapes layer and the project consistent.

    Parameters
    ----------
    layer : Shapes
    wanted : callable
        Returns the styles of particles by id, in the layer's order; called with some
        ids, or None for all.
    commit : callable
        Applies the changes of one gesture to the project and returns the ids of drawn
        particles; raises `CdseError` if they can't be stored.
    tell : callable
        Shows a sentence to the user.
    selected : callable
        Called with the ids of the particles that the user has selected.
    """

    def __init__(
        self,
        layer: Shapes,
        wanted: Wanted,
        commit: Commit,
        tell: Callable[[str], None],
        selected: Callable[[tuple[str, ...]], None],
    ) -> None:
        self.layer = layer
        self._commit = commit
        self._tell = tell
        self._selected = selected
        self._shown = ShownParticles(layer, wanted)
        self._drawing = DrawingState(layer)
        self._quiet = False
        self._pressed = False
        self._committing = False
        self._closed = False
        self._told = False
        self._told_looks = False
        self._waiting: set[str | None] | None = None
        self._scale = tuple(layer.scale)
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.repair)
        self._poll = QTimer()
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self.check)
        self._poll.start()
        layer.events.data.connect(self._on_data)
        layer.events.features.connect(self._on_features)
        layer.selected_data.events.items_changed.connect(self._on_selected)
        layer.mouse_drag_callbacks.append(self._on_press)

    def close(self) -> None:
        """Disconnect from the layer."""
        self._closed = True
        self._timer.stop()
        self._poll.stop()
        self.layer.events.data.disconnect(self._on_data)
        self.layer.events.features.disconnect(self._on_features)
        self.layer.selected_data.events.items_changed.disconnect(self._on_selected)
        if self._on_press in self.layer.mouse_drag_callbacks:
            self.layer.mouse_drag_callbacks.remove(self._on_press)

    # --- what the user does -------------------------------------------------

    @property
    def in_gesture(self) -> bool:
        """Whether the user is drawing or moving a shape with the mouse."""
        return self._pressed or self._drawing.active

    @property
    def repairing(self) -> bool:
        """Whether an update of the layer to the project's state is scheduled."""
        return self._timer.isActive()

    def take_in(self) -> None:
        """Apply what was changed in the layer since the last time to the project."""
        if not (self._quiet or self.in_gesture):
            self._look_for_edits()

    def check(self) -> None:
        """Apply changes to the project; restore the layer's place and appearance."""
        if self._quiet or self.in_gesture:
            return
        self._look_for_edits()
        if not self._undress():
            hold_in_place(self.layer, self._scale)

    def _undress(self) -> bool:
        """Schedule an update of shapes whose style the user has changed."""
        shown = self._shown
        changed = badly_dressed(self.layer, shown.rows, shown.styles)
        for particle_id in changed:
            del shown.styles[particle_id]
            self._later()
        if changed and not self._told_looks:
            self._told_looks = True
            self._tell(LOOKS)
        return self._timer.isActive()

    def _on_data(self, event: Event) -> None:
        if self._drawing.follow(event):
            self._look_for_edits()

    def _on_features(self) -> None:
        # With an update scheduled, that will look: a drawing ends with two events.
        if not (self.in_gesture or self._timer.isActive()):
            self._look_for_edits()

    def _on_press(self, layer: Shapes, event: Event) -> Iterator[None]:
        self._pressed = True
        yield
        while event.type == "mouse_move":
            yield
        self._pressed = False
        self._later()

    def _look_for_edits(self) -> None:
        shown = self._shown
        if self._quiet or self._committing or unchanged(self.layer, shown.rows):
            return
        rows = read_layer(self.layer, shown.rows)
        changes = compare(shown.rows, rows, self._smallest_diameter_px())
        if changes == Changes() and len(rows) == len(shown.rows):
            return
        new_ids = self._hand_over(changes)
        shown.rows = named(self.layer, rows, changes, new_ids)
        self._later()

    def _smallest_diameter_px(self) -> float:
        """Return the diameter below which a circle was a click without a drag."""
        screen = _SLIP_SCREEN_PX * self.layer.scale_factor / self._scale[-1]
        return max(_SLIP_PX, float(screen))

    def _hand_over(self, changes: Changes) -> tuple[str, ...]:
        """Apply an edit to the project; return the ids of drawn particles."""
        self._tell_refused(changes)
        if not changes.edits:
            return ()
        self._committing = True
        try:
            return self._commit(changes)
        except CdseError as error:
            self._tell(str(error))
            return tuple(str(uuid.uuid4()) for _ in changes.drawn)
        finally:
            self._committing = False

    def _tell_refused(self, changes: Changes) -> None:
        """Tell the user which shapes can't be particles, each kind of them once."""
        if changes.spoilt:
            self._tell(
                "So small a circle is no particle, so it is as before; press Delete "
                "to remove one."
            )
        if changes.refused and not self._told:
            self._tell(
                "A line or an open path has no area; draw an ellipse (E) around "
                "the particle."
            )
        self._told = bool(changes.refused)

    # --- what the project says ------------------------------------------------

    @contextmanager
    def together(self) -> Iterator[None]:
        """Draw several updates as one: each costs as much as all of them."""
        self._waiting = set()
        try:
            yield
        finally:
            ids, self._waiting = self._waiting, None
            if ids and not self._closed:
                named_ids = {one for one in ids if one is not None}
                self.update(None if None in ids else named_ids)

    def fill(self) -> None:
        """Show the particles in the shapes of the micrograph before: that is faster."""
        with self._silently():
            self.layer.selected_data = set()
            self._shown.fill()

    def update(self, ids: Iterable[str] | None = None) -> None:
        """Show what the project holds, for some particles or for all."""
        if self._waiting is not None:
            self._waiting.update((None,) if ids is None else ids)
            return
        if self._committing or self.in_gesture:
            self._later()
            return
        self._write(*self._shown.due(ids))

    def repair(self) -> None:
        """Read the layer anew and make it show what the project holds."""
        if self.in_gesture:
            self._timer.start(_AGAIN_MS)
            return
        self._look_for_edits()
        self._timer.stop()
        self._write(*self._shown.due_anew())

    def select(self, ids: Iterable[str]) -> None:
        """Select particles in the layer, without telling anyone.

        Only while shapes can be moved: napari paints what is selected in its own
        colour, which would hide the class.
        """
        chosen = set(ids) if self.layer.mode in _SELECTING else set()
        indices = self._shown.indices(chosen)
        if indices != set(self.layer.selected_data):
            with self._silently():
                self.layer.selected_data = indices

    def selection(self) -> tuple[str, ...]:
        """Ids of the selected particles."""
        return self._shown.ids(sorted(self.layer.selected_data))

    def _later(self) -> None:
        self._timer.start(0)

    def _on_selected(self) -> None:
        if not self._quiet and not self._drawing.active:
            self._selected(self.selection())

    @contextmanager
    def _silently(self) -> Iterator[None]:
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def _write(self, todo: Plan, wanted: Mapping[str, ParticleStyle]) -> None:
        if not todo and self._shown.in_order:
            return
        chosen = self.selection()
        with self._silently():
            self._shown.write(todo, wanted)
        if todo.structural or todo.reshape:
            # Selecting anew moves napari's box to where the circle now is.
            with self._silently():
                self.layer.selected_data = set()
            self.select(chosen)
