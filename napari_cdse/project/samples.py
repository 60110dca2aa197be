"""Samples of a project: which micrographs belong together, and their numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError
from napari_cdse.core.statistics.comparison import SampleNumbers
from napari_cdse.core.statistics.visible_defects import visible_defects
from napari_cdse.io.export.export import sizes_of
from napari_cdse.io.paths import same_letters
from napari_cdse.project.export import rows_of, used_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_cdse.project.project import Project
    from napari_cdse.project.state.records import MicrographEntry

    Naming = Callable[[MicrographEntry], str | None]


def by_folder(entry: MicrographEntry) -> str:
    """Name a sample after the folder that its micrographs lie in."""
    return entry.path.parent.name or str(entry.path.parent)


def by_pattern(pattern: str) -> Naming:
    """Name samples after what a regular expression finds in the file names.

    Parameters
    ----------
    pattern : str
        Its first group is the name; without a group, all that it finds.

    Raises
    ------
    CdseError
        For what is no regular expression.
    """
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise CdseError(
            f"{pattern} is no regular expression ({error}); write for example "
            r"^(\w+)_ for what stands before the last underscore."
        ) from error

    def name(entry: MicrographEntry) -> str | None:
        match = found.search(entry.name)
        if match is None:
            return None
        told: str | None = match[1] if found.groups else match[0]
        return told or None

    return name


def by_table(names: Mapping[str, str]) -> Naming:
    """Name samples as a table says, by file name.

    Parameters
    ----------
    names : mapping of str to str
        Sample of each micrograph's file name.
    """
    known = {same_letters(name): sample for name, sample in names.items()}
    return lambda entry: known.get(same_letters(entry.name))


def sample_numbers(project: Project, naming: Naming) -> list[SampleNumbers]:
    """Estimate the fraction of each sample of a project.

    Micrographs that are left out, or that ``naming`` gives no sample, are in none.

    Parameters
    ----------
    project : Project
        Open.
    naming : callable
        Takes a `MicrographEntry`; returns the name of its sample, or None.

    Returns
    -------
    list of SampleNumbers
        In the order of the table.
    """
    evidence = project.statistics.evidence()
    entries = used_entries(project)
    of = {entry.index: naming(entry) for entry in entries}
    sample = {
        each: of.get(index)
        for each in {one.micrograph for one in evidence}
        if (index := project.statistics.index_of(each)) is not None
    }
    apart = project.statistics.apart()
    numbers = []
    for name in dict.fromkeys(of.values()):
        if name is None:
            continue
        mine = [each for each in evidence if sample.get(each.micrograph) == name]
        rows = [
            row
            for entry in entries
            if of[entry.index] == name
            for row in rows_of(project, entry, entry.name, True, apart)
        ]
        numbers.append(
            SampleNumbers(
                name,
                visible_defects(mine),
                sizes_of(rows),
                frozenset(
                    entry.id
                    for entry in entries
                    if entry.id is not None and of[entry.index] == name
                ),
            )
        )
    return numbers
