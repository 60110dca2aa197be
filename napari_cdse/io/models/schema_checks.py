"""Validators of card fields: each returns None or what is wrong.

Each takes a value that JSON gave and answers with the end of a sentence, such as "is no
whole number".
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

WORD = 200
"""Characters of a name. A choice: what one line of the window shows, twice over."""
TEXT = 4000
"""Characters of a sentence or two of provenance."""
_DEPTH = 6
_ENTRIES = 2000
"""Levels and entries of the free parts, parameters and scores. Choices: those of the
shipped card have 3 and fewer than 200."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, line ends, what turns the direction of writing, halves of characters."""
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and a sign that are drawn as nothing: fillers of Hangul, empty Braille."""
_DRAWN = ("L", "N", "P", "S")
"""Categories of Unicode that are seen by themselves: letters, numbers, punctuation,
symbols. Marks need a letter, separators and formats are nothing."""
_ID = re.compile(r"[0-9A-Za-z._:/+\- ]{1,100}")


def fields_of(card: str | bytes) -> dict[str, Any]:
    """Read the JSON of a card; its fields are not checked yet.

    Raises
    ------
    ModelError
        One clause without a full stop; the caller says whose card it is.
    """
    if len(card) > LIMITS.card_bytes:
        raise ModelError("its card is too long")
    try:
        told = json.loads(card, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as problem:
        raise ModelError("its card cannot be read") from problem
    if not isinstance(told, dict):
        raise ModelError("its card cannot be read")
    return told


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a table from JSON's pairs; raise `ValueError` for a name that is twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice")
    return found


def text(longest: int, *, empty: bool = True) -> Check:
    """Check for a text of so many characters at most, without control characters."""

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
    """Whether anything of a text can be seen: not of blanks or zero width alone."""
    return any(
        unicodedata.category(sign)[0] in _DRAWN and sign not in _BLANK for sign in text
    )


def identifier(value: Any) -> str | None:
    """Check for a name of letters, digits and a few signs."""
    good = isinstance(value, str) and _ID.fullmatch(value)
    return None if good else "is no name of letters and digits"


def optional(check: Check) -> Check:
    """Allow None besides what a check allows."""
    return lambda value: None if value is None else check(value)


def whole(least: int, most: int) -> Check:
    """Check for a whole number in a range."""

    def check(value: Any) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "is no whole number"
        return None if least <= value <= most else f"is not from {least} to {most}"

    return check


def number(least: float, most: float) -> Check:
    """Check for a finite number in a range."""

    def check(value: Any) -> str | None:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return "is no number"
        good = least <= value <= most  # which NaN is not
        return None if good else f"is not from {least:g} to {most:g}"

    return check


def list_of(check: Check, lengths: range) -> Check:
    """Check for a list of one of some lengths, and each of its entries."""

    def every(value: Any) -> str | None:
        if not isinstance(value, list | tuple) or len(value) not in lengths:
            return f"is no list of {_counted(lengths)}"
        return _first(check, value)

    return every


def mapping_of(check: Check, names: Check, most: int = 100) -> Check:
    """Check for a table, each of its names and each of its entries."""

    def every(value: Any) -> str | None:
        if not isinstance(value, dict) or len(value) > most:
            return f"is no table of up to {most} entries"
        if any(names(name) for name in value):
            return "has an entry without a proper name"
        return _first(check, value.values())

    return every


def _first(check: Check, values: Any) -> str | None:
    wrong = next((said for each in values if (said := check(each))), None)
    return wrong and f"has an entry that {wrong}"


def _counted(lengths: range) -> str:
    least, most = lengths[0], lengths[-1]
    return f"{least}" if least == most else f"{least} to {most}"


def plain_tree(value: Any) -> str | None:
    """Check what may be any small tree of numbers and texts."""
    waiting, seen = [(value, 0)], 0
    while waiting:
        part, depth = waiting.pop()
        seen += 1
        if depth > _DEPTH or seen > _ENTRIES:
            return "is nested too deeply or too long"
        inner = list(part.values()) if isinstance(part, dict) else part
        names = list(part) if isinstance(part, dict) else []
        if any(text(WORD)(name) for name in names):
            return "has an entry without a proper name"
        if isinstance(inner, list | tuple):
            waiting.extend((each, depth + 1) for each in inner)
        elif not (inner is None or isinstance(inner, bool)):
            check = text(TEXT) if isinstance(inner, str) else number(-1e15, 1e15)
            if wrong := check(inner):
                return f"has an entry that {wrong}"
    return None
