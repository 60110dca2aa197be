"""Turn shapes of other programs into circles, or say why that is impossible.

Other formats count from the corner of the first pixel, the program from its centre:
readers and writers of this folder move by half a pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
"""Gives rows and columns of the micrograph that a file calls so; None if it is
unknown."""

HALF_PX = 0.5
"""From the corner of the first pixel to its centre."""
FARTHEST_PX = 1e9
"""What no place and no size reaches: a million times the edge of a micrograph. Fourth
powers of what is less are numbers yet."""
MOST_SHAPES = 100_000
"""In one file; a thousand micrographs of a hundred particles. More takes minutes to
compare with what is there, and is no file that a person made."""
MOST_IN_ONE = 10_000
"""In one micrograph: a field of 4096 px full of circles of 40 px. Circles are compared
pair by pair, so that the memory this takes grows with it: 80 MB beside 1000 others."""
LEAST_RADIUS_PX = 0.5
"""Of a circle; a smaller one shows on no pixel."""
_ROUND = 1.1
"""Long over short axis up to which an ellipse is not worth a word: its circle of the
same area is off by 5 % of the radius, as a hand is."""

NOT_ROUND = "its outline is no circle and no ellipse"
NO_NUMBERS = "it has no finite place and size"
TOO_FAR = "it reaches farther than any micrograph"
NOT_REVIEWED = "its class is a forest's word that nobody reviewed"


def number_of(text: str) -> float:
    """Read a number of a file, without the marks between digits that Python allows.

    Raises
    ------
    ValueError
        For anything else.
    """
    if "_" in text:
        raise ValueError(f"{text} is no number")
    return float(text)


@dataclass(frozen=True, slots=True)
class Shape:
    """One particle as a file has it.

    Attributes
    ----------
    picture : str
        What the file calls the micrograph; empty where it names none.
    place : str
        Where it stands in the file.
    circle : Circle or None
        Of the same area; None where there is a problem.
    name : str or None
        Of its class, as it stands there; None where it has none.
    problem : str
        Why it cannot be used, to follow on the place; empty where it can.
    note : str
        What a person wrote down about it.
    stretched : bool
        The outline is an ellipse that is longer than broad.
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
    """What was read from one file.

    Attributes
    ----------
    name : str
        Of the file, for messages.
    shapes : tuple of Shape
    """

    name: str
    shapes: tuple[Shape, ...]


def from_ellipse(
    row_px: float, col_px: float, semi_row_px: float, semi_col_px: float
) -> tuple[Circle | None, str, bool]:
    """Turn an ellipse, or the box around one, into the circle of the same area.

    Returns
    -------
    Circle or None
    str
        Why there is none.
    bool
        Whether the ellipse is longer than broad.
    """
    values = (row_px, col_px, semi_row_px, semi_col_px)
    if not all(map(math.isfinite, values)):
        return None, NO_NUMBERS, False
    if max(map(abs, values)) >= FARTHEST_PX:
        return None, TOO_FAR, False
    if min(semi_row_px, semi_col_px) <= 0:
        return None, "it encloses nothing", False
    circle = circle_of_area(row_px, col_px, math.pi * semi_row_px * semi_col_px)
    longer, shorter = max(semi_row_px, semi_col_px), min(semi_row_px, semi_col_px)
    return circle, "" if circle else NO_NUMBERS, longer > _ROUND * shorter


def from_outline(corners: NDArray[np.float64]) -> tuple[Circle | None, str, bool]:
    """Turn a closed outline into a circle if it is one, or an ellipse.

    Parameters
    ----------
    corners : ndarray, shape (n, 2)
        Row and column in pixels; finite.

    Returns
    -------
    Circle or None
    str
        Why there is none.
    bool
        Whether it is longer than broad.
    """
    if len(corners) and np.abs(corners).max() >= FARTHEST_PX:
        return None, TOO_FAR, False
    found = moments_of(corners) if len(corners) >= 3 else None
    return from_moments(found)


def from_moments(found: Moments | None) -> tuple[Circle | None, str, bool]:
    """Turn an area into a circle; see `from_outline`."""
    if found is None:
        return None, "it encloses nothing", False
    if not found.likeness >= LEAST_LIKENESS:
        return None, NOT_ROUND, False
    return found.circle, "", found.elongation > _ROUND


def problem_on(circle: Circle, shape: tuple[int, int]) -> str:
    """Say why a circle cannot be one of a micrograph; empty if it can.

    Parameters
    ----------
    circle : Circle
        Anything.
    shape : tuple of int
        Rows and columns of the micrograph.
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
    """Refuse a file with more shapes than any person drew.

    Raises
    ------
    LabelFileError
    """
    if number > MOST_SHAPES:
        raise LabelFileError(
            f"{name} holds {number} shapes, and no more than {MOST_SHAPES} are read "
            "from one file; split it, or check that it is the right one."
        )
