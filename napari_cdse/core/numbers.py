"""Read typed numbers; point and comma are both decimal marks, whatever the locale.

Marks between thousands are refused, since they can't be told from decimal marks.
"""

from __future__ import annotations

import math
import re

from napari_cdse.core.errors import ParameterError

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")

_SHOWN = 40
"""Most characters of the input that an error message repeats. A choice: longer than any
number that someone types, and short enough for one line."""


def read_number(text: str) -> float:
    """Read a number with at most one decimal mark, point or comma.

    Parameters
    ----------
    text : str
        May be surrounded by white space; U+2212 counts as a minus too.

    Returns
    -------
    float
        Finite.

    Raises
    ------
    ParameterError
        For anything else, and for two marks as in ``1.000,5``.
    """
    plain = text.strip().replace("\u2212", "-")
    if not _NUMBER.fullmatch(plain):
        marks = sum(plain.count(mark) for mark in ".,")
        advice = (
            "leave out marks between thousands" if marks > 1 else "write one like 0.042"
        )
        raise ParameterError(f"{_shown(text)} is not a number; {advice}.")
    value = float(plain.replace(",", "."))
    if not math.isfinite(value):
        raise ParameterError(f"{_shown(text)} is too large for a number.")
    return value


def _shown(text: str) -> str:
    return ascii(text) if not text.isprintable() else f"'{text.strip()[:_SHOWN]}'"
