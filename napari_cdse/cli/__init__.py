"""The command ``napari-cdse``.

Qt and napari are imported only by the commands that show a window.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse import __version__
from napari_cdse.cli import evaluate, export, predict, simulate, train, window
from napari_cdse.cli.console import SOME_FAILED, WRONG_USAGE, fail
from napari_cdse.core.errors import CdseError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = (
    window.DEMO,
    predict.COMMAND,
    train.COMMAND,
    evaluate.COMMAND,
    export.COMMAND,
    simulate.COMMAND,
)
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Default: the process's own arguments.

    Returns
    -------
    int
        0 when all was done, 1 when some micrographs failed, 2 for wrong usage, 130
        when interrupted.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except ParameterError as error:
        return fail(str(error), WRONG_USAGE)
    except CdseError as error:
        return fail(str(error), SOME_FAILED)
    except KeyboardInterrupt:
        return fail("Interrupted; what was finished is kept.", INTERRUPTED)


def build_parser() -> argparse.ArgumentParser:
    """Describe every command and its flags."""
    parser = argparse.ArgumentParser(
        prog="napari-cdse",
        description="Find CdSe quantum dots in HRTEM micrographs, classify visible "
        "defects, correct by eye, retrain. Without a command: the window.",
        epilog="`napari-cdse PATH` opens a folder, a micrograph or a project; with "
        "`--project FILE` the project file of that folder lies elsewhere.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", dest="command", metavar="")
    for command in COMMANDS:
        sub = commands.add_parser(
            command.name, help=command.summary, description=command.description
        )
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    return parser


def build_opening_parser() -> argparse.ArgumentParser:
    """Describe the way to open something without a command."""
    parser = argparse.ArgumentParser(prog="napari-cdse")
    parser.add_argument("path", type=Path, metavar="PATH")
    parser.add_argument(
        "--project",
        type=Path,
        metavar="FILE",
        help="where the project file of that folder lies, or shall lie",
    )
    return parser


def _run(words: list[str]) -> int:
    parser = build_parser()
    names = {command.name for command in COMMANDS}
    if not words:
        return window.show(None)
    if words[0] not in names and not words[0].startswith("-"):
        return _open(parser, words)
    arguments = parser.parse_args(words)
    if not hasattr(arguments, "run"):
        return window.show(None)
    status: int = arguments.run(arguments)
    return status


def _open(parser: argparse.ArgumentParser, words: list[str]) -> int:
    if not Path(words[0]).exists():
        parser.error(f"there is no command and no file or folder '{words[0]}'")
    arguments = build_opening_parser().parse_args(words)
    return window.show(arguments.path, arguments.project)
