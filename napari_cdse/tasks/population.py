"""The number of a population, worked out in a thread; and its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.statistics.overview import Overview, overview
from napari_cdse.io.export.export import ParticleRow, sizes_of
from napari_cdse.io.export.figures import counts_of
from napari_cdse.project import Project
from napari_cdse.project.export import rows_of, used_entries
from napari_cdse.project.report import write_report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari_cdse.core.progress import Progress
    from napari_cdse.core.statistics.evidence import Evidence
    from napari_cdse.core.statistics.size_distribution import ClassSizes
    from napari_cdse.core.statistics.visible_defects import VisibleDefects
    from napari_cdse.io.export.plots import ClassCounts


@dataclass(frozen=True, slots=True)
class Material:
    """What a project knows of its particles, free of the project.

    Attributes
    ----------
    project : Path
        Of its file.
    evidence : tuple of Evidence
    defects : VisibleDefects
    names : mapping of str to str
        Of micrographs, as the evidence has them.
    rows : tuple of ParticleRow
    """

    project: Path
    evidence: tuple[Evidence, ...]
    defects: VisibleDefects
    names: Mapping[str, str]
    rows: tuple[ParticleRow, ...]


@dataclass(frozen=True, slots=True)
class Population:
    """What figures show.

    Attributes
    ----------
    project : Path
        Of its file.
    overview : Overview
    counts : ClassCounts
    sizes : ClassSizes
    """

    project: Path
    overview: Overview
    counts: ClassCounts
    sizes: ClassSizes


def material(project: Project) -> Material:
    """Collect what is known, on the thread of the project."""
    evidence = project.statistics.evidence()
    apart = project.statistics.apart()
    rows = [
        row
        for entry in used_entries(project)
        for row in rows_of(project, entry, entry.name, True, apart)
    ]
    return Material(
        project.path,
        tuple(evidence),
        project.statistics.estimate(evidence),
        project.statistics.names(),
        tuple(rows),
    )


def estimating(known: Material, report: Progress) -> Iterator[Population]:
    """Work out what figures show."""
    report(0.0)
    found = overview(known.evidence, known.defects, known.names)
    report(0.5)
    yield Population(known.project, found, counts_of(known.rows), sizes_of(known.rows))
    report(1.0)


def reporting(path: Path, file: Path, report: Progress) -> Iterator[str]:
    """Write a project's report; it is opened anew, for a project has one thread."""
    project = Project.create_or_open(path)
    try:
        yield write_report(project, file, report)
    finally:
        project.close()
