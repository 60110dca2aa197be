"""Checks of values decoded from JSON, of which schemas of cards are made.

A check takes a value, and returns None if it is valid, or else the end of a sentence
such as "is no whole number". Some functions are checks; others, such as `text` and
`list_of`, return one.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from napari_cdse.core.errors import ModelError
from napari_cdse.io.models.limits import LIMITS

Check = Callable[[Any], str | None]
"""Returns what is wrong with a value, or None."""

WORD = 200
"""Most characters of a name. Chosen: about two lines of the window."""
TEXT = 4000
"""Most characters of a description. Chosen."""
_DEPTH = 6
_ENTRIES = 2000
"""Most levels and most entries of parameters and scores, whose form is free. Chosen:
those of the shipped card have 3 levels and fewer than 200 entries."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line separators, changes of the direction of writing,
surrogates."""
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and a symbol without ink: fillers of Hangul, empty Braille pattern."""
_VISIBLE = ("L", "N", "P", "S")
"""Categories of Unicode that are visible on their own: letters, numbers, punctuation,
symbols. Marks combine with a letter; separators and format characters are invisible."""
_ID = re.compile(r"[0-9A-Za-z._:/+\- ]{1,100}")


def fields_of(card: str | bytes) -> dict[str, Any]:
    """Decode the JSON of a card, without checking its fields.

    Parameters
    ----------
    card : str or bytes
        A JSON object.

    Raises
    ------
    ModelError
        If it is too long, no JSON object, or names a field twice; a clause that the
        caller completes.
    """
    if len(card) > LIMITS.card_bytes:
        raise ModelError("its card is too long")
    try:
        record = json.loads(card, object_pairs_hook=_unique_names)
    except (ValueError, RecursionError) as problem:
        raise ModelError("its card cannot be read") from problem
    if not isinstance(record, dict):
        raise ModelError("its card cannot be read")
    return record


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dictionary; raise `ValueError` if a name occurs twice."""
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a name occurs twice")
    return table


def text(longest: int, *, empty: bool = True) -> Check:
    """Return a check for text without control characters.

    Parameters
    ----------
    longest : int
        Most characters.
    empty : bool
        Whether it may be empty.
    """

    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return "is no text"
        if len(value) > longest:
            return f"is longer than {longest} characters"
        if _CONTROL.search(value):
            return "holds control characters"
        return None if value or empty else "is empty"

    return check


def is_seen(text: str) -> bool:
    """Whether a text has at least one visible character."""
    return any(
        unicodedata.category(sign)[0] in _VISIBLE and sign not in _BLANK
        for sign in text
    )


def identifier(value: Any) -> str | None:
    """Check that a value is a name of ASCII letters, digits and a few symbols."""
    good = isinstance(value, str) and _ID.fullmatch(value)
    return None if good else "is no name of letters and digits"


def optional(check: Check) -> Check:
    """Return a check that accepts None, and what another check accepts."""
    return lambda value: None if value is None else check(value)


def whole(least: int, most: int) -> Check:
    """Return a check for an integer from ``least`` to ``most``."""

    def check(value: Any) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "is no whole number"
        return None if least <= value <= most else f"is not from {least} to {most}"

    return check


def number(least: float, most: float) -> Check:
    """Return a check for a finite number from ``least`` to ``most``."""

    def check(value: Any) -> str | None:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return "is no number"
        good = least <= value <= most  # False for NaN
        return None if good else f"is not from {least:g} to {most:g}"

    return check


def list_of(check: Check, lengths: range) -> Check:
    """Return a check for a list.

    Parameters
    ----------
    check : callable
        Check of each entry.
    lengths : range
        Lengths that are accepted.
    """

    def check_list(value: Any) -> str | None:
        if not isinstance(value, list | tuple) or len(value) not in lengths:
            return f"is no list of {_counted(lengths)}"
        return _first_problem(check, value)

    return check_list


def mapping_of(check: Check, names: Check, most: int = 100) -> Check:
    """Return a check for a dictionary.

    Parameters
    ----------
    check : callable
        Check of each value.
    names : callable
        Check of each key.
    most : int
        Most entries.
    """

    def check_mapping(value: Any) -> str | None:
        if not isinstance(value, dict) or len(value) > most:
            return f"is no table of up to {most} entries"
        if any(names(name) for name in value):
            return "has an entry without a proper name"
        return _first_problem(check, value.values())

    return check_mapping


def _first_problem(check: Check, values: Any) -> str | None:
    problems = (check(each) for each in values)
    wrong = next(filter(None, problems), None)
    return wrong and f"has an entry that {wrong}"


def _counted(lengths: range) -> str:
    least, most = lengths[0], lengths[-1]
    return f"{least}" if least == most else f"{least} to {most}"


def plain_tree(value: Any) -> str | None:
    """Check that a value is a small tree of lists, dictionaries, numbers and texts."""
    pending, n_visited = [(value, 0)], 0
    while pending:
        part, depth = pending.pop()
        n_visited += 1
        if depth > _DEPTH or n_visited > _ENTRIES:
            return "is nested too deeply or too long"
        inner = list(part.values()) if isinstance(part, dict) else part
        names = list(part) if isinstance(part, dict) else []
        if any(text(WORD)(name) for name in names):
            return "has an entry without a proper name"
        if isinstance(inner, list | tuple):
            pending.extend((each, depth + 1) for each in inner)
        elif not (inner is None or isinstance(inner, bool)):
            check = text(TEXT) if isinstance(inner, str) else number(-1e15, 1e15)
            if wrong := check(inner):
                return f"has an entry that {wrong}"
    return None
