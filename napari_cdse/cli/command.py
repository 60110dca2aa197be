"""Declare commands for the parser, and convert their arguments."""

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
"""A whole number in plain digits; with 18 of them it always fits into 64 bits."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a module of this package offers as ``COMMAND``.

    Attributes
    ----------
    description : str
        What its help begins with.
    add_arguments : callable
        Gives the parser its flags.
    run : callable
        Takes what was parsed, returns the exit status.
    has_window : bool
        Whether it shows a window, whose event loop minds signals itself.
    """

    description: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    has_window: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """One word after ``napari-cdse``, known without importing what it needs.

    Attributes
    ----------
    name : str
    summary : str
        Its line in the list of commands.
    module : str
        Where its `Command` is.
    """

    name: str
    summary: str
    module: str

    def load(self) -> Command:
        """Import the command, which takes longer than all that is said of it here."""
        command: Command = import_module(self.module).COMMAND
        return command


class Parser(argparse.ArgumentParser):
    """Repeats words as plain text: a name that ``*`` found may hold escapes."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave with exit status 2."""
        super().error(plain(message))


# How words are read. The parser puts what is wrong behind the name of the flag.


def path_of(text: str) -> Path:
    """Read a path; none is empty, which would be the folder that one works in.

    Raises
    ------
    ArgumentTypeError
        Saying what is wrong and what to write.
    """
    if not text:
        raise argparse.ArgumentTypeError("the name is empty; name a file or a folder")
    return Path(text)


def result_path_of(text: str) -> Path:
    """Read the path of a file to write, which is no project and no micrograph.

    A file that is there is written over: one of an earlier run is out of date, but
    labels and micrographs that a word too few or a tab key put behind ``--out`` are
    all that there is of them.

    Raises
    ------
    ArgumentTypeError
        Saying what is wrong and what to write.
    """
    # Only who writes such a file waits for these.
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
    """Read a number as people write it; see `path_of`."""
    try:
        return read_number(text)
    except ParameterError as problem:
        raise argparse.ArgumentTypeError(str(problem).rstrip(".")) from problem


def positive(text: str) -> float:
    """Read a number above 0; see `path_of`."""
    value = number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return value


def integer(text: str) -> int:
    """Read a whole number; see `path_of`."""
    if not _WHOLE.fullmatch(text.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def whole(text: str, least: int = 0) -> int:
    """Read a whole number from 0 on; see `path_of`."""
    value = integer(text)
    if value < least:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on")
    return value


def count(text: str) -> int:
    """Read a whole number from 1 on; see `path_of`."""
    return whole(text, 1)
