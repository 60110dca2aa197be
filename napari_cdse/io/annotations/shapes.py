"""Convert shapes of other programs to circles, or say why that is impossible.

The readers of this package return an `AnnotationFile` of `Shape` records. They convert
outlines with `from_ellipse`, `from_outline` and `from_moments`, whose result is a
`FittedCircle`. Other formats count from the corner of the first pixel, this program
from its centre: readers and writers of this package shift coordinates by `HALF_PX`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.outlines import LEAST_LIKENESS, circle_of_area, moments_of
from napari_cdse.core.regions import is_inside
from napari_cdse.io.labels.label_text import fits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.outlines import Moments
    from napari_cdse.core.records import Circle

ShapeOf = Callable[[str], tuple[int, int] | None]
"""Maps the name that a file gives a micrograph to its (rows, columns); None if the
micrograph is unknown."""

HALF_PX = 0.5
"""Distance in px from the corner of the first pixel to its centre, along each axis."""
FARTHEST_PX = 1e9
"""Coordinates and sizes in px from here on are refused. Chosen: far beyond any
micrograph, and small enough that fourth powers, as in second moments, do not
overflow."""
MOST_SHAPES = 100_000
"""Most shapes in one file. Chosen: a thousand micrographs of a hundred particles; more
would take minutes to compare with the particles of a project."""
MOST_IN_ONE = 10_000
"""Most shapes in one micrograph. Chosen: 4096 x 4096 px full of circles of 40 px
diameter. Circles are compared pair by pair, which takes 80 MB with 1000 others."""
LEAST_RADIUS_PX = 0.5
"""Least radius of a circle in px; a smaller one covers less than a pixel."""
_MOST_ELONGATION = 1.1
"""Ratio of long to short axis above which an ellipse is reported as stretched. Chosen:
the circle of the same area is then off by 5 % of the radius, about as accurate as
drawing by hand."""

NOT_ROUND = "its outline is no circle and no ellipse"
NO_NUMBERS = "it has no finite place and size"
TOO_FAR = "it reaches farther than any micrograph"
NOT_REVIEWED = "its class is a forest's word that nobody reviewed"


def number_of(text: str) -> float:
    """Parse a number, without the underscores between digits that Python allows.

    Raises
    ------
    ValueError
        If it is no number.
    """
    if "_" in text:
        raise ValueError(f"{text} is no number")
    return float(text)


@dataclass(frozen=True, slots=True)
class Shape:
    """One particle, as a file describes it.

    Attributes
    ----------
    picture : str
        What the file calls the micrograph; empty if it names none.
    place : str
        Position in the file, for messages.
    circle : Circle or None
        The circle of the same area; None if there is a problem.
    name : str or None
        Name of its class in the file; None if it has none.
    problem : str
        Why it cannot be used, as the rest of a sentence that begins with the place;
        empty if it can.
    note : str
        A person's note about it.
    stretched : bool
        Whether the outline is an ellipse, and clearly no circle.
    """

    picture: str
    place: str
    circle: Circle | None
    name: str | None = None
    problem: str = ""
    note: str = ""
    stretched: bool = False


@dataclass(frozen=True, slots=True)
class AnnotationFile:
    """Contents of one file of annotations.

    Attributes
    ----------
    name : str
        Name of the file, for messages.
    shapes : tuple of Shape
        In the order of the file.
    """

    name: str
    shapes: tuple[Shape, ...]


class FittedCircle(NamedTuple):
    """The circle that stands for a shape, or why there is none.

    Attributes
    ----------
    circle : Circle or None
        Of the shape's centroid and area; None if there is a problem.
    problem : str
        Why there is no circle; empty if there is one.
    stretched : bool
        Whether the shape is an ellipse, and clearly no circle.
    """

    circle: Circle | None
    problem: str = ""
    stretched: bool = False


def from_ellipse(
    row_px: float, col_px: float, semi_row_px: float, semi_col_px: float
) -> FittedCircle:
    """Return the circle of the same area as an ellipse along the axes.

    Parameters
    ----------
    row_px, col_px : float
        Centre, in px from the centre of the first pixel.
    semi_row_px, semi_col_px : float
        Semi-axes along rows and columns; half the edges of its bounding box.
    """
    values = (row_px, col_px, semi_row_px, semi_col_px)
    if not all(map(math.isfinite, values)):
        return FittedCircle(None, NO_NUMBERS)
    if max(map(abs, values)) >= FARTHEST_PX:
        return FittedCircle(None, TOO_FAR)
    if min(semi_row_px, semi_col_px) <= 0:
        return FittedCircle(None, "it encloses nothing")
    circle = circle_of_area(row_px, col_px, math.pi * semi_row_px * semi_col_px)
    longer, shorter = max(semi_row_px, semi_col_px), min(semi_row_px, semi_col_px)
    return FittedCircle(
        circle, "" if circle else NO_NUMBERS, longer > _MOST_ELONGATION * shorter
    )


def from_outline(corners: NDArray[np.float64]) -> FittedCircle:
    """Return the circle of the same area as a closed outline, if it is an ellipse.

    Parameters
    ----------
    corners : ndarray, shape (n, 2)
        Row and column in px, finite; the last corner is joined to the first.
    """
    if len(corners) and np.abs(corners).max() >= FARTHEST_PX:
        return FittedCircle(None, TOO_FAR)
    return from_moments(moments_of(corners) if len(corners) >= 3 else None)


def from_moments(moments: Moments | None) -> FittedCircle:
    """Return the circle of the same area as a shape with these moments.

    Parameters
    ----------
    moments : Moments or None
        None for a shape that encloses nothing.
    """
    if moments is None:
        return FittedCircle(None, "it encloses nothing")
    if not moments.likeness >= LEAST_LIKENESS:
        return FittedCircle(None, NOT_ROUND)
    return FittedCircle(moments.circle, "", moments.elongation > _MOST_ELONGATION)


def problem_on(circle: Circle, shape: tuple[int, int]) -> str:
    """Say why a circle cannot be a particle of a micrograph.

    Parameters
    ----------
    circle : Circle
        With any numbers.
    shape : tuple of int
        Rows and columns of the micrograph.

    Returns
    -------
    str
        Empty if it can.
    """
    values = (circle.row_px, circle.col_px, circle.radius_px)
    if not all(map(math.isfinite, values)):
        return NO_NUMBERS
    if circle.radius_px < LEAST_RADIUS_PX:
        return "it is smaller than a pixel"
    if not is_inside(circle.row_px, circle.col_px, shape):
        return "its centre lies outside the micrograph"
    if not fits(circle.radius_px, shape):
        return "it is larger than the micrograph"
    return ""


def check_number(name: str, number: int) -> None:
    """Refuse a file with more shapes than `MOST_SHAPES`.

    Parameters
    ----------
    name : str
        Name of the file, for the message.
    number : int
        Number of its shapes.

    Raises
    ------
    LabelFileError
        If there are more.
    """
    if number > MOST_SHAPES:
        raise LabelFileError(
            f"{name} holds {number} shapes, and no more than {MOST_SHAPES} are read "
            "from one file; split it, or check that it is the right one."
        )
