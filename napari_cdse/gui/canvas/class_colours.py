"""Colours and letters of the classes.

Magenta, cyan and orange as the pipeline of 2018 had them, in tints that stay apart for
protanopes, deuteranopes and tritanopes and stand out from a gray micrograph. The
letter says the same again, so that nothing hangs on colour alone.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from napari_cdse.core.records import CLASSES
from napari_cdse.core.records import LETTERS as CLASS_LETTERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cdse.core.records import Label

UNLABELLED = "unlabelled"
"""What the class column says where neither a person nor the forest has spoken."""

CLASS_NAMES: tuple[str, ...] = (*CLASSES, UNLABELLED)

HEX: Mapping[str, str] = {
    "yes": "#f020d8",
    "no": "#66ffff",
    "null": "#ffa81a",
    "empty": "#b4b8bb",
    UNLABELLED: "#f5f5f5",
}

LETTERS: Mapping[str, str] = dict([*CLASS_LETTERS.items(), (UNLABELLED, "")])

MEANINGS: Mapping[str, str] = {
    "yes": "resolved, with a visible defect",
    "no": "resolved, no visible defect",
    "null": "not resolved",
    "empty": "no particle here",
}

LEAST_CONTRAST = 4.5
"""Of a mark to what it lies on: what WCAG 2.2 asks of text (1.4.3)."""
_STEPS = 50
"""From a colour to black or white; a step of 2 % is not seen."""
PALE = 0.9
"""Opacity of what only the forest says."""


def class_name(label: Label | None) -> str:
    """Text of the class column for a label."""
    return UNLABELLED if label is None else label


def letter(label: Label | None, by_person: bool) -> str:
    """Letter at the circle; a question mark says that no person confirmed it."""
    mark = LETTERS[class_name(label)]
    return mark if by_person else f"{mark}?"


def rgba(label: Label | None, by_person: bool) -> tuple[float, float, float, float]:
    """Edge colour: opaque for a person's word, pale for the forest's."""
    red, green, blue = rgb(class_name(label))
    return red, green, blue, 1.0 if by_person else PALE


def rgb(name: str) -> tuple[float, float, float]:
    """Colour of a class as three numbers from 0 to 1."""
    return _parts(HEX[name])


@cache
def readable(colour: str, paper: str) -> str:
    """Shade a colour until it stands out from what it lies on.

    Parameters
    ----------
    colour, paper : str
        ``#rrggbb``: of the mark, and of what is around it.

    Returns
    -------
    str
        The colour itself where its contrast suffices; else with as little black or
        white in it as does.
    """
    ends = ("#000000", "#ffffff")
    end = max(ends, key=lambda one: contrast_ratio(one, paper))
    shades = (mixed(colour, end, step / _STEPS) for step in range(_STEPS + 1))
    return next(one for one in shades if contrast_ratio(one, paper) >= LEAST_CONTRAST)


def mixed(colour: str, other: str, share: float) -> str:
    """Mix a share of another colour into one."""
    pairs = zip(_parts(colour), _parts(other), strict=True)
    parts = (round(255 * ((1 - share) * one + share * two)) for one, two in pairs)
    return "#" + "".join(f"{part:02x}" for part in parts)


def contrast_ratio(one: str, other: str) -> float:
    """Contrast of two colours as WCAG 2.2 defines it: from 1, none, to 21."""
    dark, bright = sorted((_luminance(one), _luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, as WCAG 2.2 defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _parts(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
