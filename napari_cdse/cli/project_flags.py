"""Flags of commands that work on a project; the others need not import it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from napari_cdse.cli.command import path_of
from napari_cdse.cli.console import tell
from napari_cdse.core.errors import CdseError
from napari_cdse.io.visibility_table import SHIPPED
from napari_cdse.project import (
    DEFAULT_NAME,
    SUFFIX,
    beside_sentence,
    instead_sentence,
)
from napari_cdse.project.defect_content import NONE

if TYPE_CHECKING:
    import argparse
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


def add_visibility(parser: argparse.ArgumentParser) -> None:
    """Offer ``--visibility``."""
    parser.add_argument(
        "--visibility",
        metavar="TABLE",
        help="also estimate the defect content, seen or not, by what a simulation "
        f"shows: {', '.join(SHIPPED)}, a file of napari-cdse visibility, or {NONE} "
        "(default: what the project's dock Population says, none at first)",
    )
