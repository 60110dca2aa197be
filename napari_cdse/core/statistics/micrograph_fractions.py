"""The visible-defect fraction of each micrograph, to find those that differ.

A single micrograph has few draws, or none. Its fraction is computed from the labels
that count, and otherwise from predictions, corrected by the mean error that the draws
of all micrographs show. The interval assumes independent particles. If it does not
contain the overall fraction, focus, thickness or growth may differ there; by chance
alone that is so for one in twenty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.statistics.difference_estimator import difference
from napari_cdse.core.statistics.intervals import MIN_DRAWS, wilson_interval
from napari_cdse.core.statistics.sample import population, sample_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.statistics.evidence import Evidence
    from napari_cdse.core.statistics.intervals import Interval
    from napari_cdse.core.statistics.sample import Sample

_LEAST_RESOLVED = 0.5
"""Fewest resolved particles, estimated, for a fraction; with fewer, none is more
probable than one."""


@dataclass(frozen=True, slots=True)
class MicrographFraction:
    """Fraction of one micrograph's resolved particles with a visible defect.

    Attributes
    ----------
    micrograph : str
        Its id in the evidence.
    name : str
        Its name.
    fraction : float or None
        None if no particle is resolved.
    interval_95 : tuple of float or None
        Wilson's; None if there are unjudged particles, but too few draws to know the
        forest's error.
    resolved : float
        Estimated number of resolved particles.
    n_particles : int
        Number of particles.
    n_judged : int
        Number of these with a label that counts.
    """

    micrograph: str
    name: str
    fraction: float | None
    interval_95: Interval | None
    resolved: float
    n_particles: int
    n_judged: int


@dataclass(frozen=True, slots=True, eq=False)
class _Error:
    """Error of the forest, from the draws of all micrographs.

    Attributes
    ----------
    mean : ndarray, shape (2,)
        Mean error of the chances to show a defect and to be resolved.
    square : float or None
        Mean square of a particle's further error in the numerator; None without enough
        draws, or if no particle at all is resolved.
    """

    mean: NDArray[np.float64]
    square: float | None


def micrograph_fractions(
    evidence: Sequence[Evidence], names: Mapping[str, str] | None = None
) -> tuple[MicrographFraction, ...]:
    """Estimate the fraction of each micrograph alone.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of every particle.
    names : mapping of str to str, optional
        Names of micrographs, in the order of the result; others come after them.

    Returns
    -------
    tuple of MicrographFraction
        Without micrographs that have no particle.
    """
    chosen = population(evidence)
    if not chosen:
        return ()
    names = names or {}
    sample = sample_of(chosen)
    keys = np.unique([each.micrograph for each in chosen]).tolist()
    error = _error_of_the_forest(sample)
    order = {key: at for at, key in enumerate(names)}
    rows = [
        _fraction(sample, at, key, names.get(key, key), error)
        for at, key in enumerate(keys)
    ]
    return tuple(sorted(rows, key=lambda row: order.get(row.micrograph, len(order))))


def _error_of_the_forest(sample: Sample) -> _Error:
    drawn = sample.drawn
    if drawn.sum() < MIN_DRAWS:
        return _Error(np.zeros(2), None)
    off = (sample.labelled - sample.predicted)[drawn]
    weight = sample.weight[drawn]
    mean = weight @ off / weight.sum()
    share = difference(sample).share
    if math.isnan(share):
        return _Error(mean, None)
    remaining = (off - mean) @ (1, -share)
    return _Error(mean, float(weight @ remaining**2 / weight.sum()))


def _fraction(
    sample: Sample, at: int, key: str, name: str, error: _Error
) -> MicrographFraction:
    here = sample.micrograph == at
    counted = sample.counted[here]
    n_open = int(np.count_nonzero(~counted))
    labelled = sample.labelled[here][counted].sum(axis=0)
    predicted = (sample.predicted[here][~counted] + error.mean).sum(axis=0)
    defects, resolved = (float(each) for each in labelled + predicted)
    known = resolved >= _LEAST_RESOLVED
    share = min(max(defects / resolved, 0.0), 1.0) if known else None
    return MicrographFraction(
        micrograph=key,
        name=name,
        fraction=share,
        interval_95=None
        if share is None
        else _interval(share, resolved, n_open, error),
        resolved=max(resolved, 0.0),
        n_particles=int(here.sum()),
        n_judged=int(counted.sum()),
    )


def _interval(
    share: float, resolved: float, n_open: int, error: _Error
) -> Interval | None:
    """Return Wilson's interval for the effective number of particles."""
    if n_open and error.square is None:
        return None
    # Agresti and Coull's estimate, whose variance is not 0 at 0 and 1.
    near = (share * resolved + 2) / (resolved + 4)
    by_forest = n_open * (error.square or 0.0) / resolved**2
    effective = 1 / (1 / resolved + by_forest / (near * (1 - near)))
    return wilson_interval(share * effective, effective)
