"""Score the whole analysis, from pixels to classes, micrograph by micrograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.forest import Model, fit
from napari_cdse.core.classifier.probability_calibration import (
    ReliabilityBin,
    calibration_error,
    class_errors,
    predict_calibrated,
    reliability,
)
from napari_cdse.core.classifier.training_set import join
from napari_cdse.core.errors import TrainingError
from napari_cdse.core.evaluation.scores import balanced_of, interval_of
from napari_cdse.core.evaluation.validation import grouped_splits
from napari_cdse.core.matching import circle_iou, match
from napari_cdse.core.records import CLASSES, Circle, Label
from napari_cdse.core.statistics.intervals import (
    jackknife,
)
from napari_cdse.pipeline.labelled_folders import FALSE_CIRCLE_IOU

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cdse.core.params import ForestParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.statistics.intervals import Interval
    from napari_cdse.pipeline.labelled_folders import FolderExamples

PARTICLE_CLASSES: tuple[Label, ...] = CLASSES[:3]


@dataclass(frozen=True, slots=True, eq=False)
class ScoredMicrograph:
    """Circles and classes of one micrograph beside what its label file says.

    Attributes
    ----------
    path : Path
    shape : tuple of int
    circles : tuple of Circle
        What was found, ``empty`` left out.
    labels : tuple of str
        Their classes.
    pairs, missed, false : int
        Matched, overlooked and false circles.
    confusion : ndarray, shape (3, 3)
        Matched particles: true class by row, called class by column, in the order
        yes, no, null.
    labelled : tuple of int
        Particles of each of these classes that the label file has.
    probabilities : ndarray, shape (n_clear, 4)
        Of the circles found, those called ``empty`` too. A circle on a particle too
        faint to be labelled, where a simulator tells of it, is not among them: it is
        of no class.
    truth : ndarray of int, shape (n_clear,)
        Number of the class that the label file gives each; ``empty`` where it has no
        particle.
    """

    path: Path
    shape: tuple[int, int]
    circles: tuple[Circle, ...]
    labels: tuple[Label, ...]
    pairs: int
    missed: int
    false: int
    confusion: NDArray[np.int64]
    labelled: tuple[int, ...]
    probabilities: NDArray[np.float64]
    truth: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Scores over micrographs.

    Attributes
    ----------
    micrographs : tuple of ScoredMicrograph
    figures : dict of str to float
        ``precision``, ``recall``, ``f1`` of detection at an IoU of 0.5;
        ``class_accuracy`` and ``balanced_accuracy`` among matched particles;
        ``end_to_end``, F1 of a right circle with the right class; ``recall_yes`` and
        so on, the share of each class that was found, whatever it was called. Where
        these differ, detection alone makes the fraction of defects wrong. A class that
        no label file has is left out.
    intervals : dict of str to (float, float) or None
        95 % intervals over micrographs; None with fewer than five.
    """

    micrographs: tuple[ScoredMicrograph, ...]
    figures: dict[str, float]
    intervals: dict[str, Interval | None]

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Sum of the micrographs' confusion matrices, shape (3, 3)."""
        start = np.zeros((3, 3), np.int64)
        return sum((one.confusion for one in self.micrographs), start)

    @property
    def reliability(self) -> tuple[ReliabilityBin, ...]:
        """How sure the forest is, against how often it is right."""
        return reliability(*self._told)

    @property
    def calibration_error(self) -> float:
        """Mean distance of the two over these circles; NaN where there are none."""
        return calibration_error(self.reliability)

    @property
    def class_errors(self) -> dict[str, float]:
        """Mean distance of probability and frequency, by class."""
        return class_errors(*self._told)

    @property
    def _told(self) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Probabilities and true classes of the circles that are clear."""
        probabilities = [one.probabilities for one in self.micrographs]
        truth = [one.truth for one in self.micrographs]
        return np.concatenate(probabilities), np.concatenate(truth)


def evaluate(model: Model, labelled: Sequence[FolderExamples]) -> Evaluation:
    """Score a model on labelled micrographs.

    Parameters
    ----------
    model : Model
        Must not have been trained on them.
    labelled : sequence of FolderExamples
        Made with the model's own feature groups.

    Raises
    ------
    ModelError
        If the model was trained on other features.
    """
    return summarize([_score(model, item) for item in labelled])


def learnt_from(model: Model, labelled: Sequence[FolderExamples]) -> tuple[str, ...]:
    """Name the micrographs that are in the model's own training table.

    Scores on these tell how well a forest remembers, not how often it is right.
    """
    known = () if model.training is None else model.training.micrograph_ids.tolist()
    ids = frozenset(known)
    return tuple(one.path.name for one in labelled if one.micrograph_id in ids)


def evaluate_held_out(
    labelled: Sequence[FolderExamples],
    params: ForestParams,
    progress: Progress | None = None,
) -> Evaluation:
    """Score forests that never saw the micrograph they are scored on.

    The micrographs are dealt into ``params.folds`` parts; a forest is fitted anew
    without each part and scored on it. Two copies of one file count as one
    micrograph.

    Raises
    ------
    TrainingError
        If there are fewer micrographs than folds.
    """
    scored: dict[int, ScoredMicrograph] = {}
    for fold, (model, held_out) in enumerate(_folds(labelled, params)):
        if progress is not None:
            progress(fold / params.folds)
        scored |= {index: _score(model, labelled[index]) for index in held_out}
    return summarize([scored[index] for index in sorted(scored)])


def _folds(
    labelled: Sequence[FolderExamples], params: ForestParams
) -> Iterator[tuple[Model, list[int]]]:
    groups = {item.micrograph_id for item in labelled}
    if len(groups) < params.folds:
        raise TrainingError(
            f"{len(groups)} labelled micrographs cannot be dealt into "
            f"{params.folds} folds; choose fewer folds or label more micrographs."
        )
    whole = join(*(item.training for item in labelled))
    for train, test in grouped_splits(whole, params):
        held_out = set(whole.micrograph_ids[test])
        yield (
            fit(whole.rows(train), params),
            [i for i, item in enumerate(labelled) if item.micrograph_id in held_out],
        )


def _score(model: Model, item: FolderExamples) -> ScoredMicrograph:
    probabilities = _probabilities(model, item)
    classes = [CLASSES[int(i)] for i in probabilities.argmax(axis=1)]
    keep = [i for i, label in enumerate(classes) if label != "empty"]
    circles = tuple(item.detection.circles[i] for i in keep)
    labels = tuple(classes[i] for i in keep)
    particles = [i for i, label in enumerate(item.truth.labels) if label != "empty"]
    matches = match([item.truth.circles[i] for i in particles], circles)
    confusion = np.zeros((3, 3), np.int64)
    for true, found in matches.pairs:
        row = PARTICLE_CLASSES.index(item.truth.labels[particles[true]])
        confusion[row, PARTICLE_CLASSES.index(labels[found])] += 1
    truth = _truth(item)
    clear = _clear(item, truth)
    return ScoredMicrograph(
        path=item.path,
        shape=item.truth.shape,
        circles=circles,
        labels=labels,
        pairs=len(matches.pairs),
        missed=len(matches.missed),
        false=len(matches.false),
        confusion=confusion,
        labelled=tuple(item.truth.labels.count(name) for name in PARTICLE_CLASSES),
        probabilities=probabilities[clear],
        truth=truth[clear],
    )


def _probabilities(model: Model, item: FolderExamples) -> NDArray[np.float64]:
    if not item.detection.circles:
        return np.zeros((0, len(CLASSES)))
    return predict_calibrated(model, item.found)


def _truth(item: FolderExamples) -> NDArray[np.intp]:
    """Class of the label under each circle found, ``empty`` without one."""
    truth = np.full(len(item.detection.circles), CLASSES.index("empty"), np.intp)
    for true, found in match(item.truth.circles, item.detection.circles).pairs:
        truth[found] = CLASSES.index(item.truth.labels[true])
    return truth


def _clear(item: FolderExamples, truth: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Mask of the circles that are on no particle too faint to be labelled."""
    overlap = circle_iou(item.unlisted, item.detection.circles)
    clear = np.max(overlap, axis=0, initial=0.0) < FALSE_CIRCLE_IOU
    return np.asarray(clear | np.not_equal(truth, CLASSES.index("empty")))


def summarize(scored: Sequence[ScoredMicrograph]) -> Evaluation:
    """Add up micrographs, with intervals from how much they differ.

    Parameters
    ----------
    scored : sequence of ScoredMicrograph
        At least one.

    Returns
    -------
    Evaluation
        Its intervals are the jackknife's over micrographs by Student's t on the logit
        scale; where nothing varies, Wilson's at the same quantile.
    """
    counts = np.array([(one.pairs, one.missed, one.false) for one in scored])
    confusions = np.array([one.confusion for one in scored]).reshape(-1, 3, 3)
    right = np.trace(confusions, axis1=1, axis2=2)
    labelled = np.array([one.labelled for one in scored])
    tallies = np.column_stack([counts, right, confusions.sum(axis=2), labelled])
    shares = {
        name: share
        for name, share in _SHARES.items()
        if name not in _RECALLS or tallies.sum(axis=0) @ _weights(share)[1] > 0
    }
    figures = {name: _share(each, tallies.sum(axis=0)) for name, each in shares.items()}
    intervals = {name: _interval(each, tallies) for name, each in shares.items()}
    balanced = float(balanced_of(confusions.sum(axis=0)))
    figures["balanced_accuracy"] = balanced if np.isfinite(balanced) else 0.0
    intervals["balanced_accuracy"] = interval_of(confusions)
    return Evaluation(tuple(scored), figures, intervals)


_Share = tuple[dict[int, float], dict[int, float]]
# Columns of the counts: matched, missed and false circles, and those of the matched
# with the right class; then matched ones of each true class, then all of each.
_PAIRS, _MISSED, _FALSE, _RIGHT = range(4)
_N_COUNTS = 4 + 2 * len(PARTICLE_CLASSES)
_RECALLS: dict[str, _Share] = {
    f"recall_{name}": ({4 + at: 1}, {4 + len(PARTICLE_CLASSES) + at: 1})
    for at, name in enumerate(PARTICLE_CLASSES)
}
_HALF_ALL = {_PAIRS: 1, _MISSED: 0.5, _FALSE: 0.5}
_SHARES: dict[str, _Share] = {
    "precision": ({_PAIRS: 1}, {_PAIRS: 1, _FALSE: 1}),
    "recall": ({_PAIRS: 1}, {_PAIRS: 1, _MISSED: 1}),
    "f1": ({_PAIRS: 1}, _HALF_ALL),
    "class_accuracy": ({_RIGHT: 1}, {_PAIRS: 1}),
    "end_to_end": ({_RIGHT: 1}, _HALF_ALL),
    **_RECALLS,
}
"""Weights of these counts above and below the line of each figure."""


def _weights(share: _Share) -> NDArray[np.float64]:
    """Weights of all counts above and below the line, shape (2, counts)."""
    weights = np.zeros((2, _N_COUNTS))
    for row, part in enumerate(share):
        weights[row, list(part)] = list(part.values())
    return weights


def _share(share: _Share, tally: NDArray[np.float64]) -> float:
    above, below = _weights(share)
    return float(tally @ above) / max(float(tally @ below), 1.0)


def _interval(which: _Share, tallies: NDArray[np.float64]) -> Interval | None:
    above, below = _weights(which)

    def share(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = np.asarray(sums @ below)
        return np.asarray(sums @ above / np.where(whole > 0, whole, np.nan))

    found = jackknife(share, tallies)
    return found.share_interval_of(float(tallies.sum(axis=0) @ below))
