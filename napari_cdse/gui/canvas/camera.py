"""Move the camera over the micrograph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.gui.canvas.world_scale import PIXELS, WorldScale

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Image

    from napari_cdse.core.records import Circle
    from napari_cdse.gui.canvas.layer_stack import LayerStack

_SHARE_OF_VIEW = 1 / 3
"""Share of the view that a particle's diameter takes in `MicrographCamera.see`. A
choice: its surroundings stay visible."""
_SHARE_OF_WHOLE = 0.95
"""Share of the view that a whole micrograph takes: as in napari's `reset_view`."""


class MicrographCamera:
    """The viewer's camera, in pixels of the open micrograph.

    Parameters
    ----------
    stack : LayerStack
        Has the viewer.

    Attributes
    ----------
    scale : WorldScale
        Scale of the open micrograph; set when it is shown.
    """

    def __init__(self, stack: LayerStack) -> None:
        self._stack = stack
        self.scale: WorldScale = PIXELS

    @property
    def view_px(self) -> tuple[tuple[float, float], float]:
        """Row and column of the view's centre, and screen pixels per pixel."""
        camera, per_px = self._stack.viewer.scene.camera, self.scale.per_px
        row, col = camera.center[-2:]
        return (row / per_px, col / per_px), camera.zoom * per_px

    def look_at(self, centre_px: tuple[float, float], screen_per_px: float) -> None:
        """Set what `view_px` returns."""
        camera, per_px = self._stack.viewer.scene.camera, self.scale.per_px
        camera.center = (0, centre_px[0] * per_px, centre_px[1] * per_px)
        camera.zoom = screen_per_px / per_px

    @property
    def screen_px(self) -> float:
        """Edge of a screen pixel, in pixels of the micrograph."""
        return 1 / float(self._stack.viewer.scene.camera.zoom * self.scale.per_px)

    def pixel_at(self, position: Iterable[float]) -> tuple[float, float]:
        """Return row and column of a world position."""
        return self.scale.pixel_at(position)

    def bring_into_sight(self, circle: Circle) -> None:
        """Move the camera to a particle if it is out of view, without zooming."""
        centre, screen_per_px = self.view_px
        place = np.array([circle.row_px, circle.col_px])
        half = np.array(self._stack.viewer.canvas.size) / 2 / screen_per_px
        off = np.abs(place - np.array(centre)) + circle.radius_px
        if np.any(off > half):
            self.look_at((circle.row_px, circle.col_px), screen_per_px)

    def see(self, circle: Circle) -> None:
        """Move the camera so that a particle fills about a third of the view."""
        viewer, per_px = self._stack.viewer, self.scale.per_px
        camera = viewer.scene.camera
        camera.center = (0, circle.row_px * per_px, circle.col_px * per_px)
        across = 2 * circle.radius_px * per_px
        camera.zoom = min(viewer.canvas.size) * _SHARE_OF_VIEW / across

    def see_whole(self, image: Image | None) -> None:
        """Fit the micrograph into the view, whatever other layers there are.

        napari's `reset_view` can't fit a layer of two dimensions if another layer has
        three.

        Parameters
        ----------
        image : Image or None
            The micrograph's layer; without it, napari fits all layers.
        """
        viewer = self._stack.viewer
        if image is None:
            viewer.reset_view()
            return
        shape, per_px = np.array(image.data.shape), self.scale.per_px
        camera = viewer.scene.camera
        # The centre of pixel 0 is at 0.
        camera.center = (0, *((shape - 1) / 2 * per_px))
        fits = np.array(viewer.canvas.size) / (shape * per_px)
        camera.zoom = _SHARE_OF_WHOLE * float(fits.min())
