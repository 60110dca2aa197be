"""Regions of a micrograph that the user leaves out: ice, a crack, the grid's edge."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.outlines import area_and_centroid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.records import Circle

REASONS: tuple[str, ...] = (
    "drift or vibration",
    "out of focus",
    "contamination",
    "ice or salt",
    "beam damage",
    "overlapping particles",
    "scale bar or label",
)
"""Reasons offered for leaving out a micrograph or a region; any other text is
allowed."""


@dataclass(frozen=True, slots=True)
class Region:
    """A polygon that is left out, and why.

    Attributes
    ----------
    id : str
    corners_px : tuple of (float, float)
        Row and column of each corner in order; the last is joined to the first.
    reason : str
        One of `REASONS` or the user's own words.
    """

    id: str
    corners_px: tuple[tuple[float, float], ...]
    reason: str

    @property
    def area_px(self) -> float:
        """Enclosed area in square pixels."""
        area, _ = area_and_centroid(np.asarray(self.corners_px, dtype=np.float64))
        return float(area)

    @property
    def valid(self) -> bool:
        """Whether it has at least three corners, all finite, and encloses something."""
        finite = all(map(math.isfinite, chain.from_iterable(self.corners_px)))
        return len(self.corners_px) >= 3 and finite and self.area_px > 0


def inside(region: Region, points_px: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Tell which points lie in a region.

    Parameters
    ----------
    region : Region
        The polygon.
    points_px : ndarray, shape (n, 2)
        Row and column of each point.

    Returns
    -------
    ndarray of bool, shape (n,)
        By the even-odd rule: inside is where a ray from the point crosses the outline
        an odd number of times. Of a polygon that crosses itself, parts that it winds
        around twice are outside.
    """
    points = np.asarray(points_px, dtype=np.float64).reshape(-1, 1, 2)
    start = np.asarray(region.corners_px, dtype=np.float64)
    end = np.roll(start, -1, axis=0)
    row, col = points[..., 0], points[..., 1]
    spans = (start[:, 0] > row) != (end[:, 0] > row)
    # Edges along a row span nothing; their slope is never used.
    height = np.where(start[:, 0] == end[:, 0], 1.0, end[:, 0] - start[:, 0])
    crossing = start[:, 1] + (row - start[:, 0]) * (end[:, 1] - start[:, 1]) / height
    crossed = np.count_nonzero(spans & (col < crossing), axis=1)
    return np.asarray(crossed % 2 == 1)


def region_of(regions: Iterable[Region], circle: Circle) -> Region | None:
    """Return the region that a circle's centre lies in; None if it lies in none."""
    centre = np.array([[circle.row_px, circle.col_px]])
    return next((each for each in regions if inside(each, centre)[0]), None)


def left_out(regions: Iterable[Region], circles: Sequence[Circle]) -> NDArray[np.bool_]:
    """Tell which circles have their centre in one of the regions.

    Parameters
    ----------
    regions : iterable of Region
        The regions that are left out.
    circles : sequence of Circle
        On the same micrograph.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    out = np.zeros(len(circles), dtype=bool)
    centres = np.array([(each.row_px, each.col_px) for each in circles])
    for region in regions if circles else ():
        out |= inside(region, centres)
    return out


def is_inside(row_px: float, col_px: float, shape: tuple[int, int]) -> bool:
    """Tell whether a point lies on the image; pixel (0, 0) begins at -0.5, -0.5."""
    rows, columns = shape
    return -0.5 <= row_px <= rows - 0.5 and -0.5 <= col_px <= columns - 0.5
