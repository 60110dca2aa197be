"""Micrographs in, label files and a table of particles out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse import __version__
from napari_cdse.cli.command import Command
from napari_cdse.cli.console import SOME_FAILED, say, tell
from napari_cdse.cli.flags import (
    add_csv_dialect,
    add_frame,
    add_model,
    add_parameters,
    add_pixel_size,
    model_path,
    read_parameters,
)
from napari_cdse.cli.progress import Progress, add_progress, progress_of
from napari_cdse.core.errors import CdseError, MicrographError
from napari_cdse.core.params import DetectionParams
from napari_cdse.io.export.export import ParticleRow, pixel_size_summary
from napari_cdse.io.export.results_folder import Results
from napari_cdse.io.files import name_of
from napari_cdse.io.images.folder import find_micrographs
from napari_cdse.io.models.model_file import load_model
from napari_cdse.io.paths import distinct_names
from napari_cdse.pipeline import Outcome, analyse_many

if TYPE_CHECKING:
    import argparse

    from napari_cdse.core.pixel_size import PixelSize
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
    add_frame(parser)
    add_csv_dialect(parser)
    parser.add_argument(
        "--no-figures",
        dest="figures",
        action="store_false",
        help="draw no figures",
    )
    add_progress(parser)
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
    names = distinct_names(listing.files)
    results = Results(
        arguments.out, names, arguments.csv_dialect, figures=arguments.figures
    )
    model = load_model(model_path(arguments))
    for sentence in model.notices:
        tell(sentence)
    outcomes = analyse_many(
        listing.files,
        model,
        params,
        pixel_size_nm=arguments.pixel_size,
        frame=arguments.frame,
        jobs=arguments.jobs,
    )
    progress = progress_of(arguments, len(listing.files))
    tally = _Tally(results, progress, len(listing.problems))
    try:
        for outcome in outcomes:
            tally.take(outcome)
    finally:
        progress.close()
        found = results.by_the_forest_alone(model.card.name or model.card.id)
        results.write_tables(
            {
                "program": f"napari-cdse {__version__}",
                "model": model.card.id,
                "micrographs": len(listing.files),
                "failed": tally.failed,
                "copies": tally.copies,
                "frame": arguments.frame,
                "pixel_sizes": pixel_size_summary(tally.pixel_sizes),
                "parameters": params,
            },
            found,
        )
    say(f"Not reviewed: {results.sentence(found.defects)}")
    if tally.copies:
        say(_copies_sentence(len(tally.copies)))
    return SOME_FAILED if tally.failed else 0


class _Tally:
    """Writes what comes, tells of it, and counts what failed and what came twice.

    Parameters
    ----------
    results : Results
    progress : Progress
        Is told of each.
    failed : int
        What could not be listed.

    Attributes
    ----------
    failed : int
    copies : dict of str to str
        Name of each file whose content had come before, and whose copy it is.
    pixel_sizes : dict of str to PixelSize
        By the micrograph's name.
    """

    def __init__(self, results: Results, progress: Progress, failed: int) -> None:
        self.failed = failed
        self.copies: dict[str, str] = {}
        self.pixel_sizes: dict[str, PixelSize] = {}
        self._results = results
        self._progress = progress
        self._first: dict[str, str] = {}

    def take(self, outcome: Outcome) -> None:
        """Write one micrograph's results and tell of it."""
        if outcome.analysis is None:
            self.failed += 1
            self._progress.failed(outcome.problem or "", outcome.notices)
            return
        try:
            sentences = self._write(outcome.path, outcome.analysis)
        except CdseError as error:
            self.failed += 1
            self._progress.failed(str(error))
            return
        kept = sum(one.label != "empty" for one in outcome.analysis.predictions)
        self._progress.done(name_of(outcome.path), kept, sentences)

    def _write(self, path: Path, analysis: Analysis) -> list[str]:
        """Write label file and rows; return what there is to say."""
        name = self._results.name(path)
        self.pixel_sizes[name] = analysis.detection.pixel_size
        rows = _rows(analysis, name)
        shape = analysis.micrograph.shape
        first = self._first.setdefault(analysis.micrograph.id, name)
        is_copy = first != name
        lost = self._results.add(path, rows, shape, count=not is_copy)
        said = [*analysis.micrograph.notices, *analysis.detection.notices]
        if analysis.out_of_range is not None:
            said.append(analysis.out_of_range)
        if is_copy:
            self.copies[name] = first
            said.append(
                f"It has the same content as {first}: it gets a label file, and its "
                "particles are counted once."
            )
        return [*said, *lost]


def _copies_sentence(number: int) -> str:
    what = "1 file is a copy" if number == 1 else f"{number} files are copies"
    return f"{what} of another one by content; each particle is counted once."


def _rows(analysis: Analysis, name: str) -> list[ParticleRow]:
    micrograph, size = analysis.micrograph, analysis.detection.pixel_size
    return [
        ParticleRow(
            micrograph=name,
            particle=candidate.id,
            circle=candidate.circle,
            label=prediction.label,
            probabilities=prediction.probabilities,
            pixel_size_nm=size.nm,
            pixel_size_source=size.source,
            micrograph_id=micrograph.id,
            novelty=prediction.novelty,
        )
        for candidate, prediction in zip(
            analysis.candidates, analysis.predictions, strict=True
        )
    ]


COMMAND = Command(
    description="Detect and classify the particles of micrographs; writes "
    "DIR/labels/NAME.txt, DIR/particles.csv and DIR/summary.json.",
    add_arguments=_add_arguments,
    run=_run,
)
