"""The sample project: a copy of the sample micrographs that a person may work in."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from platformdirs import user_data_path

from napari_cdse.core.errors import CdseError
from napari_cdse.resources import sample_data_dir

PROJECT = "sample.cdse"
"""Beside the sample micrographs: what the shipped forest found in them, made by
``sample_data/make.py``."""
_COPY = "napari-cdse.cdse"
"""What it is called in the folder of a user, as every project."""
LABELLED_SHARE = 2
"""One micrograph in so many comes with its labels, so that there is something both to
learn from and to review."""


def sample_project_folder(
    folder: Path | None = None, *, fresh: bool = False, detected: bool = True
) -> Path:
    """Lay the sample micrographs out, unless they lie there already.

    Parameters
    ----------
    folder : Path, optional
        Default: in the user's data folder.
    fresh : bool
        Without a folder, take a new temporary one.
    detected : bool
        With what was found in them, so that nobody has to wait for it.

    Raises
    ------
    CdseError
        If the folder cannot be written.
    """
    if folder is None:
        folder = (
            Path(tempfile.mkdtemp(prefix="napari-cdse-"))
            if fresh
            else user_data_path("napari-cdse", appauthor=False) / "sample project"
        )
    try:
        _lay_out(folder, detected)
    except OSError as error:
        raise CdseError(
            f"The sample project cannot be laid out in {folder} ({error.strerror}); "
            "name another place with --folder."
        ) from error
    return folder


def _lay_out(folder: Path, detected: bool) -> None:
    source = sample_data_dir()
    for kind in ("images", "text_files"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(sorted((source / "images").iterdir())):
        _copy_once(picture, folder / "images" / picture.name)
        label_file = source / "text_files" / f"{picture.stem}.txt"
        if number % LABELLED_SHARE == 0:
            _copy_once(label_file, folder / "text_files" / label_file.name)
    if detected and (source / PROJECT).is_file():
        _copy_once(source / PROJECT, folder / _COPY)


def _copy_once(source: Path, target: Path) -> None:
    if not target.exists():
        shutil.copyfile(source, target)
