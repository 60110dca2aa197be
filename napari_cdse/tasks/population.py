"""Compute a population's visible-defect fraction, and write its report, in a thread."""

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
    samples : tuple of SampleParticles
        Those that the project names.
    visibility : VisibilityTable or None
        By which the defect content is estimated, where the project asks for it.
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
    """What figures show.

    Attributes
    ----------
    project : Path
        Of its file.
    overview : Overview
    counts : ClassCounts
    sizes : ClassSizes
    samples : tuple of SampleNumbers
        Of all samples that the project names, whichever the rest is of.
    comparisons : tuple of Comparison
        Of each two of them.
    sample : str or None
        Which sample all the rest is of; None: all micrographs.
    content : DefectContent or None
        Where it was asked for.
    """

    project: Path
    overview: Overview
    counts: ClassCounts
    sizes: ClassSizes
    samples: tuple[SampleNumbers, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    sample: str | None = None
    content: DefectContent | None = None


def material(project: Project) -> Material:
    """Collect what is known, on the thread of the project."""
    evidence = project.statistics.evidence()
    apart = project.statistics.apart()
    rows = {
        entry.index: rows_of(project, entry, entry.name, True, apart)
        for entry in used_entries(project)
    }
    return Material(
        project.path,
        tuple(evidence),
        project.statistics.estimate(evidence),
        project.statistics.names(),
        tuple(row for some in rows.values() for row in some),
        tuple(sample_particles(project, stored, rows)),
        visibility_table(project, None),
    )


def estimating(
    known: Material, sample: str | None, report: Progress
) -> Iterator[Population]:
    """Work out what figures show.

    Parameters
    ----------
    known : Material
        Of one moment.
    sample : str or None
        Of which sample; all micrographs without it, or where there is none of that
        name any more.
    report : callable
        Takes the share done.
    """
    report(0.0)
    numbers = sample_numbers(known.samples)
    report(0.3)
    yield _population(known, sample, numbers)
    report(1.0)


def _population(
    known: Material, sample: str | None, numbers: tuple[SampleNumbers, ...]
) -> Population:
    evidence, rows, defects = known.evidence, known.rows, known.defects
    pairs = zip(even(known.samples), numbers, strict=True)
    mine = next((pair for pair in pairs if pair[0].name == sample), None)
    if mine is not None:
        evidence, rows = mine[0].evidence, mine[0].rows
        defects = mine[1].defects
    return Population(
        known.project,
        overview(evidence, defects, known.names),
        counts_of(rows),
        sizes_of(rows),
        numbers,
        compare_all(numbers),
        sample if mine is not None else None,
        None
        if known.visibility is None
        else defect_content(evidence, defects, known.visibility),
    )


def reporting(path: Path, file: Path, report: Progress) -> Iterator[str]:
    """Write a project's report; it is opened anew, for a project has one thread."""
    project = Project.create_or_open(path)
    try:
        yield write_report(project, file, report)
    finally:
        project.close()


def saving_figure(
    draw: Draw, file: Path, height_in: float, _report: Progress
) -> Iterator[str]:
    """Write one figure for print, and say where it is."""
    save_figure(draw, file, height_in)
    yield f"The figure is in {shown(file)}."
