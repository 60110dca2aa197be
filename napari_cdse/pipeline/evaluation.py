"""How right is the whole way from pixels to class? Scored micrograph by micrograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.augmentation import over_views
from napari_cdse.core.classifier.forest import Model, fit, predict_proba
from napari_cdse.core.classifier.probability_calibration import (
    ReliabilityBin,
    calibration_error,
    reliability,
    sharpened,
)
from napari_cdse.core.classifier.training_set import join
from napari_cdse.core.errors import TrainingError
from napari_cdse.core.evaluation.validation import grouped_splits
from napari_cdse.core.matching import match
from napari_cdse.core.records import CLASSES, Circle, Label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cdse.core.params import ForestParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.pipeline.labelled_folders import FolderExamples

PARTICLE_CLASSES: tuple[Label, ...] = CLASSES[:3]
_RESAMPLES = 1000


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
    probabilities : ndarray, shape (n_found, 4)
        Of every circle found, those called ``empty`` too.
    truth : ndarray of int, shape (n_found,)
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
        ``end_to_end``, F1 of a right circle with the right class.
    intervals : dict of str to (float, float)
        95 % intervals, bootstrap over micrographs.
    """

    micrographs: tuple[ScoredMicrograph, ...]
    figures: dict[str, float]
    intervals: dict[str, tuple[float, float]]

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Sum of the micrographs' confusion matrices, shape (3, 3)."""
        start = np.zeros((3, 3), np.int64)
        return sum((one.confusion for one in self.micrographs), start)

    @property
    def reliability(self) -> tuple[ReliabilityBin, ...]:
        """How sure the forest is, against how often it is right."""
        probabilities = [one.probabilities for one in self.micrographs]
        truth = [one.truth for one in self.micrographs]
        return reliability(np.concatenate(probabilities), np.concatenate(truth))

    @property
    def calibration_error(self) -> float:
        """Mean distance of the two over all circles; NaN where there are none."""
        return calibration_error(self.reliability)


def evaluate(
    model: Model, labelled: Sequence[FolderExamples], *, seed: int = 0
) -> Evaluation:
    """Score a model on labelled micrographs.

    Parameters
    ----------
    model : Model
        Must not have been trained on them.
    labelled : sequence of FolderExamples
        Made with the model's own feature groups.
    seed : int
        Of the bootstrap.

    Raises
    ------
    ModelError
        If the model was trained on other features.
    """
    return summarize([_score(model, item) for item in labelled], seed)


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
    return summarize([scored[index] for index in sorted(scored)], params.seed)


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
    return ScoredMicrograph(
        path=item.path,
        shape=item.truth.shape,
        circles=circles,
        labels=labels,
        pairs=len(matches.pairs),
        missed=len(matches.missed),
        false=len(matches.false),
        confusion=confusion,
        probabilities=probabilities,
        truth=_truth(item),
    )


def _probabilities(model: Model, item: FolderExamples) -> NDArray[np.float64]:
    if not item.detection.circles:
        return np.zeros((0, len(CLASSES)))
    averaged = over_views(predict_proba(model, item.found))
    return sharpened(averaged, model.card.temperature)


def _truth(item: FolderExamples) -> NDArray[np.intp]:
    """Class of the label under each circle found."""
    truth = np.full(len(item.detection.circles), CLASSES.index("empty"), np.intp)
    for true, found in match(item.truth.circles, item.detection.circles).pairs:
        truth[found] = CLASSES.index(item.truth.labels[true])
    return truth


def summarize(scored: Sequence[ScoredMicrograph], seed: int = 0) -> Evaluation:
    """Add up micrographs, with intervals from resampling whole micrographs."""
    counts = np.array([(one.pairs, one.missed, one.false) for one in scored])
    counts = counts.reshape(-1, 3)
    confusions = np.array([one.confusion for one in scored]).reshape(-1, 3, 3)
    figures = _figures(counts.sum(0), confusions.sum(0))
    rng = np.random.default_rng(seed)
    draws = [
        _figures(counts[pick].sum(0), confusions[pick].sum(0))
        for pick in rng.integers(len(scored), size=(_RESAMPLES, len(scored)))
    ]
    intervals = {name: _interval([draw[name] for draw in draws]) for name in figures}
    return Evaluation(tuple(scored), figures, intervals)


def _interval(values: list[float]) -> tuple[float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def _figures(
    counts: NDArray[np.int64], confusion: NDArray[np.int64]
) -> dict[str, float]:
    pairs, missed, false = (int(n) for n in counts)
    right = int(np.trace(confusion))
    asked = confusion.sum(1)
    recalls = [confusion[i, i] / asked[i] for i in range(3) if asked[i]]
    return {
        "precision": pairs / max(pairs + false, 1),
        "recall": pairs / max(pairs + missed, 1),
        "f1": 2 * pairs / max(2 * pairs + missed + false, 1),
        "class_accuracy": right / max(pairs, 1),
        "balanced_accuracy": float(np.mean(recalls)) if recalls else 0.0,
        "end_to_end": 2 * right / max(2 * pairs + missed + false, 1),
    }
