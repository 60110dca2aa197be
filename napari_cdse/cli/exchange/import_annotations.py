"""Command ``import``: read annotations of other programs into a project."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command, path_of
from napari_cdse.cli.console import SOME_FAILED, say, tell
from napari_cdse.cli.project_flags import project_file
from napari_cdse.core.records import CLASSES
from napari_cdse.project import (
    Pictures,
    Project,
    Reading,
    only_there,
    read_for_project,
)

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cdse.core.records import Label


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "project",
        type=path_of,
        metavar="PROJECT",
        help="a project file (*.cdse), or a folder of micrographs; its project is "
        "made if there is none",
    )
    parser.add_argument(
        "files",
        nargs="+",
        type=path_of,
        metavar="FILE",
        help="COCO JSON, YOLO labels, ImageJ regions (.roi, RoiSet.zip), a table of "
        "particles (.csv) or label files; or folders of them",
    )
    parser.add_argument(
        "--micrograph",
        metavar="NAME",
        help="where everything in the files lies, whatever they call it",
    )
    parser.add_argument(
        "--class",
        dest="classes",
        type=_class,
        action="append",
        default=[],
        metavar="NAME=LABEL",
        help="what another name of a class means, as fault=yes; may be given often",
    )


def _class(text: str) -> tuple[str, Label]:
    """Convert ``NAME=LABEL``."""
    name, _, word = text.rpartition("=")
    for label in CLASSES:
        if name.strip() and word.strip().lower() == label:
            return name, label
    raise argparse.ArgumentTypeError(
        f"{text!r} is not NAME=LABEL with a label of {', '.join(CLASSES)}"
    )


def _run(arguments: argparse.Namespace) -> int:
    path: Path = arguments.project
    if not os.path.isdir(path):
        path = project_file(path)  # only a folder's project is created
    project = Project.create_or_open(path)
    try:
        for sentence in project.notices:
            tell(sentence)
        pictures = project.imports.pictures()
        name = arguments.micrograph
        target = None if name is None else only_there(pictures, name)
        reading = read_for_project(
            arguments.files, Pictures(pictures, target), dict(arguments.classes)
        )
        stored = project.imports.store(reading.placed)
    finally:
        project.close()
    _tell_problems(reading)
    say(stored.sentence)
    return SOME_FAILED if reading.left_out else 0


def _tell_problems(reading: Reading) -> None:
    for sentence in (*reading.notices, *reading.left_out):
        tell(sentence)
    if reading.left_out:
        tell("What is listed was left out; all else is in the project.")


COMMAND = Command(
    description="Take circles and classes that other programs hold into a project, as "
    "one step that undo takes back. Micrographs are found by their names, classes by "
    "theirs (yes, no, null, empty); what does not fit is listed by file and place.",
    add_arguments=_add_arguments,
    run=_run,
)
