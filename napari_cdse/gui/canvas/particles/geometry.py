"""Convert circles to a Shapes layer's vertices and back; without Qt and napari.

Label files hold circles only, so that any outline that a person draws is converted to
the circle of the same area.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.outlines import area_and_centroid, circle_of_area

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle

_OUTLINE_CORNERS = 100
"""Corners of an ellipse as a polygon, as many as napari draws; its area is 0.07 % too
small."""
_CLOSED = 0.25
"""Greatest distance between the ends of a path that counts as closed, over its extent.
A choice: such a path was drawn around something."""


def circle_vertices(circle: Circle) -> NDArray[np.float32]:
    """Return the corners of a circle's square, in napari's order, shape (4, 2)."""
    signs = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]], dtype=np.float64)
    centre = np.array([circle.row_px, circle.col_px])
    return (centre + circle.radius_px * signs).astype(np.float32)


def circle_of(kind: str, vertices: NDArray[np.floating]) -> Circle | None:
    """Return the circle of an outline's centre and area; None if it has no area.

    Parameters
    ----------
    kind : str
        napari's shape type. Lines and open paths have no area; a path whose ends
        nearly meet counts as closed.
    vertices : ndarray, shape (n, 2)
        Corners in pixels, as napari stores them. A sheared or turned ellipse has a
        parallelogram of corners; its area is pi / 4 of the parallelogram's.
    """
    corners = np.asarray(vertices, dtype=np.float64)
    if kind == "line" or len(corners) < 3:
        return None
    if kind == "path" and not _closes(corners):
        return None
    area, centre = area_and_centroid(corners)
    if kind == "ellipse":
        area *= np.pi / 4
    return circle_of_area(float(centre[0]), float(centre[1]), float(area))


def ellipse_outline(corners: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return a polygon along an ellipse, shape (100, 2).

    Parameters
    ----------
    corners : ndarray, shape (4, 2)
        Corners of the parallelogram around the ellipse, in pixels, as napari stores
        them.
    """
    first, second, third, _ = np.asarray(corners, dtype=np.float64)
    turn = np.linspace(0, 2 * np.pi, _OUTLINE_CORNERS, endpoint=False)[:, np.newaxis]
    half, other_half = (second - first) / 2, (third - second) / 2
    outline: NDArray[np.float64] = np.cos(turn) * half + np.sin(turn) * other_half
    outline += (first + third) / 2
    return outline


def _closes(corners: NDArray[np.float64]) -> bool:
    gap = np.hypot(*(corners[-1] - corners[0]))
    return bool(gap < _CLOSED * np.ptp(corners, axis=0).max())


def circle_at(
    circles: Sequence[Circle], row_px: float, col_px: float, slack_px: float = 0.0
) -> int | None:
    """Return the index of the circle around a point; None if there is none.

    Parameters
    ----------
    circles : sequence of Circle
        May overlap.
    row_px, col_px : float
        The point.
    slack_px : float
        Distance from a circle at which the point still counts as inside.

    Returns
    -------
    int or None
        Index of the circle; of several, of the one with the nearest centre.
    """
    best: tuple[float, int] | None = None
    for index, circle in enumerate(circles):
        distance = float(np.hypot(circle.row_px - row_px, circle.col_px - col_px))
        if distance > circle.radius_px + slack_px:
            continue
        if best is None or (distance, index) < best:
            best = (distance, index)
    return None if best is None else best[1]
