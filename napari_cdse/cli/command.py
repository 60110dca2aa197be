"""What the parser needs to know of a command, before and after it is imported."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


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
