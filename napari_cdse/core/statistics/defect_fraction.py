"""What a population of labelled particles says, and how sure one can be of it.

The visible-defect fraction counts resolved particles only: yes / (yes + no). It is no
defect content of the sample, because a fault that lies flat is not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.statistics.intervals import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.records import Label
    from napari_cdse.core.statistics.intervals import Interval

MIN_MICROGRAPHS = 10
"""Fewest micrographs that are resampled. With few clusters such intervals come out
too narrow (Cameron, Gelbach, Miller, Rev. Econ. Stat. 90, 414 (2008))."""

RESAMPLES = 10_000
_BATCH = 500


@dataclass(frozen=True, slots=True)
class DefectFraction:
    """Share of resolved particles with a visible defect.

    Attributes
    ----------
    n_yes, n_no : int
        Resolved particles with and without a visible defect.
    n_micrographs : int
        Micrographs with at least one resolved particle.
    fraction : float or None
        None without a resolved particle.
    wilson_95 : tuple of float or None
        Takes the particles for independent.
    bootstrap_95 : tuple of float or None
        From resampled micrographs, so that likeness within a micrograph counts.
    note : str
        Why one of these is missing; empty if none is.
    """

    n_yes: int
    n_no: int
    n_micrographs: int
    fraction: float | None
    wilson_95: Interval | None
    bootstrap_95: Interval | None
    note: str = ""

    @property
    def interval_95(self) -> Interval | None:
        """The wider of the two intervals: the one to quote."""
        known = [i for i in (self.wilson_95, self.bootstrap_95) if i is not None]
        return max(known, key=lambda interval: interval[1] - interval[0], default=None)

    @property
    def sentence(self) -> str:
        """Say it in words."""
        interval = self.interval_95
        if self.fraction is None or interval is None:
            return "No resolved particle is labelled, so there is no defect fraction."
        return (
            f"Visible defects in {self.fraction:.2f} of the resolved particles "
            f"({interval[0]:.2f} to {interval[1]:.2f}, 95 %): {self.n_yes} of "
            f"{self.n_yes + self.n_no} in {_micrographs(self.n_micrographs)}."
        )


def cluster_bootstrap_interval(
    successes: Sequence[int], totals: Sequence[int], *, seed: int = 0
) -> Interval:
    """Percentile interval of a proportion from resampled clusters.

    Whole micrographs are drawn with replacement (Efron, Tibshirani, An Introduction
    to the Bootstrap (1993), chapters 8 and 13), because neighbours on one support
    share focus, thickness and growth.

    Parameters
    ----------
    successes, totals : sequence of int
        Per micrograph; each total is above 0.
    seed : int, optional
        The same seed gives the same interval.
    """
    hits, sizes = np.asarray(successes, float), np.asarray(totals, float)
    if hits.size == 0 or hits.shape != sizes.shape or sizes.min() <= 0:
        raise ValueError("each micrograph needs a resolved particle")
    rng = np.random.default_rng(seed)
    chances = np.full(hits.size, 1 / hits.size)
    shares = []
    for _ in range(RESAMPLES // _BATCH):
        times = rng.multinomial(hits.size, chances, size=_BATCH)
        shares.append((times @ hits) / (times @ sizes))
    low, high = np.percentile(np.concatenate(shares), (2.5, 97.5))
    return float(low), float(high)


def defect_fraction(
    labels: Sequence[Label | None], micrographs: Sequence[str], *, seed: int = 0
) -> DefectFraction:
    """Estimate the visible-defect fraction with its uncertainty.

    Parameters
    ----------
    labels : sequence of {"yes", "no", "null", "empty"} or None
        One per particle.
    micrographs : sequence of str
        The micrograph of each particle, by a name or id that no other one has.
    seed : int, optional
        For the resampling.
    """
    tallies: dict[str, list[int]] = {}
    for label, micrograph in zip(labels, micrographs, strict=True):
        if label in ("yes", "no"):
            tally = tallies.setdefault(micrograph, [0, 0])
            tally[label == "no"] += 1
    n_yes = sum(tally[0] for tally in tallies.values())
    n_no = sum(tally[1] for tally in tallies.values())
    note = _no_bootstrap(n_yes, n_no, len(tallies))
    if not tallies:
        return DefectFraction(0, 0, 0, None, None, None, note)
    hits = [tally[0] for tally in tallies.values()]
    totals = [sum(tally) for tally in tallies.values()]
    return DefectFraction(
        n_yes=n_yes,
        n_no=n_no,
        n_micrographs=len(tallies),
        fraction=n_yes / (n_yes + n_no),
        wilson_95=wilson_interval(n_yes, n_yes + n_no),
        bootstrap_95=None
        if note
        else cluster_bootstrap_interval(hits, totals, seed=seed),
        note=note,
    )


def _no_bootstrap(n_yes: int, n_no: int, n_micrographs: int) -> str:
    if not n_micrographs:
        return "No resolved particle is labelled."
    if n_micrographs < MIN_MICROGRAPHS:
        return (
            f"Resolved particles come from {_micrographs(n_micrographs)}; at least "
            f"{MIN_MICROGRAPHS} are needed to see how much micrographs differ."
        )
    if not n_yes or not n_no:
        return "All resolved particles are of one class, so resampling shows nothing."
    return ""


def _micrographs(number: int) -> str:
    return "1 micrograph" if number == 1 else f"{number} micrographs"
