"""Open a project, and ask the user which project file to use if there is a choice.

There is a choice if a folder is not writable, and if a project file is missing or
unreadable while its folder has a backup or another project file.
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
    """Load the forest that is shipped with the program; None if there is none."""
    path = default_model_path()
    return load_model(path) if os.path.isfile(path) else None


def opened(
    window: QWidget, source: Path | Sequence[Path], place: Path | None = None
) -> Project:
    """Open or create a project, in another folder if need be.

    If its file is missing or unreadable, the user can choose another file. A new
    project starts with the shipped forest.

    Parameters
    ----------
    window : QWidget
        The window that asks.
    source : Path or sequence of Path
        A folder, micrograph files or a project file.
    place : Path, optional
        Path of the project file of a folder; by default in the folder.

    Raises
    ------
    CdseError
        If the project cannot be opened, or the user chooses neither another file nor
        another folder.
    """
    file = project_file(source, place)
    is_named = isinstance(source, Path) and source.absolute() == file
    if not os.path.exists(file):
        why = _MISSING.format(file.name)
        other = _ask_alternative(window, file, why, new=not is_named) or file
        return _open_or_copy(window, *((other, None) if is_named else (source, other)))
    try:
        return _open_or_copy(window, source, place)
    except ProjectUnreadable as error:
        backup = _ask_alternative(window, file, str(error), new=False)
        if backup is None:
            raise
        return _open_or_copy(
            window, *((backup, None) if is_named else (source, backup))
        )


def _ask_alternative(
    window: QWidget, file: Path, why: str, *, new: bool
) -> Path | None:
    """Ask which file to open instead of a project file; None if there is no other.

    Parameters
    ----------
    window : QWidget
        The window that asks.
    file : Path
        The project file that is missing or unreadable.
    why : str
        What is wrong with it.
    new : bool
        Whether a new, empty project is offered.

    Raises
    ------
    CdseError
        If the user cancels, or a backup can't be restored.
    """
    others = alternatives(file)
    if not others:
        return None
    lines = [each.text for each in others]
    chosen = ask_which(window, f"{why}\n\n{_WHICH}", [*lines, _NEW] if new else lines)
    if chosen is None:
        raise StoreError(f"{why} Nothing was opened.")
    return None if chosen == len(others) else others[chosen].take()


def _open_or_copy(
    window: QWidget, source: Path | Sequence[Path], place: Path | None
) -> Project:
    """Open or create a project; if it isn't writable, ask for another folder."""
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
    return project if place is None else _copy(project, place)


def _open(source: Path | Sequence[Path], place: Path | None = None) -> Project:
    return Project.create_or_open(source, place, default_model=shipped_model)


def _copy(project: Project, place: Path) -> Project:
    """Open a copy of a project, which is closed; an existing copy is not replaced."""
    try:
        if not os.path.exists(place):
            project.copy_to(place)
        copy = _open(place)
    except CdseError:
        project.close()
        raise
    project.close()
    return copy
