"""The layer that a tool draws in, which is removed when the tool ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_cdse.gui.canvas.particles.shapes_style import OURS

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Shapes

    from napari_cdse.gui.canvas.micrograph_view import MicrographView
    from napari_cdse.gui.session.session import Session


class ToolLayer(QObject):
    """Adds a layer and makes it the active one, until the tool ends.

    It ends by `end`, or when another layer becomes the active one.

    Parameters
    ----------
    session : Session
    canvas : MicrographView
        Shows a micrograph.
    layer : Shapes
        Not in the viewer yet; named after the tool.
    on_escape : callable
        Called for Escape in that layer.

    Signals
    -------
    ended()
        The layer was removed.
    """

    ended = Signal()

    def __init__(
        self,
        session: Session,
        canvas: MicrographView,
        layer: Shapes,
        on_escape: Callable[[], None],
    ) -> None:
        super().__init__(canvas)
        self._session = session
        self._layer = layer
        self.is_over = False
        viewer = session.open_viewer
        self._active_before = viewer.layers.selection.active
        layer.metadata[OURS] = layer.name
        viewer.add_layer(layer)
        canvas.layer_added.emit(layer)
        layer.bind_key("Escape", lambda _layer: on_escape(), overwrite=True)
        viewer.layers.selection.events.active.connect(self._on_active)

    def end(self) -> None:
        """Remove the layer, and make the layer active that was active before."""
        if self.is_over:
            return
        self.is_over = True
        viewer, layer = self._session.viewer, self._layer
        if viewer is not None:
            viewer.layers.selection.events.active.disconnect(self._on_active)
            was_active = viewer.layers.selection.active is layer
            if layer in viewer.layers:
                viewer.layers.remove(layer)
            if was_active and self._active_before in viewer.layers:
                viewer.layers.selection.active = self._active_before
        self.ended.emit()
        self.deleteLater()

    def _on_active(self) -> None:
        viewer = self._session.viewer
        if viewer is not None and viewer.layers.selection.active is not self._layer:
            self.end()
