"""Write circles and classes in the formats that a user chose.

An `AnnotationWriter` passes each micrograph to a writer of each format. Modules of
formats are imported when they are used, since most runs choose none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_cdse import __version__
from napari_cdse.core.errors import LabelFileError
from napari_cdse.io.annotations.format_names import FORMATS, LABELS_FOLDER
from napari_cdse.io.export.particle_rows import is_exported
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
    from napari_cdse.io.export.particle_rows import ParticleRow


_NOT_OURS = (
    "{} in {} was not written by napari-cdse, or was changed since; it was left as it "
    "is: choose another folder for the results."
)


class AnnotationWriter:
    """Writes micrographs one after another, each in all chosen formats.

    Parameters
    ----------
    folder : Path
        Folder of results; formats of one file per micrograph get a sub-folder.
    formats : sequence of {"coco", "yolo", "imagej", "napari"}
        The chosen formats.

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
            File of the micrograph.
        name : str
            What the micrograph is called in the results.
        shape : tuple of int
            Its rows and columns.
        rows : iterable of ParticleRow
            Its particles.
        include_predictions : bool
            Write also classes that only the forest gave, except ``empty``.

        Raises
        ------
        LabelFileError
            If a file cannot be written, or another program's has its name.
        """
        exported = [row for row in rows if is_exported(row, include_predictions)]
        for writer in self._writers:
            writer.add(path, name, shape, exported)

    def finish(self) -> None:
        """Write the files that describe all micrographs.

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
        """Write the files that describe all micrographs."""


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
        # With its suffix other programs find the image; it may be one frame of a file.
        picture = path.name if name in (path.stem, path.name) else name
        self._file.add(picture, shape, rows)

    def finish(self) -> None:
        self._file.write(self._path, f"napari-cdse {__version__}")


class _Yolo:
    """A folder of label files, and files with the names of the classes."""

    def __init__(self, folder: Path) -> None:
        from napari_cdse.io.annotations import yolo

        self._yolo = yolo
        self._folder = make_folder(folder / "yolo", LabelFileError)
        self._labels = make_folder(self._folder / LABELS_FOLDER, LabelFileError)
        for each in yolo.NAMES_OUT:
            _check_ours(self._folder / each, yolo.is_our_names)

    def add(
        self, path: Path, name: str, shape: tuple[int, int], rows: Sequence[ParticleRow]
    ) -> None:
        path = self._labels / f"{portable_name(name)}.txt"
        _check_ours(path, self._yolo.is_our_yolo)
        self._yolo.write_yolo(path, shape, rows)

    def finish(self) -> None:
        self._yolo.write_names(self._folder)


class _ImageJ:
    """A folder of sets of regions, one for each micrograph."""

    def __init__(self, folder: Path) -> None:
        from napari_cdse.io.annotations import imagej

        self._imagej = imagej
        self._folder = make_folder(folder / "imagej", LabelFileError)

    def add(
        self, path: Path, name: str, shape: tuple[int, int], rows: Sequence[ParticleRow]
    ) -> None:
        path = self._folder / f"{portable_name(name)}_RoiSet.zip"
        _check_ours(path, self._imagej.is_our_imagej)
        self._imagej.write_imagej(path, rows)

    def finish(self) -> None:
        """Do nothing: no file describes all micrographs."""


class _Napari:
    """A folder of tables, one for each class of each micrograph."""

    def __init__(self, folder: Path) -> None:
        from napari_cdse.io.annotations import napari_shapes

        self._napari = napari_shapes
        self._folder = make_folder(folder / "napari", LabelFileError)

    def add(
        self, path: Path, name: str, shape: tuple[int, int], rows: Sequence[ParticleRow]
    ) -> None:
        for label in {row.label for row in rows}:
            path = self._napari.table_of(self._folder, name, str(label))
            _check_ours(path, self._napari.is_our_napari)
        self._napari.write_napari(self._folder, name, rows)

    def finish(self) -> None:
        """Do nothing: no file describes all micrographs."""


def _check_ours(path: Path, is_ours: Callable[[bytes], object]) -> None:
    """Refuse to replace a file that another program wrote.

    Raises
    ------
    LabelFileError
        If there is such a file.
    """
    if holds_another(path, is_ours):
        raise LabelFileError(_NOT_OURS.format(name_of(path), shown(path.parent)))


_WRITERS: Mapping[FormatName, Callable[[Path], _Writer]] = {
    "coco": _Coco,
    "yolo": _Yolo,
    "imagej": _ImageJ,
    "napari": _Napari,
}
