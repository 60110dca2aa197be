"""The Shapes layer that shows the particles, and turns gestures into edits.

The layer is only a view. After any event of napari, the whole layer is read and
compared with its last snapshot (`layer_diff`), the difference is applied to the project
as one edit (`project_particles`), and the layer is updated to the project's state
(`shown_particles`).
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari.layers import Shapes
from qtpy.QtCore import QTimer

from napari_cdse.core.errors import CdseError
from napari_cdse.gui.canvas.particles.drawing_state import DrawingState
from napari_cdse.gui.canvas.particles.layer_diff import Changes, compare
from napari_cdse.gui.canvas.particles.shapes_io import (
    assign_ids,
    is_unchanged,
    read_layer,
    restyled_ids,
)
from napari_cdse.gui.canvas.particles.shapes_style import undo_transform
from napari_cdse.gui.canvas.particles.shown_particles import ShownParticles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from napari.utils.events import Event

    from napari_cdse.gui.canvas.particles.particle_style import ParticleStyle, Plan
    from napari_cdse.gui.canvas.particles.project_particles import ProjectParticles

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
STYLE_RESTORED = (
    "Colours and letters of circles say their class, so they are as before; a class is "
    "changed by its key."
)


class ParticlesLayer:
    """Keeps a Shapes layer and the project consistent.

    Parameters
    ----------
    layer : Shapes
    project_particles : ProjectParticles
        Returns the wanted styles, and applies edits.
    warn : callable
        Shows a sentence to the user.
    on_selected : callable
        Called with the ids of the particles that the user has selected.
    """

    def __init__(
        self,
        layer: Shapes,
        project_particles: ProjectParticles,
        *,
        warn: Callable[[str], None],
        on_selected: Callable[[tuple[str, ...]], None],
    ) -> None:
        self.layer = layer
        self._project_particles = project_particles
        self._warn = warn
        self._selected = on_selected
        self._shown = ShownParticles(layer, project_particles.styles)
        self._drawing = DrawingState(layer)
        self._is_writing = False
        self._pressed = False
        self._committing = False
        self._closed = False
        self._refusal_shown = False
        self._style_notice_shown = False
        # Ids of deferred updates; None among them stands for all particles.
        self._deferred: set[str | None] | None = None
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

    # --- from the layer to the project ----------------------------------------

    @property
    def in_gesture(self) -> bool:
        """Whether the user is drawing or moving a shape with the mouse."""
        return self._pressed or self._drawing.active

    @property
    def repairing(self) -> bool:
        """Whether an update of the layer to the project's state is scheduled."""
        return self._timer.isActive()

    def apply_pending_edits(self) -> None:
        """Apply what was changed in the layer since the last time to the project."""
        if not (self._is_writing or self.in_gesture):
            self._look_for_edits()

    def check(self) -> None:
        """Apply changes to the project; restore the layer's place and appearance."""
        if self._is_writing or self.in_gesture:
            return
        self._look_for_edits()
        self._restore_styles()
        if not self.repairing:
            undo_transform(self.layer, self._scale)

    def _restore_styles(self) -> None:
        """Schedule an update of shapes whose style the user has changed."""
        shown = self._shown
        changed = restyled_ids(self.layer, shown.rows, shown.styles)
        for particle_id in changed:
            del shown.styles[particle_id]
            self._repair_soon()
        if changed and not self._style_notice_shown:
            self._style_notice_shown = True
            self._warn(STYLE_RESTORED)

    def _on_data(self, event: Event) -> None:
        if self._drawing.follow(event):
            self._look_for_edits()

    def _on_features(self) -> None:
        # A scheduled update looks for edits, too: a drawing ends with two events.
        if not (self.in_gesture or self.repairing):
            self._look_for_edits()

    def _on_press(self, layer: Shapes, event: Event) -> Iterator[None]:
        self._pressed = True
        yield
        while event.type == "mouse_move":
            yield
        self._pressed = False
        self._repair_soon()

    def _look_for_edits(self) -> None:
        shown = self._shown
        if self._is_writing or self._committing or is_unchanged(self.layer, shown.rows):
            return
        rows = read_layer(self.layer, shown.rows)
        changes = compare(shown.rows, rows, self._smallest_diameter_px())
        if changes == Changes() and len(rows) == len(shown.rows):
            return
        new_ids = self._commit(changes)
        shown.rows = assign_ids(self.layer, rows, changes, new_ids)
        self._repair_soon()

    def _smallest_diameter_px(self) -> float:
        """Return the diameter below which a circle was a click without a drag."""
        screen = _SLIP_SCREEN_PX * self.layer.scale_factor / self._scale[-1]
        return max(_SLIP_PX, float(screen))

    def _commit(self, changes: Changes) -> tuple[str, ...]:
        """Apply an edit to the project; return the ids of drawn particles."""
        self._explain_refused(changes)
        if not changes.edits:
            return ()
        self._committing = True
        try:
            return self._project_particles.apply(changes)
        except CdseError as error:
            self._warn(str(error))
            return tuple(str(uuid.uuid4()) for _ in changes.drawn)
        finally:
            self._committing = False

    def _explain_refused(self, changes: Changes) -> None:
        """Tell the user which shapes can't be particles, each kind of them once."""
        if changes.spoilt:
            self._warn(
                "So small a circle is no particle, so it is as before; press Delete "
                "to remove one."
            )
        if changes.refused and not self._refusal_shown:
            self._warn(
                "A line or an open path has no area; draw an ellipse (E) around "
                "the particle."
            )
        self._refusal_shown = bool(changes.refused)

    # --- from the project to the layer ----------------------------------------

    @contextmanager
    def joined_updates(self) -> Iterator[None]:
        """Join the updates of the block into one, which takes as long as each."""
        self._deferred = set()
        try:
            yield
        finally:
            deferred, self._deferred = self._deferred, None
            if deferred and not self._closed:
                ids = {one for one in deferred if one is not None}
                self.update(None if None in deferred else ids)

    def fill(self) -> None:
        """Show the particles in the shapes of the last micrograph, which is faster."""
        with self._writing():
            self.layer.selected_data = set()
            self._shown.fill()

    def update(self, ids: Iterable[str] | None = None) -> None:
        """Show the project's state, for some particles or for all."""
        if self._deferred is not None:
            self._deferred.update((None,) if ids is None else ids)
            return
        if self._committing or self.in_gesture:
            self._repair_soon()
            return
        self._write(*self._shown.plan_update(ids))

    def repair(self) -> None:
        """Read the layer and make it show the project's state."""
        if self.in_gesture:
            self._timer.start(_AGAIN_MS)
            return
        self._look_for_edits()
        self._timer.stop()
        self._write(*self._shown.plan_repair())

    def _repair_soon(self) -> None:
        self._timer.start(0)

    def _write(self, update: Plan, wanted: Mapping[str, ParticleStyle]) -> None:
        if not update and self._shown.in_order:
            return
        selected = self.selection()
        with self._writing():
            self._shown.write(update, wanted)
        if update.structural or update.reshape:
            # A new selection moves napari's box to where the circle is now.
            with self._writing():
                self.layer.selected_data = set()
            self.select(selected)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Ignore events of the layer in this block, which changes it."""
        before, self._is_writing = self._is_writing, True
        try:
            yield
        finally:
            self._is_writing = before

    # --- selection ------------------------------------------------------------

    def select(self, ids: Iterable[str]) -> None:
        """Select particles in the layer, without calling ``on_selected``.

        Only in a mode in which shapes can be moved: napari paints selected shapes in
        its own colour, which would hide the class.
        """
        chosen = set(ids) if self.layer.mode in _SELECTING else set()
        indices = self._shown.indices(chosen)
        if indices != set(self.layer.selected_data):
            with self._writing():
                self.layer.selected_data = indices

    def selection(self) -> tuple[str, ...]:
        """Ids of the selected particles."""
        return self._shown.ids(sorted(self.layer.selected_data))

    def _on_selected(self) -> None:
        if not self._is_writing and not self._drawing.active:
            self._selected(self.selection())
