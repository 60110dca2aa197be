"""List the micrographs among files and folders, by name alone.

No file is opened: suffix, kind of file and place in the folder decide. What
`find_micrographs` lists is read by `napari_cdse.io.images.micrograph_file`.
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
"""Sub-folders of a folder of labelled data: micrographs, and their label files."""

_UNSUPPORTED_SUFFIXES = (".eer", ".mib", ".tvips")
"""Formats of microscopes and cameras that are not supported; they must be exported."""
_COMPANION_SUFFIXES = (
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
"""Files that commonly lie beside micrographs: labels, tables, reports, notes, scripts,
forests, and what Windows stores about a folder. A shell's ``*`` passes them too, so
they are ignored; any other file that is named was meant as a micrograph."""
_PROJECT = ".cdse"
"""Part of the name of a project, of its backups, and of the files that SQLite writes
beside it."""


@dataclass(frozen=True, slots=True)
class FolderListing:
    """What `find_micrographs` found.

    Attributes
    ----------
    files : tuple of Path
        Micrographs, in natural order within each folder, folders in the order given.
    ignored : int
        Number of files that are no micrographs.
    problems : tuple of str
        One sentence for each file or folder that could not be listed.
    notices : tuple of str
        One sentence for each group of files left out on purpose.
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
    """A `FolderListing` under construction; dictionaries serve as ordered sets."""

    files: dict[Path, None] = field(default_factory=dict)
    folders: dict[Path, None] = field(default_factory=dict)
    ignored: int = 0
    problems: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def find_micrographs(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> FolderListing:
    """List the micrographs among files and folders, without opening any.

    Of a folder with a sub-folder ``images``, that sub-folder is listed; of any other,
    its own files, without hidden ones and without sub-folders. Each file is listed
    once. A file given by name that is neither a micrograph nor of a kind that commonly
    lies beside micrographs is reported as a problem.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files and folders.

    Returns
    -------
    FolderListing
        Errors are sentences in its ``problems``; nothing is raised.
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
    """Return a sort key that puts 2.png before 10.png and ignores case."""
    parts = re.split(r"([0-9]+)", Path(path).name.casefold())
    return tuple(
        (0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts
    )


def is_micrograph_name(path: str | os.PathLike[str]) -> bool:
    """Whether a file is visible and has a suffix of a micrograph."""
    name = Path(path).name
    return not name.startswith(".") and name.lower().endswith(SUFFIXES)


def _is_listed(path: Path) -> bool:
    """Whether a file of a folder is a micrograph that this installation can read.

    An .emi file is listed only without its .ser: it describes that series, which is
    listed itself.
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
    elif _is_companion(path.name.lower()):
        search.ignored += 1
    else:
        search.problems.append(str(unknown_format(path)))


def _is_companion(name: str) -> bool:
    return name.endswith(_COMPANION_SUFFIXES) or _PROJECT in name


def _list_folder(search: _Search, folder: Path) -> None:
    images = folder / IMAGES
    has_layout = os.path.isdir(images)
    listed = images if has_layout else folder
    entries = names_in(listed, search.problems)
    if entries is None:
        return
    search.folders.setdefault(Path(os.path.normpath(listed)))
    subfolders = [path for path in entries if os.path.isdir(path)]
    files = [path for path in entries if not os.path.isdir(path)]
    micrographs = [path for path in files if _is_listed(path)]
    others = [path for path in files if not _is_listed(path)]
    for path in micrographs:
        _list_file(search, path)
    search.ignored += len(others)
    if not micrographs:
        search.problems.append(_no_micrographs(folder))
    _note_same_stems(search, micrographs)
    _note_unreadable_formats(search, others)
    if has_layout:
        _note_beside_layout(search, folder)
    _note_subfolders(search, folder, subfolders)


def names_in(folder: Path, problems: list[str]) -> list[Path] | None:
    """List a folder in natural order, without hidden entries.

    Parameters
    ----------
    folder : Path
        Name of the folder.
    problems : list of str
        Gets a sentence if the folder cannot be read.

    Returns
    -------
    list of Path or None
        Files and sub-folders; None if the folder cannot be read.
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


def _note_beside_layout(search: _Search, folder: Path) -> None:
    """Count the micrographs left out because only the folder ``images`` is listed."""
    left_out = [path for path in names_in(folder, []) or [] if _is_listed(path)]
    if left_out:
        search.notices.append(
            f"{shown(folder)} has a folder {IMAGES}, so {len(left_out)} image "
            "files beside it were left out; name them to read them too."
        )


def _note_subfolders(search: _Search, folder: Path, subfolders: Sequence[Path]) -> None:
    """Name the sub-folders with micrographs, which are not listed."""
    with_micrographs = [path for path in subfolders if _holds_micrographs(path)]
    if with_micrographs:
        names = ", ".join(name_of(path) for path in with_micrographs)
        search.notices.append(
            f"Sub-folders of {shown(folder)} hold images too ({names}); "
            "name them to read them too."
        )


def _note_unreadable_formats(search: _Search, files: Sequence[Path]) -> None:
    """Say how files of microscopes that were left out could be read."""
    for suffixes, advice in (
        (
            microscope_file.SUFFIXES,
            f"they take RosettaSciIO: {microscope_file.INSTALL}",
        ),
        (_UNSUPPORTED_SUFFIXES, "save as TIFF in its software, with the pixel size"),
    ):
        of_kind = [path for path in files if path.name.lower().endswith(suffixes)]
        if of_kind:
            one = len(of_kind) == 1
            number = "1 file" if one else f"{len(of_kind)} files"
            search.notices.append(
                f"{number} in a microscope's own format cannot be read "
                f"({name_of(of_kind[0])}{'' if one else ', ...'}); {advice}."
            )


def _note_same_stems(search: _Search, files: Sequence[Path]) -> None:
    """Warn of a microscope's file and an exported image of the same stem."""
    plain = {path.stem: path for path in files if _is_plain(path)}
    twice = [path for path in files if not _is_plain(path) and path.stem in plain]
    if twice:
        first = twice[0]
        number = "1 micrograph" if len(twice) == 1 else f"{len(twice)} micrographs"
        search.notices.append(
            f"{number} of {shown(first.parent)} may be here twice ({name_of(first)}, "
            f"{name_of(plain[first.stem])}); both are listed, so leave one out."
        )


def _is_plain(path: Path) -> bool:
    return path.name.lower().endswith(PLAIN_SUFFIXES)


def _holds_micrographs(folder: Path) -> bool:
    listed = folder / IMAGES if os.path.isdir(folder / IMAGES) else folder
    return any(_is_listed(path) for path in names_in(listed, []) or [])


def _no_micrographs(folder: Path) -> str:
    return (
        f"The folder {shown(folder)} holds no micrographs "
        f"({', '.join(SUFFIXES)}); choose another folder."
    )
