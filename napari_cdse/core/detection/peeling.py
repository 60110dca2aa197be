"""Peeling: fit the strongest particle, remove its disk from the picture, and go on.

A touching neighbour has its own families in its own disk, so it is still there when the
first particle's disk is removed, where a scalar map would have merged the two.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.detection.disk_fit import Disk, DiskFitter
    from napari_cdse.core.imaging.whitening import Whitened
    from napari_cdse.core.progress import Progress

_MARGIN = 1.1
"""Radius of the disk that is removed, in radii of the particle. A choice: 10 % more
than its circle, whose error is about 4 %; a wider one cuts into a touching neighbour.
"""
_TOO_CLOSE = 0.75
"""Distance of two centres, in the sum of their radii, below which they are one particle
found twice. A choice: touching particles have 1. Particles that overlap in projection
have less, but are rarer than domains of one particle, which a lower value would count
as two."""
_SAME_PLACE = 0.35
"""Distance from a seed that led to no particle, in its radii, within which weaker seeds
are dropped as well. A choice: they share most of their pixels, and lead to the same
disk."""


def peel(
    white: Whitened,
    seeds: list[Disk],
    fitter: DiskFitter,
    threshold: float,
    radii: tuple[float, float],
    progress: Progress,
) -> list[Disk]:
    """Fit a disk to each seed, strongest first, and remove it from the image.

    Parameters
    ----------
    white : Whitened
        Noise of unit power and particles.
    seeds : list of Disk
        Peaks of the `template_bank`, in samples, each with its one family.
    fitter : DiskFitter
        Made for the same samples.
    threshold : float
        Least strength of a particle.
    radii : tuple of float
        Smallest and largest radius in samples.
    progress : callable
        Called with the share done.

    Returns
    -------
    list of Disk
        The particles, in the order of their seeds' strengths.
    """
    seeds = sorted(seeds, key=lambda seed: -seed.strength)
    floor = min((seed.strength for seed in seeds), default=0.0)
    counts = white.valid.astype(np.float32)
    left = white.values * counts
    places = np.array([(seed.row, seed.col) for seed in seeds]).reshape(-1, 2)
    untried = np.ones(len(seeds), bool)
    disks: list[Disk] = []
    for index, seed in enumerate(seeds):
        if not untried[index]:
            continue
        progress(index / len(seeds))
        if fitter.strength_at(left, counts, seed) < floor:
            continue
        disk = fitter.fit(left, counts, replace(seed, strength=threshold))
        if disk is None or not _is_particle(disk, disks, radii):
            # Weaker seeds of the same place lead to the same disk.
            untried &= _apart(places, seed) > _SAME_PLACE * seed.radius
            continue
        disks.append(disk)
        _remove(disk, left, counts)
        untried &= _apart(places, disk) > disk.radius
    return disks


def _apart(places: NDArray[np.float64], disk: Disk) -> NDArray[np.float64]:
    return np.hypot(places[:, 0] - disk.row, places[:, 1] - disk.col)


def _is_particle(disk: Disk, disks: list[Disk], radii: tuple[float, float]) -> bool:
    if not radii[0] <= disk.radius <= radii[1]:
        return False
    return not any(are_same(disk, other) for other in disks)


def are_same(disk: Disk, other: Disk) -> bool:
    """Tell whether two disks are too close to be two particles."""
    distance = math.hypot(disk.row - other.row, disk.col - other.col)
    return distance < _TOO_CLOSE * (disk.radius + other.radius)


def _remove(disk: Disk, left: NDArray[np.float32], counts: NDArray[np.float32]) -> None:
    reach = _MARGIN * disk.radius
    rows, cols = (
        slice(max(0, int(centre - reach)), max(0, int(centre + reach) + 2))
        for centre in (disk.row, disk.col)
    )
    row, col = np.ogrid[: left.shape[0], : left.shape[1]]
    apart = (row[rows] - disk.row) ** 2 + (col[:, cols] - disk.col) ** 2
    left[rows, cols][apart <= reach**2] = 0
    counts[rows, cols][apart <= reach**2] = 0
