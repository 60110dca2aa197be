"""Scores of a forest: recall, precision, confusion, with an interval."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.classifier.probability_calibration import (
    ReliabilityBin,
    fit_temperature,
    reliability,
    sharpened,
)
from napari_cdse.core.records import CLASSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.classifier.training_set import TrainingSet
    from napari_cdse.core.records import ModelCard

_RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Scores:
    """How a forest does on micrographs that it has not seen.

    Attributes
    ----------
    balanced_accuracy : float
        Mean recall over the classes that occur; NaN where `note` says why.
    interval_95 : tuple of float
        Bootstrap over micrographs (Efron 1979), percentile method.
    precision, recall : dict of str to float
        By class; NaN for a class that does not occur or is never given.
    confusion : ndarray of int, shape (4, 4)
        Truth by row, forest by column, in the order of `CLASSES`.
    class_counts : dict of str to int
    n_micrographs, folds : int
    temperature : float
        What makes the probabilities mean what they say; see `calibration`.
    reliability : tuple of ReliabilityBin
        How far they then do.
    note : str or None
        A sentence in place of numbers, where there are too few for honest ones.
    too_rare : dict of str to int
        Particles of classes with too few of them, which are not in the numbers.
    temperature_from : str or None
        Id of the forest that the temperature was taken over from.
    """

    balanced_accuracy: float
    interval_95: tuple[float, float]
    precision: dict[str, float]
    recall: dict[str, float]
    confusion: NDArray[np.int64]
    class_counts: dict[str, int]
    n_micrographs: int
    folds: int
    temperature: float = 1.0
    reliability: tuple[ReliabilityBin, ...] = ()
    note: str | None = None
    too_rare: dict[str, int] = field(default_factory=dict)
    temperature_from: str | None = None

    @property
    def limits(self) -> str:
        """Say in a sentence which classes the numbers are without; may be empty."""
        if not self.too_rare:
            return ""
        rare = ", ".join(f"{name} ({n})" for name, n in self.too_rare.items())
        return f"Too few labels to be scored: {rare}."

    @property
    def inheritance(self) -> str:
        """Say in a sentence whose temperature it is; empty where it was fitted.

        A temperature of 1 changes nothing, so there is nothing to say of it.
        """
        if self.temperature_from is None or self.temperature == 1:
            return ""
        return (
            "Until there are labels enough to check how sure it is, its probabilities "
            "are corrected like those of the forest it learns on top of (temperature "
            f"{self.temperature:.2f})."
        )

    def inheriting(self, card: ModelCard) -> Scores:
        """Take over an earlier forest's temperature where none could be fitted."""
        if self.note is None:
            return self
        return replace(self, temperature=card.temperature, temperature_from=card.id)

    def as_dict(self) -> dict[str, object]:
        """Return plain numbers and lists, as cards and JSON files hold them."""
        told = asdict(self) | {"confusion": self.confusion.tolist()}
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
    truth = np.array([CLASSES.index(name) for name in chosen.labels.tolist()], np.intp)
    told = probabilities[mask].argmax(axis=1)
    by_micrograph = confusions(truth, told, chosen.micrograph_ids)
    confusion = by_micrograph.sum(axis=0)
    right = np.diag(confusion)
    temperature, bins = _calibrated(training, probabilities)
    return Scores(
        balanced_accuracy=float(balanced_of(confusion)),
        interval_95=_interval(by_micrograph),
        precision=_ratios(right, confusion.sum(axis=0)),
        recall=_ratios(right, confusion.sum(axis=1)),
        confusion=confusion,
        class_counts=chosen.class_counts,
        n_micrographs=len(by_micrograph),
        folds=folds,
        temperature=temperature,
        reliability=bins,
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """Balanced accuracy of one forest less that of another on the same particles.

    Attributes
    ----------
    value : float
    interval_95 : tuple of float
        Bootstrap over micrographs, both forests on the same draws.
    """

    value: float
    interval_95: tuple[float, float]

    @property
    def sentence(self) -> str:
        """Say whether there is one."""
        low, high = self.interval_95
        told = f"Balanced accuracy {self.value:+.2f} ({low:+.2f} to {high:+.2f}, 95 %)"
        if low > 0:
            return f"{told}: the new forest is better."
        if high < 0:
            return f"{told}: the new forest is worse."
        return f"{told}: no difference that these micrographs could show."


def paired_difference(
    training: TrainingSet,
    old: NDArray[np.float64],
    new: NDArray[np.float64],
    only: NDArray[np.bool_] | None = None,
) -> Difference:
    """Compare two forests' probabilities, shape (n_rows, 4), of the originals."""
    mask = training.originals if only is None else training.originals & only
    chosen = training.rows(mask)
    truth = np.array([CLASSES.index(name) for name in chosen.labels.tolist()], np.intp)
    before, after = (
        confusions(truth, told[mask].argmax(axis=1), chosen.micrograph_ids)
        for told in (old, new)
    )
    return difference_of(before, after)


def difference_of(
    old: NDArray[np.floating | np.integer], new: NDArray[np.floating | np.integer]
) -> Difference:
    """Compare two forests by their confusion matrices, one for each micrograph."""
    low, high = np.quantile(
        balanced_of(resampled(new)) - balanced_of(resampled(old)), [0.025, 0.975]
    )
    value = float(balanced_of(new.sum(axis=0)) - balanced_of(old.sum(axis=0)))
    return Difference(value, (float(low), float(high)))


def _calibrated(
    training: TrainingSet, probabilities: NDArray[np.float64]
) -> tuple[float, tuple[ReliabilityBin, ...]]:
    """Temperature and reliability of the whole set: a few particles tell nothing."""
    told = np.isfinite(probabilities).all(axis=1)
    names = training.labels[told].tolist()
    truth = np.array([CLASSES.index(name) for name in names], np.intp)
    temperature = fit_temperature(probabilities[told], truth)
    sharp = sharpened(probabilities[told], temperature)
    return temperature, reliability(sharp, truth)


def unscored(training: TrainingSet, note: str) -> Scores:
    """Give a note in place of numbers."""
    nothing: dict[str, float] = dict.fromkeys(CLASSES, float("nan"))
    return Scores(
        balanced_accuracy=float("nan"),
        interval_95=(float("nan"), float("nan")),
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
    """Count truth by row and word by column, one matrix for each micrograph."""
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


def _interval(by_micrograph: NDArray[np.int64]) -> tuple[float, float]:
    low, high = np.quantile(balanced_of(resampled(by_micrograph)), [0.025, 0.975])
    return float(low), float(high)


def resampled(
    by_micrograph: NDArray[np.floating | np.integer],
) -> NDArray[np.floating | np.integer]:
    """Add up micrographs drawn with replacement, the same ones for the same number."""
    rng = np.random.default_rng(0)
    n_micrographs = len(by_micrograph)
    drawn = rng.multinomial(
        n_micrographs, np.full(n_micrographs, 1 / n_micrographs), size=_RESAMPLES
    )
    return np.tensordot(drawn, by_micrograph, axes=1)


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
