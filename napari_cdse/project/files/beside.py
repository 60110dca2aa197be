"""Warn of other projects and backups beside a project, lest the wrong one be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.io.files import name_of
from napari_cdse.io.store.backups import backups_of
from napari_cdse.io.store.found_projects import (
    FoundProject,
    count_labels,
    projects_beside,
)
from napari_cdse.project.files.backups import Backups
from napari_cdse.project.files.open_store import DEFAULT_NAME

if TYPE_CHECKING:
    from pathlib import Path

_MOST = 5
"""Files that are named; a choice, so that the sentence stays one."""


def others_beside(project: Path) -> tuple[FoundProject, ...]:
    """Find other project files beside one: conflict copies, renamed copies, others.

    A project of the usual name is the only one that its folder should hold. Beside
    one of another name, which may lie among many, only its own copies count.
    """
    project = project.absolute()
    return projects_beside(project, all_names=project.name == DEFAULT_NAME)


def beside_sentence(project: Path) -> str | None:
    """Say which other project files lie beside an open one; None if there is none.

    A backup with labels counts where the project has none: the file was replaced then.
    """
    others, backups = others_beside(project), backups_of(project.absolute())
    if not others and not backups:
        return None
    own = FoundProject(project, count_labels(project))
    if others:
        return (
            f"Beside {own} lies another project file: {_listed(others)}. If that is "
            "the one with your work, open it by its name."
        )
    newest = FoundProject(backups[0].path, count_labels(backups[0].path))
    if own.n_labels != 0 or not newest.n_labels:
        return None
    return (
        f"{own} is emptier than its backup, {newest}; `napari-cdse restore "
        f"{name_of(project)}` puts that back, and keeps this file."
    )


def instead_sentence(project: Path) -> str:
    """Say what could be opened where there is no such project; empty if nothing."""
    others = others_beside(project)
    told = f" Beside it lies {_listed(others)}; name that." if others else ""
    backups = backups_of(project.absolute())
    if backups:
        newest = FoundProject(backups[0].path, count_labels(backups[0].path))
        told += (
            f" There is a backup of it, {newest}; `napari-cdse restore "
            f"{name_of(project)}` puts it back."
        )
    return told


@dataclass(frozen=True, slots=True)
class Alternative:
    """What can be opened where a project is missing or can't be read.

    Attributes
    ----------
    text : str
        What it is, with its number of labels.
    project : Path
        The file to open.
    backup : str or None
        The backup that is put in that file's place first.
    """

    text: str
    project: Path
    backup: str | None = None

    def take(self) -> Path:
        """Put the backup back, if it is one; return the project file to open.

        Raises
        ------
        StoreError
            If the backup is damaged, or the file can't be written.
        """
        if self.backup is not None:
            Backups(self.project).restore(self.backup)
        return self.project


def alternatives(project: Path) -> tuple[Alternative, ...]:
    """List what can be opened instead of a project: its backups, then other files."""
    backups = Backups(project)
    described = zip(backups.lines(), backups.names, strict=True)
    return (
        *(Alternative(f"Backup {text}", project, name) for text, name in described),
        *(Alternative(str(each), each.path) for each in others_beside(project)),
    )


def _listed(others: tuple[FoundProject, ...]) -> str:
    more = len(others) - _MOST
    listed = ", ".join(map(str, others[:_MOST]))
    return f"{listed} and {more} more" if more > 0 else listed
