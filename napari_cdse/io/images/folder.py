"""Find the micrographs in files and folders.

Nothing is opened here: names, links and kinds of file decide.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.io.files import name_of, shown, why_unreadable
from napari_cdse.io.images import microscope_file
from napari_cdse.io.images.micrograph_file import (
    PLAIN_SUFFIXES,
    SUFFIXES,
    unknown_format,
)
from napari_cdse.io.images.tia_series import EMI_SUFFIX, series_beside
from napari_cdse.io.paths import without_repeats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

IMAGES, TEXT_FILES = "images", "text_files"
"""The two folders of the layout of labelled data."""

_NOT_READ = (".eer", ".mib", ".tvips")
"""Formats of microscopes and cameras, which have to be exported first."""
_BESIDE = (
    ".txt",
    ".csv",
    ".tsv",
    ".json",
    ".geojson",
    ".jsonl",
    ".toml",
    ".xml",
    ".yaml",
    ".yml",
    ".md",
    ".log",
    ".html",
    ".pdf",
    ".svg",
    ".zip",
    ".roi",
    ".xlsx",
    ".xls",
    ".ods",
    ".docx",
    ".py",
    ".ipynb",
    ".sh",
    ".db",
    ".ini",
    ".skops",
)
"""What lies beside micrographs, so that ``*`` names it too: labels, tables, reports,
notes, scripts, forests, what Windows keeps of a folder. Whatever else is named was
meant as a micrograph."""
_PROJECT = ".cdse"
"""In the name of a project, and of what SQLite and its backups keep beside it."""


@dataclass(frozen=True, slots=True)
class FolderListing:
    """Micrographs found by name.

    Attributes
    ----------
    files : tuple of Path
        In natural order within each folder, folders in the order asked for.
    ignored : int
        Files that are no micrographs and were left alone.
    problems : tuple of str
        What could not be listed, one sentence each.
    notices : tuple of str
        What was left out on purpose, one sentence each.
    folders : tuple of Path
        Folders whose files are listed.
    """

    files: tuple[Path, ...]
    ignored: int = 0
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()


@dataclass(slots=True)
class _Search:
    """What has been found so far."""

    files: dict[Path, None] = field(default_factory=dict)
    folders: dict[Path, None] = field(default_factory=dict)
    ignored: int = 0
    problems: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def find_micrographs(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> FolderListing:
    """List the micrographs among files and folders, without opening any.

    A folder laid out as labelled data stands for its ``images``; of another folder only
    its own files are listed, without hidden ones. Each file is listed once. A file that
    is named, is no micrograph and nothing that lies beside micrographs is a problem.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files and folders.

    Returns
    -------
    FolderListing
        Whatever goes wrong is a sentence in ``problems``; nothing is raised.
    """
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    search = _Search()
    for path in without_repeats(map(Path, paths)):
        if os.path.isdir(path):
            _list_folder(search, path)
        else:
            _list_file(search, path)
    return FolderListing(
        files=tuple(without_repeats(search.files)),
        ignored=search.ignored,
        problems=tuple(search.problems),
        notices=tuple(search.notices),
        folders=tuple(search.folders),
    )


def natural_key(path: str | os.PathLike[str]) -> tuple[tuple[int, int, str], ...]:
    """Sort key with which 2.png comes before 10.png; the case of letters is nothing."""
    parts = re.split(r"([0-9]+)", Path(path).name.casefold())
    return tuple(
        (0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts
    )


def is_micrograph_name(path: str | os.PathLike[str]) -> bool:
    """Whether a file's name says that it is a micrograph."""
    name = Path(path).name
    return not name.startswith(".") and name.lower().endswith(SUFFIXES)


def _is_listed(path: Path) -> bool:
    """Whether a file of a folder is a micrograph that can be read here and now.

    An .emi only describes the series beside it, which is listed by itself.
    """
    name = path.name.lower()
    if not is_micrograph_name(path):
        return False
    if name.endswith(microscope_file.SUFFIXES):
        return microscope_file.is_readable()
    return not (name.endswith(EMI_SUFFIX) and series_beside(path))


def _list_file(search: _Search, path: Path) -> None:
    problem = why_unreadable(path)
    if problem:
        search.problems.append(problem)
    elif path.name.lower().endswith(SUFFIXES):
        search.files.setdefault(Path(os.path.normpath(path)))
    elif _lies_beside(path.name.lower()):
        search.ignored += 1
    else:
        search.problems.append(str(unknown_format(path)))


def _lies_beside(name: str) -> bool:
    return name.endswith(_BESIDE) or _PROJECT in name


def _list_folder(search: _Search, folder: Path) -> None:
    inside = folder / IMAGES
    has_layout = os.path.isdir(inside)
    listed = inside if has_layout else folder
    names = names_in(listed, search.problems)
    if names is None:
        return
    search.folders.setdefault(Path(os.path.normpath(listed)))
    subfolders = [path for path in names if os.path.isdir(path)]
    files = [path for path in names if not os.path.isdir(path)]
    micrographs = [path for path in files if _is_listed(path)]
    others = [path for path in files if not _is_listed(path)]
    for path in micrographs:
        _list_file(search, path)
    search.ignored += len(others)
    if not micrographs:
        search.problems.append(_nothing_found(folder))
    _note_same_stems(search, micrographs)
    _note_microscopes_own(search, others)
    _note_others(search, folder, subfolders, has_layout)


def names_in(folder: Path, problems: list[str]) -> list[Path] | None:
    """List a folder in natural order, without what is hidden.

    None if it cannot be read; ``problems`` then gets a sentence.
    """
    try:
        names = [name for name in os.listdir(folder) if not name.startswith(".")]
    except PermissionError:
        problems.append(
            f"The folder {shown(folder)} may not be read; ask for permission."
        )
        return None
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        problems.append(f"The folder {shown(folder)} cannot be read ({reason}).")
        return None
    return sorted((folder / name for name in names), key=natural_key)


def _note_others(
    search: _Search, folder: Path, subfolders: Sequence[Path], has_layout: bool
) -> None:
    """Say which micrographs lie beside or below those listed."""
    if has_layout:
        beside = [path for path in names_in(folder, []) or [] if _is_listed(path)]
        if beside:
            search.notices.append(
                f"{shown(folder)} has a folder {IMAGES}, so {len(beside)} image "
                "files beside it were left out; name them to read them too."
            )
    holders = [path for path in subfolders if _holds_micrographs(path)]
    if holders:
        names = ", ".join(name_of(path) for path in holders)
        search.notices.append(
            f"Sub-folders of {shown(folder)} hold images too ({names}); "
            "name them to read them too."
        )


def _note_microscopes_own(search: _Search, files: Sequence[Path]) -> None:
    """Say how the files could be read that were left out."""
    for suffixes, advice in (
        (
            microscope_file.SUFFIXES,
            f"they take RosettaSciIO: {microscope_file.INSTALL}",
        ),
        (_NOT_READ, "save as TIFF in its software, with the pixel size"),
    ):
        own = [path for path in files if path.name.lower().endswith(suffixes)]
        if own:
            number = "1 file" if len(own) == 1 else f"{len(own)} files"
            search.notices.append(
                f"{number} in a microscope's own format cannot be read "
                f"({name_of(own[0])}{', ...' if len(own) > 1 else ''}); {advice}."
            )


def _note_same_stems(search: _Search, files: Sequence[Path]) -> None:
    """Say where a microscope's own file and a picture of it seem to lie together."""
    plain = {path.stem: path for path in files if _is_plain(path)}
    both = [path for path in files if not _is_plain(path) and path.stem in plain]
    if both:
        first = both[0]
        number = "1 micrograph" if len(both) == 1 else f"{len(both)} micrographs"
        search.notices.append(
            f"{number} of {shown(first.parent)} may be here twice ({name_of(first)}, "
            f"{name_of(plain[first.stem])}); both are listed, so leave one out."
        )


def _is_plain(path: Path) -> bool:
    return path.name.lower().endswith(PLAIN_SUFFIXES)


def _holds_micrographs(folder: Path) -> bool:
    within = folder / IMAGES if os.path.isdir(folder / IMAGES) else folder
    return any(_is_listed(path) for path in names_in(within, []) or [])


def _nothing_found(folder: Path) -> str:
    return (
        f"The folder {shown(folder)} holds no micrographs "
        f"({', '.join(SUFFIXES)}); choose another folder."
    )
