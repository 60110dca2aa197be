"""Size distributions by class: summaries and histograms of diameters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.records import Label

PARTICLES: tuple[Label, ...] = ("yes", "no", "null")
"""Classes that are particles; ``empty`` is none."""

_BINS = (5, 30)
_NICE = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class SizeSummary:
    """Diameters of the particles of one class.

    Attributes
    ----------
    label : str
        A class, or ``"all"``.
    n : int
        Particles of known size.
    mean, median, quartile_1, quartile_3 : float
    standard_deviation : float or None
        Of the sample (n - 1); None for a single particle.
    """

    label: str
    n: int
    mean: float
    standard_deviation: float | None
    median: float
    quartile_1: float
    quartile_3: float


@dataclass(frozen=True, slots=True)
class SizeHistogram:
    """Particles per class and bin of diameter.

    ``edges`` has one more entry than each of the ``counts``; the last bin is closed.
    """

    edges: tuple[float, ...]
    counts: Mapping[Label, tuple[int, ...]]


def size_distribution(
    sizes: Sequence[float | None], labels: Sequence[Label | None]
) -> tuple[SizeSummary, ...]:
    """Summarise diameters by class, and of all classes that are particles.

    Parameters
    ----------
    sizes : sequence of float or None
        Diameters in one unit; None where it is not known, which is left out.
    labels : sequence of {"yes", "no", "null", "empty"} or None
        One per particle; ``empty`` and None are left out.

    Returns
    -------
    tuple of SizeSummary
        Classes without a known size are missing.
    """
    by_class = _sizes_by_class(sizes, labels)
    groups: dict[str, NDArray[np.float64]] = dict(by_class.items())
    groups["all"] = np.concatenate(list(by_class.values()))
    return tuple(
        _summary(label, values) for label, values in groups.items() if values.size
    )


def size_histogram(
    sizes: Sequence[float | None], labels: Sequence[Label | None]
) -> SizeHistogram | None:
    """Count diameters by class in bins of a round width.

    The width follows Freedman and Diaconis, Z. Wahrscheinlichkeit 57, 453 (1981),
    within 5 to 30 bins.

    Returns
    -------
    SizeHistogram or None
        None where no size is known.
    """
    by_class = _sizes_by_class(sizes, labels)
    everything = np.concatenate(list(by_class.values()))
    if not everything.size:
        return None
    edges = _edges(everything)
    counts = {
        label: tuple(int(n) for n in np.histogram(values, edges)[0])
        for label, values in by_class.items()
    }
    return SizeHistogram(tuple(float(edge) for edge in edges), counts)


def _sizes_by_class(
    sizes: Sequence[float | None], labels: Sequence[Label | None]
) -> dict[Label, NDArray[np.float64]]:
    pairs = list(zip(sizes, labels, strict=True))
    return {
        label: np.array([s for s, of in pairs if of == label and s is not None], float)
        for label in PARTICLES
    }


def _summary(label: str, values: NDArray[np.float64]) -> SizeSummary:
    first, middle, third = (float(q) for q in np.percentile(values, (25, 50, 75)))
    spread = float(values.std(ddof=1)) if values.size > 1 else None
    return SizeSummary(
        label, int(values.size), float(values.mean()), spread, middle, first, third
    )


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    first, third = np.percentile(values, (25, 75))
    wanted = 2 * (third - first) / values.size ** (1 / 3)
    span = (high - low) or abs(high) or 1.0
    width = _round_up(min(max(wanted, span / _BINS[1]), span / _BINS[0]))
    start = math.floor(low / width)
    n_bins = max(1, math.ceil(high / width) - start)
    return np.asarray(width * (start + np.arange(n_bins + 1)), np.float64)


def _round_up(width: float) -> float:
    """Next of 1, 2, 5, 10, ... times a power of ten."""
    unit = 10.0 ** math.floor(math.log10(width))
    return next(step * unit for step in _NICE if step * unit >= width * (1 - 1e-9))
