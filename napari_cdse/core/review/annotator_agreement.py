"""Agreement of two annotators on the same particles: raw, and Cohen's kappa.

Raw agreement is flattered by chance: two people who call nine of ten particles null
agree on most of them whatever they see. Cohen's kappa takes out what they would agree
on by chance alone, given how often each of them uses each class. Both have their
intervals from how much the micrographs differ: some are harder than others for both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.records import CLASSES, Label
from napari_cdse.core.statistics.intervals import (
    MIN_MICROGRAPHS,
    jackknife,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.statistics.intervals import Interval

MIN_PARTICLES = 2 * len(CLASSES) ** 2
"""Fewest particles for kappa: twice the square of the number of classes (Cicchetti,
Educ. Psychol. Meas. 41, 101 (1981))."""


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Two annotators on the particles that both of them labelled.

    Attributes
    ----------
    first, second : str
        Their names.
    confusion : ndarray of int, shape (4, 4)
        Particles; the first annotator's class by row, the second's by column, in
        the order of `CLASSES`.
    n_micrographs : int
        In which these particles lie.
    observed : float or None
        Share on which they agree; None without a particle.
    observed_95 : tuple of float or None
        By the jackknife over micrographs and Student's t on the logit scale; None
        with too few micrographs.
    kappa : float or None
        Cohen's; None where `note` says why.
    kappa_95 : tuple of float or None
        The same on Fisher's scale, artanh, which keeps it within -1 to 1.
    note : str
        Why kappa or its interval is missing; empty if neither is.
    """

    first: str
    second: str
    confusion: NDArray[np.int64]
    n_micrographs: int
    observed: float | None = None
    observed_95: Interval | None = None
    kappa: float | None = None
    kappa_95: Interval | None = None
    note: str = ""

    @property
    def n_particles(self) -> int:
        """Particles that both labelled."""
        return int(self.confusion.sum())

    @property
    def n_agreed(self) -> int:
        """Particles to which both gave the same class."""
        return int(np.trace(self.confusion))

    @property
    def sentence(self) -> str:
        """Say it in words."""
        if self.observed is None:
            return self.note
        parts = [
            f"{self.first} and {self.second} agree on {self.n_agreed} of "
            f"{self.n_particles} particles ({self.observed:.2f}"
            + (f", {_range(self.observed_95)})" if self.observed_95 else ")")
        ]
        if self.kappa is not None:
            kappa = f"Cohen's kappa {self.kappa:z.2f}"
            interval = self.kappa_95
            parts.append(kappa + (f" ({_range(interval)})" if interval else ""))
        return "; ".join(parts) + "." + (f" {self.note}" if self.note else "")


def agreement(
    first: Sequence[Label],
    second: Sequence[Label],
    micrographs: Sequence[str],
    names: tuple[str, str] = ("The first", "the second"),
) -> Agreement:
    """Compare two annotators.

    Parameters
    ----------
    first, second : sequence of {"yes", "no", "null", "empty"}
        Their labels of the same particles, each given without a look at the other's.
    micrographs : sequence of str
        The micrograph of each particle, by a name or id that no other one has.
    names : tuple of str, optional
        Of the annotators.

    Returns
    -------
    Agreement
    """
    by_micrograph = _confusions(first, second, micrographs)
    confusion = by_micrograph.sum(axis=0)
    n, agreed = int(confusion.sum()), int(np.trace(confusion))
    note = _note(by_micrograph, names)
    if not n:
        return Agreement(*names, confusion, 0, note=note)
    kappa = float(cohen_kappa(confusion))
    known = n >= MIN_PARTICLES and math.isfinite(kappa)
    return Agreement(
        *names,
        confusion=confusion,
        n_micrographs=len(by_micrograph),
        observed=agreed / n,
        observed_95=_observed_interval(by_micrograph),
        kappa=kappa if known else None,
        kappa_95=_kappa_interval(by_micrograph) if known and agreed < n else None,
        note=note,
    )


def cohen_kappa(
    confusion: NDArray[np.floating | np.integer],
) -> NDArray[np.float64]:
    """Agreement beyond chance, over the most that is possible.

    J. Cohen, Educ. Psychol. Meas. 20, 37 (1960).

    Parameters
    ----------
    confusion : ndarray, shape (..., k, k)
        Counts; one matrix or a stack of them.

    Returns
    -------
    ndarray, shape (...)
        NaN where both give one class only, or nothing was counted.
    """
    total = confusion.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        rows, cols = confusion.sum(axis=-1), confusion.sum(axis=-2)
        observed = np.trace(confusion, axis1=-2, axis2=-1) / total
        by_chance = (rows * cols).sum(axis=-1) / total**2
        return np.asarray((observed - by_chance) / (1 - by_chance))


def _confusions(
    first: Sequence[Label], second: Sequence[Label], micrographs: Sequence[str]
) -> NDArray[np.int64]:
    """Count by micrograph, shape (n_micrographs, 4, 4)."""
    places = {name: at for at, name in enumerate(dict.fromkeys(micrographs))}
    counts = np.zeros((len(places), len(CLASSES), len(CLASSES)), np.int64)
    for one, other, micrograph in zip(first, second, micrographs, strict=True):
        counts[places[micrograph], CLASSES.index(one), CLASSES.index(other)] += 1
    return counts


def _observed_interval(by_micrograph: NDArray[np.int64]) -> Interval | None:
    found = jackknife(_observed, by_micrograph)
    return found.share_interval_of(float(by_micrograph.sum()))


def _kappa_interval(by_micrograph: NDArray[np.int64]) -> Interval | None:
    """On Fisher's scale: near 1, kappa scatters towards less only."""
    found = jackknife(_fisher_kappa, by_micrograph)
    if found.interval_95 is None:
        return None
    low, high = found.interval_95
    return math.tanh(low), math.tanh(high)


def _observed(confusion: NDArray[np.float64]) -> NDArray[np.float64]:
    agreed = np.trace(confusion, axis1=-2, axis2=-1)
    return np.asarray(agreed / np.maximum(confusion.sum(axis=(-2, -1)), 1))


def _fisher_kappa(confusion: NDArray[np.float64]) -> NDArray[np.float64]:
    """NaN where the two agree entirely."""
    kappa = cohen_kappa(confusion)
    return np.arctanh(np.where(np.abs(kappa) < 1, kappa, np.nan))


def _note(by_micrograph: NDArray[np.int64], names: tuple[str, str]) -> str:
    confusion = by_micrograph.sum(axis=0)
    n, agreed = int(confusion.sum()), int(np.trace(confusion))
    who = " and ".join(names)
    if not n:
        return (
            f"There is nothing to compare yet: no particle was labelled by both {who}, "
            "neither seeing the other's label."
        )
    if n < MIN_PARTICLES:
        return (
            f"Cohen's kappa needs at least {MIN_PARTICLES} particles that both "
            f"labelled without seeing the other's label; there are {n}."
        )
    if np.count_nonzero(confusion) == 1 and agreed == n:
        return "Both gave one class only, so Cohen's kappa says nothing."
    if agreed == n:
        return "They never differ, so there is no interval of kappa."
    if len(by_micrograph) < MIN_MICROGRAPHS:
        return (
            f"An interval takes such particles in {MIN_MICROGRAPHS} micrographs; they "
            f"lie in {len(by_micrograph)}."
        )
    if jackknife(_fisher_kappa, by_micrograph).all_alike:
        return "They agree as far in each micrograph, so there is no interval of kappa."
    if _kappa_interval(by_micrograph) is None:
        return (
            "Without one of the micrographs they never differ, or never agree, so "
            "there is no interval of kappa."
        )
    return ""


def _range(interval: Interval) -> str:
    return f"{interval[0]:z.2f} to {interval[1]:z.2f}, 95 %"
