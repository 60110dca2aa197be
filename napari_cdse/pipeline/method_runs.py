"""Run several detection methods on the same labelled micrographs, to compare them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from napari_cdse.core.detection.registry import METHODS
from napari_cdse.core.errors import MicrographError, ParameterError
from napari_cdse.core.evaluation.detection_tally import LabelledParticles, count
from napari_cdse.core.evaluation.method_comparison import MethodRun
from napari_cdse.core.matching import circle_iou
from napari_cdse.core.process_pool import Died, in_order, processes
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import read_label_file
from napari_cdse.io.labels.pairing import pair_labels_in
from napari_cdse.io.labels.truth_file import listed_particles, unlisted_particles
from napari_cdse.io.problem_report import attempt
from napari_cdse.pipeline.analysis import find, predict
from napari_cdse.pipeline.many_files import cost_of_analysis, lost
from napari_cdse.pipeline.peak_memory import peak_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.evaluation.detection_tally import DetectionTally
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.io.images.frame import FrameChoice
    from napari_cdse.io.labels.label_file import LabelFile

_SAME_IOU = 0.5
"""Intersection over union from which a labelled circle is a particle of the simulator's
truth. A choice: both are written from one record, the label rounded to whole pixels, so
that only a label that someone corrected by hand overlaps less."""


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """One method's result on one micrograph."""

    micrograph_id: str
    tally: DetectionTally
    seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class MethodRuns:
    """Results of all methods, and the files that could not be used.

    Attributes
    ----------
    runs : tuple of MethodRun
        One per method, on the same micrographs in the same order.
    names : tuple of str
        File names of these micrographs.
    problems : tuple of str
        One sentence about each file that some method could not use; it is left out for
        all methods.
    """

    runs: tuple[MethodRun, ...]
    names: tuple[str, ...]
    problems: tuple[str, ...]


def usable_methods() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the methods that can run here, and what the others lack."""
    missing = {name: method.missing() for name, method in METHODS.items()}
    return (
        tuple(name for name, sentence in missing.items() if sentence is None),
        tuple(sentence for sentence in missing.values() if sentence is not None),
    )


def run_methods(
    folders: Sequence[Path],
    model: Model,
    params: DetectionParams,
    methods: Sequence[str],
    *,
    pixel_size_nm: float | None = None,
    frame: FrameChoice = 0,
    jobs: int = 1,
    told: Callable[[str], None] | None = None,
) -> MethodRuns:
    """Find and classify the particles of labelled folders by several methods.

    Parameters
    ----------
    folders : sequence of Path
        In the layout of labelled data, or pictures with label files beside them.
    model : Model
        Classifies the circles of all methods; those classified ``empty`` are left out,
        as the command ``predict`` does.
    params : DetectionParams
        For all methods; ``params.method`` is ignored.
    methods : sequence of str
        Their names.
    pixel_size_nm : float, optional
        From the user, for every file.
    frame : int or str, optional
        Of files that hold several, for every file.
    jobs : int
        Processes.
    told : callable, optional
        Called with a line about each method and micrograph as it is done.

    Raises
    ------
    MicrographError
        If there is no labelled micrograph that all methods can use.
    ParameterError
        For a method that lacks a package.
    """
    for name in methods:
        sentence = METHODS[name].missing()
        if sentence is not None:
            raise ParameterError(sentence)
    pairs, problems = pair_labels_in(folders)
    number = processes(jobs, len(pairs), cost_of_analysis([path for path, _ in pairs]))
    found: dict[str, dict[Path, _Found]] = {}
    for name in methods:
        work = partial(
            _find_in_file,
            model=model,
            params=replace(params, method=name),
            pixel_size_nm=pixel_size_nm,
            frame=frame,
        )
        found[name] = {}
        for (path, _), item in zip(pairs, in_order(work, pairs, number), strict=True):
            if isinstance(item, _Found):
                found[name][path] = item
                if told is not None:
                    told(f"{name}: {path.name} in {item.seconds:.1f} s")
            elif item is not None:
                sentence = lost(path) if isinstance(item, Died) else str(item)
                problems.append(f"By the method {name!r}: {sentence}")
    return _runs_on_common_files(found, [path for path, _ in pairs], problems)


def _runs_on_common_files(
    found: dict[str, dict[Path, _Found]], paths: Sequence[Path], problems: list[str]
) -> MethodRuns:
    """Keep the micrographs that all methods could use, each of them once."""
    common: dict[str, Path] = {}
    for path in paths:
        if all(path in by_path for by_path in found.values()):
            first = next(iter(found.values()))[path]
            common.setdefault(first.micrograph_id, path)
    if not common:
        raise MicrographError(
            "No labelled micrograph could be used by all methods; put pictures into "
            "images/ and label files of the same names into text_files/."
            + "".join(f" {problem}" for problem in problems[:1])
        )
    runs = []
    for name, by_path in found.items():
        items = [by_path[path] for path in common.values()]
        runs.append(
            MethodRun(
                name,
                tuple(item.tally for item in items),
                tuple(item.seconds for item in items),
                tuple(item.peak_bytes for item in items),
            )
        )
    names = tuple(path.name for path in common.values())
    return MethodRuns(tuple(runs), names, tuple(problems))


def _find_in_file(
    pair: tuple[Path, Path],
    *,
    model: Model,
    params: DetectionParams,
    pixel_size_nm: float | None,
    frame: FrameChoice,
) -> _Found | str | None:
    """Detect, classify and score one micrograph; None if it has no labels."""
    path, label_path = pair

    def work() -> _Found | None:
        micrograph = read_micrograph(path, pixel_size_nm=pixel_size_nm, frame=frame)
        labelled = read_label_file(label_path, shape=micrograph.shape)
        if labelled is None:
            return None
        truth = truth_of(path, labelled)
        with peak_memory() as memory:
            start = time.process_time()
            detection = find(micrograph, model, params)
            seconds = time.process_time() - start
        circles = detection.circles
        ids = [str(number) for number in range(len(circles))]
        said = predict(micrograph, ids, circles, model, detection.pixel_size_nm)
        kept = [at for at, each in enumerate(said) if each.label != "empty"]
        tally = count(
            truth,
            [circles[at] for at in kept],
            [said[at].label for at in kept],
            micrograph.shape,
        )
        return _Found(micrograph.id, tally, seconds, memory.peak_bytes)

    return attempt(path, work)


def truth_of(path: Path, labelled: LabelFile) -> LabelledParticles:
    """Join a label file with the simulator's truth, if there is a truth file.

    Parameters
    ----------
    path : Path
        Of the micrograph.
    labelled : LabelFile
        Content of its label file.
    """
    particles = [
        (circle, label)
        for circle, label in zip(labelled.circles, labelled.labels, strict=True)
        if label != "empty"
    ]
    circles = tuple(circle for circle, _ in particles)
    known = listed_particles(path)
    overlap = circle_iou(circles, [each.circle for each in known])
    asked, clear, defects = [], [], []
    for row in overlap:
        best = int(row.argmax()) if row.size else -1
        each = known[best] if row.size and row[best] >= _SAME_IOU else None
        asked.append(each is None or each.is_asked)
        clear.append(each is None or each.is_clear)
        defects.append("" if each is None else each.defect)
    return LabelledParticles(
        circles,
        tuple(label for _, label in particles),
        tuple(asked),
        tuple(clear),
        tuple(defects),
        unlisted_particles(path),
    )
