"""How far two annotators of the same particles agree.

Raw agreement is flattered by chance: two people who call nine of ten particles null
agree on most of them whatever they see. Cohen's kappa takes out what they would agree
on by chance alone, given how often each of them uses each class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.records import CLASSES, Label
from napari_cdse.core.statistics.defect_fraction import MIN_MICROGRAPHS
from napari_cdse.core.statistics.intervals import Z_95, wilson_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.statistics.intervals import Interval

MIN_PARTICLES = 2 * len(CLASSES) ** 2
"""Fewest particles for kappa: twice the square of the number of classes (Cicchetti,
Educ. Psychol. Meas. 41, 101 (1981))."""

_RESAMPLES = 2000


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
        Wilson's interval.
    kappa : float or None
        Cohen's; None where `note` says why.
    asymptotic_95 : tuple of float or None
        From kappa's large-sample variance, which takes particles for independent.
    bootstrap_95 : tuple of float or None
        From resampled micrographs, so that likeness within a micrograph counts.
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
    asymptotic_95: Interval | None = None
    bootstrap_95: Interval | None = None
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
    def kappa_95(self) -> Interval | None:
        """The wider of kappa's two intervals: the one to quote."""
        known = [i for i in (self.asymptotic_95, self.bootstrap_95) if i is not None]
        return max(known, key=lambda interval: interval[1] - interval[0], default=None)

    @property
    def sentence(self) -> str:
        """Say it in words."""
        if self.observed is None or self.observed_95 is None:
            return self.note
        parts = [
            f"{self.first} and {self.second} agree on {self.n_agreed} of "
            f"{self.n_particles} particles ({self.observed:.2f}, "
            f"{_range(self.observed_95)})"
        ]
        if self.kappa is not None:
            kappa = f"Cohen's kappa {self.kappa:.2f}"
            interval = self.kappa_95
            parts.append(kappa + (f" ({_range(interval)})" if interval else ""))
        return "; ".join(parts) + "." + (f" {self.note}" if self.note else "")


def agreement(
    first: Sequence[Label],
    second: Sequence[Label],
    micrographs: Sequence[str],
    names: tuple[str, str] = ("The first", "the second"),
    *,
    seed: int = 0,
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
    seed : int, optional
        For the resampling.

    Returns
    -------
    Agreement
    """
    by_micrograph = _confusions(first, second, micrographs)
    confusion = by_micrograph.sum(axis=0)
    n, agreed = int(confusion.sum()), int(np.trace(confusion))
    note = _note(confusion, names)
    if not n:
        return Agreement(*names, confusion, 0, note=note)
    kappa = float(cohen_kappa(confusion))
    known = n >= MIN_PARTICLES and math.isfinite(kappa)
    varies = known and agreed < n
    enough = varies and len(by_micrograph) >= MIN_MICROGRAPHS
    return Agreement(
        *names,
        confusion=confusion,
        n_micrographs=len(by_micrograph),
        observed=agreed / n,
        observed_95=wilson_interval(agreed, n),
        kappa=kappa if known else None,
        asymptotic_95=_asymptotic(kappa, confusion) if varies else None,
        bootstrap_95=_bootstrap(by_micrograph, seed) if enough else None,
        note=note,
    )


def cohen_kappa(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Agreement beyond chance, over the most that is possible.

    J. Cohen, Educ. Psychol. Meas. 20, 37 (1960).

    Parameters
    ----------
    confusion : ndarray of int, shape (..., k, k)
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


def kappa_variance(confusion: NDArray[np.int64]) -> float:
    """Large-sample variance of Cohen's kappa.

    J. L. Fleiss, J. Cohen, B. S. Everitt, Psychol. Bull. 72, 323 (1969), for equal
    weights.

    Parameters
    ----------
    confusion : ndarray of int, shape (k, k)
        Counts, for which kappa is defined.
    """
    n = confusion.sum()
    p = confusion / n
    rows, cols = p.sum(axis=1), p.sum(axis=0)
    by_chance, kappa = float(rows @ cols), float(cohen_kappa(confusion))
    same = np.diag(p) * (1 - (rows + cols) * (1 - kappa)) ** 2
    # A cell's own share counts with its column's row and its row's column.
    apart = p * (cols[:, None] + rows[None, :]) ** 2
    spread = (1 - kappa) ** 2 * (apart.sum() - np.trace(apart))
    centre = (kappa - by_chance * (1 - kappa)) ** 2
    return float((same.sum() + spread - centre) / (n * (1 - by_chance) ** 2))


def _confusions(
    first: Sequence[Label], second: Sequence[Label], micrographs: Sequence[str]
) -> NDArray[np.int64]:
    """Count by micrograph, shape (n_micrographs, 4, 4)."""
    places = {name: at for at, name in enumerate(dict.fromkeys(micrographs))}
    counts = np.zeros((len(places), len(CLASSES), len(CLASSES)), np.int64)
    for one, other, micrograph in zip(first, second, micrographs, strict=True):
        counts[places[micrograph], CLASSES.index(one), CLASSES.index(other)] += 1
    return counts


def _asymptotic(kappa: float, confusion: NDArray[np.int64]) -> Interval:
    spread = Z_95 * math.sqrt(max(kappa_variance(confusion), 0.0))
    return max(kappa - spread, -1.0), min(kappa + spread, 1.0)


def _bootstrap(by_micrograph: NDArray[np.int64], seed: int) -> Interval:
    """Percentile interval of kappa from resampled micrographs."""
    n = len(by_micrograph)
    times = np.random.default_rng(seed).multinomial(
        n, np.full(n, 1 / n), size=_RESAMPLES
    )
    drawn = np.tensordot(times, by_micrograph, axes=1)
    # A sample in which both give one class only has no kappa.
    low, high = np.nanpercentile(cohen_kappa(drawn), (2.5, 97.5))
    return float(low), float(high)


def _note(confusion: NDArray[np.int64], names: tuple[str, str]) -> str:
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
    return ""


def _range(interval: Interval) -> str:
    return f"{interval[0]:.2f} to {interval[1]:.2f}, 95 %"
