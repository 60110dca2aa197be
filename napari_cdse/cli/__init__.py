"""The command ``napari-cdse``: its list of commands, and what runs one.

Each command is a module of this package, with a `Command` in `COMMAND`; only the module
of the command that is run is imported. Results go to standard output, everything else
to standard error (`console`). Qt and napari are imported only by commands that show a
window.
"""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from importlib import import_module
from typing import TYPE_CHECKING

from napari_cdse import __version__
from napari_cdse.cli.command import Listing, Parser, path_of
from napari_cdse.cli.console import SOME_FAILED, WRONG_USAGE, fail, open_streams
from napari_cdse.cli.interruption import Interrupted, interruptible
from napari_cdse.core.errors import CdseError, ParameterError
from napari_cdse.io.problem_report import unexpected

if TYPE_CHECKING:
    import argparse
    from collections.abc import Container, Sequence
    from pathlib import Path

COMMANDS = (
    Listing(
        "demo",
        "show the sample project, detected and classified",
        "napari_cdse.cli.window",
    ),
    Listing(
        "predict",
        "detect and classify the particles of micrographs",
        "napari_cdse.cli.predict",
    ),
    Listing(
        "train",
        "train a forest from labelled folders or projects",
        "napari_cdse.cli.train",
    ),
    Listing(
        "evaluate",
        "score a forest, or held-out ones, on labelled folders",
        "napari_cdse.cli.evaluate",
    ),
    Listing(
        "export",
        "write label files, tables, statistics and figures of a project",
        "napari_cdse.cli.exchange.export",
    ),
    Listing(
        "import",
        "take circles and classes of other programs into a project",
        "napari_cdse.cli.exchange.import_annotations",
    ),
    Listing(
        "report",
        "write one page about a project's number, to read, print or send",
        "napari_cdse.cli.population.report",
    ),
    Listing(
        "samples",
        "say of which samples the micrographs of a project are",
        "napari_cdse.cli.population.samples",
    ),
    Listing(
        "compare",
        "how far the fractions and sizes of samples differ",
        "napari_cdse.cli.population.compare",
    ),
    Listing(
        "visibility",
        "simulate how much of the faults shows, to estimate the defect content",
        "napari_cdse.cli.simulation.visibility",
    ),
    Listing(
        "agreement",
        "how far annotators agree, and where each of them draws the line",
        "napari_cdse.cli.population.agreement",
    ),
    Listing(
        "restore",
        "put back a backup of a project that cannot be read or went wrong",
        "napari_cdse.cli.restore",
    ),
    Listing(
        "simulate",
        "simulate micrographs with truth",
        "napari_cdse.cli.simulation.simulate",
    ),
)
"""All commands, in the order of the help."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, by the convention of shells: 128 + SIGINT."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        Exit status: 0 if everything succeeded, 1 if something failed, 2 for wrong
        usage, 128 plus its number after a signal (130 for Ctrl-C, 143 for SIGTERM).
    """
    words = list(sys.argv[1:] if argv is None else argv)
    open_streams()
    try:
        return _run(words)
    except ParameterError as error:
        return fail(str(error), WRONG_USAGE)
    except CdseError as error:
        return fail(str(error), SOME_FAILED)
    except KeyboardInterrupt as stop:
        status = stop.status if isinstance(stop, Interrupted) else INTERRUPTED
        return fail("Interrupted; what was finished is kept.", status)
    except Exception as error:  # noqa: BLE001  the user gets a sentence and a report
        return fail(unexpected(error, " ".join(words[:1]) or "The window"))


def build_parser(names: Container[str] | None = None) -> argparse.ArgumentParser:
    """Make the parser of all commands, with the flags of some.

    Parameters
    ----------
    names : container of str, optional
        Commands to import and to describe with their flags; by default all.
    """
    parser = Parser(
        prog="napari-cdse",
        description="Find CdSe quantum dots in HRTEM micrographs, classify visible "
        "defects, correct by eye, retrain. Without a command: the window.",
        epilog="`napari-cdse PATH` opens a folder, a micrograph or a project; with "
        "`--project FILE` the project file of that folder lies elsewhere.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", dest="command", metavar="")
    for listing in COMMANDS:
        subparser = commands.add_parser(listing.name, help=listing.summary)
        if names is None or listing.name in names:
            command = listing.load()
            subparser.description = command.description
            command.add_arguments(subparser)
            subparser.set_defaults(run=command.run, has_window=command.has_window)
    return parser


def build_opening_parser() -> argparse.ArgumentParser:
    """Make the parser for a path without a command, which opens the window."""
    parser = Parser(prog="napari-cdse")
    parser.add_argument("path", type=path_of, metavar="PATH")
    parser.add_argument(
        "--project",
        type=path_of,
        metavar="FILE",
        help="where the project file of that folder lies, or shall lie",
    )
    return parser


def _run(words: list[str]) -> int:
    names = {listing.name for listing in COMMANDS}
    if not words:
        return _show()
    parser = build_parser(words[:1])
    if words[0] not in names and not words[0].startswith("-"):
        return _open(parser, words)
    arguments = parser.parse_args(words)
    if not hasattr(arguments, "run"):
        return _show()
    guard = nullcontext() if arguments.has_window else interruptible()
    with guard:
        status: int = arguments.run(arguments)
    return status


def _open(parser: argparse.ArgumentParser, words: list[str]) -> int:
    if not os.path.exists(words[0]):
        parser.error(f"there is no command and no file or folder '{words[0]}'")
    arguments = build_opening_parser().parse_args(words)
    return _show(arguments.path, arguments.project)


def _show(path: Path | None = None, project: Path | None = None) -> int:
    window = import_module("napari_cdse.cli.window")
    status: int = window.show(path, project)
    return status
