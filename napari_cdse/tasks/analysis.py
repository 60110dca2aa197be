"""Generators for analysis in threads, on immutable data; without Qt and layers."""

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
"""Share of the time after which a micrograph's standing circles are classified."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a micrograph comes from.

    Attributes
    ----------
    index : int
        Its place in the project.
    path : Path
    frame : int or str
    pixel_size_nm : float or None
        From the user.
    micrograph : Micrograph or None
        If its pixels are in memory already.
    material : Material or None
        The lattice, where the pixel size has to be estimated; None for CdSe.
    """

    index: int
    path: Path
    frame: FrameChoice
    pixel_size_nm: float | None
    micrograph: Micrograph | None = None
    material: Material | None = None

    def read(self) -> Micrograph:
        """Give the pixels."""
        if self.micrograph is not None:
            return self.micrograph
        return read_micrograph(
            self.path, pixel_size_nm=self.pixel_size_nm, frame=self.frame
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """A micrograph that could not be done, and why."""

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
        The same for circles that were there already and stay.
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
    """Read one micrograph."""
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

    The circles named with a source lie in it already and lack the forest's word. Many
    micrographs are shared among processes, as the command line does; they come in the
    order of ``todo`` and are the same.

    Parameters
    ----------
    todo : sequence of tuple
        Sources, each with its standing circles.
    model : Model or None
        Without one, the particles stay unclassified.
    params : DetectionParams
        The same for all.
    report : callable
        Called with the share done, 0 to 1; may raise `Cancelled`.
    maps : Path, optional
        File that keeps maps between sessions; this process alone writes to it.
    jobs : int
        See `napari_cdse.core.process_pool.processes`.

    Yields
    ------
    Analysed or Problem
    """
    cost = cost_of_analysis([source.path for source, _ in todo])
    number = processes(jobs, len(todo), cost)
    share = _Share(report, len(todo))
    inner = share.step if number < 2 else None
    work = partial(_analysed_or_not, model=model, params=params, report=inner)
    share.tell()
    # Closed at once where the user cancels: the processes end with it.
    with closing(in_order(work, todo, number, share.tell)) as outcomes:
        for found in outcomes:
            if isinstance(found, Died):
                source, _ = found.item
                yield Problem(source.index, Failure(_lost(source.path)))
            else:
                yield _with_maps_kept(found, model, params, maps)
            share.done += 1
            share.tell()


def _with_maps_kept(
    found: Analysed | Problem,
    model: Model | None,
    params: DetectionParams,
    maps: Path | None,
) -> Analysed | Problem:
    if isinstance(found, Analysed):
        identity = MapIdentity.of(found.analysis.micrograph, model, params)
        keep(maps, identity, found.analysis.detection.maps)
    return found


class _Share:
    """Tells how much of several micrographs is done."""

    def __init__(self, report: Progress, total: int) -> None:
        self.done = 0
        self._report = report
        self._total = max(total, 1)

    def tell(self) -> None:
        """Tell it, of whole micrographs; that may cancel."""
        self._report(min(self.done / self._total, 1.0))

    def step(self, share: float) -> None:
        """Tell it with a part of the one that is at work."""
        self._report((self.done + share) / self._total)


def _lost(path: Path) -> str:
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
    """Classify circles that are there already, micrograph by micrograph."""
    for done, (source, circles) in enumerate(todo):
        report(done / len(todo))
        step = part_of(report, done, len(todo))
        yield _attempted(
            source, partial(_classified, source, circles, model, step, known=known)
        )
    report(1.0)


def _attempted(source: Source, work: Callable[[], T]) -> T | Problem:
    """Work on one micrograph; why it can't be done becomes a sentence."""
    found = attempt(source.path, work)
    return Problem(source.index, found) if isinstance(found, Failure) else found


def _analysed_or_not(
    item: tuple[Source, Circles],
    *,
    model: Model | None,
    params: DetectionParams,
    report: Progress | None,
) -> Analysed | Problem:
    """Do one micrograph, in any process."""
    source, circles = item
    work = partial(_analysed, source, circles, model, params, report)
    return _attempted(source, work)


def _analysed(
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
    standing = _classified(source, circles, model, step, size_nm)
    return Analysed(source.index, analysis, standing)


def _classified(
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
    """Write a project's results; it is opened anew, for a project has one thread."""
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
