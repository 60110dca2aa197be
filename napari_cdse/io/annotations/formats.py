"""Recognise the format of a file of annotations, and read it.

`read_annotations` chooses the reader of a format by a file's suffix, and of text files
by their beginning. `find_annotations` lists such files in folders.
"""

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
"""Bytes of a text that are read to recognise its format. Chosen: holds the header of
any table."""


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """What `find_annotations` found.

    Attributes
    ----------
    files : tuple of Path
        In natural order within each folder.
    problems : tuple of str
        One sentence for each folder that cannot be read or holds no annotations.
    """

    files: tuple[Path, ...]
    problems: tuple[str, ...] = ()


def find_annotations(paths: Iterable[Path]) -> FoundFiles:
    """List the files of annotations among files and folders.

    Parameters
    ----------
    paths : iterable of Path
        A file given by name is listed whatever it is. Of a folder, its own files are
        listed, and those of its sub-folder ``labels``.

    Returns
    -------
    FoundFiles
    """
    files: list[Path] = []
    problems: list[str] = []
    for path in paths:
        if not os.path.isdir(path):
            files.append(path)
            continue
        in_folder = _annotations_in(path, problems)
        if not in_folder:
            problems.append(
                f"The folder {name_of(path)} holds no annotations "
                f"({', '.join(SUFFIXES)}); name the files."
            )
        files += in_folder
    return FoundFiles(tuple(files), tuple(problems))


def _annotations_in(folder: Path, problems: list[str]) -> list[Path]:
    """List the annotations of a folder and of its ``labels``; report problems."""
    labels = folder / LABELS_FOLDER
    folders = [folder, labels] if os.path.isdir(labels) else [folder]
    return [
        file
        for each in folders
        for file in names_in(each, problems) or []
        if looks_like_annotations(file)
    ]


def looks_like_annotations(path: Path) -> bool:
    """Whether a file may hold annotations, by suffix and, of a text, its beginning."""
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
    """Read a file of annotations in any supported format.

    Parameters
    ----------
    path : Path
        COCO's ``.json``, ImageJ's ``.roi`` or ``.zip``, a particle table ``.csv``, or a
        label file ``.txt``, of this program or YOLO's.
    shape_of : callable
        See `napari_cdse.io.annotations.shapes.ShapeOf`.

    Returns
    -------
    AnnotationFile

    Raises
    ------
    LabelFileError
        If the file is damaged or in none of the formats; nothing of it is returned.
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
    """Read a label file of this program, named after its micrograph."""
    picture = path.stem
    content = read_label_file(path, shape=shape_of(picture))
    if content is None:
        return AnnotationFile(name_of(path), ())
    pairs = zip(content.circles, content.labels, strict=True)
    return AnnotationFile(
        name_of(path),
        tuple(
            Shape(picture, f"particle {number}", circle, label)
            if content.reviewed
            else Shape(picture, f"particle {number}", None, label, NOT_REVIEWED)
            for number, (circle, label) in enumerate(pairs, 1)
        ),
    )
