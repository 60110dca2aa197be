"""Accuracy of a forest, estimated from particles drawn at random and judged blind.

Labels given with the prediction in view, the most doubtful first, cannot measure a
forest: the doubtful are those it gets wrong, and a word already on the screen is easily
agreed with. An audit draws a known share of the proposed particles by chance alone and
hides what the forest says of them until a person has judged them. Only such labels
become error rates. Who deletes a circle that was drawn has judged it too: there is no
particle, which is ``empty``. One that was left for later is not judged, and is told as
skipped.
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
"""Share of the particles that is drawn, unless the person says otherwise. A choice: a
larger one narrows the interval sooner, a smaller one leaves more of the labelling to
the doubtful, from which the forest learns more."""

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
    """How often one forest agrees with a person who had not seen its word.

    Attributes
    ----------
    model_id : str
    accuracy : Rate
        Share of the particles whose class the forest gets right.
    recall : dict of str to Rate
        By the person's class: the share that the forest calls the same.
    precision : dict of str to Rate
        By the forest's class: the share that the person calls the same.
    confusion : tuple of tuple of int
        Particles by person's class (row) and forest's (column), as in `CLASSES`.
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
        """Say it in words."""
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
    """Draw a particle's lot, evenly from 0 to below 1.

    The same seed (the project's) and particle give the same lot for ever; an audit of
    share s consists of the particles whose lot is below s.
    """
    digest = hashlib.sha256(f"{seed}/{particle_id}".encode()).digest()
    # A double holds 53 bits; with more, the quotient could round up to 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def counts(annotation: Annotation) -> bool:
    """Tell whether a label, or a deletion, may stand for an error rate."""
    return (
        annotation.selected_by == "audit"
        and given_unseen(annotation)
        and annotation.shown is not None
        and annotation.selection_chance is not None
        and 0 < annotation.selection_chance <= 1
    )


def given_unseen(annotation: Annotation) -> bool:
    """Tell whether it judges with neither the forest's word nor another's in view."""
    return (
        judged_as(annotation) is not None
        and not annotation.prediction_seen
        and not annotation.others_seen
    )


def judged_as(annotation: Annotation) -> Label | None:
    """Return the class that a statement gives: a circle that was deleted is empty."""
    return "empty" if annotation.removed else annotation.label


def audit(annotations: Iterable[Annotation], model_id: str) -> Audit:
    """Work out how often a forest is right.

    A particle weighs as many as it stands for, 1 / chance (Hajek's ratio estimator,
    see Saerndal, Swensson, Wretman, Model Assisted Survey Sampling (1992), chapter
    5.7). Its variance comes from how much micrographs differ, and Wilson's interval
    is taken at the number of independent, equally drawn particles that would tell as
    much (Korn, Graubard, Survey Methodology 24, 193 (1998)), with Student's t.

    Parameters
    ----------
    annotations : iterable of Annotation
        Any; those that may not stand for an error rate are left out.
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
    """Work out an `audit` for each forest that has one, in the order of first use."""
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
    # Added up alike, so that all of them are 1 to the bit, with nothing that varies.
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
    """Wilson's, at the number of particles that would tell as much."""
    effective = float(weight.sum() ** 2 / np.sum(weight**2))
    if variance > 0:
        effective = min(effective, value * (1 - value) / variance)
    # Fewer still, for a variance that is known from so many micrographs only.
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
