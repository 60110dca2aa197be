"""Checks of cells, and the list of a project's records that failed them.

A damaged record does not keep the rest of a project from being opened: it is left out,
noted in `UnreadableRecords`, and reported to the user.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from napari_cdse.io.files import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBERS = frozenset({int, float})
"""Exact types of numbers; bool is a subclass of int in Python."""
_LARGEST = sys.float_info.max
"""Largest absolute number; JSON allows infinity and integers beyond."""
_FARTHEST_PX = 1e9
"""Largest coordinate or radius in px. Chosen: micrographs have 2.7e8 pixels at most,
and far larger numbers would overflow in single precision when drawn."""
_NAMED = 3
"""Most records of a kind that a notice names; others are counted. Chosen."""


class UnreadableRecords:
    """Records of a project that could not be read, by kind; kept in memory only."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, None]] = {}

    def note(self, kind: str, name: object) -> None:
        """Note a record; one that is noted already is not counted again.

        Parameters
        ----------
        kind : str
            Kind of the record, in the plural, such as ``"model cards"``.
        name : object
            Name of the record.
        """
        self._found.setdefault(kind, {})[shown(name)] = None

    def sentences(self, file_name: str) -> tuple[str, ...]:
        """Describe for each kind which records were left out, and what to do."""
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
    """Whether a value is a finite number above a limit."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= _LARGEST
        and value > least
    )


def are_numbers(values: Iterable[Any]) -> bool:
    """Whether all values are finite numbers; faster than `is_number` one by one."""
    numbers = tuple(values)
    # The sum is not finite if one of them is not. It may overflow for finite ones too,
    # which are then checked one by one.
    quick = _NUMBERS.issuperset(map(type, numbers)) and math.isfinite(sum(numbers))
    return quick or all(map(is_number, numbers))


def is_circle(row_px: Any, col_px: Any, radius_px: Any) -> bool:
    """Whether values are centre and radius of a circle that a micrograph can show."""
    return (
        are_numbers((row_px, col_px, radius_px))
        and 0 < radius_px <= _FARTHEST_PX
        and max(abs(row_px), abs(col_px)) <= _FARTHEST_PX
    )


def is_like(value: Any, default: Any) -> bool:
    """Whether a value from JSON has the type of a default, and of its parts.

    Parameters
    ----------
    value : object
        Decoded from JSON.
    default : object
        None accepts any value.
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
