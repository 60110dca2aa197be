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

        Such a file is reported since its labels would be lost unnoticed, for instance
        after its micrograph was renamed.
        """
        unmatched = (
            f"{name_of(path)} has no micrograph of the same name; it was left alone."
            for path in self.unmatched_labels
        )
        return (*self.problems, *unmatched)


def pair_labels(source: FolderListing | str | os.PathLike[str]) -> Pairing:
    """Find the label file of each micrograph.

    The label file of ``images/STEM.png`` is ``text_files/STEM.txt`` beside ``images``;
    that of ``FOLDER/STEM.png`` is ``FOLDER/text_files/STEM.txt`` or
    ``FOLDER/STEM.txt``, in this order.

    Parameters
    ----------
    source : FolderListing or path-like
        From `find_micrographs`, or a folder.

    Returns
    -------
    Pairing
    """
    listing = source if isinstance(source, FolderListing) else find_micrographs(source)
    by_folder: dict[Path, list[Path]] = {folder: [] for folder in listing.folders}
    for file in listing.files:
        by_folder.setdefault(file.parent, []).append(file)
    pairs: dict[Path, Path] = {}
    unmatched: list[Path] = []
    problems: list[str] = []
    for folder, files in by_folder.items():
        labels = _labels_of(folder, problems)
        pairs |= _paired(files, labels, problems)
        if folder in listing.folders:
            stems = {_stem(file) for file in files}
            unmatched += _unmatched(labels, stems)
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
    """Match label files with micrographs of the same name in any folder.

    Parameters
    ----------
    labels : iterable of Path
        Label files.
    micrographs : sequence of Path
        Micrographs to match.

    Returns
    -------
    dict of Path to Path
        From micrograph to label file.
    list of str
        One sentence for each label file that matches none, or more than one.
    """
    by_stem: dict[str, list[Path]] = defaultdict(list)
    for path in micrographs:
        by_stem[_stem(path)].append(path)
    pairs: dict[Path, Path] = {}
    problems = []
    for path in labels:
        matches = by_stem.get(_stem(path), [])
        if len(matches) == 1 and matches[0] not in pairs:
            pairs[matches[0]] = path
            continue
        problems.append(_match_problem(path, len(matches)))
    return pairs, problems


def _match_problem(path: Path, n_matches: int) -> str:
    """Say why a label file with so many matching micrographs is not used."""
    name = name_of(path)
    if n_matches == 1:
        return (
            f"Another label file is named as {name} is, so the labels of the second "
            "were not taken in; choose one of them."
        )
    many = "More than one" if n_matches else "No"
    return (
        f"{many} micrograph of the project is named as {name} is, so its labels were "
        "not taken in; give both the same name."
    )


def is_label_name(path: Path) -> bool:
    """Whether a file's name may be that of a label file."""
    return path.suffix.lower() == LABEL_SUFFIX


def micrographs_beside(label: Path) -> Path | None:
    """Return the folder with the micrograph of a label file; None if it has none.

    Parameters
    ----------
    label : Path
        ``FOLDER/text_files/STEM.txt`` or ``FOLDER/STEM.txt``.
    """
    folder = label.parent.parent if label.parent.name == TEXT_FILES else label.parent
    listed = find_micrographs(folder).files
    return folder if any(_stem(each) == _stem(label) for each in listed) else None


def _text_folder(folder: Path) -> Path:
    layout = folder.name == IMAGES
    return (folder.parent if layout else folder) / TEXT_FILES


def _stem(path: Path) -> str:
    """Return the stem in a form for comparison.

    macOS decomposes letters, Windows ignores case, and a label file that this program
    wrote has a portable name.
    """
    stem = portable_name(path.stem)
    return alike(stem) if ignores_case(path) else same_letters(stem)


def _labels_of(folder: Path, problems: list[str]) -> dict[str, list[Path]]:
    """Return a folder's label files by stem, preferring those in ``text_files``."""
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
        matches = labels.get(stem, ())
        if len(matches) == 1 and len(same) == 1:
            pairs[same[0]] = matches[0]
        elif matches:
            names = ", ".join(name_of(path) for path in (*same, *matches))
            problems.append(
                f"It is not clear which label file belongs to which micrograph "
                f"({names}); give them different names."
            )
    return pairs


def _unmatched(labels: Mapping[str, Sequence[Path]], stems: set[str]) -> list[Path]:
    """Return the label files whose stem no micrograph has."""
    return [
        path
        for stem, paths in labels.items()
        for path in paths
        if stem not in stems and (path.parent.name == TEXT_FILES or is_label_file(path))
    ]
