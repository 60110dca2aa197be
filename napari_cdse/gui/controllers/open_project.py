"""Where a project lies whose folder may not be written: the person says it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError, FolderNotWritable
from napari_cdse.gui.widgets.dialogs import ask_place
from napari_cdse.gui.widgets.viewer_window import main_window
from napari_cdse.project import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.gui.session.session import Session
    from napari_cdse.project import Project

_ELSEWHERE = (
    "{}\n\nThe project can lie in another folder; the micrographs stay where they are. "
    "Name a new file, or the one that you made for them last time."
)
_LOOKING = (
    "{} may not be written, so it is open for looking only.\n\nYou can work on a copy "
    "of it in another folder; the micrographs stay where they are."
)


def opened(
    session: Session, source: Path | Sequence[Path], place: Path | None = None
) -> Project:
    """Open or make a project, elsewhere if need be and the person wants it.

    Raises
    ------
    CdseError
        If it cannot be opened, or she names no other place for a new one.
    """
    window = main_window(session.viewer)
    try:
        project = session.analyst.open_project(source, place)
    except FolderNotWritable as error:
        name = f"{error.folder.name or 'micrographs'}{SUFFIX}"
        place = ask_place(window, _ELSEWHERE.format(error), "Choose a place...", name)
        if place is None:
            raise
        return session.analyst.open_project(source, place)
    if not project.read_only:
        return project
    question = _LOOKING.format(project.path.name)
    name = f"{project.folder.name or project.path.stem}{SUFFIX}"
    place = ask_place(window, question, "Work on a copy...", name)
    return project if place is None else _copied(session, project, place)


def _copied(session: Session, project: Project, place: Path) -> Project:
    try:
        if not place.exists():
            project.copy_to(place)
        copy = session.analyst.open_project(place)
    except CdseError:
        project.close()
        raise
    project.close()
    return copy
