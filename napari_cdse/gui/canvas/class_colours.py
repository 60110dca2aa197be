"""Colours and letters of the classes.

Magenta, cyan and orange as the origin had them, in tints that stay apart for
protanopes, deuteranopes and tritanopes and stand out from a gray micrograph. The
letter says the same again, so that nothing hangs on colour alone.
"""

from __future__ import annotations

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

PALE = 0.7
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
    text = HEX[name]
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
