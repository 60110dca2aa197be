"""Compare paths and names across file systems, and make portable file names.

The whole program compares paths in the same way. Two absolute paths are of one file if
they differ at most in case and in composition of letters (NFC, NFD), and the file
system says so: ``A.png`` and ``a.png`` are one file on macOS and Windows, and two on
Linux.

Files that are named after a micrograph get a name that Windows accepts
(`portable_name`), since a memory stick or a shared folder may be used there.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

LONGEST_NAME = 200
"""Most bytes, in UTF-8, of a name that the program chooses. Chosen: file systems allow
255, of which a suffix, a number and escapes of other systems take some."""

_NOT_ON_WINDOWS = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\xb9\xb2\xb3]) *(\..*)?",
    re.IGNORECASE | re.DOTALL,
)
"""Names of devices on Windows, whatever suffix follows (Microsoft, "Naming Files,
Paths, and Namespaces")."""
_DIGEST_LETTERS = 8
"""Hexadecimal digits after a name that was changed. Chosen: 32 bits, so that one of
2**32 pairs of changed names gets the same."""


def portable_name(name: str) -> str:
    """Return a file name that all systems accept.

    Parameters
    ----------
    name : str
        Without folders; the stem, if a suffix will follow.

    Returns
    -------
    str
        The same name if it is not a device's, has no characters that Windows forbids,
        and no dot or space at its end. Otherwise a name that ends in a digest of the
        given one; applied to it, the function does not change it again.
    """
    plain = _NOT_ON_WINDOWS.sub("_", name).rstrip(". ")
    if _DEVICE.fullmatch(plain):
        plain = f"_{plain}"
    if plain == name:
        return name
    digest = hashlib.sha256(same_letters(name).encode("utf-8", "surrogatepass"))
    return f"{same_letters(plain)}-{digest.hexdigest()[:_DIGEST_LETTERS]}"


def name_from_text(text: str) -> str:
    """Make a file name of any text.

    Letters, digits, spaces and dashes stay, other characters become ``_``. Empty if
    nothing stays.
    """
    letters = "".join(c if c.isalnum() or c in "-_ " else "_" for c in text)
    return portable_name(letters.strip())


def same_letters(name: str) -> str:
    """Return a name with its letters composed, so that NFC and NFD compare equal."""
    return unicodedata.normalize("NFC", name)


def alike(name: str) -> str:
    """Return a form that is equal for names that some file system takes for one."""
    return same_letters(same_letters(name).casefold())


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths are of one file, and differ at most in case or composition.

    Links are not followed. Hard links with different names count as different files.
    """
    first, second = absolute(one), absolute(other)
    if first == second:
        return True
    if alike(str(first)) != alike(str(second)):
        return False
    try:
        return os.path.samestat(os.lstat(first), os.lstat(second))
    except (OSError, ValueError):
        return False


def ignores_case(file: Path) -> bool:
    """Whether the file system that holds a file ignores case in its name."""
    other = file.with_name(file.name.swapcase())
    if other.name == file.name:
        return False
    try:
        return os.path.samestat(os.lstat(file), os.lstat(other))
    except (OSError, ValueError):
        return False


def absolute(path: Path) -> Path:
    """Return an absolute path without ``..``, and without following links.

    Raises
    ------
    CdseError
        If it is relative, and the working directory was removed.
    """
    try:
        return Path(os.path.abspath(path))
    except FileNotFoundError as problem:
        raise CdseError(
            "The folder that you work in is gone; change to another one."
        ) from problem


def without_repeats(paths: Iterable[Path]) -> list[Path]:
    """Return the first path of each file, in the given order."""
    kept: list[Path] = []
    by_name: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        same = by_name[alike(str(absolute(path)))]
        if not any(is_same_file(path, other) for other in same):
            same.append(path)
            kept.append(path)
    return kept


_DESCRIPTIONS: tuple[Callable[[Path], str], ...] = (
    lambda path: path.stem,
    lambda path: path.name,
    lambda path: f"{path.parent.name}_{path.name}",
    lambda path: "_".join(path.absolute().parts[1:]),
)
"""Names of a file, from its stem to one with all folders above it."""


def distinct_names(paths: Sequence[Path]) -> Mapping[Path, str]:
    """Name each file by its stem; with suffix, folders or a number where needed.

    Parameters
    ----------
    paths : sequence of Path
        Repeated paths get the same name.

    Returns
    -------
    mapping of Path to str
        Names of at most `LONGEST_NAME` bytes, no two of which differ only in case or
        composition of letters.
    """
    names: dict[Path, str] = {}
    taken: set[str] = set()
    remaining = list(dict.fromkeys(paths))
    for describe in _DESCRIPTIONS:
        groups: dict[str, list[Path]] = defaultdict(list)
        for path in remaining:
            groups[alike(describe(path))].append(path)
        for name, same in groups.items():
            fits = len(describe(same[0]).encode("utf-8", "replace")) <= LONGEST_NAME
            if len(same) == 1 and name not in taken and fits:
                names[same[0]] = same_letters(describe(same[0]))
                taken.add(name)
        remaining = [path for path in remaining if path not in names]
    for path in remaining:
        names[path] = _numbered(path, taken)
        taken.add(alike(names[path]))
    return {path: names[path] for path in paths}


def _numbered(path: Path, taken: set[str]) -> str:
    """Name a file whose path differs from another's in capitals or letters only."""
    stem = same_letters(path.stem)
    while len(stem.encode("utf-8", "replace")) > LONGEST_NAME:
        stem = stem[:-1]
    number = 1
    while alike(f"{stem}_{number}") in taken:
        number += 1
    return f"{stem}_{number}"
