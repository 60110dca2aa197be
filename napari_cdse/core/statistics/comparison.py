"""Compare two samples: difference and ratio of their fractions, difference of sizes.

The intervals of both samples may be asymmetric. The interval of a difference is
computed from the distances of their ends to their values (MOVER: R. G. Newcombe, Stat.
Med. 17, 873 (1998), for proportions; G. Y. Zou, A. Donner, Stat. Med. 27, 1693 (2008),
for any parameters); that of a ratio in the same way with logarithms. The samples are
assumed to be independent: they share no micrograph, and their draws are separate.
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
"""Relative difference of two numbers that counts as rounding."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference or ratio of two samples.

    Attributes
    ----------
    value : float or None
        None if either sample has no number, or the denominator of a ratio is 0.
    interval_95 : tuple of float or None
        None if either sample has none. The upper end of a ratio may be infinite.
    """

    value: float | None = None
    interval_95: Interval | None = None


@dataclass(frozen=True, slots=True)
class SampleNumbers:
    """Results of one sample.

    Attributes
    ----------
    name : str
        Name of the sample.
    defects : VisibleDefects
        Its visible-defect fraction.
    sizes : ClassSizes
        Diameters of its particles.
    micrographs : frozenset of str
        Ids of its micrographs' contents.
    """

    name: str
    defects: VisibleDefects
    sizes: ClassSizes
    micrographs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Comparison of two samples.

    Attributes
    ----------
    first, second : str
        Names of the samples.
    difference : Contrast
        Fraction of the first less that of the second.
    ratio : Contrast
        Fraction of the first over that of the second.
    size_difference : Contrast
        Mean diameter of all particles of the first less that of the second.
    size_unit : str
        ``nm``; empty if diameters are not known in nm by the same means in both, since
        pixels of unknown size cannot be compared.
    n_shared : int
        Number of micrographs in both, by content. If there are any, there are no
        intervals.
    sizes_by_estimate : bool
        Whether diameters are by pixel sizes that were estimated from the lattice.
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
        """The difference and ratio of the fractions in words."""
        if self.difference.value is None:
            return (
                f"{self.first} and {self.second} can't be compared: one has no number."
            )
        numbers = (
            f"Visible defects in {self.first} less {self.second}: "
            f"{_with_interval(self.difference, '+z.2f')}"
        )
        if self.ratio.value is not None:
            numbers += f"; ratio {_with_interval(self.ratio, '.2f')}"
        return f"{numbers}. {self._verdict}"

    @property
    def size_sentence(self) -> str:
        """The difference of diameters in words; empty if it is unknown."""
        if self.size_difference.value is None:
            return ""
        estimated = f", {BY_ESTIMATE}," if self.sizes_by_estimate else ""
        return (
            f"Mean diameter in {self.size_unit}{estimated} of {self.first} less "
            f"{self.second}: {_with_interval(self.size_difference, '+z.2f')}."
        )

    @property
    def _verdict(self) -> str:
        """Whether the samples differ, or why that is unknown."""
        interval = self.difference.interval_95
        if self.n_shared:
            count = "1 micrograph is"
            if self.n_shared > 1:
                count = f"{self.n_shared} micrographs are"
            return f"There is no interval, since {count} in both samples."
        if interval is None:
            return "Without an interval of both, nothing says whether they differ."
        if interval[0] <= 0 <= interval[1]:
            return "They may be the same."
        return "They differ."


def compare(first: SampleNumbers, second: SampleNumbers) -> Comparison:
    """Compare two samples.

    Parameters
    ----------
    first, second : SampleNumbers
        If they share micrographs, they are not independent, and there are no intervals.
    """
    n_shared = len(first.micrographs & second.micrographs)
    fractions = (*_fraction(first.defects), *_fraction(second.defects))
    kinds = {(each.sizes.unit, each.sizes.by_estimate) for each in (first, second)}
    by_estimate = kinds == {("nm", True)}
    unit = "nm" if by_estimate or kinds == {("nm", False)} else ""
    sizes = (
        [_mean_size(each) for each in (first, second)] if unit else [(None, None)] * 2
    )

    def independent(contrast: Contrast) -> Contrast:
        # Without an interval where the samples are not.
        return Contrast(contrast.value) if n_shared else contrast

    return Comparison(
        first.name,
        second.name,
        independent(difference_of(*fractions)),
        independent(ratio_of(*fractions)),
        independent(difference_of(*sizes[0], *sizes[1])),
        unit,
        n_shared,
        by_estimate,
    )


def _fraction(defects: VisibleDefects) -> tuple[float | None, Interval | None]:
    return defects.fraction, defects.interval_95


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
    """Return the difference of two numbers, with its interval.

    Parameters
    ----------
    first, second : float or None
        The numbers.
    first_95, second_95 : tuple of float or None
        Their intervals.
    """
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
    """Return the ratio of two numbers that are not negative, with its interval.

    Parameters
    ----------
    first, second : float or None
        The numbers.
    first_95, second_95 : tuple of float or None
        Their intervals.
    """
    if first is None or not second:
        return Contrast()
    value = first / second
    if first_95 is None or second_95 is None:
        return Contrast(value)
    logs = difference_of(
        _log(first), _logs(first_95), _log(second), _logs(second_95)
    ).interval_95
    if logs is None or first == 0:
        # The logarithm of 0 is infinite, so that the ends are taken directly.
        return Contrast(value, (0.0, _over(first_95[1], second_95[0])))
    return Contrast(value, (math.exp(logs[0]), math.exp(logs[1])))


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _logs(interval: Interval) -> Interval:
    return _log(interval[0]), _log(interval[1])


def _over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else math.inf


def _mean_size(sample: SampleNumbers) -> tuple[float | None, Interval | None]:
    for each in sample.sizes.summaries:
        if each.label == "all":
            return each.mean, each.mean_95
    return None, None


def _with_interval(contrast: Contrast, form: str) -> str:
    value = f"{contrast.value:{form}}"
    if contrast.interval_95 is None:
        return f"{value}, without an interval"
    low, high = contrast.interval_95
    return f"{value} ({low:{form}} to {high:{form}}, 95 %)"
