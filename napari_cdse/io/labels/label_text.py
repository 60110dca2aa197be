"""Parse the text of a label file; see `napari_cdse.io.labels.label_file`.

Every error is a sentence with the number of the line.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES, Circle, Label
from napari_cdse.core.regions import is_inside
from napari_cdse.io.files import shown

if TYPE_CHECKING:
    from collections.abc import Callable

LOCATION, RADIUS, LABEL = "Particle Location:", "Radius Size:", "Defect Label:"
SIZE, REVIEW = "Image Size:", "Review:"
NOT_REVIEWED = "not reviewed"

_REQUIRED = (LOCATION, RADIUS, LABEL, SIZE)
_HEADINGS = (*_REQUIRED, REVIEW)
_NUMBER = (
    r"[+-]?(?:[0-9]{1,20}[.,]?[0-9]{0,30}|[.,][0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?"
)
_SINGLE = re.compile(_NUMBER)
_SCALAR = re.compile(
    r"\b(?:np|numpy)\.(?:float|int|uint)[0-9]{1,3}\(\s*([-+.0-9eE]{1,60})\s*\)"
    r"|\b(?:np|numpy)\.str_\(\s*'([a-z]{1,10})'\s*\)"
)
"""NumPy's scalars as `repr` writes them since NumPy 2: ``np.float64(418.0)``."""
_SHAPE = re.compile(r"\(\s*([0-9]{1,9})\s*,\s*([0-9]{1,9})\s*\)")

_LONGEST_LOCATION = 200
"""Most characters of a location; two numbers of the longest form have 120."""

_Line = tuple[int, str]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class LabelFile:
    """Contents of a label file.

    Attributes
    ----------
    circles : tuple of Circle
        In the order of the file.
    labels : tuple of {"yes", "no", "null", "empty"}
        One for each circle.
    shape : tuple of int
        Rows and columns of the image.
    reviewed : bool
        False if the program wrote the labels and no person reviewed them.
    """

    circles: tuple[Circle, ...]
    labels: tuple[Label, ...]
    shape: tuple[int, int]
    reviewed: bool = True

    @property
    def looked_at(self) -> bool:
        """Whether a person looked at this micrograph, particles or none."""
        return self.reviewed


def parse_labels(
    text: str, name: str, *, shape: tuple[int, int] | None = None
) -> LabelFile | None:
    """Parse the text of a label file.

    Parameters
    ----------
    text : str
        With any line ends.
    name : str
        What the file is called in messages.
    shape : tuple of int, optional
        Rows and columns that the file must state.

    Returns
    -------
    LabelFile or None
        None for a blank text: not labelled.

    Raises
    ------
    LabelFileError
        If the text breaks the format; with name and line.
    """
    lines = _lines(text)
    if not lines:
        return None
    sections = _sections(name, lines)
    places = [_parse(name, line, _location) for line in sections[LOCATION]]
    radii = [_parse(name, line, _radius) for line in sections[RADIUS]]
    labels = tuple(_parse(name, line, _label) for line in sections[LABEL])
    _check_counts(name, sections, lines)
    size = _size(name, sections, lines, shape)
    for line, place in zip(sections[LOCATION], places, strict=True):
        _check_inside(name, line, place, size)
    for line, radius in zip(sections[RADIUS], radii, strict=True):
        if not fits(radius, size):
            raise _broken(name, line, _too_large(line[1], size))
    circles = tuple(
        Circle(row_px=y, col_px=x, radius_px=radius)
        for (x, y), radius in zip(places, radii, strict=True)
    )
    return LabelFile(circles, labels, size, _is_reviewed(name, sections))


def whole_radius(radius_px: float) -> int:
    """Round a radius to whole pixels for a label file: half up, at least one."""
    return max(1, math.floor(radius_px + 0.5))


def fits(radius_px: float, shape: tuple[int, int]) -> bool:
    """Whether a circle of this radius, with its centre inside, is visible on an image.

    The outline of one with a radius above the image's diagonal is outside everywhere.
    """
    return radius_px <= math.hypot(*shape)


def _too_large(text: str, size: tuple[int, int]) -> str:
    return (
        f"the radius {shown(text)} is larger than the image of {size[0]} rows and "
        f"{size[1]} columns; write it in pixels"
    )


def _lines(text: str) -> list[_Line]:
    numbered = enumerate(re.split(r"\r\n|\n|\r", text), 1)
    return [(number, line.strip()) for number, line in numbered if line.strip()]


def _plain(text: str) -> str:
    """Replace NumPy's scalars by their values."""
    return _SCALAR.sub(lambda match: match[1] or match[2], text)


def _sections(name: str, lines: list[_Line]) -> dict[str, list[_Line]]:
    """Group the lines by headings, which must come in order, each once."""
    if lines[0][1] != LOCATION:
        raise _broken(name, lines[0], f'the file must begin with "{LOCATION}"')
    sections: dict[str, list[_Line]] = {}
    for line in lines:
        if line[1] in _HEADINGS:
            _check_heading(name, line, len(sections))
            current = sections.setdefault(line[1], [])
        else:
            current.append(line)
    if len(sections) < len(_REQUIRED):
        missing = _REQUIRED[len(sections)]
        raise _broken(name, lines[-1], f'the file ends before "{missing}"')
    return sections


def _check_heading(name: str, line: _Line, n_before: int) -> None:
    place = _HEADINGS.index(line[1])
    if place < n_before:
        raise _broken(name, line, f'"{line[1]}" comes a second time')
    if place > n_before:
        raise _broken(name, line, f'"{_HEADINGS[n_before]}" must come before this')


def _parse(name: str, line: _Line, read: Callable[[str], _T]) -> _T:
    try:
        return read(_plain(line[1]))
    except ValueError as problem:
        raise _broken(name, line, str(problem)) from problem


def _location(text: str) -> tuple[float, float]:
    """Parse ``[x, y]``, with points or commas as decimal marks.

    A semicolon separates the numbers if there is one. Otherwise any comma may separate
    them, and the text is accepted if exactly one leaves a number on either side.
    """
    readings = _readings(text)
    if len(readings) > 1:
        raise ValueError(
            f'"{shown(text)}" can be read in more than one way; write '
            "decimal points, or a semicolon between the numbers"
        )
    if not readings:
        raise ValueError(f'"{shown(text)}" is no location such as [418.0, 360.0]')
    x, y = readings[0]
    return _finite(x), _finite(y)


def _readings(text: str) -> list[tuple[str, str]]:
    if len(text) > _LONGEST_LOCATION or text[:1] + text[-1:] != "[]":
        return []
    inside = text[1:-1]
    mark = ";" if ";" in inside else ","
    places = [at for at, sign in enumerate(inside) if sign == mark]
    pairs = [(inside[:at].strip(), inside[at + 1 :].strip()) for at in places]
    return [pair for pair in pairs if all(map(_SINGLE.fullmatch, pair))]


def _radius(text: str) -> float:
    if _SINGLE.fullmatch(text) is None:
        raise ValueError(f'"{shown(text)}" is no radius; write a whole number')
    radius = _finite(text)
    if radius <= 0:
        raise ValueError(f"the radius {shown(text)} is not above 0")
    if not radius.is_integer():
        raise ValueError(f"the radius {shown(text)} is no whole number; round it")
    return radius


def _label(text: str) -> Label:
    for label in CLASSES:
        if text == label:
            return label
    raise ValueError(f'"{shown(text)}" is no label; use one of {", ".join(CLASSES)}')


def _finite(text: str) -> float:
    number = float(text.replace(",", "."))
    if not math.isfinite(number):
        raise ValueError(f"the number {shown(text)} is too large")
    return number


def _check_counts(
    name: str, sections: dict[str, list[_Line]], lines: list[_Line]
) -> None:
    n = len(sections[LOCATION])
    for heading, what in ((RADIUS, "radii"), (LABEL, "labels")):
        found = len(sections[heading])
        if found != n:
            reason = f"there are {n} locations but {found} {what}; each needs one"
            raise _broken(name, _heading_line(lines, heading), reason)


def _size(
    name: str,
    sections: dict[str, list[_Line]],
    lines: list[_Line],
    shape: tuple[int, int] | None,
) -> tuple[int, int]:
    if len(sections[SIZE]) != 1:
        reason = "the image size must follow, in one line such as (1024, 1024)"
        raise _broken(name, _heading_line(lines, SIZE), reason)
    line = sections[SIZE][0]
    found = _SHAPE.fullmatch(_plain(line[1]))
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if min(size) < 1:
        reason = f'"{shown(line[1])}" is no image size such as (1024, 1024)'
        raise _broken(name, line, reason)
    if shape is not None and size != tuple(shape):
        reason = (
            f"the image size is {size}, but the micrograph has {tuple(shape)} (rows, "
            "columns); check that the label file belongs to it"
        )
        raise _broken(name, line, reason)
    return size


def _check_inside(
    name: str, line: _Line, place: tuple[float, float], size: tuple[int, int]
) -> None:
    x, y = place
    if not is_inside(y, x, size):
        reason = (
            f"the centre [{x:g}, {y:g}] lies outside the image of {size[0]} rows and "
            f"{size[1]} columns; locations are [x, y], column before row"
        )
        raise _broken(name, line, reason)


def _is_reviewed(name: str, sections: dict[str, list[_Line]]) -> bool:
    if REVIEW not in sections:
        return True
    lines = sections[REVIEW]
    if len(lines) == 1 and lines[0][1] in ("reviewed", NOT_REVIEWED):
        return lines[0][1] != NOT_REVIEWED
    at = lines[0] if lines else sections[SIZE][0]
    raise _broken(name, at, f'"{REVIEW}" is followed by "reviewed" or "{NOT_REVIEWED}"')


def _heading_line(lines: list[_Line], heading: str) -> _Line:
    return next(line for line in lines if line[1] == heading)


def _broken(name: str, line: _Line, reason: str) -> LabelFileError:
    return LabelFileError(f"{name}, line {line[0]}: {reason}.")
