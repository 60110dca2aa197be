"""What would change if another forest took the place of the one in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.statistics.defect_fraction import (
    MIN_MICROGRAPHS,
    RESAMPLES,
    DefectFraction,
    defect_fraction,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.records import Label, Prediction
    from napari_cdse.core.statistics.intervals import Interval

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two forests say of one particle.

    Attributes
    ----------
    particle_id : str
    micrograph : str
        Its micrograph, by an id that no other one has.
    new : Prediction
    old : Prediction or None
        None where the old forest was not asked about this circle.
    judged : {"yes", "no", "null", "empty"} or None
        The person's class; it stands whatever the forests say.
    """

    particle_id: str
    micrograph: str
    new: Prediction
    old: Prediction | None = None
    judged: Label | None = None

    @property
    def flips(self) -> bool:
        """Whether the forests name different classes."""
        return self.old is not None and self.old.label != self.new.label


@dataclass(frozen=True, slots=True)
class FractionChange:
    """The visible-defect fraction with either forest, and the difference.

    Attributes
    ----------
    old, new : DefectFraction
        The person's class counts where she judged, else the forest's.
    interval_95 : tuple of float or None
        Of new minus old, by resampling what is paired: each particle has both
        classes. It says how the sample scatters, not how wrong the forests are.
        None without a resolved particle on both sides.
    note : str
        What the interval takes for granted; empty if nothing.
    """

    old: DefectFraction
    new: DefectFraction
    interval_95: Interval | None
    note: str = ""

    @property
    def difference(self) -> float | None:
        """New minus old; None where one of them has no resolved particle."""
        if self.old.fraction is None or self.new.fraction is None:
            return None
        return self.new.fraction - self.old.fraction

    @property
    def sentence(self) -> str:
        """Say it in words."""
        difference, interval = self.difference, self.interval_95
        if difference is None or interval is None:
            return "No defect fraction: one of the forests calls no particle resolved."
        low, high = interval
        if low == high == 0:
            return (
                f"Visible-defect fraction {self.old.fraction:.2f} with either forest."
            )
        return (
            f"Visible-defect fraction {self.old.fraction:.2f} \u2192 "
            f"{self.new.fraction:.2f}: changes by {difference:+.2f} "
            f"({low:+.2f} to {high:+.2f}, 95 %)."
        )


def flipped(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Choose the particles whose class would flip, the new forest's surest first."""
    found = [each for each in verdicts if each.flips]
    return sorted(found, key=lambda each: (-each.new.margin, each.particle_id))


def fraction_change(verdicts: Iterable[Verdict], *, seed: int = 0) -> FractionChange:
    """Estimate how the visible-defect fraction would change.

    Particles that neither a person nor the old forest has judged are left out.

    Parameters
    ----------
    verdicts : iterable of Verdict
        Of the whole project.
    seed : int, optional
        Of the resampling.

    Returns
    -------
    FractionChange
        Its interval is the wider one of resampled particles and resampled
        micrographs; of particles alone, and with a note, where there are fewer
        than `MIN_MICROGRAPHS` micrographs.
    """
    known = [each for each in verdicts if each.judged or each.old is not None]
    before = [_label(each, each.old) for each in known]
    after = [_label(each, each.new) for each in known]
    names = [each.micrograph for each in known]
    old = defect_fraction(before, names, seed=seed)
    new = defect_fraction(after, names, seed=seed)
    if old.fraction is None or new.fraction is None:
        return FractionChange(old, new, None)
    tallies = np.stack([*_resolved(before), *_resolved(after)], axis=1)
    tallies, of = _with_resolved(tallies, names)
    interval = _interval(tallies, seed)
    by_micrograph = _summed(tallies, of)
    if len(by_micrograph) < MIN_MICROGRAPHS:
        return FractionChange(old, new, interval, _few(len(by_micrograph)))
    wide = max(interval, _interval(by_micrograph, seed), key=lambda i: i[1] - i[0])
    return FractionChange(old, new, wide)


def _label(verdict: Verdict, prediction: Prediction | None) -> Label | None:
    if verdict.judged is not None:
        return verdict.judged
    return None if prediction is None else prediction.label


def _resolved(labels: Sequence[Label | None]) -> tuple[NDArray[np.float64], ...]:
    """Per particle: has a visible defect, is resolved."""
    yes = np.array([label == "yes" for label in labels], float)
    return yes, yes + np.array([label == "no" for label in labels], float)


def _with_resolved(
    tallies: NDArray[np.float64], names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Leave out what is resolved for neither; number the micrographs of the rest."""
    keep = (tallies[:, 1] + tallies[:, 3]) > 0
    numbers = np.unique(np.array(names)[keep], return_inverse=True)[1]
    return tallies[keep], numbers


def _summed(tallies: NDArray[np.float64], of: NDArray[np.intp]) -> NDArray[np.float64]:
    sums = np.zeros((int(of.max()) + 1, tallies.shape[1]))
    np.add.at(sums, of, tallies)
    return sums


def _interval(tallies: NDArray[np.float64], seed: int) -> Interval:
    """Percentile interval of the difference from resampled rows."""
    rng = np.random.default_rng(seed)
    chances = np.full(len(tallies), 1 / len(tallies))
    differences = []
    for _ in range(RESAMPLES // _BATCH):
        drawn = rng.multinomial(len(tallies), chances, size=_BATCH) @ tallies
        drawn = drawn[(drawn[:, 1] > 0) & (drawn[:, 3] > 0)]
        differences.append(drawn[:, 2] / drawn[:, 3] - drawn[:, 0] / drawn[:, 1])
    low, high = np.percentile(np.concatenate(differences), (2.5, 97.5))
    return float(low), float(high)


def _few(n_micrographs: int) -> str:
    return (
        f"The interval takes particles for independent: {n_micrographs} micrographs "
        f"with resolved particles are too few to see how much micrographs differ "
        f"(at least {MIN_MICROGRAPHS})."
    )
