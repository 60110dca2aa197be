"""Two samples compared: difference and ratio of their fractions, difference of sizes.

Both samples have intervals that cover by themselves, skewed where fractions are small.
The interval of a difference is recovered from their distances (MOVER: R. G. Newcombe,
Stat. Med. 17, 873 (1998), for proportions; G. Y. Zou, A. Donner, Stat. Med. 27, 1693
(2008), for any parameters), that of a ratio in the same way on the logarithms. The
samples are taken for independent: no micrograph is in both, and the lots of one say
nothing of the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.statistics.size_distribution import BY_ESTIMATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.statistics.intervals import Interval
    from napari_cdse.core.statistics.size_distribution import ClassSizes
    from napari_cdse.core.statistics.visible_defects import VisibleDefects


_ROUNDING = 1e-12
"""Share of two numbers up to which rounding makes their difference."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One number of a sample less, or over, that of another.

    Attributes
    ----------
    value : float or None
        None where either sample has no number, or the second one is 0 in a ratio.
    interval_95 : tuple of float or None
        None where either has none. The upper end of a ratio may be infinite.
    """

    value: float | None = None
    interval_95: Interval | None = None


@dataclass(frozen=True, slots=True)
class SampleNumbers:
    """What is known of one sample.

    Attributes
    ----------
    name : str
    defects : VisibleDefects
    sizes : ClassSizes
        Diameters of its particles.
    micrographs : frozenset of str
        Content ids.
    """

    name: str
    defects: VisibleDefects
    sizes: ClassSizes
    micrographs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two samples beside each other.

    Attributes
    ----------
    first, second : str
    difference : Contrast
        Fraction of the first less that of the second.
    ratio : Contrast
        Fraction of the first over that of the second.
    size_difference : Contrast
        Mean diameter of all particles of the first less that of the second.
    size_unit : str
        ``nm``; empty where they are not known in nm by the same means in both, for
        pixels of micrographs whose scales nobody knows can't be compared.
    n_shared : int
        Micrographs that are in both, by content. Then there are no intervals.
    sizes_by_estimate : bool
        Whether nm are by pixel sizes that were estimated from the lattice.
    """

    first: str
    second: str
    difference: Contrast
    ratio: Contrast
    size_difference: Contrast
    size_unit: str
    n_shared: int = 0
    sizes_by_estimate: bool = False

    @property
    def sentence(self) -> str:
        """Say it in words."""
        if self.difference.value is None:
            return (
                f"{self.first} and {self.second} can't be compared: one has no number."
            )
        told = (
            f"Visible defects in {self.first} less {self.second}: "
            f"{_told(self.difference, '+z.2f')}"
        )
        if self.ratio.value is not None:
            told += f"; ratio {_told(self.ratio, '.2f')}"
        return f"{told}. {self._verdict}"

    @property
    def size_sentence(self) -> str:
        """Say how sizes differ; empty where that is not known."""
        if self.size_difference.value is None:
            return ""
        how = f", {BY_ESTIMATE}," if self.sizes_by_estimate else ""
        return (
            f"Mean diameter in {self.size_unit}{how} of {self.first} less "
            f"{self.second}: {_told(self.size_difference, '+z.2f')}."
        )

    @property
    def _verdict(self) -> str:
        ends = self.difference.interval_95
        if self.n_shared:
            count = "1 micrograph is"
            if self.n_shared > 1:
                count = f"{self.n_shared} micrographs are"
            return f"There is no interval, since {count} in both samples."
        if ends is None:
            return "Without an interval of both, nothing says whether they differ."
        if ends[0] <= 0 <= ends[1]:
            return "They may be the same."
        return "They differ."


def compare(first: SampleNumbers, second: SampleNumbers) -> Comparison:
    """Compare two samples.

    Parameters
    ----------
    first, second : SampleNumbers
        Where they share micrographs, they are not independent: without intervals.
    """
    shared = len(first.micrographs & second.micrographs)
    one, other = first.defects, second.defects
    kinds = {(each.sizes.unit, each.sizes.by_estimate) for each in (first, second)}
    by_estimate = kinds == {("nm", True)}
    unit = "nm" if by_estimate or kinds == {("nm", False)} else ""
    sizes = (
        [_mean_size(each) for each in (first, second)] if unit else [(None, None)] * 2
    )
    return Comparison(
        first.name,
        second.name,
        _alone(difference_of(*_share(one), *_share(other)), shared),
        _alone(ratio_of(*_share(one), *_share(other)), shared),
        _alone(difference_of(*sizes[0], *sizes[1]), shared),
        unit,
        shared,
        by_estimate,
    )


def _share(found: VisibleDefects) -> tuple[float | None, Interval | None]:
    return found.fraction, found.interval_95


def _alone(contrast: Contrast, shared: int) -> Contrast:
    return Contrast(contrast.value) if shared else contrast


def compare_all(samples: Sequence[SampleNumbers]) -> tuple[Comparison, ...]:
    """Compare each sample with every later one."""
    return tuple(
        compare(first, second)
        for at, first in enumerate(samples)
        for second in samples[at + 1 :]
    )


def difference_of(
    first: float | None,
    first_95: Interval | None,
    second: float | None,
    second_95: Interval | None,
) -> Contrast:
    """Take the second number from the first, with their intervals."""
    if first is None or second is None:
        return Contrast()
    value = first - second
    largest = max(abs(first), abs(second))
    if math.isfinite(largest) and abs(value) <= _ROUNDING * largest:
        value = 0.0
    if first_95 is None or second_95 is None:
        return Contrast(value)
    below = math.hypot(first - first_95[0], second_95[1] - second)
    above = math.hypot(first_95[1] - first, second - second_95[0])
    return Contrast(value, (value - below, value + above))


def ratio_of(
    first: float | None,
    first_95: Interval | None,
    second: float | None,
    second_95: Interval | None,
) -> Contrast:
    """Divide the first number by the second, neither below 0, with their intervals."""
    if first is None or not second:
        return Contrast()
    value = first / second
    if first_95 is None or second_95 is None:
        return Contrast(value)
    logs = difference_of(
        _log(first), _logs(first_95), _log(second), _logs(second_95)
    ).interval_95
    if logs is None or first == 0:
        # Nothing is known of how far below 0 its logarithm lies.
        low, high = 0.0, _over(first_95[1], second_95[0])
        return Contrast(value, (low, high))
    return Contrast(value, (math.exp(logs[0]), math.exp(logs[1])))


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _logs(interval: Interval) -> Interval:
    return _log(interval[0]), _log(interval[1])


def _over(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else math.inf


def _mean_size(sample: SampleNumbers) -> tuple[float | None, Interval | None]:
    for each in sample.sizes.summaries:
        if each.label == "all":
            return each.mean, each.mean_95
    return None, None


def _told(contrast: Contrast, form: str) -> str:
    told = f"{contrast.value:{form}}"
    if contrast.interval_95 is None:
        return f"{told}, without an interval"
    low, high = contrast.interval_95
    return f"{told} ({low:{form}} to {high:{form}}, 95 %)"
