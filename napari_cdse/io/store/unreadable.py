"""Collect unreadable records of a project, so that the rest can be opened."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from napari_cdse.io.files import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBERS = frozenset({int, float})
"""Exactly these: a truth value is an int to Python."""
_LARGEST = sys.float_info.max
"""Beyond lies infinity, and in JSON whole numbers that no arithmetic takes."""
_FARTHEST_PX = 1e9
"""No place or radius in a picture is as large: those that are read have 268 million
pixels at most. Beyond, drawings in single precision would overflow one day."""
_NAMED = 3
"""Records of a kind that are named in a notice; the others are counted."""


class UnreadableRecords:
    """What reading a project had to leave aside, by kind, in memory only."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, None]] = {}

    def note(self, kind: str, name: object) -> None:
        """Note a record, once however often it is read.

        Parameters
        ----------
        kind : str
            What the file has several of: ``"model cards"``.
        name : object
            Which one.
        """
        self._found.setdefault(kind, {})[shown(name)] = None

    def sentences(self, file_name: str) -> tuple[str, ...]:
        """Say for each kind what was left aside, and what to do."""
        return tuple(
            f"In {file_name} {len(names)} of the {kind} cannot be read "
            f"({_listed(list(names))}) and {'is' if len(names) == 1 else 'are'} left "
            "aside; all else is open. Put back a copy from your backup if you miss "
            "something, and keep this file so that it can be looked into."
            for kind, names in self._found.items()
        )


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    listed = ", ".join(names[:_NAMED])
    return f"{listed} and {more} more" if more > 0 else listed


def is_number(value: Any, least: float = -math.inf) -> bool:
    """Whether a cell holds a finite number above a limit."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= _LARGEST
        and value > least
    )


def are_numbers(values: Iterable[Any]) -> bool:
    """Whether all cells hold finite numbers; many times faster than one by one."""
    held = tuple(values)
    # The sum is infinite or no number if one of them is; it may be so too if all are
    # huge, and those are looked at singly.
    sound = _NUMBERS.issuperset(map(type, held)) and math.isfinite(sum(held))
    return sound or all(map(is_number, held))


def is_circle(row_px: Any, col_px: Any, radius_px: Any) -> bool:
    """Whether cells hold the circle of a particle that some picture can show."""
    return (
        are_numbers((row_px, col_px, radius_px))
        and 0 < radius_px <= _FARTHEST_PX
        and max(abs(row_px), abs(col_px)) <= _FARTHEST_PX
    )


def is_like(value: Any, default: Any) -> bool:
    """Whether JSON has the form of a default: its type, and the types of its parts.

    Nothing is known of the form where the default is None.
    """
    if default is None:
        return True
    if isinstance(default, tuple) and default:
        return (
            isinstance(value, list | tuple)
            and len(value) == len(default)
            and all(map(_is_scalar_like, value, default))
        )
    if isinstance(default, list | tuple):
        return isinstance(value, list | tuple) and all(map(_is_scalar, value))
    if isinstance(default, dict):
        return isinstance(value, dict)
    return _is_scalar_like(value, default)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int | float)


def _is_scalar_like(value: Any, default: Any) -> bool:
    if default is None or isinstance(default, str):
        return _is_scalar(value) if default is None else isinstance(value, str)
    if isinstance(default, bool):
        return isinstance(value, bool)
    return is_number(value)
