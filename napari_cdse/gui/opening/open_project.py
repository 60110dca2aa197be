"""Ask the user which project file to open, where there is a choice.

There is one where a folder can't be written to, and where a project is missing or
unreadable while a backup or another project file lies in its folder.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.core.errors import (
    CdseError,
    FolderNotWritable,
    ProjectUnreadable,
    StoreError,
)
from napari_cdse.gui.widgets.dialogs import ask_place, ask_which
from napari_cdse.io.models.model_file import load_model
from napari_cdse.project import SUFFIX, Project, alternatives, project_file
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
_MISSING = "There is no {} here."
_WHICH = (
    "These are here. A backup is put back in its place, and a file that can't be read "
    "is kept among the backups. Which one do you want?"
)
_NEW = "Begin a new, empty project"


def shipped_model() -> Model | None:
    """Load the forest that comes with the program; None if there is none."""
    path = default_model_path()
    return load_model(path) if os.path.isfile(path) else None


def opened(
    window: QWidget, source: Path | Sequence[Path], place: Path | None = None
) -> Project:
    """Open or make a project, elsewhere if need be and the user wants it.

    Where it is missing or can't be read, what lies there instead is offered. A new
    one starts with the shipped forest.

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
        If it cannot be opened, the user names no other place for a new one, or
        wants nothing of what is there instead.
    """
    file = project_file(source, place)
    named = isinstance(source, Path) and source.absolute() == file
    if not os.path.exists(file):
        why = _MISSING.format(file.name)
        other = _instead(window, file, why, new=not named) or file
        return _opened(window, *((other, None) if named else (source, other)))
    try:
        return _opened(window, source, place)
    except ProjectUnreadable as error:
        found = _instead(window, file, str(error), new=False)
        if found is None:
            raise
        return _opened(window, *((found, None) if named else (source, found)))


def _instead(window: QWidget, file: Path, why: str, *, new: bool) -> Path | None:
    """Ask what to open instead of a project file; None if nothing else is there.

    Parameters
    ----------
    window : QWidget
        That asks.
    file : Path
        The project file that is missing or can't be read.
    why : str
        What is wrong with it.
    new : bool
        Whether an empty project can be begun.

    Raises
    ------
    CdseError
        If the user wants none of it, or it can't be put back.
    """
    others = alternatives(file)
    if not others:
        return None
    lines = [each.text for each in others]
    chosen = ask_which(window, f"{why}\n\n{_WHICH}", [*lines, _NEW] if new else lines)
    if chosen is None:
        raise StoreError(f"{why} Nothing was opened.")
    return None if chosen == len(others) else others[chosen].take()


def _opened(
    window: QWidget, source: Path | Sequence[Path], place: Path | None
) -> Project:
    """Open or make a project; where that can't be written the user names a place."""
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
        if not os.path.exists(place):
            project.copy_to(place)
        copy = _open(place)
    except CdseError:
        project.close()
        raise
    project.close()
    return copy
