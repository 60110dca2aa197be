"""Resolve conflicts between the keys that a user chose in napari's Preferences.

Pure functions on words: no Qt, no settings file.
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

_BETWEEN = " or "
_MODIFIERS = (KeyCode.Shift, KeyCode.Ctrl, KeyCode.Alt, KeyCode.Meta)


def key_words(keys: Iterable[str]) -> str:
    """Write keys as a person reads them: ``Ctrl+Shift+Z``, ``Delete or Backspace``."""
    return _BETWEEN.join(_plain(key) for key in keys)


def with_key(word: str, key: str) -> str:
    """Put a key into the word on a button: ``[Y]es``, or ``[F8] Yes``."""
    at = word.casefold().find(key.casefold()) if len(key) == 1 else -1
    if at < 0:
        return f"[{key}] {word}"
    return f"{word[:at]}[{key}]{word[at + 1 :]}"


def parse_keys(words: str) -> tuple[str, ...] | None:
    """Read what `key_words` writes.

    Returns
    -------
    tuple of str or None
        Each as napari names it; None where a word is no key, or only a modifier.
    """
    found = [_parsed(word) for word in words.split(_BETWEEN)]
    if None in found:
        return None
    return tuple(dict.fromkeys(one for one in found if one is not None))


def choose(
    shortcuts: Sequence[Shortcut],
    wanted: Mapping[str, str],
    taken: Mapping[str, str],
) -> tuple[tuple[Shortcut, ...], tuple[str, ...]]:
    """Put the user's keys in place of the usual ones, where that can be.

    Parameters
    ----------
    shortcuts : sequence of Shortcut
        With the usual keys, no key twice.
    wanted : mapping of str to str
        By name of the shortcut, what the user wrote.
    taken : mapping of str to str
        What napari itself does with a key, by key. A key that is usual for one of
        ours is ours to give away.

    Returns
    -------
    shortcuts : tuple of Shortcut
        In the same order; those refused have their usual keys.
    refused : tuple of str
        Why, one sentence each.
    """
    usual = {one.name: parse_keys(key_words(one.keys)) or () for one in shortcuts}
    ours = {key for keys in usual.values() for key in keys}
    foreign = {key: what for key, what in taken.items() if key not in ours}
    held, refused = dict(usual), []
    for one in shortcuts:
        keys = parse_keys(wanted.get(one.name, key_words(one.keys)))
        why = _no_key(wanted.get(one.name, ""), keys, foreign)
        if why is None and keys is not None:
            held[one.name] = keys
        else:
            refused.append(f"{why}; {_stays(one)}")
    refused += _make_unique(shortcuts, held, usual)
    chosen = [
        one if held[one.name] == usual[one.name] else replace(one, keys=held[one.name])
        for one in shortcuts
    ]
    return tuple(chosen), tuple(refused)


def _no_key(
    words: str, keys: tuple[str, ...] | None, foreign: Mapping[str, str]
) -> str | None:
    if keys is None:
        return f'"{words}" is no key'
    for key in keys:
        if key in foreign:
            return f"{key} belongs to napari ({foreign[key]})"
    return None


def _make_unique(
    shortcuts: Sequence[Shortcut],
    held: dict[str, tuple[str, ...]],
    usual: Mapping[str, tuple[str, ...]],
) -> list[str]:
    """Give up changed keys until no key is there twice.

    Each round gives one up; with the usual keys alone none is doubled.
    """
    refused: list[str] = []
    while True:
        count = Counter(key for keys in held.values() for key in keys)
        doubled = [
            (one, key)
            for one in reversed(shortcuts)
            for key in held[one.name]
            if count[key] > 1 and held[one.name] != usual[one.name]
        ]
        if not doubled:
            return refused
        loser, key = doubled[0]
        owner = next(
            one for one in shortcuts if one is not loser and key in held[one.name]
        )
        held[loser.name] = usual[loser.name]
        refused.append(f'{key} is the key of "{owner.short}"; {_stays(loser)}')


def _stays(shortcut: Shortcut) -> str:
    return f'"{shortcut.short}" keeps {key_words(shortcut.keys)}.'


def _parsed(word: str) -> str | None:
    if not word.strip():
        return None
    binding = coerce_keybinding(word.strip())
    (part, *more) = binding.parts
    if more or part.key in (KeyCode.UNKNOWN, *_MODIFIERS):
        return None
    return str(binding)


def _plain(key: str) -> str:
    return key.replace("Control-", "Ctrl+").replace("Shift-", "Shift+")
