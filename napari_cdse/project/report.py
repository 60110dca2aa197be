"""The report of a project: its summary, figures and typical particles on one page."""

from __future__ import annotations

import io
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from napari_cdse.core.errors import CdseError
from napari_cdse.core.records import CLASSES
from napari_cdse.io.export.figures.population import figures_of
from napari_cdse.io.export.figures.style import figure_bytes
from napari_cdse.io.export.report.figures import TypicalParticle
from napari_cdse.io.export.report.page import is_report, report_page
from napari_cdse.io.export.summary import plain, summarise
from napari_cdse.io.export.tables import utf8
from napari_cdse.io.files import check_replaceable, make_folder, write_file
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.paths import distinct_names
from napari_cdse.io.thumbnail_image import thumbnail
from napari_cdse.project.defect_content import content_of, visibility_table
from napari_cdse.project.export import at_other_scales, context_of, other_scales_told
from napari_cdse.project.particle_rows import rows_of, used_entries
from napari_cdse.project.sample_names import stored
from napari_cdse.project.samples import sample_numbers, sample_particles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from napari_cdse.io.export.particle_rows import ParticleRow
    from napari_cdse.project.project import Project
    from napari_cdse.project.state.records import MicrographEntry

PER_CLASS = 6
"""Pictures of each class. A choice: one line of the page."""


def write_report(
    project: Project,
    file: Path,
    progress: Callable[[float], None] | None = None,
    *,
    pixel_size_error: float | None = None,
    visibility: str | None = None,
) -> str:
    """Write the report; return the sentence of the number and where the page is.

    Parameters
    ----------
    project : Project
        Open; what is left out in it is in no number.
    file : Path
        Its folder is made if it is not there.
    progress : callable, optional
        Called with the share done, 0 to 1; may raise `Cancelled`.
    pixel_size_error : float, optional
        See `rows_of`.
    visibility : str, optional
        See `napari_cdse.project.defect_content.visibility_table`.

    Raises
    ------
    CdseError
        If the file cannot be written or something else lies there, or ``visibility``
        cannot be read.
    """
    table = visibility_table(project, visibility)
    report = progress or (lambda _: None)
    make_folder(file.parent, CdseError)
    check_replaceable(file, is_report, "report", CdseError)
    entries = used_entries(project)
    names = distinct_names([entry.path for entry in entries])
    apart = project.statistics.apart()
    rows = {
        entry.index: rows_of(
            project, entry, names[entry.path], True, apart, pixel_size_error
        )
        for entry in entries
    }
    everything = [row for some in rows.values() for row in some]
    found = project.statistics.overview(
        {entry.index: names[entry.path] for entry in entries}
    )
    samples = sample_numbers(sample_particles(project, stored, rows))
    content = content_of(project, table)
    otherwise = at_other_scales(project, entries, names)
    summary = {
        **context_of(
            project, entries, names, samples, content, include_predictions=True
        ),
        **summarise(everything, found),
    }
    report(0.3)
    figures = {
        name: figure_bytes(figure, "svg").decode()
        for name, figure in figures_of(everything, found, samples=samples).items()
    }
    report(0.6)
    gallery = list(_gallery(project, entries, rows, report))
    told = {name: plain(value) for name, value in summary.items()}
    write_file(file, utf8(report_page(told, figures, gallery)), CdseError)
    report(1.0)
    told_first = [
        *other_scales_told(otherwise),
        found.defects.sentence,
        *([content.sentence] if content else ()),
    ]
    return "\n".join((*told_first, f"The report is {file}"))


def typical(rows: Sequence[ParticleRow], number: int = PER_CLASS) -> list[ParticleRow]:
    """Choose particles of one class evenly, from the surest to the least sure.

    Parameters
    ----------
    rows : sequence of ParticleRow
        Of one class; only those that a person judged are taken where there are any.
    number : int, optional
        How many at most.
    """
    judged = [row for row in rows if row.by_person] or list(rows)
    judged.sort(key=_surety, reverse=True)
    if len(judged) <= number:
        return judged
    places = np.linspace(0, len(judged) - 1, number).round().astype(int)
    return [judged[at] for at in places.tolist()]


def _surety(row: ParticleRow) -> float:
    if row.probabilities is None or row.label is None:
        return 0.0
    return row.probabilities[CLASSES.index(row.label)]


def _gallery(
    project: Project,
    entries: Sequence[MicrographEntry],
    rows: dict[int, list[ParticleRow]],
    report: Callable[[float], None],
) -> Iterator[TypicalParticle]:
    """Cut the pictures, each micrograph being read once."""
    everything = [(index, row) for index, some in rows.items() for row in some]
    where = {(row.micrograph_id, row.particle): index for index, row in everything}
    chosen = [
        row
        for label in CLASSES
        for row in typical([row for _, row in everything if row.label == label])
    ]
    wanted: dict[int, list[ParticleRow]] = defaultdict(list)
    for row in chosen:
        wanted[where[row.micrograph_id, row.particle]].append(row)
    by_index = {entry.index: entry for entry in entries}
    pictures: dict[tuple[str, str], bytes] = {}
    for done, (index, some) in enumerate(wanted.items()):
        report(0.6 + 0.4 * done / len(wanted))
        pictures.update(_pictures(project, by_index[index], some))
    for row in chosen:
        png = pictures.get((row.micrograph_id, row.particle))
        if png is not None and row.label is not None:
            yield TypicalParticle(row.label, row.micrograph, row.by_person, png)


def _pictures(
    project: Project, entry: MicrographEntry, rows: Iterable[ParticleRow]
) -> dict[tuple[str, str], bytes]:
    """Return PNG files; none of a micrograph that cannot be read any more."""
    size = project.micrographs.person_pixel_size(entry.index)
    try:
        micrograph = read_micrograph(entry.path, pixel_size_nm=size, frame=entry.frame)
    except CdseError:
        return {}
    return {
        (row.micrograph_id, row.particle): _png(
            thumbnail(micrograph.pixels, row.circle)
        )
        for row in rows
    }


def _png(square: np.ndarray) -> bytes:
    target = io.BytesIO()
    Image.fromarray(square).save(target, format="PNG", optimize=True)
    return target.getvalue()
