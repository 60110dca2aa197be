"""Derive the names of samples from folders, file names, or a table."""

from __future__ import annotations

import re
from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError
from napari_cdse.io.files import shown
from napari_cdse.io.paths import same_letters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from napari_cdse.project.state.records import MicrographEntry

    Naming = Callable[[MicrographEntry], str | None]

PLACE = "{sample}"
"""Stands for the name in a pattern."""
_NAMED = 5
"""File names that a sentence gives. A choice."""


def stored(entry: MicrographEntry) -> str | None:
    """Name the sample that the project holds."""
    return entry.sample


def by_folder(entry: MicrographEntry) -> str:
    """Name a sample after the folder that its micrographs lie in."""
    return entry.path.parent.name or str(entry.path.parent)


def by_pattern(pattern: str) -> Naming:
    r"""Name samples after a part of the file names.

    Parameters
    ----------
    pattern : str
        With ``{sample}`` in it, a pattern of the whole file name without its suffix:
        ``*`` is any text, ``?`` one character, and the name as short as fits, so that
        ``{sample}_*`` finds what stands before the first underscore. Otherwise a
        regular expression, looked for in the file name; its first group is the name,
        or without a group all that it finds.

    Raises
    ------
    CdseError
        For neither.
    """
    if PLACE in pattern:
        whole = _whole_name(pattern)
        return lambda entry: _group(whole.fullmatch(same_letters(entry.path.stem)))
    try:
        part = re.compile(same_letters(pattern))
    except re.error as error:
        raise CdseError(
            f"{pattern} is no regular expression ({error}); write for example "
            rf"{PLACE}_* or ^(\w+?)_ for what stands before the first underscore."
        ) from error
    return lambda entry: _group(part.search(same_letters(entry.name)))


class SampleTable:
    """Samples as a table says, by file name, with or without suffix.

    Parameters
    ----------
    names : mapping of str to str
        Sample of each micrograph's file name.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = {same_letters(name): sample for name, sample in names.items()}
        self._met: set[str] = set()
        self._unclear: dict[str, list[str]] = {}

    def naming(self, entries: Iterable[MicrographEntry]) -> Naming:
        """Return the way to name the samples of a project.

        Parameters
        ----------
        entries : iterable of MicrographEntry
            All of its micrographs. A name without suffix is that of the only one
            among them which is called so.

        Raises
        ------
        CdseError
            If the table says two samples of one micrograph, by both its names.
        """
        by_stem: dict[str, set[str]] = defaultdict(set)
        found: dict[str, str] = {}
        for entry in entries:
            name = same_letters(entry.name)
            by_stem[same_letters(entry.path.stem)].add(name)
            if name in self._names:
                self._met.add(name)
                found[name] = self._names[name]
        for stem, names in by_stem.items():
            if stem not in self._names or names == {stem}:
                continue
            self._met.add(stem)
            if len(names) > 1:
                self._unclear[stem] = sorted(names)
                continue
            (name,) = names
            sample = self._names[stem]
            if found.setdefault(name, sample) != sample:
                raise CdseError(
                    f"The table says of {shown(name)} that it is of "
                    f"{shown(found[name])}, and of {shown(stem)}, which is the same, "
                    f"that it is of {shown(sample)}; leave one of them."
                )
        return lambda entry: found.get(same_letters(entry.name))

    @property
    def sentences(self) -> tuple[str, ...]:
        """Which names fitted no micrograph of the projects that were named, or more.

        One sentence of each kind.
        """
        told = []
        missing = [shown(name) for name in self._names if name not in self._met]
        if missing:
            told.append(
                f"No micrograph is called as the table says: {_some(missing)}; write "
                "file names as the table of micrographs shows them."
            )
        told.extend(
            f"{shown(stem)} of the table may be {' or '.join(map(shown, names))}; "
            "write the suffix."
            for stem, names in self._unclear.items()
        )
        return tuple(told)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def names_by(
    naming: Naming, entries: Iterable[MicrographEntry]
) -> dict[int, str | None]:
    """Return the names of samples by the micrographs' index, where there is one."""
    found = {each.index: naming(each) for each in entries}
    return {index: name for index, name in found.items() if name is not None}


def chosen(
    entries: Sequence[MicrographEntry], patterns: Iterable[str]
) -> list[MicrographEntry]:
    """Find micrographs by their file names.

    Parameters
    ----------
    entries : sequence of MicrographEntry
        To choose from.
    patterns : iterable of str
        File names, with or without suffix; ``*`` and ``?`` as in a shell.

    Raises
    ------
    CdseError
        Where one fits no micrograph.
    """
    indices: set[int] = set()
    for pattern in patterns:
        fits = [each.index for each in entries if _fits(each, same_letters(pattern))]
        if not fits:
            raise CdseError(
                f"No micrograph of the project is called {pattern}; give the file "
                "name as the table of micrographs shows it."
            )
        indices.update(fits)
    return [each for each in entries if each.index in indices]


def _fits(entry: MicrographEntry, pattern: str) -> bool:
    names = same_letters(entry.name), same_letters(entry.path.stem)
    return pattern in names or fnmatchcase(names[0], pattern)


def _whole_name(pattern: str) -> re.Pattern[str]:
    """Read a pattern with ``{sample}`` in it."""
    before, _, after = same_letters(pattern).partition(PLACE)
    if PLACE in after:
        raise CdseError(f"{pattern} names the sample twice; write {PLACE} once.")
    return re.compile(f"{_any(before)}(.+?){_any(after)}", re.DOTALL)


def _any(text: str) -> str:
    wild = {"*": ".*?", "?": "."}
    return "".join(wild.get(letter) or re.escape(letter) for letter in text)


def _group(match: re.Match[str] | None) -> str | None:
    if match is None:
        return None
    told: str | None = match[1] if match.re.groups else match[0]
    return " ".join((told or "").split()) or None
