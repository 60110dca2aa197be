"""Make text of unknown origin safe for widgets: no markup, no control characters.

File names, notes, model cards and annotators' names may hold anything. Qt takes a text
for markup when it looks like it, in tooltips and wherever napari shows a sentence;
control characters break lines, and those of writing direction turn what follows
around, so that ``gnp.exe`` reads ``exe.png``.
"""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"
"""Persian, Hindi and emoji are written with these; they act on neighbours only."""
_MARKUP = re.compile(r"<(?=\s*[A-Za-z/!?])|&(?=lt;)")
_HOLD = "\u2060"
"""The word joiner: nothing to be seen, and what it follows opens no tag for Qt."""


def plain(text: str) -> str:
    """Return text that any control shows as it is; lines stay lines.

    Control characters, marks of writing direction, invisible characters and halves of
    characters are written as Python escapes them. What Qt would take for the
    beginning of a tag is held apart by an invisible character.
    """
    # Python's printable characters are all among those shown, and nearly all text is of
    # them: controls ask for a thousand pieces of it after each key.
    lines = text.split("\n")
    fit = all(map(str.isprintable, lines))
    escaped = text if fit else "".join(map(_shown, text))
    return _MARKUP.sub(lambda found: found.group() + _HOLD, escaped)


def one_line(text: str) -> str:
    """Return text for a name, a cell or a line of a list: line breaks are escapes."""
    return plain(text.replace("\n", "\\n"))


def caption(text: str) -> str:
    """Return text for a button or a menu, where an ampersand names a key."""
    return one_line(text).replace("&", "&&")


def _shown(character: str) -> str:
    if character == "\n" or _is_shown(character):
        return character
    return _escape(character)


def _is_shown(character: str) -> bool:
    if character in _JOINERS:
        return True
    kind = unicodedata.category(character)
    # Zl and Zp end lines and paragraphs; Zs are spaces of all widths.
    return kind == "Zs" or kind[0] not in "CZ"


def _escape(character: str) -> str:
    return ascii(character)[1:-1]
