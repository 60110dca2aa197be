"""Refine the maxima of the template search: other radii, finer frequencies.

The search uses a template of one radius, coarse sampling and a low floor. Each of its
maxima is correlated again here, at its own place only, with templates of several radii
and at frequencies nearby. Those that are strong enough then are seeds of a disk fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.arrays import power_of
from napari_cdse.core.detection.disk_fit import Disk

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_BATCH = 64
"""Seeds refined together: some MB of patches of a large particle. A choice: more take
memory, fewer cost time for calls."""
_PHASE_STEP_RAD = 1.2
"""Step of the frequencies tried around that of a seed, as the phase in rad that it adds
between centre and edge of the largest template. The search's own step is 1.6 for the
smallest template, so a seed may be off by as much. A choice; the disk fit interpolates.
"""


def refine_seeds(
    values: NDArray[np.float32],
    places: NDArray[np.float64],
    fringes: NDArray[np.float64],
    radii: list[float],
    penalty: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    floor: float,
) -> list[Disk]:
    """Find the best radius and frequency of each seed, and drop weak ones.

    Parameters
    ----------
    values : ndarray of float32, shape (rows, columns)
        White noise of unit power and particles.
    places : ndarray of float64, shape (n, 2)
        Centres (row, column) in samples.
    fringes : ndarray of float64, shape (n, 2)
        Frequencies (k_row, k_col) in cycles per sample.
    radii : list of float
        Radii of the templates in samples.
    penalty : callable
        Maps frequencies in cycles per sample to what is subtracted from a power there.
    floor : float
        Least power, less penalty, of a seed that is kept.

    Returns
    -------
    list of Disk
        In the order of the seeds, each with its one family.
    """
    half = int(np.ceil(max(radii)))
    around = np.pad(values, half)
    patches = np.lib.stride_tricks.sliding_window_view(around, (2 * half + 1,) * 2)
    whole = np.rint(places).astype(np.intp)
    whole = np.clip(whole, 0, np.array(values.shape) - 1)
    offsets = np.array([-1, 0, 1]) * (_PHASE_STEP_RAD / (2 * np.pi * max(radii)))
    seeds = []
    for first in range(0, len(whole), _BATCH):
        batch = slice(first, first + _BATCH)
        cut = patches[whole[batch, 0], whole[batch, 1]]
        near = fringes[batch, :, None] + offsets
        power = _powers(cut, fringes[batch], offsets, radii)
        frequency = np.hypot(near[:, 0, :, None], near[:, 1, None, :])
        power -= penalty(frequency)[:, None]
        seeds += _strongest(power, near, whole[batch], radii, floor)
    return seeds


def _powers(
    patches: NDArray[np.float32],
    fringes: NDArray[np.float64],
    offsets: NDArray[np.float64],
    radii: list[float],
) -> NDArray[np.float32]:
    """Power of each template and frequency, shape (n, radii, k_row, k_col)."""
    half = patches.shape[1] // 2
    axis = np.arange(-half, half + 1)
    middle, beside = (
        np.exp(-2j * np.pi * each[..., None] * axis).astype(np.complex64)
        for each in (fringes, offsets)
    )
    waves = middle[:, :, None] * beside
    rows, cols = waves[:, 0], waves[:, 1].swapaxes(1, 2)
    parts = np.concatenate([rows.real, rows.imag], axis=1)
    count = len(offsets)
    power = np.empty((len(patches), len(radii), count, count), np.float32)
    for index, radius in enumerate(radii):
        reach = min(int(np.ceil(radius)), half)
        inside = slice(half - reach, half + reach + 1)
        square = axis[inside, None] ** 2 + axis[inside] ** 2
        square = np.maximum(1 - square / radius**2, 0)
        domes = patches[:, inside, inside] * np.sqrt(square).astype(np.float32)
        folded = parts[..., inside] @ domes
        total = (folded[:, :count] + 1j * folded[:, count:]) @ cols[:, inside]
        power[:, index] = power_of(total) / np.float32(square.sum())
    return power


def _strongest(
    power: NDArray[np.float32],
    near: NDArray[np.float64],
    places: NDArray[np.intp],
    radii: list[float],
    floor: float,
) -> list[Disk]:
    """Disks of the seeds whose strongest radius and frequency exceeds the floor."""
    each = power.reshape(len(power), -1)
    strongest = each.argmax(axis=1)
    strengths = each[np.arange(len(each)), strongest]
    kept = np.flatnonzero(strengths > floor)
    index, down, right = np.unravel_index(strongest[kept], power.shape[1:])
    fringes = np.stack([near[kept, 0, down], near[kept, 1, right]], axis=1)
    found = zip(
        places[kept].tolist(),
        index.tolist(),
        strengths[kept].tolist(),
        fringes.tolist(),
        strict=True,
    )
    return [
        Disk(float(row), float(col), radii[at], strength, ((k_row, k_col),))
        for (row, col), at, strength, (k_row, k_col) in found
    ]
