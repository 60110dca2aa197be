"""Tasks that read, detect, classify and export.

`analysing` detects and classifies micrographs and `classifying` asks a forest about
circles that are there already. Both go on when one micrograph fails: they yield a
`Problem` for it.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from napari_cdse.core.process_pool import Died, in_order, processes
from napari_cdse.core.progress import part_of, span
from napari_cdse.io.files import name_of
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.problem_report import Failure, attempt
from napari_cdse.pipeline import analyse, predict
from napari_cdse.pipeline.many_files import cost_of_analysis
from napari_cdse.project import Project, export
from napari_cdse.tasks.maps import MapIdentity, keep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import TypeVar

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.features.cache import KnownFeatures
    from napari_cdse.core.material import Material
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Micrograph, Prediction
    from napari_cdse.io.annotations.format_names import FormatName
    from napari_cdse.io.images.frame import FrameChoice
    from napari_cdse.pipeline import Analysis
    from napari_cdse.project import Exported

    Circles = tuple[tuple[str, Circle], ...]
    T = TypeVar("T")

_ANALYSED = 0.9
"""Progress of one micrograph when only its earlier circles remain to be classified."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a micrograph comes from.

    Attributes
    ----------
    index : int
        Index of the micrograph in the project.
    path : Path
    frame : int or str
    pixel_size_nm : float or None
        As the user gave it.
    micrograph : Micrograph or None
        Given if its pixels are in memory already.
    material : Material or None
        Lattice by which the pixel size is estimated if need be; None for CdSe.
    """

    index: int
    path: Path
    frame: FrameChoice
    pixel_size_nm: float | None
    micrograph: Micrograph | None = None
    material: Material | None = None

    def read(self) -> Micrograph:
        """Return the micrograph, read from its file unless it is in memory."""
        if self.micrograph is not None:
            return self.micrograph
        return read_micrograph(
            self.path, pixel_size_nm=self.pixel_size_nm, frame=self.frame
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """A micrograph that could not be processed, with the reason."""

    index: int
    sentence: Failure


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """A micrograph that was detected and classified.

    Attributes
    ----------
    index : int
    analysis : Analysis
    standing : Classified or None
        Predictions for the circles that were there before and stay.
    """

    index: int
    analysis: Analysis
    standing: Classified | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """Predictions of one model for circles of one micrograph."""

    index: int
    model_id: str
    predictions: tuple[Prediction, ...]
    circles: tuple[Circle, ...]


def reading(source: Source, _report: Progress) -> Iterator[Micrograph]:
    """Yield one micrograph, read from its file."""
    yield source.read()


def analysing(
    todo: Sequence[tuple[Source, Circles]],
    model: Model | None,
    params: DetectionParams,
    report: Progress,
    maps: Path | None = None,
    jobs: int = 0,
) -> Iterator[Analysed | Problem]:
    """Detect and classify micrographs; one that fails does not stop the others.

    Many micrographs are distributed over processes, as on the command line. The results
    come in the order of ``todo`` and do not depend on the number of processes.

    Parameters
    ----------
    todo : sequence of tuple
        Sources, each with the circles that it has already and that lack a
        prediction.
    model : Model or None
        Without one, the particles stay unclassified.
    params : DetectionParams
        The same for all micrographs.
    report : callable
        Called with the progress, 0 to 1; may raise `Cancelled`.
    maps : Path, optional
        File that keeps maps between sessions; only this process writes to it.
    jobs : int
        See `napari_cdse.core.process_pool.processes`.

    Yields
    ------
    Analysed or Problem
    """
    cost = cost_of_analysis([source.path for source, _ in todo])
    number = processes(jobs, len(todo), cost)
    count = _MicrographCount(report, len(todo))
    # Another process cannot call this one's `report`.
    within = count.report_part if number < 2 else None
    work = partial(_analyse_one, model=model, params=params, report=within)
    count.report_done()
    # Closing ends the processes, also when the user cancels.
    with closing(in_order(work, todo, number, count.report_done)) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, Died):
                source, _ = outcome.item
                yield Problem(source.index, Failure(_process_died(source.path)))
            else:
                if isinstance(outcome, Analysed):
                    _keep_maps(outcome.analysis, model, params, maps)
                yield outcome
            count.done += 1
            count.report_done()


def _keep_maps(
    analysis: Analysis, model: Model | None, params: DetectionParams, maps: Path | None
) -> None:
    identity = MapIdentity.of(analysis.micrograph, model, params)
    keep(maps, identity, analysis.detection.maps)


class _MicrographCount:
    """Progress over several micrographs."""

    def __init__(self, report: Progress, total: int) -> None:
        self.done = 0
        self._report = report
        self._total = max(total, 1)

    def report_done(self) -> None:
        """Report the micrographs done; may raise `Cancelled`."""
        self._report(min(self.done / self._total, 1.0))

    def report_part(self, part: float) -> None:
        """Report the micrographs done and this part of the current one."""
        self._report((self.done + part) / self._total)


def _process_died(path: Path) -> str:
    return (
        f"{name_of(path)}: its analysis ended with its whole process, perhaps for "
        "want of memory; close other programs and detect in it alone."
    )


def classifying(
    todo: Sequence[tuple[Source, Circles]],
    model: Model,
    report: Progress,
    known: KnownFeatures | None = None,
) -> Iterator[Classified | Problem]:
    """Classify given circles, micrograph by micrograph.

    Parameters
    ----------
    todo : sequence of tuple
        Sources, each with its circles.
    model : Model
        Forest to ask.
    report : callable
        Called with the progress, 0 to 1; may raise `Cancelled`.
    known : KnownFeatures, optional
        Cache of features computed before.

    Yields
    ------
    Classified or Problem
    """
    for done, (source, circles) in enumerate(todo):
        report(done / len(todo))
        step = part_of(report, done, len(todo))
        work = partial(_classify, source, circles, model, step, known=known)
        yield _attempt(source, work)
    report(1.0)


def _attempt(source: Source, work: Callable[[], T]) -> T | Problem:
    """Return the result of work on one micrograph, or why it failed."""
    result = attempt(source.path, work)
    return Problem(source.index, result) if isinstance(result, Failure) else result


def _analyse_one(
    item: tuple[Source, Circles],
    *,
    model: Model | None,
    params: DetectionParams,
    report: Progress | None,
) -> Analysed | Problem:
    """Analyse one micrograph; runs in this process or in another."""
    source, circles = item
    return _attempt(source, partial(_analyse, source, circles, model, params, report))


def _analyse(
    source: Source,
    circles: Circles,
    model: Model | None,
    params: DetectionParams,
    report: Progress | None,
) -> Analysed:
    micrograph = source.read()
    step = span(report, 0.0, _ANALYSED)
    analysis = analyse(micrograph, model, params, progress=step)
    if model is None or not circles:
        return Analysed(source.index, analysis)
    size_nm = analysis.detection.pixel_size_nm
    source = replace(source, micrograph=micrograph)
    step = span(report, _ANALYSED, 1.0)
    standing = _classify(source, circles, model, step, size_nm)
    return Analysed(source.index, analysis, standing)


def _classify(
    source: Source,
    particles: Circles,
    model: Model,
    report: Progress | None,
    pixel_size_nm: float | None = None,
    known: KnownFeatures | None = None,
) -> Classified:
    circles = tuple(circle for _, circle in particles)
    ids = [particle_id for particle_id, _ in particles]
    micrograph = source.read()
    predictions = predict(
        micrograph,
        ids,
        circles,
        model,
        pixel_size_nm,
        report,
        known,
        source.material,
    )
    return Classified(source.index, model.card.id, predictions, circles)


def exporting(
    path: Path,
    folder: Path,
    include_predictions: bool,
    formats: Sequence[FormatName],
    report: Progress,
) -> Iterator[Exported]:
    """Write a project's results into a folder.

    The project is opened again, since its connection belongs to one thread.
    """
    project = Project.create_or_open(path)
    try:
        yield export(
            project,
            folder,
            include_predictions=include_predictions,
            formats=formats,
            progress=report,
        )
    finally:
        project.close()
    report(1.0)


__all__ = [
    "Analysed",
    "Classified",
    "Problem",
    "Source",
    "analysing",
    "classifying",
    "exporting",
    "reading",
]
