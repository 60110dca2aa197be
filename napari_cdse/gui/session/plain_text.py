"""Make text of unknown origin safe for widgets: no markup, no control characters.

File names, notes, model cards and annotators' names may contain any characters. Qt
interprets text that looks like markup, in tooltips and wherever napari shows a
sentence. Control characters break lines, and those of writing direction reverse the
text that follows, so that ``gnp.exe`` looks like ``exe.png``.
"""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"
"""Joiners, which Persian, Hindi and emoji need; they affect neighbouring characters
only."""
_MARKUP = re.compile(r"<(?=\s*[A-Za-z/!?])|&(?=lt;)")
_WORD_JOINER = "\u2060"
"""Invisible; a bracket before it does not begin a tag for Qt."""


def plain(text: str) -> str:
    """Return text that any widget shows as it is; line breaks stay.

    Control characters, marks of writing direction, invisible characters and surrogates
    are escaped as in Python. An invisible character is inserted where Qt would see the
    beginning of a tag.
    """
    # Nearly all text consists of printable characters, which need no escapes; docks
    # call this a thousand times after each key.
    lines = text.split("\n")
    is_printable = all(map(str.isprintable, lines))
    escaped = text if is_printable else "".join(map(_shown, text))
    return _MARKUP.sub(lambda match: match.group() + _WORD_JOINER, escaped)


def one_line(text: str) -> str:
    """Return text for a name, a cell or a line of a list; line breaks are escaped."""
    return plain(text.replace("\n", "\\n"))


def caption(text: str) -> str:
    """Return text for a button or menu, where a single ampersand marks a key."""
    return one_line(text).replace("&", "&&")


def _shown(character: str) -> str:
    if character == "\n" or _is_shown(character):
        return character
    return _escape(character)


def _is_shown(character: str) -> bool:
    if character in _JOINERS:
        return True
    kind = unicodedata.category(character)
    # Zs are spaces; Zl and Zp, which end lines and paragraphs, are escaped.
    return kind == "Zs" or kind[0] not in "CZ"


def _escape(character: str) -> str:
    return ascii(character)[1:-1]
