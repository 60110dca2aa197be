"""Records of learning curves, and the labels that one order saves over another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cdse.core.statistics.intervals import Jackknife

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

ENOUGH = 0.95
"""Share of the final score at which it counts as reached. A choice: nearer to 1 the
curve is so flat that the number of labels is mostly chance; lower, a poor forest would
do."""

MIN_REPEATS = 5
"""Fewest repeats for an interval of the share. With four, Student's t would be 3.18,
and the variance known to within a factor of four only."""


class Saving(NamedTuple):
    """Labels that one order needs, as a share of those that another needs.

    Attributes
    ----------
    share : float
    interval_95 : tuple of float
        By the jackknife over repeats, each with both orders, and Student's t on the
        logarithm. It covers other first labels and other held-out micrographs of these
        folders, but no other folders. NaN with fewer than `MIN_REPEATS`, and where all
        repeats say the same. In simulations with five repeats it covers the truth in
        0.95 of the cases, where a bootstrap did in 0.82.
    """

    share: float
    interval_95: tuple[float, float]


@dataclass(frozen=True, eq=False)
class LearningCurves:
    """Scores by number of labels, for several orders of labelling.

    Attributes
    ----------
    labels : tuple of int
        Number of labelled particles at each step.
    scores : mapping of str to ndarray, shape (n_seeds, n_steps)
        Balanced accuracy on held-out micrographs, by the name of the order.
    """

    labels: tuple[int, ...]
    scores: Mapping[str, NDArray[np.float64]]

    @property
    def repeats(self) -> int:
        """Number of replays of each order."""
        return len(next(iter(self.scores.values())))

    def mean(self, name: str) -> NDArray[np.float64]:
        """Average the seeds."""
        return np.asarray(self.scores[name].mean(axis=0))

    @property
    def final(self) -> float:
        """Mean score with all labels, where the order no longer matters."""
        return float(np.mean([each[:, -1].mean() for each in self.scores.values()]))

    def needed(self, name: str, share: float = ENOUGH) -> float:
        """Find from how many labels on the mean score stays near the final one."""
        return _needed(self.labels, self.mean(name), share * self.final)

    def saving(self, one: str = "queue", other: str = "random") -> Saving:
        """Compare the labels that two orders need."""
        share = self.needed(one) / self.needed(other)
        if self.repeats < MIN_REPEATS:
            return Saving(share, (float("nan"), float("nan")))
        every = np.arange(self.repeats)
        without = [self._only(np.delete(every, at)) for at in every]
        logs = np.log([each.needed(one) / each.needed(other) for each in without])
        n = self.repeats
        variance = (n - 1) / n * float(np.sum((logs - logs.mean()) ** 2))
        found = Jackknife(math.log(share), variance, n).interval_95
        low, high = found or (float("nan"), float("nan"))
        return Saving(share, (math.exp(low), math.exp(high)))

    def sentence(self, one: str = "queue", other: str = "random") -> str:
        """Compare two orders in words."""
        first, second = self.needed(one), self.needed(other)
        what = f"{ENOUGH:.0%} of the final balanced accuracy ({self.final:.2f})"
        if first == second == self.labels[0]:
            return (
                f"{what} with the first {first:.0f} labels already, which are the same "
                "in both orders: there is nothing to save."
            )
        share = f"{first / second:.0%} of them ({self._how_sure(one, other)})"
        return (
            f"{what} after {first:.0f} labels in the {one}'s order and {second:.0f} in "
            f"{other} order: {share}."
        )

    def _how_sure(self, one: str, other: str) -> str:
        if self.repeats < MIN_REPEATS:
            return f"how sure that is takes at least {MIN_REPEATS} repeats"
        low, high = self.saving(one, other).interval_95
        if math.isnan(low):
            return "all repeats say the same, which does not tell how sure that is"
        return f"{low:.0%} to {high:.0%}, 95 % interval over {self.repeats} repeats"

    def _only(self, repeats: NDArray[np.intp]) -> LearningCurves:
        return LearningCurves(
            self.labels, {name: each[repeats] for name, each in self.scores.items()}
        )


def _needed(labels: Sequence[int], mean: NDArray[np.float64], wanted: float) -> float:
    """Find from how many labels on a curve stays above a score; interpolates."""
    # There is no score where a repeat had only one class to learn: not reached.
    below = np.flatnonzero(~(mean >= wanted))
    if not len(below):
        return float(labels[0])
    last = int(below[-1])
    if last == len(mean) - 1:
        return float(labels[-1])
    if np.isnan(mean[last]):
        return float(labels[last + 1])
    rise = (wanted - mean[last]) / (mean[last + 1] - mean[last])
    return float(labels[last] + rise * (labels[last + 1] - labels[last]))
