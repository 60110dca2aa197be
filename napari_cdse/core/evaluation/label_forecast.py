"""Forecast the gain by more labels: the learning curve so far, extrapolated.

The error on held-out micrographs falls about as a power of the number of labels
(Cortes and others, NIPS 6 (1993); Figueroa and others, BMC Med. Inform. Decis. Mak.
12, 8 (2012)). The power law is fitted to the errors of forests that learn from a
quarter, a half and all of a person's labels. Its uncertainty follows from leaving out
one micrograph at a time, and from the scatter of repeats.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.forest import MIN_PARTICLES, check_training, fit_forest
from napari_cdse.core.evaluation.scores import balanced_of, confusions
from napari_cdse.core.evaluation.validation import grouped_splits, scored_rows, too_few
from napari_cdse.core.progress import part_of
from napari_cdse.core.records import CLASSES
from napari_cdse.core.statistics.intervals import Jackknife, jackknife

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.classifier.training_set import TrainingSet
    from napari_cdse.core.params import ForestParams
    from napari_cdse.core.progress import Progress

MORE = 50
"""Number of further labels that the forecast is about. A choice: with more, a power law
of three points is extrapolated too far; fewer change too little to be noticed."""

MIN_MICROGRAPHS = 10
"""Fewest labelled micrographs for a forecast, as its interval is a jackknife over them.
A choice: Student's t is 2.3 with ten, and a curve is fitted to each part."""
MIN_LABELS = 40
"""Fewest own labels for a forecast: a quarter of them is ten, for up to four classes. A
choice: with fewer, forecasts would come earlier, and be wider."""

MAX_WIDTH = 0.15
"""Largest width of the interval of a forecast that is shown, in balanced accuracy. A
choice: wider ones contain both a loss and a large gain, narrower ones are rare."""

_SHARES = (0.25, 0.5, 1.0)
"""Shares of the labels that forests learn from: equal steps of the logarithm, in which
the power law is a straight line. A choice: three is the smallest number that shows a
bend; more cost as many fits."""

_REPEATS = 3
"""Draws of each share, with other folds. A choice: more make the points steadier and
cost as many fits."""

_TREES = 50
"""Trees at most. A choice: a quarter of the default in a quarter of the time; fewer
would add a scatter of their own to the curve."""

_FOLDS = 3
"""Parts of the cross-validation. A choice: the time of 3 fits in place of the default
5, from two thirds of the labels in place of four fifths."""

_HALF_A_MISTAKE = 0.5
"""Mistakes assumed where there are none, since a power law never reaches 0."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """Expected effect of `MORE` further labels.

    Attributes
    ----------
    n_labels : int
        The person's labels so far.
    gain : float
        Expected rise of the balanced accuracy; NaN where `note` says why.
    interval_95 : tuple of float
    note : str or None
        A sentence in place of numbers, where there can be no honest ones.
    """

    n_labels: int
    gain: float
    interval_95: tuple[float, float]
    note: str | None = None

    @property
    def sentence(self) -> str:
        """Say it in one line."""
        if self.note is not None:
            return self.note
        low, high = self.interval_95
        told = (
            f"{MORE} labels more than these {self.n_labels} would probably change the "
            f"balanced accuracy by {self.gain:+z.2f} ({low:+z.2f} to {high:+z.2f})"
        )
        return f"{told}, so perhaps not at all." if low <= 0 else f"{told}."


def forecast(
    training: TrainingSet,
    own: NDArray[np.str_],
    params: ForestParams,
    progress: Progress | None = None,
) -> Forecast:
    """Extrapolate the learning curve of a person's own labels.

    Parameters
    ----------
    training : TrainingSet
        Labelled rows, including copies and rows that are not the user's.
    own : ndarray of str
        Ids of the particles that the user labelled.
    params : ForestParams
        How the forest is grown; trees and folds are reduced here to save time.
    progress : callable, optional
        Called with 0 to 1; may raise `Cancelled`.

    Returns
    -------
    Forecast
    """
    check_training(training)
    mine = scored_rows(training, own)
    n_labels = int(np.count_nonzero(mine & training.originals))
    n_micrographs = len(np.unique(training.micrograph_ids[mine]))
    note = too_few(training.rows(mine)) or _fewer(n_labels, n_micrographs)
    if note is not None:
        return _unknown(n_labels, note)
    counts = [round(share * n_labels) for share in _SHARES]
    tables = _curve(training, mine, params, progress)
    found = gain_from(counts, np.stack(tables, axis=2))
    interval = found.interval_95
    if found.all_alike:
        return _unknown(n_labels, _alike(n_labels))
    if interval is None or interval[1] - interval[0] > MAX_WIDTH:
        return _unknown(n_labels, _vague(n_labels))
    return Forecast(n_labels, found.value, interval)


def gain_from(counts: list[int], tables: NDArray[np.float64]) -> Jackknife:
    """Extrapolate a learning curve, with its uncertainty.

    The variance is the sum of the jackknife's over micrographs, and of that between
    repeats (other labels to learn from, other folds) divided by their number.

    Parameters
    ----------
    counts : list of int
        Labels from which each forest learnt.
    tables : ndarray, shape (n_repeats, n_micrographs, n_counts, 4, 4)
        Confusions on held-out micrographs.

    Returns
    -------
    Jackknife
        Of the gain by `MORE` labels.
    """
    floor = _HALF_A_MISTAKE / counts[-1]

    def gain(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        errors = np.maximum(1 - balanced_of(sums), floor)
        return carried_on(counts, errors, MORE)

    found = jackknife(gain, tables.mean(axis=0))
    repeats = gain(tables.sum(axis=1))
    variance = found.variance + float(repeats.var(ddof=1)) / len(repeats)
    return Jackknife(found.value, variance, found.n_micrographs)


def carried_on(
    counts: list[int], errors: NDArray[np.float64], more: int
) -> NDArray[np.float64]:
    """Fit a power law to each row of errors, and compute their expected decrease.

    Parameters
    ----------
    counts : list of int
        Labels, one for each column.
    errors : ndarray of float64, shape (n_curves, n_counts)
        Above 0.
    more : int
        Labels beyond the last count.

    Returns
    -------
    ndarray of float64, shape (n_curves,)
        The fitted error at the last count less the one at so many labels more.
    """
    x = np.log(counts)
    power, height = np.polyfit(x, np.log(errors).T, 1)
    ends = np.log([counts[-1], counts[-1] + more])
    now, then = (np.exp(height + power * end) for end in ends)
    return np.asarray(now - then)


def _curve(
    training: TrainingSet,
    mine: NDArray[np.bool_],
    params: ForestParams,
    progress: Progress | None,
) -> list[NDArray[np.float64]]:
    """Confusion by repeat and micrograph with each share of the labels."""
    scored = mine & training.originals
    chosen = training.rows(scored)
    truth = chosen.codes
    small = replace(params, trees=min(params.trees, _TREES), folds=_FOLDS)
    tables: list[NDArray[np.float64]] = []
    for place, share in enumerate(_SHARES):
        each = []
        for repeat in range(_REPEATS):
            step = part_of(progress, place * _REPEATS + repeat, len(_SHARES) * _REPEATS)
            settings = replace(small, seed=params.seed + repeat)
            told = _held_out(training, mine, settings, share, step)
            called = told[scored].argmax(axis=1)
            each.append(confusions(truth, called, chosen.micrograph_ids))
        tables.append(np.array(each, float))
    return tables


def _held_out(
    training: TrainingSet,
    mine: NDArray[np.bool_],
    params: ForestParams,
    share: float,
    progress: Progress | None,
) -> NDArray[np.float64]:
    """Probabilities from forests that learn from a share of the person's labels."""
    told = np.zeros((len(training), len(CLASSES)))
    ids = np.unique(training.particle_ids[mine])
    rng = np.random.default_rng(params.seed)
    kept = rng.permutation(ids)[: round(share * len(ids))]
    use = ~mine | np.isin(training.particle_ids, kept)
    splits = grouped_splits(training, params)
    for number, (learn, held_out) in enumerate(splits):
        rows = training.rows(learn[use[learn]])
        enough = [n for n, count in rows.class_counts.items() if count >= MIN_PARTICLES]
        if enough:
            rows = rows.rows(np.isin(rows.labels, enough))
            step = part_of(progress, number, len(splits))
            forest = fit_forest(rows, params, step)
            told[held_out] = forest.predict_proba(training.table.values[held_out])
    return told


def _unknown(n_labels: int, note: str) -> Forecast:
    return Forecast(n_labels, float("nan"), (float("nan"), float("nan")), note)


def _fewer(n_labels: int, n_micrographs: int) -> str | None:
    told = f"What {MORE} more labels would buy can't be said yet: it takes"
    if n_labels < MIN_LABELS:
        return f"{told} {MIN_LABELS} labels, and there are {n_labels}."
    if n_micrographs < MIN_MICROGRAPHS:
        return (
            f"{told} labels in {MIN_MICROGRAPHS} micrographs, and there are "
            f"{n_micrographs}."
        )
    return None


def _alike(n_labels: int) -> str:
    return (
        f"What {MORE} more labels would buy can't be said: the forest is right on all "
        f"of these {n_labels}, or as often in each micrograph."
    )


def _vague(n_labels: int) -> str:
    return (
        f"What {MORE} more labels would buy can't be said yet: these {n_labels} differ "
        "too much from micrograph to micrograph."
    )
