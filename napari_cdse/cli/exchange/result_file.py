"""How the name of a file to write is read, so that it takes no work's place."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from napari_cdse.cli.command import path_of
from napari_cdse.io.images.micrograph_file import SUFFIXES
from napari_cdse.io.store.store import SUFFIX

if TYPE_CHECKING:
    from pathlib import Path


def result_of(text: str) -> Path:
    """Read the path of a file to write, which is no project and no micrograph.

    A file that is there is written over: one of an earlier run is out of date, but
    labels and micrographs that a word too few or a tab key put behind ``--out`` are
    all that there is of them.

    Raises
    ------
    ArgumentTypeError
        Saying what is wrong and what to write.
    """
    path = path_of(text)
    if path.name.lower().endswith((SUFFIX, *SUFFIXES)):
        raise argparse.ArgumentTypeError(
            f"{path.name!r} is the name of a project or a micrograph, which would be "
            "lost; choose a name with another ending"
        )
    return path
