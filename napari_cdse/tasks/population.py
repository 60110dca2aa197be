"""Tasks for the dock Population: its numbers, its report and its figures.

`population_data` collects all that the numbers need on the thread of the project;
`estimating` computes them from that in another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.statistics.comparison import compare_all
from napari_cdse.core.statistics.defect_content import defect_content
from napari_cdse.core.statistics.overview import Overview, overview
from napari_cdse.io.export.figures.population import counts_of
from napari_cdse.io.export.figures.style import save_figure
from napari_cdse.io.export.row_sizes import sizes_of
from napari_cdse.io.files import shown
from napari_cdse.project import Project
from napari_cdse.project.defect_content import visibility_table
from napari_cdse.project.particle_rows import rows_of, used_entries
from napari_cdse.project.report import write_report
from napari_cdse.project.sample_names import stored
from napari_cdse.project.samples import even, sample_numbers, sample_particles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari_cdse.core.progress import Progress
    from napari_cdse.core.statistics.comparison import Comparison, SampleNumbers
    from napari_cdse.core.statistics.defect_content import (
        DefectContent,
        VisibilityTable,
    )
    from napari_cdse.core.statistics.evidence import Evidence
    from napari_cdse.core.statistics.size_distribution import ClassSizes
    from napari_cdse.core.statistics.visible_defects import VisibleDefects
    from napari_cdse.io.export.figures.class_counts import ClassCounts
    from napari_cdse.io.export.figures.style import Draw
    from napari_cdse.io.export.particle_rows import ParticleRow
    from napari_cdse.project.samples import SampleParticles


@dataclass(frozen=True, slots=True)
class PopulationData:
    """Snapshot of what a project knows of its particles.

    Attributes
    ----------
    project : Path
        File of the project.
    evidence : tuple of Evidence
    defects : VisibleDefects
    names : mapping of str to str
        Names of micrographs, by their ids in the evidence.
    rows : tuple of ParticleRow
    samples : tuple of SampleParticles
        The samples that the project names.
    visibility : VisibilityTable or None
        Needed to estimate the defect content; None if the project does not ask for it.
    """

    project: Path
    evidence: tuple[Evidence, ...]
    defects: VisibleDefects
    names: Mapping[str, str]
    rows: tuple[ParticleRow, ...]
    samples: tuple[SampleParticles, ...] = ()
    visibility: VisibilityTable | None = None


@dataclass(frozen=True, slots=True)
class Population:
    """Numbers that the dock Population shows.

    Attributes
    ----------
    project : Path
        File of the project.
    overview : Overview
    counts : ClassCounts
    sizes : ClassSizes
    samples : tuple of SampleNumbers
        Numbers of every sample that the project names, whatever ``sample`` is.
    comparisons : tuple of Comparison
        One for each pair of samples.
    sample : str or None
        Sample that all other attributes are about; None: all micrographs.
    content : DefectContent or None
        None if the project does not ask for it.
    """

    project: Path
    overview: Overview
    counts: ClassCounts
    sizes: ClassSizes
    samples: tuple[SampleNumbers, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    sample: str | None = None
    content: DefectContent | None = None


def population_data(project: Project) -> PopulationData:
    """Take a snapshot of a project; call on the thread of the project."""
    evidence = project.statistics.evidence()
    apart = project.statistics.apart()
    rows = {
        entry.index: rows_of(project, entry, entry.name, True, apart)
        for entry in used_entries(project)
    }
    return PopulationData(
        project.path,
        tuple(evidence),
        project.statistics.estimate(evidence),
        project.statistics.names(),
        tuple(row for some in rows.values() for row in some),
        tuple(sample_particles(project, stored, rows)),
        visibility_table(project, None),
    )


def estimating(
    data: PopulationData, sample: str | None, report: Progress
) -> Iterator[Population]:
    """Compute the numbers of a population.

    Parameters
    ----------
    data : PopulationData
        Snapshot of the project.
    sample : str or None
        Sample to compute them for; None, or the name of a sample that is gone: all
        micrographs.
    report : callable
        Called with the progress, 0 to 1; may raise `Cancelled`.
    """
    report(0.0)
    numbers = sample_numbers(data.samples)
    report(0.3)
    yield _population(data, sample, numbers)
    report(1.0)


def _population(
    data: PopulationData, sample: str | None, numbers: tuple[SampleNumbers, ...]
) -> Population:
    evidence, rows, defects = data.evidence, data.rows, data.defects
    pairs = zip(even(data.samples), numbers, strict=True)
    selected = next((pair for pair in pairs if pair[0].name == sample), None)
    if selected is not None:
        evidence, rows = selected[0].evidence, selected[0].rows
        defects = selected[1].defects
    return Population(
        data.project,
        overview(evidence, defects, data.names),
        counts_of(rows),
        sizes_of(rows),
        numbers,
        compare_all(numbers),
        sample if selected is not None else None,
        None
        if data.visibility is None
        else defect_content(evidence, defects, data.visibility),
    )


def reporting(path: Path, file: Path, report: Progress) -> Iterator[str]:
    """Write a project's report and yield the sentence that says where it is.

    The project is opened again, since its connection belongs to one thread.
    """
    project = Project.create_or_open(path)
    try:
        yield write_report(project, file, report)
    finally:
        project.close()


def saving_figure(
    draw: Draw, file: Path, height_in: float, _report: Progress
) -> Iterator[str]:
    """Write one figure for print and yield the sentence that says where it is."""
    save_figure(draw, file, height_in)
    yield f"The figure is in {shown(file)}."
