"""Draw the rings of particles: wide enough at any zoom, each over a dark line."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from vispy.scene.visuals import Mesh

from napari_cdse.gui.canvas.napari_private.parts import private_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers import Shapes
    from numpy.typing import NDArray

_LEAST_WIDTH = 2.2
"""Least width of a ring in screen pixels. A choice, by eye: thinner rings break up into
dots."""
_MOST_WIDTH = 1.5
"""Greatest width of a ring in a magnified view, over its least width. A choice: a ring
that grows with its particle would cover the particle's edge."""
_BROADEST = 2.0
"""Least width of the broadest ring over that of the thinnest ring. A choice, by eye:
the selected particle stands out at any zoom."""
_CASING = 1.2
"""Visible width of the dark line on either side of a ring, in screen pixels. A choice:
the least that still shows as a line where rows of pixels are missed."""
_CASING_COLOUR = (0.0, 0.0, 0.0, 1.0)
"""Black: no speckle is so dark that a ring would be lost in it."""
_ZOOM_STEP = 1.08
"""Factor of the zoom after which rings are drawn again. A choice: the width of a ring
of two pixels then is wrong by less than the eye sees."""
MESH_PARTS = (
    "vertices",
    "vertices_centers",
    "vertices_offsets",
    "vertices_index",
    "displayed_triangles",
    "displayed_triangles_colors",
)
"""Attributes of ``napari.layers.shapes._mesh.Mesh`` that are read; seen in napari
0.9.2."""


class Rings:
    """The rings of one layer, with the dark lines below them (the casing).

    Create it with `Rings.of`.

    Parameters
    ----------
    layer : Shapes
        Its mesh has the rings as napari draws them; it stays as it is.
    node : CompoundVisual
        napari's node of that layer.
    casing : Mesh
        Part of the node that is drawn first.
    """

    def __init__(self, layer: Shapes, node: Any, casing: Any) -> None:
        self._layer = layer
        self._node = node
        self._casing = casing
        self._drawn_at = 0.0

    @classmethod
    def of(cls, layer: Shapes, node: Any) -> Rings | None:
        """Add the casing to a layer's node; None if private parts are missing."""
        casing = add_casing(node)
        mesh = private_part(layer, "_data_view._mesh")
        found = [private_part(mesh, name) is not None for name in MESH_PARTS]
        if casing is None or mesh is None or not all(found):
            return None
        return cls(layer, node, casing)

    def follow_blending(self) -> None:
        """Keep rings visible that are at the same depth as their casing."""
        self._casing.update_gl_state(depth_test=False)

    def follow_opacity(self) -> None:
        """Set the casing's opacity, which the node does not set for added parts."""
        self._casing.opacity = self._layer.opacity

    def follow_zoom(self) -> None:
        """Draw again if the zoom has changed noticeably since the last time."""
        scale = self._layer.scale_factor
        zoomed = scale / self._drawn_at if self._drawn_at else 1.0
        if not 1 / _ZOOM_STEP < zoomed < _ZOOM_STEP:
            with self._node.being_drawn():
                self.draw()

    def draw(self) -> None:
        """Draw rings as wide as the screen needs."""
        layer = self._layer
        mesh, self._drawn_at = layer._data_view._mesh, layer.scale_factor
        colours = mesh.displayed_triangles_colors
        visible = colours[:, 3] > 0
        # Flat circles in a 3-D view stay as napari draws them.
        is_flat = layer._slice_input.ndisplay == 2
        self._casing.visible = bool(visible.any()) and is_flat
        if not self._casing.visible:
            return
        triangles = mesh.displayed_triangles[visible]
        rings, casing = _ring_corners(layer, mesh)
        self._node.shape_faces.set_data(rings, triangles, face_colors=colours[visible])
        # Triangles that fill a shape have no casing; their corners have no offset.
        edges = triangles[mesh.vertices_offsets[triangles].any(axis=(1, 2))]
        self._casing.set_data(casing, edges, color=_CASING_COLOUR)


def _ring_corners(
    layer: Shapes, mesh: Any
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return the corners of the rings as drawn, and of the dark lines below them.

    A ring without width stays without.

    Returns
    -------
    rings : ndarray, shape (n, 2)
        Column before row, as vispy has it.
    casing : ndarray, shape (n, 2)
    """
    px = layer.scale_factor / layer.scale[-1]
    # Widths of a layer on which a user begins to draw are integers.
    given = np.array(layer.edge_width, dtype=float)
    thinnest = given.min(initial=np.inf, where=given > 0)
    least = np.minimum(given / thinnest, _BROADEST) * _LEAST_WIDTH * px
    # Differences of the first corner's index of each shape, and of the end.
    lengths = np.diff(mesh.vertices_index)
    shown = np.clip(given, least, _MOST_WIDTH * least)
    width = np.repeat(shown, lengths)[:, np.newaxis]
    rings = mesh.vertices_centers + width * mesh.vertices_offsets
    casing = rings + (width > 0) * 2 * _CASING * px * mesh.vertices_offsets
    return rings[:, ::-1].astype(np.float32), casing[:, ::-1].astype(np.float32)


def add_casing(node: Any) -> Any:
    """Add a mesh to a compound node of vispy that is drawn before all other parts.

    napari addresses the parts by their index, so the mesh is the last in the list.
    ``CompoundVisual.draw`` and ``_subvisuals``: seen in vispy 0.17.

    Returns
    -------
    Mesh or None
        None if private parts are missing.
    """
    parts = private_part(node, "_subvisuals")
    if parts is None or private_part(node, "_prepare_draw") is None:
        return None
    casing = Mesh()
    node.add_subvisual(casing)
    base: type = type(node)
    node.__class__ = _with_casing(base)
    return casing


@cache
def _with_casing(base: type) -> type:
    class NodeWithCasing(base):  # type: ignore[misc]  # vispy has no types
        """A compound node whose last part is drawn first."""

        _subvisuals: list[Any]

        @contextmanager
        def being_drawn(self) -> Iterator[None]:
            """Suppress requests to draw: the node is about to be drawn anyway."""
            self.update = lambda: None
            try:
                yield
            finally:
                del self.update

        def draw(self) -> None:
            parts = self._subvisuals
            self._subvisuals = [*parts[-1:], *parts[:-1]]
            try:
                super().draw()
            finally:
                self._subvisuals = parts

    return NodeWithCasing
