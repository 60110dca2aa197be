"""Sort dropped or opened files into projects, micrographs and annotations."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.io.annotations.formats import looks_like_annotations
from napari_cdse.io.images.folder import find_micrographs, is_micrograph_name
from napari_cdse.io.labels.label_file import is_label_file
from napari_cdse.io.labels.pairing import is_label_name
from napari_cdse.io.store.store import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Incoming:
    """Files and folders of a user.

    Attributes
    ----------
    projects, folders, micrographs, labels : tuple of Path
        Folders are those in which micrographs or a project lie.
    annotations : tuple of Path
        Circles and classes in formats of other programs.
    others : tuple of Path
        What is nothing of these.
    """

    projects: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    micrographs: tuple[Path, ...] = ()
    labels: tuple[Path, ...] = ()
    annotations: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()

    @property
    def is_ours(self) -> bool:
        """Whether all of it is something that a project can be made of."""
        return not self.others and not self.annotations

    @property
    def can_join(self) -> bool:
        """Whether all of it is something that an open project can take."""
        return not self.others


def sort_incoming(paths: Iterable[Path]) -> Incoming:
    """Sort files and folders by name; of texts the beginning is read."""
    kinds: dict[str, list[Path]] = {}
    for path in paths:
        kinds.setdefault(_kind(path), []).append(path)
    return Incoming(**{kind: tuple(found) for kind, found in kinds.items()})


def _kind(path: Path) -> str:
    if os.path.isdir(path):
        return "folders" if _holds_ours(path) else "others"
    if path.suffix.lower() == SUFFIX:
        return "projects"
    if is_micrograph_name(path):
        return "micrographs"
    if is_label_name(path) and is_label_file(path):
        return "labels"
    return "annotations" if looks_like_annotations(path) else "others"


def _holds_ours(folder: Path) -> bool:
    inside = find_micrographs(folder).files
    return bool(inside) or any(folder.glob(f"*{SUFFIX}"))
