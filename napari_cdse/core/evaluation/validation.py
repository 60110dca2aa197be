"""Cross-validation grouped by micrograph, of one forest or of two compared.

Particles of one micrograph share optics, support and noise, so that scores on held-out
particles of known micrographs would be too good.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.forest import check_training, fit_forest
from napari_cdse.core.classifier.probability_calibration import (
    applied,
    calibrated,
    fit_calibration,
)
from napari_cdse.core.errors import ModelError
from napari_cdse.core.evaluation.scores import (
    METHOD,
    NO_INTERVAL,
    Difference,
    DrawnDifference,
    Scores,
    drawn_difference,
    paired_difference,
    score,
    unscored,
)
from napari_cdse.core.params import ForestParams
from napari_cdse.core.progress import part_of
from napari_cdse.core.records import CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.classifier.training_set import TrainingSet
    from napari_cdse.core.evaluation.scores import JudgedDraw
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Calibration, ModelCard

    Split = tuple[NDArray[np.intp], NDArray[np.intp]]

MIN_MICROGRAPHS = 3
"""Fewest micrographs for a score. A choice: with two, each forest would learn from a
single one. Intervals take more, see `core.statistics.intervals`."""

MIN_PER_CLASS = 5
"""Fewest particles of a class that is scored. A choice: one for each fold by default;
with fewer, a single particle changes the recall by more than 0.2."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two models scored on the same held-out particles.

    Attributes
    ----------
    old, new : Scores
    difference : Difference or None
        New less old; None where there are too few to score.
    drawn : DrawnDifference or None
        The same for the particles that were drawn at random.
    """

    old: Scores
    new: Scores
    difference: Difference | None = None
    drawn: DrawnDifference | None = None

    @property
    def sentence(self) -> str:
        """Say which forest is better, on what, and how sure that is; or the note."""
        gain, new = self.difference, self.new
        if gain is None or new.note is not None:
            return new.sentence
        told = (
            f"{_better(gain)}: balanced accuracy {self.old.balanced_accuracy:.2f} "
            f"\u2192 {new.balanced_accuracy:.2f}, a difference of {gain.value:+z.2f}"
        )
        if gain.interval_95 is None:
            return f"{told} {new.basis}; {NO_INTERVAL}."
        low, high = gain.interval_95
        return f"{told} ({low:+z.2f} to {high:+z.2f}, {METHOD}) {new.basis}."


def _better(gain: Difference) -> str:
    """Say which forest is better, as far as that can be told."""
    if gain.interval_95 is None:
        return "Which forest is better can't be told yet"
    if gain.is_better:
        return "The new forest is better"
    if gain.is_worse:
        return "The new forest is worse"
    return "No difference that these micrographs could show"


def cross_validate(
    training: TrainingSet,
    params: ForestParams,
    progress: Progress | None = None,
    only: NDArray[np.bool_] | NDArray[np.str_] | None = None,
    below: ModelCard | None = None,
) -> tuple[Scores, NDArray[np.float64]]:
    """Score a forest by stratified cross-validation grouped by micrograph.

    Copies are on the same side of a split as their original, since they share its
    micrograph. A particle's answer is the mean over its copies, as `predict` averages
    over views, and is calibrated before it is scored, by a calibration fitted to the
    other folds. The same content under two names is one micrograph.

    Parameters
    ----------
    training : TrainingSet
        Labelled rows, copies included.
    params : ForestParams
        How the forest is grown.
    progress : callable, optional
        Called with 0 to 1; may raise `Cancelled`.
    only : ndarray of bool or of str, optional
        Mask of rows, or ids of the particles to score; all are learnt from.
    below : ModelCard, optional
        Of the forest that this one learns on top of, whose calibration is the prior's
        mean; see `napari_cdse.core.classifier.probability_calibration`.

    Returns
    -------
    scores : Scores
        With a note instead of numbers when there are fewer than `MIN_MICROGRAPHS`
        micrographs, or fewer than two classes with `MIN_PER_CLASS` particles.
    probabilities : ndarray of float64, shape (n_rows, 4)
        Of each row's particle, by a forest and a calibration that did not see its
        micrograph; NaN if there is a note.

    Raises
    ------
    TrainingError
        When no forest can be fitted to the set at all.
    """
    check_training(training)
    probabilities = np.full((len(training), len(CLASSES)), np.nan)
    mask = scored_rows(training, only)
    note = too_few(training.rows(mask))
    if note is not None:
        return _held_back(training.rows(mask), note, below), probabilities
    splits = grouped_splits(training, params)
    for number, (learn, held_out) in enumerate(splits):
        step = part_of(progress, number, len(splits))
        forest = fit_forest(training.rows(learn), params, step)
        values = training.table.values[held_out]
        probabilities[held_out] = forest.predict_proba(values)
    asked = asked_for(training, only)
    calibration, told = calibrated_answers(
        training, probabilities, splits, asked, below
    )
    scores = score(training, told, len(splits), mask)
    rare = too_rare(training, only)
    return replace(scores, too_rare=rare, calibration=calibration), told


def grouped_splits(training: TrainingSet, params: ForestParams) -> list[Split]:
    """Split rows so that no micrograph, and no particle's copy, is on both sides.

    Returns
    -------
    list of (learn, held out)
        Row numbers; every row is held out once.
    """
    chosen = np.flatnonzero(training.originals)
    groups = training.micrograph_ids[chosen]
    labels = _strata(training.labels[chosen])
    rarest = int(np.unique(labels, return_counts=True)[1].min())
    folds = max(2, min(params.folds, len(np.unique(groups)), rarest))
    # Only who trains waits for scikit-learn.
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=params.seed)
    return [
        _rows_of(training, groups[held_out])
        for _, held_out in splitter.split(labels, labels, groups)
        if len(held_out)
    ]


def _strata(labels: NDArray[np.str_]) -> NDArray[np.str_]:
    """Strata of the split; classes too rare to be spread join the most frequent one."""
    names, at, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return np.where(counts[at] < MIN_PER_CLASS, names[counts.argmax()], labels)


def _rows_of(training: TrainingSet, held_out_micrographs: NDArray[np.str_]) -> Split:
    inside = np.isin(training.micrograph_ids, held_out_micrographs)
    return np.flatnonzero(~inside), np.flatnonzero(inside)


def compare(
    old: Model,
    new_training: TrainingSet,
    params: ForestParams,
    only: NDArray[np.bool_] | NDArray[np.str_] | None = None,
    progress: Progress | None = None,
    *,
    draws: Mapping[str, JudgedDraw] | None = None,
    below: ModelCard | None = None,
) -> Comparison:
    """Score the old model and a new one on the same held-out micrographs.

    For each fold the old model is fitted again from its own training table, without the
    fold's micrographs, so that it is not scored on particles that it was trained on. A
    model without its table is used as it is; its score is too good on micrographs that
    it learnt from.

    Parameters
    ----------
    old : Model
        The model in use.
    new_training : TrainingSet
        What the new model would be trained on.
    params : ForestParams
        How the forest is grown.
    only : ndarray of bool or of str, optional
        Mask of rows, or ids of the particles to score, such as the person's own.
    progress : callable, optional
        Called with 0 to 1; may raise `Cancelled`.
    draws : mapping of str to JudgedDraw, optional
        The particles that were drawn at random and judged blind.
    below : ModelCard, optional
        As `cross_validate`.

    Returns
    -------
    Comparison
        Both with the same note when there are too few to score.

    Raises
    ------
    TrainingError
        When no forest can be fitted to the new set.
    ModelError
        When the old model wants other features than the new set has.
    """
    check_training(new_training)
    mask = scored_rows(new_training, only)
    note = too_few(new_training.rows(mask))
    if note is not None:
        rows = new_training.rows(mask)
        return Comparison(unscored(rows, note), _held_back(rows, note, below))
    splits = grouped_splits(new_training, params)
    told_old = np.full((len(new_training), len(CLASSES)), np.nan)
    told_new = told_old.copy()
    for number, (learn, held_out) in enumerate(splits):
        steps = part_of(progress, number, len(splits))
        values = new_training.table.values[held_out]
        told_new[held_out] = fit_forest(
            new_training.rows(learn), params, steps
        ).predict_proba(values)
        told_old[held_out] = _old_answer(old, new_training.rows(held_out), params)
    asked = asked_for(new_training, only)
    calibration, told_new = calibrated_answers(
        new_training, told_new, splits, asked, below
    )
    told_old = calibrated(_over_copies(new_training, told_old), old.card)
    rare = too_rare(new_training, only)
    before, after = (
        replace(score(new_training, told, len(splits), mask), too_rare=rare)
        for told in (told_old, told_new)
    )
    return Comparison(
        before,
        replace(after, calibration=calibration),
        paired_difference(new_training, told_old, told_new, mask),
        drawn_difference(new_training, told_old, told_new, draws or {}),
    )


def _held_back(rows: TrainingSet, note: str, below: ModelCard | None) -> Scores:
    """Make scores with a note, and the calibration of the forest below unchanged."""
    scores = unscored(rows, note)
    if below is None:
        return scores
    nobody = np.zeros(0, np.intp)
    nothing = np.zeros((0, len(CLASSES)))
    names = nobody.astype(np.str_)
    taken_over = fit_calibration(nothing, nobody, names, names, below)
    return replace(scores, calibration=taken_over)


def calibrated_answers(
    training: TrainingSet,
    probabilities: NDArray[np.float64],
    splits: Sequence[Split],
    asked: NDArray[np.bool_],
    below: ModelCard | None = None,
) -> tuple[Calibration, NDArray[np.float64]]:
    """Calibrate held-out answers, those of each fold by a fit to the other folds.

    Parameters
    ----------
    training : TrainingSet
        Labelled rows, copies included.
    probabilities : ndarray of float64, shape (n_rows, 4)
        Answers of forests that did not see the row's micrograph.
    splits : sequence of (learn, held out)
        Those of the forests.
    asked : ndarray of bool, shape (n_rows,)
        Rows that calibrations are fitted to.
    below : ModelCard, optional
        As `cross_validate`.

    Returns
    -------
    calibration : Calibration
        Fitted to all of these rows.
    told : ndarray of float64, shape (n_rows, 4)
        Answers averaged over copies, and calibrated.
    """
    truth = training.codes
    use = asked & np.isfinite(probabilities).all(axis=1)

    def fitted(rows: NDArray[np.bool_]) -> Calibration:
        names = training.particle_ids[rows], training.micrograph_ids[rows]
        return fit_calibration(probabilities[rows], truth[rows], *names, below)

    averaged = _over_copies(training, probabilities)
    told = averaged.copy()
    for learn, held_out in splits:
        inside = np.zeros(len(training), np.bool_)
        inside[learn] = True
        told[held_out] = applied(fitted(use & inside), averaged[held_out])
    return fitted(use), told


def _over_copies(
    training: TrainingSet, probabilities: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Average over the rows of each particle; shape stays (n_rows, 4)."""
    names, of = np.unique(training.particle_ids, return_inverse=True)
    held_out = np.isfinite(probabilities).all(axis=1)
    sums = np.zeros((len(names), probabilities.shape[1]))
    np.add.at(sums, of[held_out], probabilities[held_out])
    counts = np.bincount(of[held_out], minlength=len(names))
    return np.asarray((sums / counts[:, None])[of])


def scored_rows(
    training: TrainingSet, only: NDArray[np.bool_] | NDArray[np.str_] | None
) -> NDArray[np.bool_]:
    """Mask of the rows that are scored: those asked for, without classes `too_rare`.

    Parameters
    ----------
    training : TrainingSet
        Labelled rows, copies included.
    only : ndarray of bool or of str, or None
        Mask of rows, or ids of particles; None for all.
    """
    return asked_for(training, only) & ~np.isin(
        training.labels, list(too_rare(training, only))
    )


def too_rare(
    training: TrainingSet, only: NDArray[np.bool_] | NDArray[np.str_] | None = None
) -> dict[str, int]:
    """Count the particles of each class that has too few to be scored.

    If at least two classes have enough, the others are merely left out of the score;
    otherwise there is no score at all, and the result is empty.
    """
    counts = training.rows(asked_for(training, only)).class_counts
    enough = [name for name, count in counts.items() if count >= MIN_PER_CLASS]
    if len(enough) < 2:
        return {}
    return {name: n for name, n in counts.items() if 0 < n < MIN_PER_CLASS}


def asked_for(
    training: TrainingSet, only: NDArray[np.bool_] | NDArray[np.str_] | None
) -> NDArray[np.bool_]:
    """Mask of rows by a mask, by ids of particles, or of all rows for None."""
    if only is None:
        return np.ones(len(training), np.bool_)
    if only.dtype == np.bool_:
        return only.astype(np.bool_)
    return np.isin(training.particle_ids, only)


def _old_answer(
    old: Model, held_out: TrainingSet, params: ForestParams
) -> NDArray[np.float64]:
    if held_out.table.schema != old.card.feature_schema:
        raise ModelError(
            f"The old forest wants features {old.card.feature_schema}, the new one "
            f"{held_out.table.schema}; they cannot be compared on one table."
        )
    forest = old.forest
    if old.training is not None:
        seen = np.isin(old.training.micrograph_ids, held_out.micrograph_ids)
        # A forest that never saw these micrographs needs no refit.
        if seen.any():
            settings = _parameters(old, params)
            forest = fit_forest(old.training.rows(~seen), settings)
    return forest.predict_proba(held_out.table.values)


def _parameters(old: Model, fallback: ForestParams) -> ForestParams:
    try:
        return ForestParams(**dict(old.card.parameters))  # type: ignore[arg-type]
    except TypeError:  # a card of another version, with other parameters
        return fallback


def too_few(training: TrainingSet) -> str | None:
    """Say in a sentence why there can be no honest score; None if there can."""
    n_micrographs = len(np.unique(training.micrograph_ids))
    if n_micrographs < MIN_MICROGRAPHS:
        return (
            f"No score yet: it takes labels in at least {MIN_MICROGRAPHS} "
            f"micrographs, and there are {n_micrographs}."
        )
    counts = {n: count for n, count in training.class_counts.items() if count}
    if len(counts) < 2:
        return "No score yet: it takes labels of at least two classes."
    for name, count in counts.items():
        if count < MIN_PER_CLASS:
            return (
                f"No score yet: it takes at least {MIN_PER_CLASS} labels each "
                f"of two classes, and {name!r} has {count}."
            )
    return None
