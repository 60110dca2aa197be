"""Arguments of commands that work on a project, and how they open it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from napari_cdse.cli.command import path_of
from napari_cdse.cli.console import tell
from napari_cdse.core.errors import CdseError
from napari_cdse.io.visibility_table import SHIPPED
from napari_cdse.project import (
    DEFAULT_NAME,
    SUFFIX,
    Project,
    beside_sentence,
    instead_sentence,
)
from napari_cdse.project.defect_content import NONE
from napari_cdse.project.particle_rows import used_entries

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path


def add_project(parser: argparse.ArgumentParser) -> None:
    """Ask for a project; see `project_file`."""
    parser.add_argument(
        "project",
        type=path_of,
        metavar="PROJECT",
        help="a project file (*.cdse), or the folder it lies in",
    )


def project_file(path: Path) -> Path:
    """Find a project that is there: nothing is made by looking for it.

    What else lies beside it is told.

    Raises
    ------
    CdseError
        If there is none.
    """
    file = path / DEFAULT_NAME if os.path.isdir(path) else path
    if file.suffix.lower() != SUFFIX or not os.path.isfile(file):
        raise CdseError(
            f"There is no project {path}; name a file that ends in {SUFFIX}, or the "
            f"folder it lies in.{instead_sentence(file)}"
        )
    beside = beside_sentence(file)
    if beside:
        tell(beside)
    return file


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Project]:
    """Open a project that is there, and close it; say first what is wrong with it.

    What could not be read of it is in no number, and nobody would miss it there.

    Parameters
    ----------
    path : Path
        See `project_file`.

    Yields
    ------
    Project

    Raises
    ------
    CdseError
        If there is none, or it cannot be opened.
    """
    with contextlib.closing(Project.create_or_open(project_file(path))) as project:
        tell_of(project)
        yield project


def tell_of(project: Project) -> None:
    """Say what its opening had to say, and where nothing of it counts."""
    for sentence in project.notices:
        tell(sentence)
    entries = project.micrographs.entries
    if entries and not used_entries(project):
        what = "Its only micrograph is"
        if len(entries) > 1:
            what = f"All {len(entries)} micrographs are"
        tell(
            f"{project.path.name}: {what} left out, so that nothing in it counts; take "
            "in again in the window what shall count."
        )


def add_visibility(parser: argparse.ArgumentParser) -> None:
    """Offer ``--visibility``."""
    parser.add_argument(
        "--visibility",
        metavar="TABLE",
        help="also estimate the defect content, seen or not, by what a simulation "
        f"shows: {', '.join(SHIPPED)}, a file of napari-cdse visibility, or {NONE} "
        "(default: what the project's dock Population says, none at first)",
    )
