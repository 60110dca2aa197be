"""Recognise the format of an annotation file, and read it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.errors import LabelFileError
from napari_cdse.io.annotations.coco import read_coco
from napari_cdse.io.annotations.format_names import LABELS_FOLDER, SUFFIXES
from napari_cdse.io.annotations.imagej import read_imagej
from napari_cdse.io.annotations.particle_table import (
    is_particle_table,
    read_particle_table,
)
from napari_cdse.io.annotations.shapes import NOT_REVIEWED, AnnotationFile, Shape
from napari_cdse.io.annotations.yolo import NAME_FILES, is_yolo, read_yolo
from napari_cdse.io.files import name_of, open_file
from napari_cdse.io.images.folder import names_in
from napari_cdse.io.labels.label_file import read_label_file
from napari_cdse.io.labels.label_text import LOCATION

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_cdse.io.annotations.shapes import ShapeOf

_SNIFFED_BYTES = 4096
"""Of a text, to see its format; the columns of a table fit."""


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """Files of annotations among files and folders.

    Attributes
    ----------
    files : tuple of Path
        In natural order within each folder.
    problems : tuple of str
        Folders that cannot be read or hold none.
    """

    files: tuple[Path, ...]
    problems: tuple[str, ...] = ()


def find_annotations(paths: Iterable[Path]) -> FoundFiles:
    """List the files of annotations among files and folders.

    Of a folder, its own files are listed, and those of its folder ``labels``.
    """
    files: list[Path] = []
    problems: list[str] = []
    for path in paths:
        if not os.path.isdir(path):
            files.append(path)
            continue
        within = (
            [path, path / LABELS_FOLDER]
            if os.path.isdir(path / LABELS_FOLDER)
            else [path]
        )
        found = [
            file
            for folder in within
            for file in names_in(folder, problems) or []
            if looks_like_annotations(file)
        ]
        if not found:
            problems.append(
                f"The folder {name_of(path)} holds no annotations "
                f"({', '.join(SUFFIXES)}); name the files."
            )
        files += found
    return FoundFiles(tuple(files), tuple(problems))


def looks_like_annotations(path: Path) -> bool:
    """Whether a file may hold annotations, by its name and by how a text begins."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES or path.name in NAME_FILES or not os.path.isfile(path):
        return False
    if suffix not in (".txt", ".csv"):
        return True
    try:
        start = _start(path)
    except LabelFileError:
        return False
    return _is_label_file(start) or is_yolo(start) or is_particle_table(start)


def read_annotations(path: Path, shape_of: ShapeOf) -> AnnotationFile:
    """Read a file of annotations in whichever of the formats it is.

    Parameters
    ----------
    path : Path
        COCO's ``.json``, ImageJ's ``.roi`` and ``.zip``, a table of particles
        ``.csv``, a label file or one of YOLO's ``.txt``.
    shape_of : callable
        Gives rows and columns of the micrographs that are known, by whatever name.

    Raises
    ------
    LabelFileError
        If it is none of them, or damaged; then nothing of it is to be used.
    """
    suffix = path.suffix.lower()
    if suffix == ".json":
        return read_coco(path, shape_of)
    if suffix in (".roi", ".zip"):
        return read_imagej(path)
    if suffix == ".csv":
        return read_particle_table(path)
    if suffix == ".txt":
        return _read_text(path, shape_of)
    raise LabelFileError(
        f"{name_of(path)} is in no format of annotations that is read here "
        f"({', '.join(SUFFIXES)}); export as COCO JSON, YOLO, ImageJ regions or CSV."
    )


def _read_text(path: Path, shape_of: ShapeOf) -> AnnotationFile:
    start = _start(path)
    if _is_label_file(start):
        return _read_labels(path, shape_of)
    if start.strip() and not is_yolo(start):
        raise LabelFileError(
            f"{name_of(path)} is neither a label file nor one of YOLO's; check that "
            "it is the right one."
        )
    return read_yolo(path, shape_of)


def _start(path: Path) -> str:
    with open_file(path, LabelFileError) as file:
        return file.read(_SNIFFED_BYTES).decode("utf-8", "replace").lstrip("\ufeff")


def _is_label_file(start: str) -> bool:
    return start.lstrip().lower().startswith(LOCATION.lower())


def _read_labels(path: Path, shape_of: ShapeOf) -> AnnotationFile:
    picture = path.stem
    found = read_label_file(path, shape=shape_of(picture))
    if found is None:
        return AnnotationFile(name_of(path), ())
    pairs = zip(found.circles, found.labels, strict=True)
    return AnnotationFile(
        name_of(path),
        tuple(
            Shape(picture, f"particle {number}", circle, label)
            if found.reviewed
            else Shape(picture, f"particle {number}", None, label, NOT_REVIEWED)
            for number, (circle, label) in enumerate(pairs, 1)
        ),
    )
