"""Scores of a forest: recall, precision, confusion, with an interval."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cdse.core.classifier.probability_calibration import (
    ReliabilityBin,
    class_errors,
    reliability,
)
from napari_cdse.core.records import CLASSES
from napari_cdse.core.statistics.intervals import (
    MIN_DRAWS,
    MIN_MICROGRAPHS,
    jackknife,
    paired_interval,
    t_quantile,
    wilson_interval,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_cdse.core.classifier.training_set import TrainingSet
    from napari_cdse.core.records import Calibration, Label
    from napari_cdse.core.statistics.intervals import Interval


METHOD = "95 % by the jackknife over micrographs"
"""How intervals of scores come about, for those who read them."""

NO_INTERVAL = f"how sure that is takes labels in {MIN_MICROGRAPHS} micrographs"
"""Why there is no interval, and what to do."""


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of a forest on held-out micrographs.

    Attributes
    ----------
    balanced_accuracy : float
        Mean recall over the classes that occur; NaN where `note` says why.
    interval_95 : tuple of float or None
        By the jackknife over micrographs and Student's t on the logit scale; None
        with fewer than five micrographs, or without a score.
    precision, recall : dict of str to float
        By class; NaN for a class that does not occur or is never given.
    confusion : ndarray of int, shape (4, 4)
        Truth by row, forest by column, in the order of `CLASSES`.
    class_counts : dict of str to int
    n_micrographs, folds : int
    reliability : tuple of ReliabilityBin
        Reliability curve of the scored answers.
    class_calibration_error : dict of str to float
        Class-wise calibration error, see `class_errors`.
    calibration : Calibration or None
        Fitted to the held-out answers; None if it was not fitted.
    note : str or None
        A sentence in place of numbers, if there are too few labels for a score.
    too_rare : dict of str to int
        Number of particles of each class that has too few, and is not scored.
    """

    balanced_accuracy: float
    interval_95: Interval | None
    precision: dict[str, float]
    recall: dict[str, float]
    confusion: NDArray[np.int64]
    class_counts: dict[str, int]
    n_micrographs: int
    folds: int
    reliability: tuple[ReliabilityBin, ...] = ()
    note: str | None = None
    too_rare: dict[str, int] = field(default_factory=dict)
    class_calibration_error: dict[str, float] = field(default_factory=dict)
    calibration: Calibration | None = None

    @property
    def n_particles(self) -> int:
        """Particles that were held out and scored."""
        return int(self.confusion.sum())

    @property
    def basis(self) -> str:
        """Say on how many particles of how many micrographs it was measured."""
        return (
            f"on {self.n_particles} held-out particles of {self.n_micrographs} "
            "micrographs that you chose"
        )

    @property
    def sentence(self) -> str:
        """Say how good the forest is, on what, and how sure that is; or the note."""
        if self.note is not None:
            return self.note
        told = f"Balanced accuracy {self.balanced_accuracy:.2f}"
        if self.interval_95 is None:
            return f"{told} {self.basis}; {NO_INTERVAL}."
        low, high = self.interval_95
        return f"{told} ({low:.2f} to {high:.2f}, {METHOD}) {self.basis}."

    @property
    def limits(self) -> str:
        """Say in a sentence which classes the numbers are without; may be empty."""
        if not self.too_rare:
            return ""
        rare = ", ".join(f"{name} ({n})" for name, n in self.too_rare.items())
        return f"Too few labels to be scored: {rare}."

    @property
    def inheritance(self) -> str:
        """Say in a sentence whose calibration it is; empty where it has its own."""
        if self.note is None or self.calibration is None:
            return ""
        return (
            "Until there are labels enough to check how sure it is, its probabilities "
            "are corrected like those of the forest it learns on top of."
        )

    def as_dict(self) -> dict[str, object]:
        """Return plain numbers and lists, as cards and JSON files hold them.

        Without the calibration, which a card has by itself.
        """
        told = asdict(self) | {"confusion": self.confusion.tolist()}
        del told["calibration"]
        return {name: without_nan(value) for name, value in told.items()}


def score(
    training: TrainingSet,
    probabilities: NDArray[np.float64],
    folds: int,
    only: NDArray[np.bool_] | None = None,
) -> Scores:
    """Score given probabilities on the originals, or on some of them.

    Parameters
    ----------
    training : TrainingSet
        Labelled rows, copies included.
    probabilities : ndarray, shape (n_rows, 4)
        Class probabilities of every row of the set.
    folds : int
        For the record.
    only : ndarray of bool, shape (n_rows,), optional
        Rows to score; all originals if left out.

    Returns
    -------
    Scores
    """
    mask = training.originals if only is None else training.originals & only
    chosen = training.rows(mask)
    truth = chosen.codes
    shares = probabilities[mask]
    by_micrograph = confusions(truth, shares.argmax(axis=1), chosen.micrograph_ids)
    confusion = by_micrograph.sum(axis=0)
    right = np.diag(confusion)
    return Scores(
        balanced_accuracy=float(balanced_of(confusion)),
        interval_95=interval_of(by_micrograph),
        precision=_ratios(right, confusion.sum(axis=0)),
        recall=_ratios(right, confusion.sum(axis=1)),
        confusion=confusion,
        class_counts=chosen.class_counts,
        n_micrographs=len(by_micrograph),
        folds=folds,
        reliability=reliability(shares, truth),
        class_calibration_error=class_errors(shares, truth),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """Balanced accuracy of one forest less that of another on the same particles.

    Attributes
    ----------
    value : float
    interval_95 : tuple of float or None
        By the jackknife over micrographs, both forests without the same ones, and
        Student's t; where nothing varies, what so many pairs of each class leave open.
        None with fewer than five micrographs, or where nothing varies and no pairs
        are known.
    """

    value: float
    interval_95: Interval | None

    @property
    def is_better(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.interval_95 is not None and self.interval_95[0] > 0

    @property
    def is_worse(self) -> bool:
        """Whether the whole interval is below 0."""
        return self.interval_95 is not None and self.interval_95[1] < 0


def paired_difference(
    training: TrainingSet,
    old: NDArray[np.float64],
    new: NDArray[np.float64],
    only: NDArray[np.bool_] | None = None,
) -> Difference:
    """Compare two forests on the originals of the same rows.

    Parameters
    ----------
    training : TrainingSet
        Labelled rows, copies included.
    old, new : ndarray of float64, shape (n_rows, 4)
        Class probabilities of every row by each forest.
    only : ndarray of bool, shape (n_rows,), optional
        Rows to score; all originals if left out.

    Returns
    -------
    Difference
        New less old.
    """
    mask = training.originals if only is None else training.originals & only
    chosen = training.rows(mask)
    truth = chosen.codes
    told = [each[mask].argmax(axis=1) for each in (old, new)]
    before, after = (confusions(truth, each, chosen.micrograph_ids) for each in told)
    found = jackknife(_gain, np.stack([before, after], axis=1))
    if found.all_alike:
        right = [each == truth for each in told]
        ends = _pairs_by_class(truth, right[0], right[1], len(before))
        return Difference(found.value, ends)
    return Difference(found.value, found.interval_95)


def _pairs_by_class(
    truth: NDArray[np.intp],
    old: NDArray[np.bool_],
    new: NDArray[np.bool_],
    n_micrographs: int,
) -> Interval:
    """Return what so many pairs of each class leave open, where nothing varies."""
    quantile = t_quantile(n_micrographs - 1)
    each = [
        paired_interval(
            float(np.count_nonzero(new & ~old & (truth == label))),
            float(np.count_nonzero(old & ~new & (truth == label))),
            float(np.count_nonzero(truth == label)),
            quantile,
        )
        for label in np.unique(truth)
    ]
    return float(np.mean([e[0] for e in each])), float(np.mean([e[1] for e in each]))


def difference_of(
    old: NDArray[np.floating | np.integer], new: NDArray[np.floating | np.integer]
) -> Difference:
    """Compare two forests by their confusion matrices, one for each micrograph.

    They do not tell which particles both call right, so that there is no interval
    where nothing varies.
    """
    found = jackknife(_gain, np.stack([old, new], axis=1))
    return Difference(found.value, found.interval_95)


def _gain(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Subtract the first balanced accuracy from the second, shape (n, 2, 4, 4)."""
    return balanced_of(pairs[:, 1]) - balanced_of(pairs[:, 0])


@dataclass(frozen=True, slots=True)
class DrawnDifference:
    """Accuracy of one forest less that of another, over all particles.

    It is estimated from particles that were drawn at random.

    Attributes
    ----------
    n : int
        Draws that were judged.
    value : float
    interval_95 : tuple of float or None
        By the jackknife over micrographs and Student's t; where nothing varies, what
        so many pairs leave open. None with fewer than `MIN_DRAWS` draws or five
        micrographs.
    """

    n: int
    value: float
    interval_95: Interval | None

    @property
    def sentence(self) -> str:
        """Say it in words."""
        told = (
            f"Of the {self.n} particles that were drawn at random, which stand for "
            "all, "
            f"the share called right changes by {self.value:+z.2f}"
        )
        if self.interval_95 is None:
            return f"{told}; they are too few for an interval."
        low, high = self.interval_95
        return f"{told} ({low:+z.2f} to {high:+z.2f}, 95 %)."


class JudgedDraw(NamedTuple):
    """A particle that was drawn at random and judged blind.

    Attributes
    ----------
    chance : float
        Probability with which it was drawn.
    label : {"yes", "no", "null", "empty"}
        The first label given without a prediction in view. A later one may be biased
        towards the prediction that was shown by then.
    """

    chance: float
    label: Label


def drawn_difference(
    training: TrainingSet,
    old: NDArray[np.float64],
    new: NDArray[np.float64],
    draws: Mapping[str, JudgedDraw],
) -> DrawnDifference | None:
    """Compare two forests on the particles that were drawn at random.

    Parameters
    ----------
    training : TrainingSet
        Labelled rows, copies included.
    old, new : ndarray, shape (n_rows, 4)
        Probabilities of every row by forests that did not learn from its micrograph.
    draws : mapping of str to JudgedDraw
        By particle.

    Returns
    -------
    DrawnDifference or None
        None without any draw.
    """
    mask = training.originals & np.isin(training.particle_ids, list(draws))
    chosen = training.rows(mask)
    if not len(chosen):
        return None
    answers = [draws[each] for each in chosen.particle_ids.tolist()]
    truth = np.array([CLASSES.index(each.label) for each in answers], np.intp)
    gain = np.subtract(
        *((told[mask].argmax(axis=1) == truth).astype(float) for told in (new, old))
    )
    weight = np.array([1 / each.chance for each in answers])
    names, of = np.unique(chosen.micrograph_ids, return_inverse=True)
    sums = [np.bincount(of, each, len(names)) for each in (weight * gain, weight)]
    found = jackknife(lambda sums: sums[:, 0] / sums[:, 1], np.stack(sums, axis=1))
    interval = found.interval_95
    if found.all_alike:
        interval = _weighted_pairs(weight, gain, len(names))
    enough = len(chosen) >= MIN_DRAWS
    return DrawnDifference(len(chosen), found.value, interval if enough else None)


def _weighted_pairs(
    weight: NDArray[np.float64], gain: NDArray[np.float64], n_micrographs: int
) -> Interval:
    """Return what so many draws leave open, with their effective number (Kish)."""
    total = float(weight.sum())
    effective = total**2 / float(weight @ weight)
    gained, lost = (
        effective * float(weight[gain == sign].sum()) / total for sign in (1, -1)
    )
    return paired_interval(gained, lost, effective, t_quantile(n_micrographs - 1))


def unscored(training: TrainingSet, note: str) -> Scores:
    """Make scores with a note in place of numbers."""
    nothing: dict[str, float] = dict.fromkeys(CLASSES, float("nan"))
    return Scores(
        balanced_accuracy=float("nan"),
        interval_95=None,
        precision=dict(nothing),
        recall=dict(nothing),
        confusion=np.zeros((len(CLASSES), len(CLASSES)), np.int64),
        class_counts=training.class_counts,
        n_micrographs=len(np.unique(training.micrograph_ids)),
        folds=0,
        note=note,
    )


def confusions(
    truth: NDArray[np.intp], told: NDArray[np.intp], micrographs: NDArray[np.str_]
) -> NDArray[np.int64]:
    """Confusion matrix of each micrograph, truth by row and prediction by column.

    Parameters
    ----------
    truth, told : ndarray of int, shape (n,)
        Numbers of the true and the predicted class of each particle.
    micrographs : ndarray of str, shape (n,)
        Micrograph of each.

    Returns
    -------
    ndarray of int64, shape (n_micrographs, 4, 4)
        Micrographs in sorted order.
    """
    names, group = np.unique(micrographs, return_inverse=True)
    counts = np.zeros((len(names), len(CLASSES), len(CLASSES)), np.int64)
    np.add.at(counts, (group, truth, told), 1)
    return counts


def balanced_of(
    confusion: NDArray[np.floating | np.integer],
) -> NDArray[np.float64]:
    """Mean recall over the classes that occur, for a stack of confusion matrices."""
    totals = confusion.sum(axis=-1)
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    recall = right / np.maximum(totals, 1)
    return np.asarray(recall.sum(axis=-1) / np.maximum((totals > 0).sum(axis=-1), 1))


def interval_of(by_micrograph: NDArray[np.int64]) -> Interval | None:
    """Return the interval of 95 % of the balanced accuracy.

    Parameters
    ----------
    by_micrograph : ndarray of int, shape (n_micrographs, 4, 4)
        Confusion matrices.

    Returns
    -------
    tuple of float or None
        None with fewer than five micrographs.
    """
    found = jackknife(balanced_of, by_micrograph)
    if not found.is_silent:
        return found.share_interval_95
    # Without variation between micrographs, Wilson's interval of each class's recall.
    quantile = t_quantile(found.n_micrographs - 1)
    matrix = by_micrograph.sum(axis=0)
    each = [
        wilson_interval(right, n, quantile)
        for right, n in zip(np.diagonal(matrix), matrix.sum(axis=1), strict=True)
        if n
    ]
    return float(np.mean([e[0] for e in each])), float(np.mean([e[1] for e in each]))


def _ratios(part: NDArray[np.int64], whole: NDArray[np.int64]) -> dict[str, float]:
    with np.errstate(invalid="ignore", divide="ignore"):
        values = part / whole
    return dict(zip(CLASSES, values.tolist(), strict=True))


def without_nan(value: object) -> object:
    """Put None in place of NaN, which JSON has not, in dicts, lists and tuples."""
    if isinstance(value, dict):
        return {name: without_nan(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(part) for part in value]
    if isinstance(value, float) and np.isnan(value):
        return None
    return value
