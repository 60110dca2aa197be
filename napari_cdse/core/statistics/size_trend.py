"""The visible-defect fraction against the size of the particles."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.statistics.difference_estimator import difference
from napari_cdse.core.statistics.sample import Sample, population, sample_of
from napari_cdse.core.statistics.visible_defects import no_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.statistics.evidence import Evidence
    from napari_cdse.core.statistics.intervals import Interval
    from napari_cdse.core.statistics.size_distribution import Unit

_MOST_BINS = 6
"""A choice: more classes of size are each too uncertain to compare by eye."""

_PER_BIN = 15
"""Fewest resolved particles to a class of size. A choice: with fewer, a fraction of a
half is uncertain by more than a quarter either way even if all were judged."""


@dataclass(frozen=True, slots=True)
class SizeBin:
    """Particles of about one size.

    Attributes
    ----------
    low, high : float
        Diameters; the last class holds its upper end, too.
    middle : float
        Mean diameter of the resolved particles.
    n_particles : int
    resolved : float
        Resolved particles, estimated.
    fraction : float or None
        Of these, with a visible defect.
    interval_95 : tuple of float or None
        Over micrographs, as that of the whole; None where `note` says why.
    note : str
    """

    low: float
    high: float
    middle: float
    n_particles: int
    resolved: float
    fraction: float | None
    interval_95: Interval | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class SizeTrend:
    """Classes of size with about as many resolved particles in each.

    Attributes
    ----------
    unit : {"nm", "px"}
        Of all diameters; nm where the pixel size of any particle is known or estimated.
    bins : tuple of SizeBin
        From small to large; empty where no size or no resolved particle is known, or
        all are of one size.
    by_estimate : bool
        Whether nm are by pixel sizes that were estimated from the lattice.
    """

    unit: Unit
    bins: tuple[SizeBin, ...] = ()
    by_estimate: bool = False


def size_trend(evidence: Sequence[Evidence]) -> SizeTrend:
    """Estimate the fraction by size.

    The difference estimator of a domain: the particles of one class of size, with the
    weights that they have in the whole (Saerndal, Swensson, Wretman 1992, chapter 10).

    Parameters
    ----------
    evidence : sequence of Evidence
        Of every particle.

    Returns
    -------
    SizeTrend
        Particles of unknown size are in none of its classes.
    """
    chosen = population(evidence)
    unit, by_estimate, told = _diameters(chosen)
    if not chosen:
        return SizeTrend(unit)
    sizes = np.array([np.nan if each is None else each for each in told], float)
    sample = sample_of(chosen)
    edges = _edges(sizes, _resolved(sample))
    return SizeTrend(
        unit,
        tuple(
            _bin(sample, sizes, low, high, last=high == edges[-1])
            for low, high in pairwise(edges)
        ),
        by_estimate,
    )


def _diameters(
    chosen: Sequence[Evidence],
) -> tuple[Unit, bool, list[float | None]]:
    """Take diameters in nm where any is known, else where any is estimated, else px.

    Pixels of micrographs whose scales differ are no unit.
    """
    known = [each.diameter_nm for each in chosen]
    estimated = [each.estimated_nm for each in chosen]
    if any(each is not None for each in known):
        return "nm", False, known
    if any(each is not None for each in estimated):
        return "nm", True, estimated
    return "px", False, [each.diameter_px for each in chosen]


def _resolved(sample: Sample) -> NDArray[np.float64]:
    """Return how resolved each one is, without the weights, from 0 to 1."""
    return np.where(sample.counted, sample.labelled[:, 1], sample.predicted[:, 1])


def _edges(sizes: NDArray[np.float64], resolved: NDArray[np.float64]) -> list[float]:
    """Split so that each class has as many resolved particles."""
    known = np.isfinite(sizes)
    total = float(resolved[known].sum())
    if total <= 0:
        return []
    order = np.argsort(sizes[known], kind="stable")
    ordered = sizes[known][order]
    share = np.cumsum(resolved[known][order]) / total
    n_bins = int(min(max(total // _PER_BIN, 1), _MOST_BINS))
    inner = np.searchsorted(share, np.arange(1, n_bins) / n_bins)
    edges = np.unique([ordered[0], *ordered[inner], ordered[-1]])
    return [float(edge) for edge in edges]


def _bin(
    sample: Sample, sizes: NDArray[np.float64], low: float, high: float, *, last: bool
) -> SizeBin:
    inside = (sizes >= low) & ((sizes <= high) if last else (sizes < high))
    part = _part(sample, inside)
    found = difference(part)
    weight = np.maximum(_resolved(part), 0)
    known = found.resolved > 0
    note = no_interval(part, found)
    middle = float(weight @ sizes[inside] / weight.sum()) if known else (low + high) / 2
    return SizeBin(
        low,
        high,
        middle,
        n_particles=int(inside.sum()),
        resolved=found.resolved,
        fraction=min(max(found.share, 0.0), 1.0) if known else None,
        interval_95=None if note else found.interval_95,
        note=note,
    )


def _part(sample: Sample, inside: NDArray[np.bool_]) -> Sample:
    return Sample(
        sample.micrograph[inside],
        sample.predicted[inside],
        sample.labelled[inside],
        sample.weight[inside],
        sample.drawn[inside],
        None if sample.distrusted is None else sample.distrusted[inside],
        None if sample.never_drawn is None else sample.never_drawn[inside],
        None if sample.picked is None else sample.picked[inside],
    )
