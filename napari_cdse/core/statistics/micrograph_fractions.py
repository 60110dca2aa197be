"""The visible-defect fraction of each micrograph, to see which ones stand apart.

One micrograph has few draws, or none. So labels stand where they count, and elsewhere
the forest's word, moved by what the draws of all micrographs say it is off on average.
The interval is that of a micrograph alone, with its particles taken for independent:
where it leaves the whole's fraction out, focus, thickness or growth may be another
there, or chance: one in twenty does without any reason.
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
"""Resolved particles below which a micrograph has no fraction: more likely none."""


@dataclass(frozen=True, slots=True)
class MicrographFraction:
    """Share of one micrograph's resolved particles with a visible defect.

    Attributes
    ----------
    micrograph : str
        As the evidence has it.
    name : str
        What to call it.
    fraction : float or None
        None where no particle is resolved.
    interval_95 : tuple of float or None
        Wilson's; None where unjudged particles are there and too few draws say how
        far the forest is off.
    resolved : float
        Resolved particles, estimated.
    n_particles : int
    n_judged : int
        Of these, with a label that counts.
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
    """What the draws of all micrographs say of the forest.

    ``mean`` is what it is off by (defects, resolved), ``square`` the mean square of
    what one particle adds to the numerator beyond that; None without enough draws, or
    where by them no particle at all is resolved.
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
        What to call the micrographs; in its order, others after them.

    Returns
    -------
    tuple of MicrographFraction
        Micrographs without a particle are missing.
    """
    chosen = population(evidence)
    if not chosen:
        return ()
    told = names or {}
    sample = sample_of(chosen)
    keys = np.unique([each.micrograph for each in chosen]).tolist()
    error = _error_of_the_forest(sample)
    order = {key: at for at, key in enumerate(told)}
    rows = [
        _fraction(sample, at, key, told.get(key, key), error)
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
    left = (off - mean) @ (1, -share)
    return _Error(mean, float(weight @ left**2 / weight.sum()))


def _fraction(
    sample: Sample, at: int, key: str, name: str, error: _Error
) -> MicrographFraction:
    here = sample.micrograph == at
    counted = sample.counted[here]
    n_open = int(np.count_nonzero(~counted))
    labelled = sample.labelled[here][counted].sum(axis=0)
    told = (sample.predicted[here][~counted] + error.mean).sum(axis=0)
    defects, resolved = (float(each) for each in labelled + told)
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
    """Wilson's, of as many particles as would tell as much."""
    if n_open and error.square is None:
        return None
    # Agresti and Coull's share: at 0 and 1 it still varies.
    near = (share * resolved + 2) / (resolved + 4)
    by_forest = n_open * (error.square or 0.0) / resolved**2
    effective = 1 / (1 / resolved + by_forest / (near * (1 - near)))
    return wilson_interval(share * effective, effective)
