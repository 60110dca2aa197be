"""The command ``napari-cdse``.

Qt and napari are imported only by the commands that show a window.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse import __version__
from napari_cdse.cli import evaluate, export, predict, simulate, train, window
from napari_cdse.cli.console import SOME_FAILED, WRONG_USAGE, fail
from napari_cdse.cli.interruption import Interrupted, interruptible
from napari_cdse.core.errors import CdseError, ParameterError
from napari_cdse.io.problem_report import unexpected

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
        0 when all was done, 1 when some micrographs failed, 2 for wrong usage; 128 and
        the signal's number when a signal ended it (130 for Ctrl-C, 143 for SIGTERM).
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except ParameterError as error:
        return fail(str(error), WRONG_USAGE)
    except CdseError as error:
        return fail(str(error), SOME_FAILED)
    except KeyboardInterrupt as stop:
        status = stop.status if isinstance(stop, Interrupted) else INTERRUPTED
        return fail("Interrupted; what was finished is kept.", status)
    except Exception as error:  # noqa: BLE001  a person reads a sentence, we the report
        return fail(unexpected(error, " ".join(words[:1]) or "The window"))


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
        sub.set_defaults(run=command.run, has_window=command.has_window)
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
    guard = nullcontext() if arguments.has_window else interruptible()
    with guard:
        status: int = arguments.run(arguments)
    return status


def _open(parser: argparse.ArgumentParser, words: list[str]) -> int:
    if not Path(words[0]).exists():
        parser.error(f"there is no command and no file or folder '{words[0]}'")
    arguments = build_opening_parser().parse_args(words)
    return window.show(arguments.path, arguments.project)
