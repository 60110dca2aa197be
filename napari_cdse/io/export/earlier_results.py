"""Recognise earlier results in a folder, and refuse to replace those of others.

Results of the same command and the same project are replaced; see `objection`. A
summary's beginning tells which command wrote it, and of which project.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from napari_cdse.io.files import (
    holds_another,
    read_start,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


PARTICLES, SUMMARY, LABELS = "particles.csv", "summary.json", "labels.csv"
MICROGRAPHS = "micrographs.csv"
PARTS = "parts"
"""Folder of a run's intermediate results; see `napari_cdse.io.export.part_files`."""

Maker = Literal["predict", "export"]
"""Command that writes results; the window writes those of ``export``."""
_SUMMARY_START = re.compile(
    rb'\s*\{\s*"program":\s*"napari-cdse[^"]*",\s*"(model|project)":'
    rb'(?:\s*("(?:[^"\\]|\\.)*"),\s*(?:"project_id":\s*"([0-9a-f]+)")?)?'
)
"""Beginning of a summary in all versions: ``predict`` names a model first, ``export`` a
project, in later versions with its id."""
_TABLE_START = re.compile(rb"(\xef\xbb\xbf)?\"?micrograph\"?[,;\t]")
_AMONG = (
    "Micrographs lie in {}. Results get a folder of their own, so that none of them "
    "is ever taken for a micrograph; choose another one."
)
_OF_ANOTHER = (
    "Results of napari-cdse {} lie in {}, which those of {} would replace; choose "
    "another folder."
)
_OF_ANOTHER_PROJECT = (
    "Results of another project, {}, lie in {}, which those of {} would replace; "
    "choose another folder."
)
_FOREIGN = (
    "{} in {} is not of napari-cdse, and would be lost; choose another folder for "
    "the results."
)


class Origin(NamedTuple):
    """The project whose results are written.

    Attributes
    ----------
    name : str
        Name of the project's file.
    id : str
        Hexadecimal; the same in a copy or under another name. Empty if the project has
        none yet, or if an older version wrote the results.
    """

    name: str
    id: str

    def is_another(self, other: Origin) -> bool:
        """Whether two projects differ: by id, or by name if one has no id."""
        if self.id and other.id:
            return self.id != other.id
        return self.name != other.name


def _origin_of(folder: Path) -> Origin | None:
    """Return the project whose results are in a folder; None if there are none."""
    start = _SUMMARY_START.match(read_start(folder / SUMMARY))
    if start is None or start[1] != b"project" or start[2] is None:
        return None
    try:
        name = json.loads(start[2])
    except ValueError:
        return None
    return Origin(name, (start[3] or b"").decode())


def maker_of(folder: Path) -> Maker | None:
    """Return the command that wrote the summary in a folder; None without one."""
    start = _SUMMARY_START.match(read_start(folder / SUMMARY))
    if start is None:
        return None
    return "predict" if start[1] == b"model" else "export"


def objection(
    folder: Path,
    maker: Maker,
    pictures: Collection[Path],
    origin: Origin | None = None,
) -> str | None:
    """Say why results must not be written into a folder.

    Results of an earlier run of the same command are out of date, and replaced. Any
    other file with the name of a table may be the only copy.

    Parameters
    ----------
    folder : Path
        It need not exist yet.
    maker : {"predict", "export"}
        Command that writes the results.
    pictures : collection of Path
        Folders of the micrographs.
    origin : Origin, optional
        Project whose results will be written.

    Returns
    -------
    str or None
        A sentence; None if the folder can be used.
    """
    earlier = maker_of(folder)
    if earlier == maker:
        return _objection_of_another(folder, origin)
    if earlier is not None:
        return _OF_ANOTHER.format(earlier, shown(folder), maker)
    if any(_is_one_folder(folder, each) for each in pictures):
        return _AMONG.format(shown(folder))
    for name in (PARTICLES, MICROGRAPHS, SUMMARY, LABELS):
        # Tables without a summary are from a run that ended between the two.
        ours = _SUMMARY_START if name == SUMMARY else _TABLE_START
        if holds_another(folder / name, ours.match):
            return foreign(folder, name)
    return None


def foreign(folder: Path, name: str) -> str:
    """Say that a file in a folder of results was not written by napari-cdse."""
    return _FOREIGN.format(name, shown(folder))


def _objection_of_another(folder: Path, origin: Origin | None) -> str | None:
    """Say that results of another project are in a folder; None if they are not."""
    earlier = _origin_of(folder)
    if earlier is None or origin is None or not earlier.is_another(origin):
        return None
    return _OF_ANOTHER_PROJECT.format(
        shown(earlier.name), shown(folder), shown(origin.name)
    )


def _is_one_folder(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False
