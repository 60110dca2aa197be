"""Pair label files with micrographs by their names."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.io.files import name_of
from napari_cdse.io.images.folder import (
    IMAGES,
    TEXT_FILES,
    FolderListing,
    find_micrographs,
    names_in,
)
from napari_cdse.io.labels.label_file import is_label_file
from napari_cdse.io.paths import alike, ignores_case, portable_name, same_letters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

LABEL_SUFFIX = ".txt"


@dataclass(frozen=True, slots=True)
class Pairing:
    """Label files and the micrographs that they belong to, paired by stem.

    Attributes
    ----------
    pairs : mapping of Path to Path
        From micrograph to label file.
    unmatched_labels : tuple of Path
        Label files without a micrograph: all text files of a folder ``text_files``,
        and those beside micrographs that begin as label files do.
    problems : tuple of str
        Ambiguous names and unreadable folders, one sentence each.
    """

    pairs: Mapping[Path, Path]
    unmatched_labels: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence for each problem, and for each label file without a micrograph.

        A label file that lost its micrograph when that was renamed is all that there
        is of somebody's work.
        """
        strays = (
            f"{name_of(path)} has no micrograph of the same name; it was left alone."
            for path in self.unmatched_labels
        )
        return (*self.problems, *strays)


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
            stems = {_stem(file) for file in files}
            unmatched += _strays(labels, stems)
    return Pairing(pairs, tuple(unmatched), tuple(problems))


def pair_labels_in(
    folders: Iterable[Path],
) -> tuple[list[tuple[Path, Path]], list[str]]:
    """Find the label files of the micrographs in several folders.

    Parameters
    ----------
    folders : iterable of Path
        Each as in `pair_labels`.

    Returns
    -------
    list of (Path, Path)
        Micrograph and label file, folder by folder.
    list of str
        What could not be paired, one sentence each.
    """
    pairs: list[tuple[Path, Path]] = []
    problems: list[str] = []
    for folder in folders:
        pairing = pair_labels(folder)
        pairs.extend(pairing.pairs.items())
        problems.extend(pairing.sentences)
    return pairs, problems


def pair_by_name(
    labels: Iterable[Path], micrographs: Sequence[Path]
) -> tuple[dict[Path, Path], list[str]]:
    """Find the micrographs that label files are named after, wherever these lie.

    Parameters
    ----------
    labels : iterable of Path
        Label files.
    micrographs : sequence of Path
        Among which their namesakes are looked for.

    Returns
    -------
    dict of Path to Path
        From micrograph to label file.
    list of str
        Which label file belongs to none, or to more than one; a sentence each.
    """
    by_stem: dict[str, list[Path]] = defaultdict(list)
    for path in micrographs:
        by_stem[_stem(path)].append(path)
    pairs: dict[Path, Path] = {}
    problems = []
    for path in labels:
        same = by_stem.get(_stem(path), [])
        if len(same) == 1 and same[0] not in pairs:
            pairs[same[0]] = path
            continue
        problems.append(_without_namesake(path, len(same)))
    return pairs, problems


def _without_namesake(path: Path, n_same: int) -> str:
    """Say why a label file joins none of so many micrographs of its name."""
    name = name_of(path)
    if n_same == 1:
        return (
            f"Another label file is named as {name} is, so the labels of the second "
            "were not taken in; choose one of them."
        )
    many = "More than one" if n_same else "No"
    return (
        f"{many} micrograph of the project is named as {name} is, so its labels were "
        "not taken in; give both the same name."
    )


def is_label_name(path: Path) -> bool:
    """Whether a file's name may be that of a label file."""
    return path.suffix.lower() == LABEL_SUFFIX


def micrographs_beside(label: Path) -> Path | None:
    """Return the folder to open for a label file; None without its micrograph there.

    Parameters
    ----------
    label : Path
        ``FOLDER/text_files/STEM.txt`` or ``FOLDER/STEM.txt``.
    """
    folder = label.parent.parent if label.parent.name == TEXT_FILES else label.parent
    listed = find_micrographs(folder).files
    return folder if any(_stem(one) == _stem(label) for one in listed) else None


def _text_folder(folder: Path) -> Path:
    layout = folder.name == IMAGES
    return (folder.parent if layout else folder) / TEXT_FILES


def _stem(path: Path) -> str:
    """Stem for comparing: a Mac writes letters decomposed, Windows knows no case.

    A label file may have the portable name that it was written under.
    """
    stem = portable_name(path.stem)
    return alike(stem) if ignores_case(path) else same_letters(stem)


def _labels_of(folder: Path, problems: list[str]) -> dict[str, list[Path]]:
    """Label files by stem; those of text_files hide others of the same stem."""
    labels: dict[str, list[Path]] = defaultdict(list)
    text_folder = _text_folder(folder)
    if os.path.isdir(text_folder):
        for path in names_in(text_folder, problems) or []:
            if path.suffix.lower() == LABEL_SUFFIX:
                labels[_stem(path)].append(path)
    beside: dict[str, list[Path]] = defaultdict(list)
    for path in names_in(folder, []) or []:
        if path.suffix.lower() == LABEL_SUFFIX and _stem(path) not in labels:
            beside[_stem(path)].append(path)
    return {**labels, **beside}


def _paired(
    files: Sequence[Path], labels: Mapping[str, Sequence[Path]], problems: list[str]
) -> dict[Path, Path]:
    by_stem: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        by_stem[_stem(file)].append(file)
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
        if stem not in stems and (path.parent.name == TEXT_FILES or is_label_file(path))
    ]
