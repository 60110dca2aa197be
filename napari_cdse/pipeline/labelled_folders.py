"""Turn labelled folders into training examples and detections, file by file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.augmentation import views
from napari_cdse.core.classifier.empty_examples import empty_gaps, empty_squares
from napari_cdse.core.classifier.training_set import TrainingSet, examples, stack
from napari_cdse.core.matching import circle_iou, match
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.process_pool import Died, in_order, processes
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import LabelFile, read_label_file
from napari_cdse.io.labels.pairing import pair_labels_in
from napari_cdse.io.labels.truth_file import unlisted_particles
from napari_cdse.io.problem_report import attempt
from napari_cdse.pipeline.kept_features import known_features
from napari_cdse.pipeline.many_files import cost_of_analysis, lost

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cdse.core.detection.methods import Detection
    from napari_cdse.core.features import FeatureTable
    from napari_cdse.core.params import ForestParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Label, Micrograph
    from napari_cdse.io.images.frame import FrameChoice
    from napari_cdse.pipeline.kept_features import FeatureCache, MicrographFeatures

FALSE_CIRCLE_IOU = 0.1
"""Intersection over union with every label below which a detected circle is taken for
background. A choice: far below the 0.5 of a match, so that no part of a particle is
learnt as ``empty``."""
GAPS = 4
"""Circles per labelled micrograph that are placed between particles as ``empty``
examples. A choice: few, since the detector's false circles
come on top."""


@dataclass(frozen=True, slots=True, eq=False)
class FolderExamples:
    """One labelled micrograph, ready for training and for evaluation.

    Attributes
    ----------
    path : Path
    micrograph_id : str
    truth : LabelFile
    detection : Detection
    false_circles : tuple of Circle
        The detector's circles on background. Circles on particles too faint to be
        labelled (``unlisted``) are not among them.
    found : FeatureTable
        Features of the `views` of the detection's circles.
    training : TrainingSet
        Labelled particles, the detector's circles on them as further copies, and
        background as ``empty``.
    notices : tuple of str
    unlisted : tuple of Circle
        Particles too faint to be labelled, if the simulator's truth file lists any.
    """

    path: Path
    micrograph_id: str
    truth: LabelFile
    detection: Detection
    false_circles: tuple[Circle, ...]
    found: FeatureTable
    training: TrainingSet
    notices: tuple[str, ...] = ()
    unlisted: tuple[Circle, ...] = ()


def examples_from_folders(
    folders: Sequence[Path],
    params: ForestParams,
    detection_params: DetectionParams | None = None,
    *,
    pixel_size_nm: float | None = None,
    frame: FrameChoice = 0,
    leave_out: frozenset[str] = frozenset(),
    learnt_scale: float = 1.0,
    jobs: int = 1,
    progress: Progress | None = None,
    cache: FeatureCache | None = None,
) -> Iterator[FolderExamples | str]:
    """Yield the examples of each labelled micrograph in folders.

    Parameters
    ----------
    folders : sequence of Path
        Each with ``images/`` and ``text_files/``, or pictures with label files
        beside them.
    params : ForestParams
        Feature groups and copies.
    detection_params : DetectionParams, optional
        How the detector's own circles are found.
    pixel_size_nm : float, optional
        From the user, for every file.
    frame : int or str, optional
        Of files that hold several, for every file; see
        `napari_cdse.io.images.frame.FrameChoice`.
    leave_out : frozenset of str
        Ids of micrographs to skip.
    learnt_scale : float
        `napari_cdse.core.records.ModelCard.learnt_scale` of the forest that classifies
        ``found``.
    jobs : int
        Processes; see `napari_cdse.core.process_pool.processes`.
    progress : callable, optional
        Called with the share done, 0 to 1; may raise `Cancelled`.
    cache : FeatureCache, optional
        Keeps circles and features between runs; changes no result.

    Yields
    ------
    FolderExamples or str
        A labelled micrograph, or a sentence about one that could not be used.
    """
    detection_params = detection_params or DetectionParams()
    pairs, problems = pair_labels_in(folders)
    yield from problems
    work = partial(
        _study_file,
        params=params,
        detection_params=detection_params,
        pixel_size_nm=pixel_size_nm,
        frame=frame,
        leave_out=leave_out,
        learnt_scale=learnt_scale,
        cache=cache,
    )
    number = processes(jobs, len(pairs), cost_of_analysis([path for path, _ in pairs]))
    for done, item in enumerate(in_order(work, pairs, number)):
        if isinstance(item, Died):
            yield lost(item.item[0])
        elif item is not None:
            yield item
        if progress is not None:
            progress((done + 1) / len(pairs))


def _study_file(
    pair: tuple[Path, Path],
    *,
    params: ForestParams,
    detection_params: DetectionParams,
    pixel_size_nm: float | None,
    frame: FrameChoice,
    leave_out: frozenset[str],
    learnt_scale: float,
    cache: FeatureCache | None,
) -> FolderExamples | str | None:
    """Make the examples of one file; None if it has no labels or is left out."""
    path, label_path = pair

    def work() -> FolderExamples | None:
        micrograph = read_micrograph(path, pixel_size_nm=pixel_size_nm, frame=frame)
        truth = read_label_file(label_path, shape=micrograph.shape)
        if truth is None or micrograph.id in leave_out:
            return None
        with known_features(cache) as known:
            detection = known.detect(micrograph, detection_params)
            return _study(
                path, micrograph, truth, detection, params, learnt_scale, known
            )

    return attempt(path, work)


def _study(
    path: Path,
    micrograph: Micrograph,
    truth: LabelFile,
    detection: Detection,
    params: ForestParams,
    learnt_scale: float,
    known: MicrographFeatures,
) -> FolderExamples:
    notices = []
    if not truth.reviewed:
        notices.append(
            f"{micrograph.name}: its label file was written by the program and not "
            "reviewed; a forest that learns from it learns its own mistakes."
        )
    found = known.compute(
        micrograph,
        views(detection.circles),
        params.features,
        detection.pixel_size_nm * learnt_scale,
    )
    unlisted = unlisted_particles(path)
    false = _false_circles([*truth.circles, *unlisted], detection.circles)
    training = stack(
        _gaps(micrograph, truth, detection, unlisted, params.features, known),
        *_false_examples(micrograph, false, detection, params.features, known),
        *_particles(micrograph, truth, detection, params, known),
    )
    return FolderExamples(
        path,
        micrograph.id,
        truth,
        detection,
        false,
        found,
        training,
        tuple(notices),
        tuple(unlisted),
    )


def _particles(
    micrograph: Micrograph,
    truth: LabelFile,
    detection: Detection,
    params: ForestParams,
    known: MicrographFeatures,
) -> Iterator[TrainingSet]:
    """Yield rows of the labelled circles, and of the detector's circles on them.

    The latter have the same labels and particle ids, as further copies would.
    """
    ids = [f"{micrograph.id}/{number}" for number in range(len(truth.circles))]
    pairs = match(truth.circles, detection.circles).pairs
    found = [detection.circles[j] for _, j in pairs]
    on_them = [i for i, _ in pairs]
    for circles, numbers, copies in (
        (truth.circles, range(len(ids)), params.copies),
        (found, on_them, 0),
    ):
        if circles:
            yield examples(
                micrograph,
                circles,
                [truth.labels[i] for i in numbers],
                params.features,
                detection.pixel_size_nm,
                particle_ids=[ids[i] for i in numbers],
                copies=copies,
                known=known,
            )


def _gaps(
    micrograph: Micrograph,
    truth: LabelFile,
    detection: Detection,
    unlisted: Sequence[Circle],
    groups: str,
    known: MicrographFeatures,
) -> TrainingSet:
    """Return rows of the class ``empty``: places without a particle."""
    scale = detection.pixel_size_nm
    if not truth.circles:
        return empty_squares(micrograph, groups, scale, known=known)
    taken = [*truth.circles, *detection.circles, *unlisted]
    return empty_gaps(micrograph, taken, groups, scale, number=GAPS, known=known)


def _false_examples(
    micrograph: Micrograph,
    false: Sequence[Circle],
    detection: Detection,
    groups: str,
    known: MicrographFeatures,
) -> Iterator[TrainingSet]:
    """Yield rows of the class ``empty``: the detector's false circles."""
    if false:
        ids = [f"{micrograph.id}/false/{number}" for number in range(len(false))]
        empty: list[Label] = ["empty"] * len(false)
        scale = detection.pixel_size_nm
        yield examples(
            micrograph, false, empty, groups, scale, particle_ids=ids, known=known
        )


def _false_circles(
    taken: Sequence[Circle], found: Sequence[Circle]
) -> tuple[Circle, ...]:
    if not found:
        return ()
    overlap = np.max(circle_iou(taken, found), axis=0, initial=0.0)
    return tuple(
        circle
        for circle, most in zip(found, overlap, strict=True)
        if most < FALSE_CIRCLE_IOU
    )
