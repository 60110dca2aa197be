"""Export a project's results and labels to files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

from napari_cdse import __version__
from napari_cdse.core.records import CLASSES
from napari_cdse.core.review.blind_audit import audits
from napari_cdse.core.statistics.draw_tally import draw_tallies
from napari_cdse.io.annotations.writer import AnnotationWriter
from napari_cdse.io.export.annotator_table import LabelRow, write_labels_csv
from napari_cdse.io.export.earlier_results import (
    LABELS,
    MICROGRAPHS,
    PARTICLES,
    SUMMARY,
)
from napari_cdse.io.export.micrograph_table import TableLine
from napari_cdse.io.export.results_folder import Results
from napari_cdse.io.export.sample_summary import samples_summary
from napari_cdse.io.export.summary import pixel_size_summary
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.paths import distinct_names
from napari_cdse.io.problem_report import Failure, attempt
from napari_cdse.project.defect_content import content_of, visibility_table
from napari_cdse.project.particle_rows import place, rows_of, used_entries
from napari_cdse.project.sample_names import stored
from napari_cdse.project.samples import sample_numbers, sample_particles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_cdse.core.review.annotator_agreement import Agreement
    from napari_cdse.core.review.blind_audit import Audit
    from napari_cdse.core.statistics.comparison import SampleNumbers
    from napari_cdse.core.statistics.defect_content import DefectContent
    from napari_cdse.io.annotations.format_names import FormatName
    from napari_cdse.io.export.particle_rows import ParticleRow
    from napari_cdse.io.export.tables import DialectName
    from napari_cdse.project.project import Project
    from napari_cdse.project.state.records import MicrographEntry


_NAMED = 3
"""Micrographs that a sentence names, of those that it is about. A choice."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export has to say.

    Attributes
    ----------
    sentences : tuple of str
        Audits, agreement, defect fraction.
    notices : tuple of str
        What is not as it should be, and what a label file could not hold, micrograph
        by micrograph.
    problems : tuple of str
        Micrographs whose label file was not written, and why.
    """

    sentences: tuple[str, ...]
    notices: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def export(
    project: Project,
    folder: Path,
    *,
    include_predictions: bool = False,
    dialect: DialectName = "standard",
    formats: Sequence[FormatName] = (),
    pixel_size_error: float | None = None,
    visibility: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> Exported:
    """Write label files, tables, statistics and figures of a project.

    Parameters
    ----------
    project : Project
        Open; what is left out in it is in no file, only in the list of what is.
    folder : Path
        Made if it is not there.
    include_predictions : bool
        Also what only the forest says.
    dialect : {"standard", "excel", "excel-eu"}
        How tables are written, see `napari_cdse.io.export.tables`.
    formats : sequence of {"coco", "yolo", "imagej", "napari"}
        What else circles and classes are written as.
    pixel_size_error : float, optional
        See `rows_of`.
    visibility : str, optional
        See `napari_cdse.project.defect_content.visibility_table`.
    progress : callable, optional
        Called with the share done, 0 to 1; may raise `Cancelled`.

    Raises
    ------
    CdseError
        If the folder or one of the tables cannot be written, or ``visibility`` read.
    """
    table = visibility_table(project, visibility)
    entries = used_entries(project)
    names = distinct_names([entry.path for entry in entries])
    tables = (PARTICLES, MICROGRAPHS, SUMMARY, LABELS)
    results = Results(folder, "export", names, dialect, tables, origin=project.origin)
    others = AnnotationWriter(folder, formats)
    notices = list(other_scales_told(at_other_scales(project, entries, names)))
    problems: list[str] = []
    apart = project.statistics.apart()
    counted: dict[int, list[ParticleRow]] = {}
    for done, entry in enumerate(entries):
        if progress is not None:
            progress(done / len(entries))
        name = results.name(entry.path)
        everything = rows_of(project, entry, name, True, apart, pixel_size_error)
        # Samples are compared in all that they hold, as their fractions are.
        counted[entry.index] = everything
        rows = [row for row in everything if row.by_person or include_predictions]
        results.add_line(_line(entry, name, len(rows)))
        write = partial(
            _write_labels, project, entry, rows, results, others, include_predictions
        )
        told = attempt(entry.path, write)
        results.add_rows(rows)
        if isinstance(told, Failure):
            problems.append(told)
        else:
            notices.extend(f"{entry.name}: {sentence}" for sentence in told)
    others.finish()
    samples = sample_numbers(sample_particles(project, stored, counted))
    content = content_of(project, table)
    sentences = _write_tables(
        project, entries, results, samples, content, include_predictions
    )
    notices.extend(results.left_label_files())
    return Exported(tuple(sentences), tuple(notices), tuple(problems))


def _line(entry: MicrographEntry, name: str, circles: int) -> TableLine:
    return TableLine(
        name,
        entry.shape,
        entry.pixel_size,
        circles,
        entry.out_of_range,
        entry.quality,
        entry.sample,
    )


def _write_tables(
    project: Project,
    entries: list[MicrographEntry],
    results: Results,
    samples: Sequence[SampleNumbers],
    content: DefectContent | None,
    include_predictions: bool,
) -> Iterator[str]:
    """Write all but the label files; yield what they say in words."""
    labels = list(_label_rows(project, entries, results))
    found = project.statistics.overview(
        {entry.index: results.name(entry.path) for entry in entries}
    )
    names = {entry.path: results.name(entry.path) for entry in entries}
    context = context_of(
        project,
        entries,
        names,
        samples,
        content,
        include_predictions=include_predictions,
    )
    results.write_tables(
        context,
        found,
        {LABELS: partial(write_labels_csv, rows=labels, dialect=results.dialect)},
        samples,
    )
    for one in audits(project.audits.labels()):
        yield f"{_name(project, one.model_id)}: {one.sentence}"
    for each in project.annotators.agreements():
        yield each.sentence
    if content is not None:
        yield content.sentence
    yield results.sentence(found.defects)


def context_of(
    project: Project,
    entries: list[MicrographEntry],
    names: Mapping[Path, str],
    samples: Sequence[SampleNumbers] = (),
    content: DefectContent | None = None,
    *,
    include_predictions: bool,
) -> dict[str, object]:
    """Say what the summary says besides the statistics of its rows.

    Parameters
    ----------
    project : Project
        Open.
    entries : list of MicrographEntry
        Those in use.
    names : mapping of Path to str
        What to call them.
    samples : sequence of SampleNumbers, optional
        Those that the project names.
    content : DefectContent, optional
        Where it was asked for.
    include_predictions : bool
        Whether rows hold what only the forest says.
    """
    left_out = len(project.micrographs.entries) - len(entries)
    return {
        "program": f"napari-cdse {__version__}",
        "project": project.origin.name,
        "project_id": project.origin.id,
        "include_predictions": include_predictions,
        "micrographs": len(entries),
        "micrographs_left_out": left_out,
        "circles_left_out": sum(entry.left_out for entry in entries),
        "left_out": list(_left_out(project)),
        "pixel_sizes": pixel_size_summary(
            {names[each.path]: each.pixel_size for each in entries}
        ),
        "annotators": project.annotators.names(),
        "agreement": [_agreement(each) for each in project.annotators.agreements()],
        "disagreements": len(project.annotators.disagreements()),
        "audits": [_audit(project, each) for each in audits(project.audits.labels())],
        "draws": draw_tallies(project.statistics.evidence()),
        "sensitivity": project.statistics.sensitivity(),
        "model_cards": project.statistics.cards(),
        "detection": project.detections.settings_used(),
        "searched_at_another_pixel_size": at_other_scales(project, entries, names),
        **samples_summary(samples),
        **({} if content is None else {"defect_content": content.as_dict()}),
    }


def at_other_scales(
    project: Project, entries: Sequence[MicrographEntry], names: Mapping[Path, str]
) -> list[str]:
    """Name those among some micrographs that were searched at another pixel size."""
    found = project.detections.at_other_scales()
    return [names[each.path] for each in entries if each.index in found]


def other_scales_told(names: Sequence[str]) -> tuple[str, ...]:
    """Say where circles and classes are those of another pixel size, if anywhere."""
    if not names:
        return ()
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        "Circles and classes are those of another pixel size than is set now in "
        f"{', '.join(names[:_NAMED])}{more}; detect again there in the window.",
    )


def _write_labels(
    project: Project,
    entry: MicrographEntry,
    rows: list[ParticleRow],
    results: Results,
    others: AnnotationWriter,
    include_predictions: bool,
) -> tuple[str, ...]:
    """Write one label file, if there is anything to say; tell what it cannot hold."""
    if not rows:
        return ()
    shape = project.micrographs.shape(entry.index) or read_micrograph(entry.path).shape
    told = results.add(
        entry.path,
        rows,
        shape,
        include_predictions=include_predictions,
        # Tables have them also where a file cannot be written.
        count=False,
    )
    others.add(
        entry.path,
        results.name(entry.path),
        shape,
        rows,
        include_predictions=include_predictions,
    )
    return told


def _audit(project: Project, found: Audit) -> dict[str, object]:
    name = _name(project, found.model_id)
    return {"model": name, **asdict(found), "sentence": found.sentence}


def _name(project: Project, model_id: str) -> str:
    """Say what a forest is called; cards of all that were in use stay."""
    names = {card.id: card.name for card in project.models.cards}
    return names.get(model_id) or model_id[:12]


def _left_out(project: Project) -> Iterator[dict[str, object]]:
    """Say what is in no number, and why: whole micrographs, then regions."""
    for entry in project.micrographs.entries:
        if entry.excluded is not None:
            yield {"micrograph": entry.name, "reason": entry.excluded}
    for entry in project.micrographs.entries:
        for region in entry.regions:
            yield {
                "micrograph": entry.name,
                "reason": region.reason,
                "corners_x_y_px": [[col, row] for row, col in region.corners_px],
            }


def _label_rows(
    project: Project, entries: list[MicrographEntry], results: Results
) -> Iterator[LabelRow]:
    for entry in entries:
        for particle in sorted(project.particles.of(entry.index), key=place):
            for name, label in project.annotators.labels_of(particle.id).items():
                yield LabelRow(results.name(entry.path), name, label)


def _agreement(found: Agreement) -> dict[str, object]:
    return {
        "annotators": (found.first, found.second),
        "particles": found.n_particles,
        "micrographs": found.n_micrographs,
        "agreed": found.n_agreed,
        "observed": found.observed,
        "observed_95": found.observed_95,
        "kappa": found.kappa,
        "kappa_95": found.kappa_95,
        "classes": CLASSES,
        "confusion": found.confusion,
        "sentence": found.sentence,
    }
