"""Labelled folders, micrograph by micrograph: examples and what the detector finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.batch.analysis import naming
from napari_cdse.core.detection import Detection, Progress, detect
from napari_cdse.core.empty import empty_gaps, empty_squares
from napari_cdse.core.errors import CdseError
from napari_cdse.core.features import FeatureTable, compute_features
from napari_cdse.core.matching import circle_iou, match
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.training import TrainingSet, examples, stack
from napari_cdse.core.views import views
from napari_cdse.io.folder import pair_labels
from napari_cdse.io.label_file import LabelFile, read_label_file
from napari_cdse.io.micrograph_file import read_micrograph

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cdse.core.params import ForestParams
    from napari_cdse.core.records import Circle, Label, Micrograph

FALSE_CIRCLE_IOU = 0.1
"""A circle that overlaps every label less than this shows the background."""
GAPS = 4
"""Circles put where a labelled micrograph has nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class FolderExamples:
    """One labelled micrograph, ready for training and for evaluation.

    Attributes
    ----------
    path : Path
    micrograph_id : str
    truth : LabelFile
    detection : Detection
    found : FeatureTable
        Features of the `views` of the detection's circles.
    training : TrainingSet
        Labelled particles, the detector's circles on them as further copies, and
        background as ``empty``.
    notices : tuple of str
    """

    path: Path
    micrograph_id: str
    truth: LabelFile
    detection: Detection
    found: FeatureTable
    training: TrainingSet
    notices: tuple[str, ...] = ()


def examples_from_folders(
    folders: Sequence[Path],
    params: ForestParams,
    detection_params: DetectionParams | None = None,
    *,
    pixel_size_nm: float | None = None,
    leave_out: frozenset[str] = frozenset(),
    progress: Progress | None = None,
) -> Iterator[FolderExamples | str]:
    """Go through folders in the origin's layout.

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
        From the person, for every file.
    leave_out : frozenset of str
        Ids of micrographs not to train on.
    progress : callable, optional
        Called with the share done, 0 to 1; may raise `Cancelled`.

    Yields
    ------
    FolderExamples or str
        A labelled micrograph, or a sentence about one that could not be used.
    """
    detection_params = detection_params or DetectionParams()
    pairs: list[tuple[Path, Path]] = []
    for folder in folders:
        pairing = pair_labels(folder)
        pairs.extend(pairing.pairs.items())
        yield from pairing.problems
        yield from (
            f"{path.name} has no micrograph of the same name; it was left alone."
            for path in pairing.unmatched_labels
        )
    for done, (path, label_path) in enumerate(pairs):
        if progress is not None:
            progress(done / len(pairs))
        try:
            micrograph = read_micrograph(path, pixel_size_nm=pixel_size_nm)
            truth = read_label_file(label_path, shape=micrograph.shape)
            if truth is None or micrograph.id in leave_out:
                continue
            detection = detect(micrograph, detection_params)
            yield _study(path, micrograph, truth, detection, params)
        except CdseError as error:
            yield naming(path, error)


def _study(
    path: Path,
    micrograph: Micrograph,
    truth: LabelFile,
    detection: Detection,
    params: ForestParams,
) -> FolderExamples:
    notices = []
    if not truth.reviewed:
        notices.append(
            f"{micrograph.name}: its label file was written by the program and not "
            "reviewed; a forest that learns from it learns its own mistakes."
        )
    found = compute_features(
        micrograph,
        views(detection.circles),
        params.features,
        detection.pixel_size_nm,
    )
    training = (
        _labelled_examples(micrograph, truth, detection, params)
        if truth.circles
        else empty_squares(micrograph, params.features, detection.pixel_size_nm)
    )
    return FolderExamples(
        path, micrograph.id, truth, detection, found, training, tuple(notices)
    )


def _labelled_examples(
    micrograph: Micrograph,
    truth: LabelFile,
    detection: Detection,
    params: ForestParams,
) -> TrainingSet:
    """Rows of the labels, of the detector's circles on them, and of the background."""
    ids = [f"{micrograph.id}/{number}" for number in range(len(truth.circles))]
    pairs = match(truth.circles, detection.circles).pairs
    false = _false_circles(truth.circles, detection.circles)
    groups: tuple[tuple[Sequence[Circle], Sequence[Label], list[str], int], ...] = (
        (truth.circles, truth.labels, ids, params.copies),
        (
            [detection.circles[j] for _, j in pairs],
            [truth.labels[i] for i, _ in pairs],
            [ids[i] for i, _ in pairs],
            0,
        ),
        (
            false,
            ["empty"] * len(false),
            [f"{micrograph.id}/false/{number}" for number in range(len(false))],
            0,
        ),
    )
    gaps = empty_gaps(
        micrograph,
        [*truth.circles, *detection.circles],
        params.features,
        detection.pixel_size_nm,
        number=GAPS,
    )
    return stack(
        gaps,
        *(
            examples(
                micrograph,
                circles,
                labels,
                params.features,
                detection.pixel_size_nm,
                particle_ids=particle_ids,
                copies=copies,
            )
            for circles, labels, particle_ids, copies in groups
            if circles
        ),
    )


def _false_circles(truth: Sequence[Circle], found: Sequence[Circle]) -> list[Circle]:
    if not found:
        return []
    overlap = np.max(circle_iou(truth, found), axis=0, initial=0.0)
    return [
        circle
        for circle, most in zip(found, overlap, strict=True)
        if most < FALSE_CIRCLE_IOU
    ]
