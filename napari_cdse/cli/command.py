"""What the parser needs to know of a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Command:
    """One word after ``napari-cdse``.

    Attributes
    ----------
    name, summary, description : str
        What the help says.
    add_arguments : callable
        Gives the parser its flags.
    run : callable
        Takes what was parsed, returns the exit status.
    has_window : bool
        Whether it shows a window, whose event loop minds signals itself.
    """

    name: str
    summary: str
    description: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    has_window: bool = False
