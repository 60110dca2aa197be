"""Grid search for the settings of the forest, scored by held-out micrographs.

The first trees of a forest are the smaller forest of the same seed, so that all numbers
of trees cost one fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.forest import check_training, fit_forest
from napari_cdse.core.errors import TrainingError
from napari_cdse.core.evaluation.scores import Difference, paired_difference, score
from napari_cdse.core.evaluation.validation import (
    asked_for,
    calibrated_answers,
    grouped_splits,
    scored_rows,
    too_few,
)
from napari_cdse.core.progress import part_of
from napari_cdse.core.records import CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.classifier.training_set import TrainingSet
    from napari_cdse.core.evaluation.scores import Scores
    from napari_cdse.core.evaluation.validation import Split
    from napari_cdse.core.params import Criterion, ForestParams, SplitFeatures
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import ModelCard

TREES = (10, 20, 30, 50, 70, 100)
"""Numbers of trees in the grid of 2018."""

SPLIT_FEATURES: tuple[SplitFeatures, ...] = ("3", "8", "10", "sqrt")
"""Features per split in the grid of 2018, whose best was the root of their number."""

CRITERIA: tuple[Criterion, ...] = ("gini", "entropy")
"""Criteria of a split in the grid of 2018."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One setting of the grid.

    Attributes
    ----------
    params : ForestParams
    scores : Scores
    difference : Difference
        Of its balanced accuracy to that of the present settings, on the same particles.
    """

    params: ForestParams
    scores: Scores
    difference: Difference


@dataclass(frozen=True, eq=False)
class Tuning:
    """The whole grid.

    Attributes
    ----------
    present : Trial
        The settings that the others are set against.
    trials : tuple of Trial
        The best first.
    """

    present: Trial
    trials: tuple[Trial, ...]

    @property
    def sentence(self) -> str:
        """Say whether there is anything to gain."""
        better = [one for one in self.trials if one.difference.is_better]
        if better:
            return (
                f"{len(better)} of {len(self.trials)} settings are better than the "
                "present ones. The best of so many looks better than it is."
            )
        return (
            f"None of {len(self.trials)} settings is better than the present ones by "
            "more than these micrographs can tell."
        )


def tune(
    training: TrainingSet,
    params: ForestParams,
    progress: Progress | None = None,
    only: NDArray[np.str_] | None = None,
    below: ModelCard | None = None,
    *,
    trees: Sequence[int] = TREES,
    split_features: Sequence[SplitFeatures] = SPLIT_FEATURES,
    criteria: Sequence[Criterion] = CRITERIA,
) -> Tuning:
    """Score every setting of a grid on the same held-out micrographs.

    Parameters
    ----------
    training : TrainingSet
        Labelled rows, copies included.
    params : ForestParams
        The present settings; what the grid does not vary is taken from them.
    progress : callable, optional
        Called with 0 to 1; may raise `Cancelled`.
    only : ndarray of str, optional
        Ids of the particles to score; all are learnt from.
    below : ModelCard, optional
        As `napari_cdse.core.evaluation.validation.cross_validate`.
    trees, split_features, criteria : sequence, optional
        The grid.

    Raises
    ------
    TrainingError
        When no forest can be fitted to the set, or there are too few labels or
        micrographs for an honest score.
    """
    check_training(training)
    mask = scored_rows(training, only)
    note = too_few(training.rows(mask))
    if note is not None:
        raise TrainingError(note)
    splits = grouped_splits(training, params)
    pairs = list(product(split_features, criteria))
    part = part_of(progress, 0, 1 + len(pairs))
    asked = asked_for(training, only)

    def calibrated(told: NDArray[np.float64]) -> NDArray[np.float64]:
        return calibrated_answers(training, told, splits, asked, below)[1]

    now = calibrated(_grown(training, params, splits, [params.trees], part)[0])
    trials = []
    for number, (split, criterion) in enumerate(pairs, start=1):
        settings = replace(params, split_features=split, criterion=criterion)
        part = part_of(progress, number, 1 + len(pairs))
        told = _grown(training, settings, splits, trees, part)
        for count, each in zip(trees, map(calibrated, told), strict=True):
            trials.append(
                Trial(
                    replace(settings, trees=count),
                    score(training, each, len(splits), mask),
                    paired_difference(training, now, each, mask),
                )
            )
    # Nobody doubts that it is as good as itself: no interval.
    itself = Difference(0.0, None)
    present = Trial(params, score(training, now, len(splits), mask), itself)
    ranked = sorted(trials, key=lambda one: -one.scores.balanced_accuracy)
    return Tuning(present, tuple(ranked))


def _grown(
    training: TrainingSet,
    params: ForestParams,
    splits: Sequence[Split],
    trees: Sequence[int],
    progress: Progress | None,
) -> NDArray[np.float64]:
    """Probabilities of every row from held-out forests, shape (n_trees, n_rows, 4)."""
    told = np.full((len(trees), len(training), len(CLASSES)), np.nan)
    most = replace(params, trees=max(trees))
    for number, (learn, held_out) in enumerate(splits):
        step = part_of(progress, number, len(splits))
        forest = fit_forest(training.rows(learn), most, step)
        values = training.table.values[held_out]
        told[:, held_out] = forest.staged_proba(values, trees)
    return told
