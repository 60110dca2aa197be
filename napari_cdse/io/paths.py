"""Compare paths and names across file systems; make file names that every system takes.

There is one notion of both in the program. A path is made absolute; two paths are of
one file if they are written alike, letters composed (NFC) and capitals aside, and the
disk says so: on a Mac and on Windows ``A.png`` and ``a.png`` are one file, on Linux
they are two, and a name that a Mac wrote decomposed (NFD) is the same name.

A file that we name after a micrograph gets a name that Windows takes too
(`portable_name`): a stick or a shared folder may be read there.
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
"""Bytes of UTF-8 of a name that we choose. File systems hold 255; a suffix, a number
and the escapes of other systems must fit too."""

_NOT_ON_WINDOWS = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\xb9\xb2\xb3]) *(\..*)?",
    re.IGNORECASE | re.DOTALL,
)
"""Names that Windows takes for a device, whatever suffix follows (Microsoft, "Naming
Files, Paths, and Namespaces")."""
_DIGEST_LETTERS = 8
"""Hexadecimal digits, 32 bits, after a name that was changed. A choice: few names of a
folder are changed, and of 2**32 pairs one gets the same."""


def portable_name(name: str) -> str:
    """Return a name that every system takes for that of a file.

    Parameters
    ----------
    name : str
        Without folders; the stem, where a suffix is to follow.

    Returns
    -------
    str
        The same name, where nothing is against it: it is none of a device, has no
        letters that Windows forbids, and no dot or blank at its end. Otherwise one that
        a digest tells apart from those of other names. One that was made so stays.
    """
    plain = _NOT_ON_WINDOWS.sub("_", name).rstrip(". ")
    if _DEVICE.fullmatch(plain):
        plain = f"_{plain}"
    if plain == name:
        return name
    digest = hashlib.sha256(same_letters(name).encode("utf-8", "surrogatepass"))
    return f"{same_letters(plain)}-{digest.hexdigest()[:_DIGEST_LETTERS]}"


def name_from_text(text: str) -> str:
    """Make a file's name of what a person or a program called a thing.

    Letters, digits, blanks and dashes stay, the rest becomes ``_``; empty where nothing
    stays.
    """
    letters = "".join(c if c.isalnum() or c in "-_ " else "_" for c in text)
    return portable_name(letters.strip())


def same_letters(name: str) -> str:
    """Return a name with its letters composed, so that NFC and NFD compare equal."""
    return unicodedata.normalize("NFC", name)


def alike(name: str) -> str:
    """Return what is common to names that some disk takes for one."""
    return same_letters(same_letters(name).casefold())


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths are written alike and lead to one file.

    Links are not followed on purpose: a link has a name of its own. Hard links with
    different names are different files here.
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
    """Whether the disk that holds a file takes its name in other capitals for it."""
    other = file.with_name(file.name.swapcase())
    if other.name == file.name:
        return False
    try:
        return os.path.samestat(os.lstat(file), os.lstat(other))
    except (OSError, ValueError):
        return False


def absolute(path: Path) -> Path:
    """Return a path from the root, without ``..`` and without following links.

    Raises
    ------
    CdseError
        When it hangs on the folder that one works in, and that was removed.
    """
    try:
        return Path(os.path.abspath(path))
    except FileNotFoundError as problem:
        raise CdseError(
            "The folder that you work in is gone; change to another one."
        ) from problem


def without_repeats(paths: Iterable[Path]) -> list[Path]:
    """Keep the first of each file's paths, in their order."""
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
"""From the shortest name of a file to the one that names every folder above it."""


def distinct_names(paths: Sequence[Path]) -> Mapping[Path, str]:
    """Name each file by its stem; with suffix, folders and a number where needed.

    Parameters
    ----------
    paths : sequence of Path
        Of different files; one that is named twice gets one name.

    Returns
    -------
    mapping of Path to str
        No two names alike on any disk: capitals and composed letters tell nobody
        apart. Each fits a file system, see `LONGEST_NAME`.
    """
    names: dict[Path, str] = {}
    taken: set[str] = set()
    todo = list(dict.fromkeys(paths))
    for describe in _DESCRIPTIONS:
        groups: dict[str, list[Path]] = defaultdict(list)
        for path in todo:
            groups[alike(describe(path))].append(path)
        for name, same in groups.items():
            fits = len(describe(same[0]).encode("utf-8", "replace")) <= LONGEST_NAME
            if len(same) == 1 and name not in taken and fits:
                names[same[0]] = same_letters(describe(same[0]))
                taken.add(name)
        todo = [path for path in todo if path not in names]
    for path in todo:
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
