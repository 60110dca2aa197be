"""Where a project lies whose folder may not be written: the user says it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError, FolderNotWritable
from napari_cdse.gui.widgets.dialogs import ask_place
from napari_cdse.io.models.model_file import load_model
from napari_cdse.project import SUFFIX, Project
from napari_cdse.resources import default_model_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QWidget

    from napari_cdse.core.classifier.forest import Model

_ELSEWHERE = (
    "{}\n\nThe project can lie in another folder; the micrographs stay where they are. "
    "Name a new file, or the one that you made for them last time."
)
_LOOKING = (
    "{} may not be written, so it is open for looking only.\n\nYou can work on a copy "
    "of it in another folder; the micrographs stay where they are."
)


def shipped_model() -> Model | None:
    """Load the forest that comes with the program; None if there is none."""
    path = default_model_path()
    return load_model(path) if path.is_file() else None


def opened(
    window: QWidget, source: Path | Sequence[Path], place: Path | None = None
) -> Project:
    """Open or make a project, elsewhere if need be and the user wants it.

    A new one starts with the shipped forest.

    Parameters
    ----------
    window : QWidget
        That asks for another place.
    source : Path or sequence of Path
        A folder, micrograph files or a project file.
    place : Path, optional
        Where the project file of a folder lies, if not in it.

    Raises
    ------
    CdseError
        If it cannot be opened, or the user names no other place for a new one.
    """
    try:
        project = _open(source, place)
    except FolderNotWritable as error:
        name = f"{error.folder.name or 'micrographs'}{SUFFIX}"
        place = ask_place(window, _ELSEWHERE.format(error), "Choose a place...", name)
        if place is None:
            raise
        return _open(source, place)
    if not project.read_only:
        return project
    question = _LOOKING.format(project.path.name)
    name = f"{project.folder.name or project.path.stem}{SUFFIX}"
    place = ask_place(window, question, "Work on a copy...", name)
    return project if place is None else _copied(project, place)


def _open(source: Path | Sequence[Path], place: Path | None = None) -> Project:
    return Project.create_or_open(source, place, default_model=shipped_model)


def _copied(project: Project, place: Path) -> Project:
    try:
        if not place.exists():
            project.copy_to(place)
        copy = _open(place)
    except CdseError:
        project.close()
        raise
    project.close()
    return copy
