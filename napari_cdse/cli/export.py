"""A reviewed project in; label files, table, statistics and figures out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse import __version__
from napari_cdse.cli.command import Command
from napari_cdse.cli.console import SOME_FAILED, say, tell
from napari_cdse.cli.names import distinct_names
from napari_cdse.cli.results import Results
from napari_cdse.core.audit import audits
from napari_cdse.core.errors import CdseError
from napari_cdse.core.records import CLASSES
from napari_cdse.io.export import ParticleRow
from napari_cdse.io.label_table import LabelRow, write_labels_csv
from napari_cdse.io.micrograph_file import read_micrograph
from napari_cdse.project import MicrographEntry, Particle, Project

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from napari_cdse.core.agreement import Agreement
    from napari_cdse.core.audit import Audit


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "project", type=Path, metavar="PROJECT", help="a project file (*.cdse)"
    )
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="where results go"
    )
    parser.add_argument(
        "--include-predictions",
        action="store_true",
        help="also what only the forest says, not reviewed by anyone",
    )


def _run(arguments: argparse.Namespace) -> int:
    path: Path = arguments.project
    if not path.is_file():
        raise CdseError(
            f"There is no project file {path}; name one that ends in .cdse."
        )
    project = Project.create_or_open(path)
    try:
        return _export(project, arguments.out, arguments.include_predictions)
    finally:
        project.close()


def _export(project: Project, folder: Path, include_predictions: bool) -> int:
    entries = [entry for entry in project.entries if entry.excluded is None]
    results = Results(folder, distinct_names([entry.path for entry in entries]))
    failed = 0
    for entry in entries:
        rows = _rows(project, entry, results.name(entry.path), include_predictions)
        try:
            if rows:
                _write_labels(project, entry, rows, results, include_predictions)
        except CdseError as error:
            tell(f"{entry.name}: {error}")
            results.add_rows(rows)
            failed += 1
    agreements = project.agreements()
    audited = audits(project.audited())
    write_labels_csv(folder / "labels.csv", _label_rows(project, entries, results))
    results.write_tables(
        {
            "program": f"napari-cdse {__version__}",
            "project": project.path.name,
            "include_predictions": include_predictions,
            "micrographs": len(entries),
            "micrographs_left_out": len(project.entries) - len(entries),
            "circles_left_out": sum(entry.left_out for entry in entries),
            "left_out": list(_left_out(project)),
            "annotators": project.annotators(),
            "agreement": [_agreement(each) for each in agreements],
            "disagreements": len(project.disagreements()),
            "audits": [_audit(project, each) for each in audited],
        }
    )
    for found in audited:
        say(f"{_name(project, found.model_id)}: {found.sentence}")
    for each in agreements:
        say(each.sentence)
    say(results.sentence())
    return SOME_FAILED if failed else 0


def _audit(project: Project, found: Audit) -> dict[str, object]:
    name = _name(project, found.model_id)
    return {"model": name, **asdict(found), "sentence": found.sentence}


def _name(project: Project, model_id: str) -> str:
    """Say what a forest is called; cards of all that were in use stay."""
    names = {card.id: card.name for card in project.models}
    return names.get(model_id) or model_id[:12]


def _write_labels(
    project: Project,
    entry: MicrographEntry,
    rows: list[ParticleRow],
    results: Results,
    include_predictions: bool,
) -> None:
    shape = project.shape(entry.index) or read_micrograph(entry.path).shape
    for sentence in results.add(
        entry.path, rows, shape, include_predictions=include_predictions
    ):
        tell(f"{entry.name}: {sentence}")


def _rows(
    project: Project, entry: MicrographEntry, name: str, include_predictions: bool
) -> list[ParticleRow]:
    size, source = project.pixel_size(entry.index) or (None, None)
    return [
        ParticleRow(
            micrograph=name,
            particle=particle.id,
            circle=particle.circle,
            label=particle.label,
            probabilities=_probabilities(particle),
            pixel_size_nm=size,
            pixel_size_source=source,
            by_person=particle.by_person,
            micrograph_id=entry.id or str(entry.path),
            novelty=None
            if particle.prediction is None
            else particle.prediction.novelty,
            note="" if particle.annotation is None else particle.annotation.note,
        )
        for particle in sorted(project.particles_of(entry.index), key=_place)
        if particle.by_person or include_predictions
    ]


def _left_out(project: Project) -> Iterator[dict[str, object]]:
    """Say what is in no number, and why: whole micrographs, then regions."""
    for entry in project.entries:
        if entry.excluded is not None:
            yield {"micrograph": entry.name, "reason": entry.excluded}
    for entry in project.entries:
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
        for particle in sorted(project.particles_of(entry.index), key=_place):
            for name, label in project.labels_of(particle.id).items():
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


def _place(particle: Particle) -> tuple[float, float]:
    return particle.circle.row_px, particle.circle.col_px


def _probabilities(particle: Particle) -> tuple[float, float, float, float] | None:
    return None if particle.prediction is None else particle.prediction.probabilities


COMMAND = Command(
    name="export",
    summary="write label files, table, statistics and figures of a project",
    description="Write what a person reviewed in a project: label files, "
    "particles.csv, summary.json and figures.",
    add_arguments=_add_arguments,
    run=_run,
)
