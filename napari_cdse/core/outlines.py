"""Closed outlines: area, moments, and the circle or ellipse that fits them.

An outline is given by its corners; the last is joined to the first. Area, centroid and
second moments are exact for the polygon, by Green's theorem (C. Steger, On the
calculation of moments of polygons, FGBV-96-04, TU München (1996)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.records import Circle

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_LIKENESS = 0.96
"""Likeness to an ellipse (see `Moments.likeness`), without unit, from which on an
outline is taken for one. It is 1 for an ellipse, 3 / pi = 0.955 for any rectangle and
less for triangles, crescents and outlines in several pieces. A circle drawn with a
relative error e of its radius (root mean square) has about 1 - 4 e^2, so that a
hand-drawn one may be off by 10 %."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Area, centroid and second moments of an outline.

    Attributes
    ----------
    area_px : float
        In square pixels.
    row_px, col_px : float
        Centroid.
    row_row, row_col, col_col : float
        Central second moments over the area, in square pixels.
    """

    area_px: float
    row_px: float
    col_px: float
    row_row: float
    row_col: float
    col_col: float

    @property
    def likeness(self) -> float:
        """Area over that of the ellipse with the same second moments, up to 1.

        The ellipse with semi-axes a, b has moments a^2 / 4 and b^2 / 4, hence an area
        of 4 pi times the square root of their determinant. No other shape of the same
        area has a smaller determinant.
        """
        determinant = self.row_row * self.col_col - self.row_col**2
        if not determinant > 0:
            return 0.0
        return self.area_px / (4 * math.pi * math.sqrt(determinant))

    @property
    def elongation(self) -> float:
        """Long axis over short axis of that ellipse; infinite for a line."""
        mean = (self.row_row + self.col_col) / 2
        apart = math.hypot((self.row_row - self.col_col) / 2, self.row_col)
        least = mean - apart
        return math.sqrt((mean + apart) / least) if least > 0 else math.inf

    @property
    def circle(self) -> Circle | None:
        """The circle of the same centroid and area; None where there is no area."""
        return circle_of_area(self.row_px, self.col_px, self.area_px)


def circle_of_area(row_px: float, col_px: float, area_px: float) -> Circle | None:
    """Return the circle of a centre and an area; None where it has none.

    Parameters
    ----------
    row_px, col_px : float
        Its centre.
    area_px : float
        In square pixels.
    """
    if not (math.isfinite(row_px) and math.isfinite(col_px) and area_px > 0):
        return None
    radius = math.sqrt(area_px / math.pi)
    return Circle(row_px, col_px, radius) if 0 < radius < math.inf else None


def area_and_centroid(
    corners: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Shoelace area and centroid; the corners' mean where the area vanishes.

    Parameters
    ----------
    corners : ndarray, shape (n, 2)
        Row and column of each, in pixels.

    Returns
    -------
    float
        Square pixels.
    ndarray, shape (2,)
    """
    origin = corners.mean(axis=0)
    here = corners - origin
    after = np.roll(here, -1, axis=0)
    cross = here[:, 0] * after[:, 1] - after[:, 0] * here[:, 1]
    double_area = cross.sum()
    if double_area == 0:
        return 0.0, origin
    offset = ((here + after) * cross[:, None]).sum(axis=0) / (3 * double_area)
    return abs(double_area) / 2, origin + offset


def moments_of(corners: NDArray[np.float64]) -> Moments | None:
    """Measure a polygon.

    Parameters
    ----------
    corners : ndarray, shape (n, 2)
        Row and column of each, in pixels; finite, at least three.

    Returns
    -------
    Moments or None
        None where it encloses nothing.
    """
    area, centre = area_and_centroid(corners)
    if area <= 0:
        return None
    here = corners - centre
    after = np.roll(here, -1, axis=0)
    cross = here[:, 0] * after[:, 1] - after[:, 0] * here[:, 1]
    sign = math.copysign(1.0, float(cross.sum()))
    squares = here**2 + here * after + after**2
    mixed = here[:, 0] * (2 * here[:, 1] + after[:, 1]) + after[:, 0] * (
        here[:, 1] + 2 * after[:, 1]
    )
    rows, cols = (sign * (squares * cross[:, None]).sum(axis=0) / (12 * area)).tolist()
    both = sign * float((mixed * cross).sum()) / (24 * area)
    row, col = centre.tolist()
    return Moments(area, row, col, rows, both, cols)
