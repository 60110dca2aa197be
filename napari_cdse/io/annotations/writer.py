"""Write circles and classes in all the export formats that a user wants.

What a format needs is imported with it: most runs want none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_cdse import __version__
from napari_cdse.core.errors import LabelFileError
from napari_cdse.io.annotations.format_names import FORMATS, LABELS_FOLDER
from napari_cdse.io.export.export import is_told
from napari_cdse.io.files import (
    check_replaceable,
    holds_another,
    make_folder,
    name_of,
    shown,
)
from napari_cdse.io.paths import portable_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_cdse.io.annotations.format_names import FormatName
    from napari_cdse.io.export.export import ParticleRow


_NOT_OURS = (
    "{} in {} was not written by napari-cdse, or was changed since; it was left as it "
    "is: choose another folder for the results."
)


class AnnotationWriter:
    """Writes micrographs as they come, each in all formats that are wanted.

    Parameters
    ----------
    folder : Path
        Gets a folder for each format that has a file a micrograph.
    formats : sequence of {"coco", "yolo", "imagej", "napari"}

    Raises
    ------
    LabelFileError
        If a folder cannot be made, or another program's file has a file's name.
    """

    def __init__(self, folder: Path, formats: Sequence[FormatName]) -> None:
        self._writers = [_WRITERS[each](folder) for each in FORMATS if each in formats]

    def add(
        self,
        path: Path,
        name: str,
        shape: tuple[int, int],
        rows: Iterable[ParticleRow],
        *,
        include_predictions: bool = True,
    ) -> None:
        """Write one micrograph.

        Parameters
        ----------
        path : Path
            Of the micrograph.
        name : str
            What it is called in the results.
        shape : tuple of int
            Its rows and columns.
        rows : iterable of ParticleRow
            Of this micrograph.
        include_predictions : bool
            Also what only the forest says, except ``empty``.

        Raises
        ------
        LabelFileError
            If a file cannot be written, or another program's has its name.
        """
        told = [row for row in rows if is_told(row, include_predictions)]
        for writer in self._writers:
            writer.add(path, name, shape, told)

    def finish(self) -> None:
        """Write what belongs to all micrographs.

        Raises
        ------
        LabelFileError
            If a file cannot be written.
        """
        for writer in self._writers:
            writer.finish()


class _Writer(Protocol):
    """Writes one format."""

    def add(
        self, path: Path, name: str, shape: tuple[int, int], rows: Sequence[ParticleRow]
    ) -> None:
        """Write one micrograph."""

    def finish(self) -> None:
        """Write what belongs to all micrographs."""


class _Coco:
    """One file, ``coco.json``."""

    def __init__(self, folder: Path) -> None:
        from napari_cdse.io.annotations.coco import CocoFile, is_our_coco

        self._path = folder / "coco.json"
        check_replaceable(self._path, is_our_coco, "COCO file", LabelFileError)
        self._file = CocoFile()

    def add(
        self, path: Path, name: str, shape: tuple[int, int], rows: Sequence[ParticleRow]
    ) -> None:
        known = path.name if name in (path.stem, path.name) else name
        self._file.add(known, shape, rows)

    def finish(self) -> None:
        self._file.write(self._path, f"napari-cdse {__version__}")


class _Yolo:
    """A folder of label files, and the names of the classes."""

    def __init__(self, folder: Path) -> None:
        from napari_cdse.io.annotations import yolo

        self._yolo = yolo
        self._folder = make_folder(folder / "yolo", LabelFileError)
        self._labels = make_folder(self._folder / LABELS_FOLDER, LabelFileError)
        for each in yolo.NAMES_OUT:
            _spare(self._folder / each, yolo.is_our_names)

    def add(
        self, path: Path, name: str, shape: tuple[int, int], rows: Sequence[ParticleRow]
    ) -> None:
        path = self._labels / f"{portable_name(name)}.txt"
        _spare(path, self._yolo.is_our_yolo)
        self._yolo.write_yolo(path, shape, rows)

    def finish(self) -> None:
        self._yolo.write_names(self._folder)


class _ImageJ:
    """A set of regions a micrograph."""

    def __init__(self, folder: Path) -> None:
        from napari_cdse.io.annotations import imagej

        self._imagej = imagej
        self._folder = make_folder(folder / "imagej", LabelFileError)

    def add(
        self, path: Path, name: str, shape: tuple[int, int], rows: Sequence[ParticleRow]
    ) -> None:
        path = self._folder / f"{portable_name(name)}_RoiSet.zip"
        _spare(path, self._imagej.is_our_imagej)
        self._imagej.write_imagej(path, rows)

    def finish(self) -> None:
        """Write nothing: each micrograph is whole."""


class _Napari:
    """A table of each class of a micrograph."""

    def __init__(self, folder: Path) -> None:
        from napari_cdse.io.annotations import napari_shapes

        self._napari = napari_shapes
        self._folder = make_folder(folder / "napari", LabelFileError)

    def add(
        self, path: Path, name: str, shape: tuple[int, int], rows: Sequence[ParticleRow]
    ) -> None:
        for label in {row.label for row in rows}:
            path = self._napari.table_of(self._folder, name, str(label))
            _spare(path, self._napari.is_our_napari)
        self._napari.write_napari(self._folder, name, rows)

    def finish(self) -> None:
        """Write nothing: each micrograph is whole."""


def _spare(path: Path, known: Callable[[bytes], object]) -> None:
    """Refuse to write over what another program, or a person with one, has written.

    Raises
    ------
    LabelFileError
        If that has the name of a file of ours.
    """
    if holds_another(path, known):
        raise LabelFileError(_NOT_OURS.format(name_of(path), shown(path.parent)))


_WRITERS: Mapping[FormatName, Callable[[Path], _Writer]] = {
    "coco": _Coco,
    "yolo": _Yolo,
    "imagej": _ImageJ,
    "napari": _Napari,
}
