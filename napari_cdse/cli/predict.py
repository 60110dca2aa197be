"""Micrographs in, label files and a table of particles out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse import __version__
from napari_cdse.cli.command import Command
from napari_cdse.cli.console import SOME_FAILED, say, tell
from napari_cdse.cli.flags import (
    add_model,
    add_parameters,
    add_pixel_size,
    model_path,
    read_parameters,
)
from napari_cdse.core.errors import CdseError, MicrographError
from napari_cdse.core.params import DetectionParams
from napari_cdse.io.export.export import ParticleRow
from napari_cdse.io.export.results_folder import Results, distinct_names
from napari_cdse.io.images.folder import find_micrographs
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline import Outcome, analyse_many

if TYPE_CHECKING:
    import argparse

    from napari_cdse.pipeline import Analysis


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="micrographs or folders"
    )
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="where results go"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=1,
        metavar="N",
        help="micrographs at a time; -1 takes all cores (default: 1)",
    )
    add_model(parser)
    add_pixel_size(parser)
    add_parameters(parser, DetectionParams)


def _run(arguments: argparse.Namespace) -> int:
    params = read_parameters(arguments, DetectionParams)
    listing = find_micrographs(arguments.paths)
    for sentence in (*listing.notices, *listing.problems):
        tell(sentence)
    if listing.ignored:
        tell(f"{listing.ignored} files are no micrographs and were left alone.")
    if not listing.files:
        raise MicrographError(
            "There is no micrograph to analyse; name image files or a folder of them."
        )
    model = load_model(model_path(arguments))
    for sentence in model.notices:
        tell(sentence)
    results = Results(arguments.out, distinct_names(listing.files))
    failed = len(listing.problems)
    outcomes = analyse_many(
        listing.files,
        model,
        params,
        pixel_size_nm=arguments.pixel_size,
        jobs=arguments.jobs,
    )
    try:
        for number, outcome in enumerate(outcomes, start=1):
            failed += not _take(outcome, results, f"[{number}/{len(listing.files)}]")
    finally:
        results.write_tables(
            {
                "program": f"napari-cdse {__version__}",
                "model": model.card.id,
                "micrographs": len(listing.files),
                "failed": failed,
                "parameters": params,
            }
        )
    say(f"By the forest alone, not reviewed: {results.sentence()}")
    return SOME_FAILED if failed else 0


def _take(outcome: Outcome, results: Results, where: str) -> bool:
    """Write one micrograph's results; False when there are none."""
    analysis = outcome.analysis
    if analysis is None:
        tell(f"{where} {outcome.problem}")
        return False
    rows = _rows(analysis, results.name(outcome.path))
    try:
        sentences = results.add(outcome.path, rows, analysis.micrograph.shape)
    except CdseError as error:
        tell(f"{where} {error}")
        return False
    kept = sum(row.label != "empty" for row in rows)
    tell(f"{where} {outcome.path.name}: {kept} particles")
    for sentence in (
        *analysis.micrograph.notices,
        *analysis.detection.notices,
        *([] if analysis.out_of_range is None else [analysis.out_of_range]),
        *sentences,
    ):
        tell(f"    {sentence}")
    return True


def _rows(analysis: Analysis, name: str) -> list[ParticleRow]:
    micrograph = analysis.micrograph
    return [
        ParticleRow(
            micrograph=name,
            particle=candidate.id,
            circle=candidate.circle,
            label=prediction.label,
            probabilities=prediction.probabilities,
            pixel_size_nm=micrograph.pixel_size_nm,
            pixel_size_source=micrograph.pixel_size_source,
            micrograph_id=micrograph.id,
            novelty=prediction.novelty,
        )
        for candidate, prediction in zip(
            analysis.candidates, analysis.predictions, strict=True
        )
    ]


COMMAND = Command(
    name="predict",
    summary="detect and classify the particles of micrographs",
    description="Detect and classify the particles of micrographs; writes "
    "DIR/labels/NAME.txt, DIR/particles.csv and DIR/summary.json.",
    add_arguments=_add_arguments,
    run=_run,
)
