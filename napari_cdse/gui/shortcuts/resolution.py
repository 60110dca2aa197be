"""Resolve conflicts between the keys that a user chose in napari's Preferences.

`choose` puts the user's keys in place of the usual ones. It refuses what is no key,
what napari uses itself, and a key that another shortcut has; a shortcut whose key is
refused keeps its usual one. Pure functions on text: no Qt, no settings file.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from app_model.types import KeyCode
from napari.utils.key_bindings import coerce_keybinding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_cdse.gui.shortcuts.registry import Shortcut

    Keys = tuple[str, ...]

_BETWEEN = " or "
_MODIFIERS = (KeyCode.Shift, KeyCode.Ctrl, KeyCode.Alt, KeyCode.Meta)


def key_words(keys: Iterable[str]) -> str:
    """Format keys for people: ``Ctrl+Shift+Z``, ``Delete or Backspace``."""
    return _BETWEEN.join(
        key.replace("Control-", "Ctrl+").replace("Shift-", "Shift+") for key in keys
    )


def with_key(word: str, key: str) -> str:
    """Mark the key in the text of a button: ``[Y]es``, or ``[F8] Yes``."""
    index = word.casefold().find(key.casefold()) if len(key) == 1 else -1
    if index < 0:
        return f"[{key}] {word}"
    return f"{word[:index]}[{key}]{word[index + 1 :]}"


def parse_keys(words: str) -> tuple[str, ...] | None:
    """Parse text as `key_words` writes it.

    Returns
    -------
    tuple of str or None
        In napari's notation; None if a word is no key, or only a modifier.
    """
    keys: list[str] = []
    for word in words.split(_BETWEEN):
        key = _parse_key(word)
        if key is None:
            return None
        keys.append(key)
    return tuple(dict.fromkeys(keys))


def choose(
    shortcuts: Sequence[Shortcut],
    wanted: Mapping[str, str],
    taken: Mapping[str, str],
) -> tuple[tuple[Shortcut, ...], tuple[str, ...]]:
    """Put the user's keys in place of the usual ones, unless they conflict.

    Parameters
    ----------
    shortcuts : sequence of Shortcut
        With their usual keys, none of which occurs twice.
    wanted : mapping of str to str
        What the user wrote, by name of the shortcut.
    taken : mapping of str to str
        What napari itself does with a key, by key. A key that one of our shortcuts
        usually has may be given to another of ours all the same.

    Returns
    -------
    shortcuts : tuple of Shortcut
        In the same order; where the wanted key is refused, with the usual keys.
    refused : tuple of str
        A sentence for each refused key, with the reason.
    """
    usual = {one.name: parse_keys(key_words(one.keys)) or () for one in shortcuts}
    ours = {key for keys in usual.values() for key in keys}
    foreign = {key: what for key, what in taken.items() if key not in ours}
    chosen, refused = dict(usual), []
    for one in shortcuts:
        words = wanted.get(one.name, key_words(one.keys))
        keys = parse_keys(words)
        if keys is None:
            refused.append(f'"{words}" is no key; {_keeps(one)}')
        elif reserved := [key for key in keys if key in foreign]:
            key = reserved[0]
            refused.append(f"{key} belongs to napari ({foreign[key]}); {_keeps(one)}")
        else:
            chosen[one.name] = keys
    refused += _make_unique(shortcuts, chosen, usual)
    return _with_keys(shortcuts, chosen, usual), tuple(refused)


def _with_keys(
    shortcuts: Sequence[Shortcut], chosen: Mapping[str, Keys], usual: Mapping[str, Keys]
) -> tuple[Shortcut, ...]:
    return tuple(
        one
        if chosen[one.name] == usual[one.name]
        else replace(one, keys=chosen[one.name])
        for one in shortcuts
    )


def _make_unique(
    shortcuts: Sequence[Shortcut],
    chosen: dict[str, Keys],
    usual: Mapping[str, Keys],
) -> list[str]:
    """Reset changed shortcuts to their usual keys until no key occurs twice.

    Of two shortcuts with the same key the later in the list is reset. Each round resets
    one, and the usual keys occur once each, so that this ends.
    """
    refused: list[str] = []
    while True:
        count = Counter(key for keys in chosen.values() for key in keys)
        conflicts = [
            (one, key)
            for one in reversed(shortcuts)
            for key in chosen[one.name]
            if count[key] > 1 and chosen[one.name] != usual[one.name]
        ]
        if not conflicts:
            return refused
        loser, key = conflicts[0]
        owner = next(
            one for one in shortcuts if one is not loser and key in chosen[one.name]
        )
        chosen[loser.name] = usual[loser.name]
        refused.append(f'{key} is the key of "{owner.short}"; {_keeps(loser)}')


def _keeps(shortcut: Shortcut) -> str:
    return f'"{shortcut.short}" keeps {key_words(shortcut.keys)}.'


def _parse_key(word: str) -> str | None:
    if not word.strip():
        return None
    binding = coerce_keybinding(word.strip())
    (part, *more) = binding.parts
    if more or part.key in (KeyCode.UNKNOWN, *_MODIFIERS):
        return None
    return str(binding)
