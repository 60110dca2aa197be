"""Particles from the network's output maps: seeds, watershed, circles, strengths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage.morphology import h_maxima
from skimage.segmentation import watershed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.detection.unet.network import Maps


@dataclass(frozen=True, slots=True)
class InstanceSettings:
    """Thresholds of the segmentation of the network's maps. All are choices.

    Attributes
    ----------
    inside : float
        Interior probability from which a sample belongs to a particle.
    faintest : float
        Least peak probability of a particle; lower peaks are everywhere on bare
        support.
    share : float
        In faint particles a sample belongs from this share of the peak probability on,
        if that is less than ``inside``.
    smooth : float
        Standard deviation, in samples, of the Gaussian that smooths the distance map;
        it removes peaks narrower than the core of the smallest particle.
    saddle : float
        Depth of the saddle between two seeds in the distance map, as a share of a
        particle's largest distance. With less, particles are split; with more, touching
        ones are joined.
    least_peak : float
        Least value of the distance map at a seed.
    clip : float
        Log odds at which probabilities are clipped, since beyond that the network's
        certainty means nothing.
    """

    inside: float = 0.5
    faintest: float = 0.1
    share: float = 0.5
    smooth: float = 1.5
    saddle: float = 0.07
    least_peak: float = 0.25

    clip: float = 8.0


SETTINGS = InstanceSettings()


@dataclass(frozen=True, slots=True, eq=False)
class Instances:
    """Particles found in the network's maps; lengths are in samples of the maps.

    Attributes
    ----------
    numbers : ndarray of int32, shape (rows, columns)
        Number of the particle at each sample, from 1; 0: none.
    centres : ndarray of float64, shape (n, 2)
        Row and column of each particle's centre.
    radii : ndarray of float64, shape (n,)
        Radius of the circle of the same area; for a particle cut by the border, of the
        circle fitted to its edge.
    strengths : ndarray of float64, shape (n,)
        Mean log odds of the interior probability.
    """

    numbers: NDArray[np.int32]
    centres: NDArray[np.float64]
    radii: NDArray[np.float64]
    strengths: NDArray[np.float64]


def find_instances(maps: Maps, settings: InstanceSettings = SETTINGS) -> Instances:
    """Segment the network's maps into particles.

    Seeds are the peaks of the distance map, so that touching particles have one each;
    the watershed transform (F. Meyer, Signal Process. 38, 113 (1994)) divides the
    interior among them.

    Parameters
    ----------
    maps : Maps
        The network's output.
    settings : InstanceSettings
        Thresholds.
    """
    highest = _highest_around(maps.interior, settings.faintest)
    inside = maps.interior > np.minimum(settings.share * highest, settings.inside)
    inside &= highest > 0
    # In faint particles the distance map is low in proportion to the probability.
    depth = ndimage.gaussian_filter(maps.distance, settings.smooth)
    depth = np.where(inside, depth / np.maximum(highest, settings.faintest), 0)
    peaks = h_maxima(depth, settings.saddle) > 0
    peaks &= inside & (depth > settings.least_peak)
    seeds, _ = ndimage.label(peaks, np.ones((3, 3)))
    numbers = watershed(-depth, seeds, mask=inside).astype(np.int32)
    odds = np.clip(_log_odds(maps.interior), -settings.clip, settings.clip)
    found = []
    for number, place in enumerate(ndimage.find_objects(numbers), 1):
        if place is not None:
            found.append(_measured(numbers, number, place, odds))
    columns = np.array(found, float).reshape(-1, 4)
    return Instances(numbers, columns[:, :2], columns[:, 2], columns[:, 3])


def _highest_around(
    probability: NDArray[np.float32], faintest: float
) -> NDArray[np.float32]:
    """Peak probability of the connected region around each sample; 0 outside regions.

    Regions are where the probability exceeds ``faintest``.
    """
    regions, count = ndimage.label(probability > faintest)
    highest = ndimage.maximum(probability, regions, np.arange(count + 1))
    highest = np.asarray(highest, dtype=np.float32)
    highest[0] = 0
    return highest[regions]


def _measured(
    numbers: NDArray[np.int32],
    number: int,
    place: tuple[slice, ...],
    odds: NDArray[np.float32],
) -> tuple[float, float, float, float]:
    """Row, column, radius and strength of one particle."""
    own = numbers[place] == number
    rows, cols = np.nonzero(own)
    row, col = rows.mean() + place[0].start, cols.mean() + place[1].start
    radius = np.sqrt(len(rows) / np.pi)
    if _is_cut(place, numbers.shape):
        fitted = _through_edge(own, place)
        if fitted is not None and radius <= fitted[2] <= 3 * radius:
            row, col, radius = fitted
    return float(row), float(col), float(radius), float(odds[place][own].mean())


def _is_cut(place: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    return any(
        each.start == 0 or each.stop == length
        for each, length in zip(place, shape, strict=True)
    )


def _through_edge(
    own: NDArray[np.bool_], place: tuple[slice, ...]
) -> tuple[float, float, float] | None:
    """Fit a circle to the edge of a particle that the micrograph's border cuts.

    Algebraic least squares (I. Kasa, IEEE Trans. Instrum. Meas. 25, 8 (1976)). None if
    it has too few samples or no solution.
    """
    edge = own & ~ndimage.binary_erosion(own, border_value=1)
    rows, cols = np.nonzero(edge)
    rows, cols = rows + place[0].start, cols + place[1].start
    if len(rows) < 6:
        return None
    design = np.stack([rows, cols, np.ones(len(rows))], axis=1)
    (a, b, c), *_ = np.linalg.lstsq(design, rows**2 + cols**2, rcond=None)
    square = c + (a / 2) ** 2 + (b / 2) ** 2
    if not square > 0:
        return None
    # The centres of edge samples lie half a sample inside the edge.
    return float(a / 2), float(b / 2), float(np.sqrt(square)) + 0.5


def _log_odds(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    tiny = np.float32(1e-6)
    clipped = np.clip(probability, tiny, 1 - tiny)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float32)
