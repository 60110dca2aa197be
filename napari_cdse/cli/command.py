"""Declare commands, and convert their arguments.

The functions at the end are the ``type`` of arguments: each converts a word, or raises
`ArgumentTypeError`, which the parser prints after the name of the flag.
"""

from __future__ import annotations

import argparse
import os
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from napari_cdse.cli.console import plain
from napari_cdse.core.errors import ParameterError
from napari_cdse.core.numbers import read_number

if TYPE_CHECKING:
    from collections.abc import Callable

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
"""A whole number of at most 18 digits, which fits into 64 bits."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command, which each module of a command has as ``COMMAND``.

    Attributes
    ----------
    description : str
        Beginning of its help.
    add_arguments : callable
        Adds its arguments to a parser.
    run : callable
        Runs it with the parsed arguments, and returns the exit status.
    has_window : bool
        Whether it shows a window, whose event loop handles signals itself.
    """

    description: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    has_window: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """An entry of the list of commands, which does not import the command.

    Attributes
    ----------
    name : str
        The word after ``napari-cdse``.
    summary : str
        Its line in the list of commands.
    module : str
        Name of the module of its `Command`.
    """

    name: str
    summary: str
    module: str

    def load(self) -> Command:
        """Import the command."""
        command: Command = import_module(self.module).COMMAND
        return command


class Parser(argparse.ArgumentParser):
    """A parser whose messages are printed without control characters.

    They repeat words of the command line, which may be file names with escape
    sequences.
    """

    def error(self, message: str) -> NoReturn:
        """Print what is wrong, and exit with status 2."""
        super().error(plain(message))


def path_of(text: str) -> Path:
    """Convert a path; an empty one, which means the working directory, is refused.

    Raises
    ------
    ArgumentTypeError
        If it is empty.
    """
    if not text:
        raise argparse.ArgumentTypeError("the name is empty; name a file or a folder")
    return Path(text)


def result_path_of(text: str) -> Path:
    """Convert the path of a file to write.

    Existing results are replaced. Projects and micrographs are refused: a missing word
    or a wrong completion may have put one after ``--out``.

    Raises
    ------
    ArgumentTypeError
        If it is the name of a folder, a project or a micrograph.
    """
    # Imported here, since most commands write no such file.
    from napari_cdse.io.images.micrograph_file import SUFFIXES
    from napari_cdse.io.store.store import SUFFIX

    path = path_of(text)
    if text.endswith(("/", os.sep)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is the name of a folder; name a file in it"
        )
    if path.name.lower().endswith((SUFFIX, *SUFFIXES)):
        raise argparse.ArgumentTypeError(
            f"{path.name!r} is the name of a project or a micrograph, which would be "
            "lost; choose a name with another ending"
        )
    return path


def number(text: str) -> float:
    """Convert a number, with a decimal point or comma."""
    try:
        return read_number(text)
    except ParameterError as problem:
        raise argparse.ArgumentTypeError(str(problem).rstrip(".")) from problem


def positive(text: str) -> float:
    """Convert a number above 0."""
    value = number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return value


def integer(text: str) -> int:
    """Convert a whole number."""
    if not _WHOLE.fullmatch(text.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def whole(text: str, least: int = 0) -> int:
    """Convert a whole number that is not below ``least``."""
    value = integer(text)
    if value < least:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on")
    return value


def count(text: str) -> int:
    """Convert a whole number that is not below 1."""
    return whole(text, 1)
