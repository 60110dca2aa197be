"""Colours and letters of the classes.

Magenta, cyan and orange as in the pipeline of 2018, in tints that protanopes,
deuteranopes and tritanopes can tell apart and that stand out from a grey micrograph.
The letter says the same, so that nothing depends on colour alone.
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
"""Class name of a particle that neither a person nor the forest has classified."""

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
"""Least contrast ratio of a mark to its background: what WCAG 2.2 requires of text
(1.4.3)."""
_STEPS = 50
"""Steps from a colour to black or white. A choice: a step of 2 % is not visible."""
PALE = 0.9
"""Opacity of circles that only the forest has classified. A choice: just less than
opaque, so that they stay visible in speckle."""


def class_name(label: Label | None) -> str:
    """Return the class column's text for a label."""
    return UNLABELLED if label is None else label


def letter(label: Label | None, by_person: bool) -> str:
    """Return the letter at a circle, with a question mark if no person confirmed it."""
    mark = LETTERS[class_name(label)]
    return mark if by_person else f"{mark}?"


def rgba(label: Label | None, by_person: bool) -> tuple[float, float, float, float]:
    """Return the edge colour: opaque for a person's label, paler for the forest's."""
    red, green, blue = rgb(class_name(label))
    return red, green, blue, 1.0 if by_person else PALE


def rgb(name: str) -> tuple[float, float, float]:
    """Return the colour of a class as three numbers from 0 to 1."""
    return _parts(HEX[name])


@cache
def readable(colour: str, paper: str) -> str:
    """Darken or lighten a colour until it stands out from its background.

    Parameters
    ----------
    colour, paper : str
        Colours of a mark and of its background, as ``#rrggbb``.

    Returns
    -------
    str
        The colour itself if its contrast suffices; else the colour with the least
        amount of black or white for which it does.
    """
    ends = ("#000000", "#ffffff")
    end = max(ends, key=lambda one: contrast_ratio(one, paper))
    shades = (mixed(colour, end, step / _STEPS) for step in range(_STEPS + 1))
    return next(one for one in shades if contrast_ratio(one, paper) >= LEAST_CONTRAST)


def mixed(colour: str, other: str, share: float) -> str:
    """Mix a share, from 0 to 1, of another colour into one; both as ``#rrggbb``."""
    pairs = zip(_parts(colour), _parts(other), strict=True)
    parts = (round(255 * ((1 - share) * one + share * two)) for one, two in pairs)
    return "#" + "".join(f"{part:02x}" for part in parts)


def contrast_ratio(one: str, other: str) -> float:
    """Return the contrast of two colours, as in WCAG 2.2: from 1, none, to 21."""
    dark, bright = sorted((_luminance(one), _luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance of an sRGB colour, as WCAG 2.2 defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _parts(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
