"""Accuracy of a forest, estimated from particles drawn at random and judged blind.

Labels given in the order of doubt, with the prediction in view, can't measure a forest:
doubtful particles are the ones it gets wrong, and annotators tend to agree with a
prediction that they see. An audit draws proposed particles at random with known chances
and hides their predictions until they are judged. Only such labels are used for error
rates. Deleting a drawn circle judges it as ``empty``. A drawn particle that was left
for later is not judged; it is reported as skipped.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.records import CLASSES
from napari_cdse.core.statistics.intervals import (
    MIN_MICROGRAPHS,
    Z_95,
    t_quantile,
    wilson_interval,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.records import Annotation, Label
    from napari_cdse.core.statistics.intervals import Interval

SHARE = 0.1
"""Default share of the particles that is drawn. A choice: a larger one narrows the
interval sooner, a smaller one leaves more labels for doubtful particles, from which the
forest learns more."""

MIN_AUDITED = 20
"""Fewest particles for an accuracy. Below it Wilson's interval of 95 % spans up to 0.4:
no number worth quoting."""

MIN_OF_CLASS = 5
"""Fewest particles of a class for a rate of that class. A choice: Wilson's interval of
95 % spans up to 0.65 with five and says so; with more, rare classes stay without a
rate for long."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its interval.

    Attributes
    ----------
    n : int
        Particles that it is a share of.
    value : float or None
        None where there are too few.
    interval_95 : tuple of float or None
        None where there are too few, or in fewer than five micrographs.
    """

    n: int
    value: float | None = None
    interval_95: Interval | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """Agreement of one forest with labels that were given without its prediction.

    Attributes
    ----------
    model_id : str
    accuracy : Rate
        Share of the particles that the forest classifies like the annotator.
    recall : dict of str to Rate
        By the annotator's class: the share that the forest classifies the same.
    precision : dict of str to Rate
        By the forest's class: the share that the annotator labelled the same.
    confusion : tuple of tuple of int
        Numbers of particles; rows by the annotator's class, columns by the forest's,
        in the order of `CLASSES`.
    note : str
        Why there is no number, or no interval; empty if there are both.
    """

    model_id: str
    accuracy: Rate
    recall: dict[Label, Rate]
    precision: dict[Label, Rate]
    confusion: tuple[tuple[int, ...], ...]
    note: str = ""

    @property
    def sentence(self) -> str:
        """The result as a sentence for the user."""
        rate = self.accuracy
        if rate.value is None:
            return self.note
        how_sure = ""
        if rate.interval_95 is not None:
            how_sure = " ({:.2f} to {:.2f}, 95 %)".format(*rate.interval_95)
        told = (
            f"The forest is right in {rate.value:.2f}{how_sure} of {rate.n} particles "
            "drawn at random and judged blind."
        )
        return f"{told} {self.note}" if self.note else told


def draw(seed: str, particle_id: str) -> float:
    """Return a particle's lot: a uniform random number from 0 to below 1.

    It depends on the project's seed and the particle's id only, so that it never
    changes; an audit with the share s draws the particles whose lot is below s.
    """
    digest = hashlib.sha256(f"{seed}/{particle_id}".encode()).digest()
    # A double holds 53 bits; with more, the quotient could round up to 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def counts(annotation: Annotation) -> bool:
    """Tell whether a label, or a deletion, may be used for an error rate."""
    return (
        annotation.selected_by == "audit"
        and given_unseen(annotation)
        and annotation.shown is not None
        and annotation.selection_chance is not None
        and 0 < annotation.selection_chance <= 1
    )


def given_unseen(annotation: Annotation) -> bool:
    """Tell whether it is a judgement without prediction and others' labels in view."""
    return (
        judged_as(annotation) is not None
        and not annotation.prediction_seen
        and not annotation.others_seen
    )


def judged_as(annotation: Annotation) -> Label | None:
    """Return the class that a statement gives; a deleted circle is ``empty``."""
    return "empty" if annotation.removed else annotation.label


def audit(annotations: Iterable[Annotation], model_id: str) -> Audit:
    """Estimate how often a forest is right.

    Particles have the weight 1 / chance (Hajek's ratio estimator, see Saerndal,
    Swensson, Wretman, Model Assisted Survey Sampling (1992), chapter 5.7). The variance
    is estimated from the differences between micrographs. The interval is Wilson's for
    the effective number of independent particles with equal chances (Korn, Graubard,
    Survey Methodology 24, 193 (1998)), with Student's t.

    Parameters
    ----------
    annotations : iterable of Annotation
        Any; those for which `counts` is False are left out.
    model_id : str
        Only particles whose hidden prediction was this forest's count.

    Returns
    -------
    Audit
    """
    found = (_pair(each, model_id) for each in annotations if counts(each))
    pairs = [each for each in found if each is not None]
    return Audit(
        model_id,
        _rate(pairs, MIN_AUDITED),
        {c: _rate([p for p in pairs if p.truth == c], MIN_OF_CLASS) for c in CLASSES},
        {c: _rate([p for p in pairs if p.said == c], MIN_OF_CLASS) for c in CLASSES},
        tuple(
            tuple(
                sum((p.truth, p.said) == (row, col) for p in pairs) for col in CLASSES
            )
            for row in CLASSES
        ),
        _too_few(pairs),
    )


def audits(annotations: Iterable[Annotation]) -> tuple[Audit, ...]:
    """Return the `audit` of each forest that has one, in the order of first use."""
    usable = sorted((a for a in annotations if counts(a)), key=lambda each: each.time)
    models = dict.fromkeys(each.shown.model_id for each in usable if each.shown)
    return tuple(audit(usable, model_id) for model_id in models)


@dataclass(frozen=True, slots=True)
class _Pair:
    truth: Label
    said: Label
    weight: float
    micrograph: str


def _pair(annotation: Annotation, model_id: str) -> _Pair | None:
    label, shown = judged_as(annotation), annotation.shown
    chance = annotation.selection_chance
    if label is None or shown is None or shown.model_id != model_id or not chance:
        return None
    return _Pair(label, shown.label, 1 / chance, annotation.micrograph_id)


def _rate(pairs: Sequence[_Pair], fewest: int) -> Rate:
    if len(pairs) < fewest:
        return Rate(len(pairs))
    weight = np.array([each.weight for each in pairs])
    right = np.array([each.truth == each.said for each in pairs], bool)
    # Both sums in the same order: if all are right, the quotient is exactly 1 and the
    # variance 0.
    value = float(weight[right].sum() / weight.sum())
    names, of = np.unique([each.micrograph for each in pairs], return_inverse=True)
    if len(names) < MIN_MICROGRAPHS:
        return Rate(len(pairs), value)
    parts = np.bincount(of, weight * (right - value)) / weight.sum()
    variance = len(names) / (len(names) - 1) * float(parts @ parts)
    return Rate(len(pairs), value, _interval(value, variance, weight, len(names)))


def _interval(
    value: float, variance: float, weight: NDArray[np.float64], n_micrographs: int
) -> Interval:
    """Return Wilson's interval for the effective number of particles."""
    effective = float(weight.sum() ** 2 / np.sum(weight**2))
    if variance > 0:
        effective = min(effective, value * (1 - value) / variance)
    # Student's t: the variance is estimated from few micrographs.
    effective *= (Z_95 / t_quantile(n_micrographs - 1)) ** 2
    return wilson_interval(value * effective, effective)


def _too_few(pairs: Sequence[_Pair]) -> str:
    if len(pairs) < MIN_AUDITED:
        return (
            f"How often the forest is right is not known yet: {len(pairs)} of at least "
            f"{MIN_AUDITED} particles drawn at random have been judged blind."
        )
    n_micrographs = len({each.micrograph for each in pairs})
    if n_micrographs < MIN_MICROGRAPHS:
        return (
            f"An interval takes such particles in {MIN_MICROGRAPHS} micrographs; they "
            f"lie in {n_micrographs}."
        )
    return ""
