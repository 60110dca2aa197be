"""Novelty: how unlike a forest's training set a particle is.

A forest answers for any particle, also for one unlike all that it learnt from. Novelty
is the distance to the nearest training particles (Ramaswamy, Rastogi, Shim, SIGMOD
2000), in units of a limit: the 99 % quantile of such distances within the training set,
each particle compared with those of other micrographs. In a new micrograph like those
of the training set, 1 % of the particles then exceed the limit (conformal prediction:
Laxhammar, Falkman, FUSION 2010).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtrc

from napari_cdse.core.classifier.quality_range import worse_than_learnt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.classifier.training_set import TrainingSet
    from napari_cdse.core.features import FeatureTable
    from napari_cdse.core.micrograph_quality import MicrographQuality
    from napari_cdse.core.records import ModelCard

NEIGHBOURS = 5
"""Number of the neighbour whose distance counts: the fifth nearest training particle.

A choice: with fewer, one odd particle in the training set makes all particles like it
familiar; with more, a kind of particle of which few were labelled stays unfamiliar.
"""

FALSE_ALARMS = 0.01
"""Share of ordinary particles that exceed the limit. A choice: a larger share warns of
good micrographs; a smaller one takes more training particles (`MIN_PARTICLES`), and
misses more unusual ones."""

MIN_PARTICLES = 100
"""Fewest training particles for a quantile at `FALSE_ALARMS`: one over that share."""

PIXEL_SIZE_TOLERANCE = 0.02
"""Relative tolerance at the ends of the training set's range of pixel sizes. A choice:
room for a rounded or recalibrated pixel size; more would admit another
magnification."""

_MOST = 3000
"""Most training particles that are used; of more, a random sample. A choice: time grows
with the square of the number, and more would give a more precise limit."""

_CHUNK = 256
"""Rows compared at a time. A choice: 6 MB of distances, which the processor's cache
holds; more cost memory and time, for each process of a run."""

_NORMAL_QUARTILES = 1.349
"""Interquartile range of the normal distribution in standard deviations, 2 * 0.6745."""


@dataclass(frozen=True, eq=False)
class NoveltyReference:
    """The training particles of a forest, prepared for computing novelty.

    Attributes
    ----------
    rows : ndarray of float64, shape (n_particles, n_features)
        Scaled features of the originals.
    centre, scale : ndarray of float64, shape (n_features,)
        Median, and interquartile range over that of a normal distribution.
    limit : float
        Distance that a share `FALSE_ALARMS` of the training particles exceed, each
        compared with particles of other micrographs.
    """

    rows: NDArray[np.float64]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    limit: float

    def novelty(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Give each row's distance as a multiple of the limit.

        Parameters
        ----------
        values : ndarray of float32, shape (n_rows, n_features)
            Features in the order of training.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            Above 1: unlike anything in the training set.
        """
        scaled = _scaled(values, self.centre, self.scale)
        parts = [
            _neighbour(_distances(scaled[some], self.rows))
            for some in _chunks(len(scaled))
        ]
        return np.concatenate([np.zeros(0), *parts]) / self.limit


def novelty_reference(
    training: TrainingSet, least: int = MIN_PARTICLES
) -> NoveltyReference | None:
    """Prepare a training set for computing novelty.

    Parameters
    ----------
    training : TrainingSet
        Labelled rows, copies included.
    least : int, optional
        Fewest particles. With fewer than `MIN_PARTICLES` the limit means nothing, but
        novelties still rank particles.

    Returns
    -------
    NoveltyReference or None
        None with fewer particles, or a single micrograph, as there is no distance to
        other micrographs then.
    """
    originals = training.rows(training.originals)
    if len(originals) > _MOST:
        chosen = np.random.default_rng(0).choice(len(originals), _MOST, replace=False)
        originals = originals.rows(np.sort(chosen))
    if len(originals) < least:
        return None
    _, groups = np.unique(originals.micrograph_ids, return_inverse=True)
    values = originals.table.values.astype(np.float64)
    centre = np.median(values, axis=0)
    scale = _scale(values)
    rows = _scaled(originals.table.values, centre, scale)
    nearest = _distances_to_other_groups(rows, groups)
    # Where one micrograph holds nearly all, or all, some have too few neighbours
    # elsewhere, or none.
    known = nearest[np.isfinite(nearest)]
    if len(known) < least:
        return None
    limit = float(np.quantile(known, 1 - FALSE_ALARMS, method="higher"))
    return None if limit <= 0 else NoveltyReference(rows, centre, scale, limit)


@lru_cache(maxsize=2)
def novelty_reference_of(model: Model) -> NoveltyReference | None:
    """Prepare a model's training set; None if the model has none. Cached."""
    return None if model.training is None else novelty_reference(model.training)


def novelty(model: Model, table: FeatureTable) -> list[float | None]:
    """Tell how unlike a model's training set each row is.

    Returns
    -------
    list of float or None
        Above 1: out of the model's range. None where the model cannot tell.
    """
    known = novelty_reference_of(model)
    if known is None:
        return [None] * len(table)
    return [float(each) for each in known.novelty(table.values)]


def is_novel(value: float | None) -> bool:
    """Whether a particle is out of range, as far as known."""
    return value is not None and value > 1


def out_of_range(
    card: ModelCard,
    pixel_size_nm: float | None,
    values: Sequence[float | None],
    quality: MicrographQuality | None = None,
) -> str | None:
    """Say in a sentence why a micrograph is out of a model's range.

    Parameters
    ----------
    card : ModelCard
        Of the model that looked at it.
    pixel_size_nm : float or None
        Edge of the micrograph's pixels, an estimate too.
    values : sequence of float or None
        Novelty of its particles.
    quality : MicrographQuality, optional
        Of the micrograph, where it is known.

    Returns
    -------
    str or None
        None where nothing is unusual: a particle beyond the limit now and then is
        not (binomial test, `FALSE_ALARMS` on either level).
    """
    reasons = [
        _scale_reason(card, pixel_size_nm),
        worse_than_learnt(card, quality),
        _novelty_reason(values),
    ]
    told = " ".join(reason for reason in reasons if reason)
    return told or None


def _scale_reason(card: ModelCard, pixel_size_nm: float | None) -> str | None:
    limits = card.pixel_size_range_nm
    if limits is None or pixel_size_nm is None:
        return None
    low = limits[0] * (1 - PIXEL_SIZE_TOLERANCE)
    high = limits[1] * (1 + PIXEL_SIZE_TOLERANCE)
    if low <= pixel_size_nm <= high:
        return None
    return (
        f"Its pixels of {pixel_size_nm:.4f} nm are outside the range that the forest "
        f"learnt from ({limits[0]:.4f} to {limits[1]:.4f} nm)."
    )


def _novelty_reason(values: Sequence[float | None]) -> str | None:
    known = [value for value in values if value is not None]
    n_novel = sum(is_novel(value) for value in known)
    if not n_novel or bdtrc(n_novel - 1, len(known), FALSE_ALARMS) > FALSE_ALARMS:
        return None
    return (
        f"{n_novel} of its {len(known)} circles look like nothing that the forest "
        "learnt from; check them, and label some before you trust its word."
    )


def _scale(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = np.quantile(values, (0.25, 0.75), axis=0)
    spread = (high - low) / _NORMAL_QUARTILES
    # A feature that is mostly one value has no quartiles apart.
    spread = np.where(spread > 0, spread, values.std(axis=0))
    return np.where(spread > 0, spread, math.inf)


def _scaled(
    values: NDArray[np.float32],
    centre: NDArray[np.float64],
    scale: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Centre, scale, and compress large values logarithmically."""
    return np.asarray(np.arcsinh((values.astype(np.float64) - centre) / scale))


def _distances_to_other_groups(
    rows: NDArray[np.float64], groups: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Distance of each row to its `NEIGHBOURS`-th neighbour of other groups.

    It is infinite if other groups have too few rows.
    """
    parts = []
    for some in _chunks(len(rows)):
        apart = _distances(rows[some], rows)
        apart[groups[some, None] == groups[None, :]] = np.inf
        parts.append(_neighbour(apart))
    return np.concatenate(parts)


def _chunks(number: int) -> list[slice]:
    return [slice(start, start + _CHUNK) for start in range(0, number, _CHUNK)]


def _distances(
    rows: NDArray[np.float64], others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Euclidean distance of each row to each of the others."""
    # The window stands before anything is classified, and does not wait for the import.
    from scipy.spatial.distance import cdist

    apart: NDArray[np.float64] = cdist(rows, others)
    return apart


def _neighbour(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance to the neighbour that counts; reorders the distances in place."""
    k = min(NEIGHBOURS, distances.shape[1]) - 1
    distances.partition(k, axis=1)
    return distances[:, k].copy()
