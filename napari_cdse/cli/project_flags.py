"""Arguments of commands that work on a project, and how they open it.

`opened` opens an existing project, and reports everything that could not be read.
"""

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
    """Add the argument for a project; see `project_file`."""
    parser.add_argument(
        "project",
        type=path_of,
        metavar="PROJECT",
        help="a project file (*.cdse), or the folder it lies in",
    )


def project_file(path: Path) -> Path:
    """Return the file of an existing project, and report others beside it.

    Parameters
    ----------
    path : Path
        A project file, or the folder that holds one of the default name.

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
    others = beside_sentence(file)
    if others:
        tell(others)
    return file


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Project]:
    """Open an existing project during the block, and report what is wrong with it.

    Otherwise nobody would notice in the results that records could not be read.

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
    """Report a project's notices, and whether all of its micrographs are left out."""
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
    """Add ``--visibility``."""
    parser.add_argument(
        "--visibility",
        metavar="TABLE",
        help="also estimate the defect content, seen or not, by what a simulation "
        f"shows: {', '.join(SHIPPED)}, a file of napari-cdse visibility, or {NONE} "
        "(default: what the project's dock Population says, none at first)",
    )
