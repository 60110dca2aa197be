"""Which files are micrographs, and which label file belongs to which.

Nothing is opened here: names, links and kinds of file decide.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.io.files import name_of, shown, why_unreadable
from napari_cdse.io.micrograph_file import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

IMAGES, TEXT_FILES = "images", "text_files"
"""The two folders of the origin's layout."""

LABEL_SUFFIX = ".txt"


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


@dataclass(frozen=True, slots=True)
class Pairing:
    """Label files and the micrographs that they belong to, paired by stem.

    Attributes
    ----------
    pairs : mapping of Path to Path
        From micrograph to label file.
    unmatched_labels : tuple of Path
        Files in a folder ``text_files`` without a micrograph.
    unmatched_micrographs : tuple of Path
        Micrographs without a label file of their own.
    problems : tuple of str
        Ambiguous names and unreadable folders, one sentence each.
    """

    pairs: Mapping[Path, Path]
    unmatched_labels: tuple[Path, ...] = ()
    unmatched_micrographs: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()


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

    A folder in the origin's layout stands for its ``images``; of another folder only
    its own files are listed. Hidden files are skipped, each file is listed once.

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
    for path in map(Path, paths):
        if os.path.isdir(path):
            _list_folder(search, path)
        else:
            _list_file(search, path)
    return FolderListing(
        files=tuple(search.files),
        ignored=search.ignored,
        problems=tuple(search.problems),
        notices=tuple(search.notices),
        folders=tuple(search.folders),
    )


def pair_labels(source: FolderListing | str | os.PathLike[str]) -> Pairing:
    """Find the label file of each micrograph.

    The label file of ``images/STEM.png`` is ``text_files/STEM.txt`` beside ``images``;
    that of ``FOLDER/STEM.png`` is ``FOLDER/text_files/STEM.txt`` or
    ``FOLDER/STEM.txt``, in this order.

    Parameters
    ----------
    source : FolderListing or path-like
        What `find_micrographs` found, or a folder.

    Returns
    -------
    Pairing
    """
    found = source if isinstance(source, FolderListing) else find_micrographs(source)
    by_folder: dict[Path, list[Path]] = {folder: [] for folder in found.folders}
    for file in found.files:
        by_folder.setdefault(file.parent, []).append(file)
    pairs: dict[Path, Path] = {}
    unmatched: list[Path] = []
    problems: list[str] = []
    for folder, files in by_folder.items():
        labels = _labels_of(folder, problems)
        pairs |= _paired(files, labels, problems)
        if folder in found.folders:
            stems = {file.stem for file in files}
            unmatched += _strays(labels, stems)
    alone = tuple(file for file in found.files if file not in pairs)
    return Pairing(pairs, tuple(unmatched), alone, tuple(problems))


def label_path(micrograph: str | os.PathLike[str]) -> Path:
    """Where the label file of a micrograph belongs, by the origin's layout."""
    path = Path(micrograph)
    return _text_folder(path.parent) / f"{path.stem}{LABEL_SUFFIX}"


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


def _list_file(search: _Search, path: Path) -> None:
    problem = why_unreadable(path)
    if problem:
        search.problems.append(problem)
    elif is_micrograph_name(path):
        search.files.setdefault(Path(os.path.normpath(path)))
    else:
        search.ignored += 1


def _list_folder(search: _Search, folder: Path) -> None:
    inside = folder / IMAGES
    has_layout = os.path.isdir(inside)
    listed = inside if has_layout else folder
    names = _names(listed, search.problems)
    if names is None:
        return
    search.folders.setdefault(Path(os.path.normpath(listed)))
    subfolders = [path for path in names if os.path.isdir(path)]
    files = [path for path in names if not os.path.isdir(path)]
    for path in filter(is_micrograph_name, files):
        _list_file(search, path)
    others = [path for path in files if not is_micrograph_name(path)]
    search.ignored += len(others)
    if len(others) == len(files):
        search.problems.append(_nothing_found(folder))
    _note_others(search, folder, subfolders, has_layout)


def _names(folder: Path, problems: list[str]) -> list[Path] | None:
    """List a folder in natural order, without what is hidden."""
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
        beside = [path for path in _names(folder, []) or [] if is_micrograph_name(path)]
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


def _holds_micrographs(folder: Path) -> bool:
    within = folder / IMAGES if os.path.isdir(folder / IMAGES) else folder
    return any(is_micrograph_name(path) for path in _names(within, []) or [])


def _nothing_found(folder: Path) -> str:
    return (
        f"The folder {shown(folder)} holds no micrographs "
        f"({', '.join(SUFFIXES)}); choose another folder."
    )


def _text_folder(folder: Path) -> Path:
    layout = folder.name == IMAGES
    return (folder.parent if layout else folder) / TEXT_FILES


def _labels_of(folder: Path, problems: list[str]) -> dict[str, list[Path]]:
    """Label files by stem; those of text_files hide others of the same stem."""
    labels: dict[str, list[Path]] = defaultdict(list)
    text_folder = _text_folder(folder)
    if os.path.isdir(text_folder):
        for path in _names(text_folder, problems) or []:
            if path.suffix.lower() == LABEL_SUFFIX:
                labels[path.stem].append(path)
    beside: dict[str, list[Path]] = defaultdict(list)
    for path in _names(folder, []) or []:
        if path.suffix.lower() == LABEL_SUFFIX and path.stem not in labels:
            beside[path.stem].append(path)
    return {**labels, **beside}


def _paired(
    files: Sequence[Path], labels: Mapping[str, Sequence[Path]], problems: list[str]
) -> dict[Path, Path]:
    by_stem: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        by_stem[file.stem].append(file)
    pairs = {}
    for stem, same in by_stem.items():
        found = labels.get(stem, ())
        if len(found) == 1 and len(same) == 1:
            pairs[same[0]] = found[0]
        elif found:
            names = ", ".join(name_of(path) for path in (*same, *found))
            problems.append(
                f"It is not clear which label file belongs to which micrograph "
                f"({names}); give them different names."
            )
    return pairs


def _strays(labels: Mapping[str, Sequence[Path]], stems: set[str]) -> list[Path]:
    return [
        path
        for stem, paths in labels.items()
        for path in paths
        if stem not in stems and path.parent.name == TEXT_FILES
    ]
