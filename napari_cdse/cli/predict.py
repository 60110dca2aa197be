"""Command ``predict``: analyse micrographs, write label files, tables and figures.

Micrographs are analysed in several processes or on a cluster, and their results written
as they come, in the order of the files. Results of each one are also kept as a part
file, so that an interrupted run can be resumed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_cdse import __version__
from napari_cdse.cli.command import Command, path_of
from napari_cdse.cli.console import SOME_FAILED, say, tell
from napari_cdse.cli.flags import (
    add_csv_dialect,
    add_formats,
    add_frame,
    add_jobs,
    add_model,
    add_parameters,
    add_pixel_size,
    add_pixel_size_error,
    model_path,
    read_parameters,
)
from napari_cdse.cli.progress import Progress, add_progress, progress_of
from napari_cdse.core.classifier.novelty import out_of_range
from napari_cdse.core.classifier.quality_range import worse_than_learnt
from napari_cdse.core.detection.disk_fit_error import fit_error, is_as_fitted
from napari_cdse.core.detection.one_crystal import ONE_CRYSTAL
from napari_cdse.core.errors import CdseError, MicrographError
from napari_cdse.core.params import DetectionParams, recorded
from napari_cdse.core.process_pool import processes
from napari_cdse.core.statistics.distrust import distrust_of
from napari_cdse.io.annotations.writer import AnnotationWriter
from napari_cdse.io.export.earlier_results import PARTS
from napari_cdse.io.export.micrograph_table import TableLine
from napari_cdse.io.export.part_files import PartFiles, sole_writer
from napari_cdse.io.export.particle_rows import ParticleRow
from napari_cdse.io.export.results_folder import Results
from napari_cdse.io.export.summary import pixel_size_summary
from napari_cdse.io.files import name_of
from napari_cdse.io.images.folder import find_micrographs
from napari_cdse.io.models.model_file import load_model
from napari_cdse.io.paths import distinct_names
from napari_cdse.pipeline import FileAnalysis, analyse_many, cost_of_analysis

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.pixel_size import PixelSize
    from napari_cdse.core.records import ModelCard
    from napari_cdse.core.statistics.overview import Overview
    from napari_cdse.io.export.part_files import Findings
    from napari_cdse.io.images.folder import FolderListing
    from napari_cdse.pipeline import Outcome


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", type=path_of, metavar="PATH", help="micrographs or folders"
    )
    parser.add_argument(
        "--out", required=True, type=path_of, metavar="DIR", help="where results go"
    )
    workers = parser.add_mutually_exclusive_group()
    add_jobs(workers)
    workers.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="analyse on the workers of the Dask cluster whose scheduler is at ADDRESS",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="analyse what an earlier run into DIR has done already, too",
    )
    add_model(parser)
    add_pixel_size(parser)
    add_pixel_size_error(parser, "0, as if they were exact")
    add_frame(parser)
    add_formats(parser)
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
    listing = _find_files(arguments.paths)
    results = Results(
        arguments.out,
        "predict",
        distinct_names(listing.files),
        arguments.csv_dialect,
        figures=arguments.figures,
    )
    annotations = AnnotationWriter(arguments.out, arguments.formats)
    model = load_model(model_path(arguments))
    for sentence in model.notices:
        tell(sentence)
    parts = PartFiles(arguments.out / PARTS)
    with sole_writer(parts.folder, arguments.out):
        tally = _Tally(
            model.card,
            results,
            annotations,
            progress_of(arguments, len(listing.files)),
            len(listing.problems),
            arguments.pixel_size_error or 0.0,
        )
        population = _analyse(arguments, listing.files, model, params, parts, tally)
    for sentence in results.left_label_files():
        tell(sentence)
    say(f"Not reviewed: {results.sentence(population.defects)}")
    for sentence in tally.sentences(len(listing.files)):
        say(sentence)
    return SOME_FAILED if tally.failed else 0


def _analyse(
    arguments: argparse.Namespace,
    paths: Sequence[Path],
    model: Model,
    params: DetectionParams,
    parts: PartFiles,
    tally: _Tally,
) -> Overview:
    """Analyse the files and write all results, also if the run is interrupted."""
    work = FileAnalysis(
        model,
        params,
        arguments.pixel_size,
        arguments.frame,
        parts,
        again=arguments.again,
    )
    try:
        for outcome in _outcomes(arguments, paths, work):
            tally.take(outcome)
        parts.keep_only(tally.keys)
    finally:
        run = {
            "program": f"napari-cdse {__version__}",
            "model": model.card.id,
            "micrographs": len(paths),
            "failed": tally.failed,
            "copies": tally.copies,
            "frame": arguments.frame,
            "pixel_sizes": pixel_size_summary(tally.pixel_sizes),
            "parameters": recorded(params),
        }
        population = tally.finish(run)
    return population


def _find_files(paths: Sequence[Path]) -> FolderListing:
    """List the micrographs, and report what was left out.

    Raises
    ------
    MicrographError
        If there is none.
    """
    listing = find_micrographs(paths)
    for sentence in (*listing.notices, *listing.problems):
        tell(sentence)
    if listing.ignored:
        what = "files are no micrographs and were"
        if listing.ignored == 1:
            what = "file is no micrograph and was"
        tell(f"{listing.ignored} {what} left alone.")
    if not listing.files:
        raise MicrographError(
            "There is no micrograph to analyse; name image files or a folder of them."
        )
    return listing


def _outcomes(
    arguments: argparse.Namespace, paths: Sequence[Path], work: FileAnalysis
) -> Iterator[Outcome]:
    """Analyse the files on this machine, or on a cluster if one was named."""
    if arguments.dask is None:
        number = processes(arguments.jobs, len(paths), cost_of_analysis(paths))
        return analyse_many(paths, work, number)
    # Imported here, since Dask is installed only by users with a cluster.
    from napari_cdse.pipeline.dask_cluster import analyse_on_cluster

    return analyse_on_cluster(paths, work, arguments.dask, tell)


class _Tally:
    """Writes the results of each micrograph, reports progress, and counts.

    Parameters
    ----------
    card : ModelCard
        Card of the forest.
    results : Results
        Folder of results.
    annotations : AnnotationWriter
        Writes the results in formats of other programs.
    progress : Progress
        Report on the terminal.
    failed : int
        Number of files and folders that could not be listed.
    pixel_size_error : float
        Relative standard uncertainty of pixel sizes that files or the user gave.

    Attributes
    ----------
    failed : int
        Number of files and folders without results.
    copies : dict of str to str
        Names of files with the same content as an earlier one, and that one's name.
    pixel_sizes : dict of str to PixelSize
        By the micrograph's name.
    keys : set of str
        Keys of the part files that belong to this run.
    from_before : int
        Number of micrographs that an earlier run had analysed.
    """

    def __init__(
        self,
        card: ModelCard,
        results: Results,
        annotations: AnnotationWriter,
        progress: Progress,
        failed: int,
        pixel_size_error: float,
    ) -> None:
        self.failed = failed
        self.copies: dict[str, str] = {}
        self.pixel_sizes: dict[str, PixelSize] = {}
        self.keys: set[str] = set()
        self.from_before = 0
        self._card = card
        self._results = results
        self._annotations = annotations
        self._progress = progress
        self._first: dict[str, str] = {}
        self._analysed: set[str] = set()
        self._pixel_size_error = pixel_size_error

    def take(self, outcome: Outcome) -> None:
        """Write one micrograph's results and report it."""
        if outcome.findings is None:
            self._fail(outcome.problem or "", outcome.notices)
            return
        from_before = outcome.from_before and outcome.key not in self._analysed
        if outcome.key is not None:
            self.keys.add(outcome.key)
            if not from_before:
                # Of its copies in this run, too.
                self._analysed.add(outcome.key)
        try:
            sentences = self._write(outcome.path, outcome.findings)
        except CdseError as error:
            self._fail(str(error))
            return
        self.from_before += from_before
        n_particles = sum(
            each.label != "empty" for each in outcome.findings.predictions
        )
        self._progress.done(
            name_of(outcome.path),
            n_particles,
            [*sentences, *outcome.notices],
            from_before=from_before,
        )

    def finish(self, run: Mapping[str, object]) -> Overview:
        """End the report, and write tables, figures and summary.

        Parameters
        ----------
        run : mapping
            Description of the run, for the summary.

        Returns
        -------
        Overview
            The visible-defect fraction of all micrographs.
        """
        self._progress.close()
        self._annotations.finish()
        forest = self._card.name or self._card.id
        population = self._results.by_the_forest_alone(forest)
        self._results.write_tables(run, population)
        return population

    def sentences(self, total: int) -> Iterator[str]:
        """Yield sentences on copies, and on results of an earlier run.

        Parameters
        ----------
        total : int
            Number of micrographs of the run.
        """
        if self.copies:
            yield _copies_sentence(len(self.copies))
        if self.from_before:
            yield _from_before_sentence(self.from_before, total)

    def _fail(self, problem: str, notices: Sequence[str] = ()) -> None:
        self.failed += 1
        self._progress.failed(problem, notices)

    def _write(self, path: Path, findings: Findings) -> list[str]:
        """Write label file and table rows; return notices."""
        name = self._results.name(path)
        self.pixel_sizes[name] = findings.pixel_size
        rows = _rows(findings, name, self._card, self._pixel_size_error)
        first = self._first.setdefault(findings.micrograph_id, name)
        is_copy = first != name
        lost = self._results.add(path, rows, findings.shape, count=not is_copy)
        if not is_copy:
            self._results.add_line(_line(findings, name, self._card))
        self._annotations.add(path, name, findings.shape, rows)
        notices = [*findings.notices]
        if is_copy:
            self.copies[name] = first
            notices.append(
                f"It has the same content as {first}: it gets a label file, and its "
                "particles are counted once."
            )
        return [*notices, *lost]


def _copies_sentence(number: int) -> str:
    what = "1 file is a copy" if number == 1 else f"{number} files are copies"
    return f"{what} of another one by content; each particle is counted once."


def _from_before_sentence(number: int, total: int) -> str:
    what = "1 micrograph was" if number == 1 else f"{number} micrographs were"
    return (
        f"Of {total}, {what} done by an earlier run with the same content, parameters, "
        "forest and program; --again analyses them anew."
    )


def _line(findings: Findings, name: str, card: ModelCard) -> TableLine:
    return TableLine(
        name,
        findings.shape,
        findings.pixel_size,
        len(findings.candidates),
        out_of_range(
            card,
            findings.pixel_size.nm,
            [prediction.novelty for prediction in findings.predictions],
            findings.quality,
        ),
        findings.quality,
    )


def _rows(
    findings: Findings, name: str, card: ModelCard, pixel_size_error: float = 0.0
) -> list[ParticleRow]:
    """Make a row of each candidate with its prediction."""
    size = findings.pixel_size
    distrust = partial(
        distrust_of,
        shape=findings.shape,
        scale=size.source,
        one_crystal=ONE_CRYSTAL in findings.notices,
        poor=worse_than_learnt(card, findings.quality) is not None,
    )
    return [
        ParticleRow(
            micrograph=name,
            particle=candidate.id,
            circle=candidate.circle,
            label=prediction.label,
            probabilities=prediction.probabilities,
            pixel_size_nm=size.nm,
            pixel_size_source=size.source,
            micrograph_id=findings.micrograph_id,
            novelty=prediction.novelty,
            distrust=distrust(candidate.circle, novelty=prediction.novelty),
            fit_error=fit_error(prediction.label, candidate.circle, findings.quality)
            if is_as_fitted(candidate.id, findings.micrograph_id, candidate.circle)
            else 0.0,
            pixel_size_error=size.uncertainty or pixel_size_error,
        )
        for candidate, prediction in zip(
            findings.candidates, findings.predictions, strict=True
        )
    ]


COMMAND = Command(
    description="Detect and classify the particles of micrographs; writes "
    "DIR/labels/NAME.txt, DIR/particles.csv, DIR/micrographs.csv, DIR/summary.json "
    "and DIR/figures.",
    add_arguments=_add_arguments,
    run=_run,
)
