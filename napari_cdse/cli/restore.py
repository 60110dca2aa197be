"""Command ``restore``: list the backups of a project, and restore one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command
from napari_cdse.cli.console import say, tell
from napari_cdse.cli.project_flags import add_project
from napari_cdse.core.errors import CdseError
from napari_cdse.project import DEFAULT_NAME, Backups

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_project(parser)
    parser.add_argument(
        "--list", action="store_true", help="only list the backups, change nothing"
    )
    parser.add_argument(
        "--backup",
        metavar="NAME",
        help="the one to put back, as the list names it (default: the newest)",
    )


def _run(arguments: argparse.Namespace) -> int:
    path: Path = arguments.project
    backups = Backups(path / DEFAULT_NAME if os.path.isdir(path) else path)
    for line in backups.lines():
        say(line)
    if not backups:
        raise CdseError(backups.none_there)
    if arguments.list:
        return 0
    restored = backups.restore(arguments.backup)
    for sentence in restored.notices:
        tell(sentence)
    say(restored.sentence)
    return 0


COMMAND = Command(
    description="List the backups of a project, and put back the newest or the one "
    "named. The file that is there now is kept among the backups. Close the windows in "
    "which the project is open first.",
    add_arguments=_add_arguments,
    run=_run,
)
