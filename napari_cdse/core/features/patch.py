"""Patches: the pixels of a circle under a soft disk, and their spectrum.

The spectrum is divided by the mean power of the micrograph's amorphous background, so
that bare support has 1 on average, for any dose, defocus and gray scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from napari_cdse.core.arrays import power_of
from napari_cdse.core.features.sampling import (
    REACH,
    sample_axes,
    samples_across,
    soft_disk,
    transfer,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.features.sampling import Axis
    from napari_cdse.core.features.surroundings import Surroundings
    from napari_cdse.core.records import Circle

_OVERSAMPLING = 2
"""Factor by which the spectrum is oversampled, by padding with zeros. With 2, a peak
half-way between two samples of an axis keeps 88 % of its power, so that none is
lost."""
_RINGS_PER_SAMPLE = 4
"""Rings of equal frequency per sample of the spectrum, so that the background is
evaluated within an eighth of a sample; a choice."""
_MIN_RADIUS_PX = 6.0
"""Least radius of a patch in pixels; smaller circles are widened to it. A choice: a
smaller disk holds too few pixels to show a peak."""
_LEAST_WINDOW = 1e-9
"""Least sum of a window that is divided by, for circles off the micrograph."""


@dataclass(frozen=True, eq=False)
class Rings:
    """Rings of equal frequency in an oversampled spectrum.

    Attributes
    ----------
    number : ndarray of int, shape (m * (m // 2 + 1),)
        The ring of each sample of ``rfft2``, flat.
    counts : ndarray of int, shape (n_rings,)
        Samples on each ring.
    k_per_sample : ndarray, shape (n_rings,)
        Frequency of each ring, in cycles per sample of the patch.
    """

    number: NDArray[np.intp]
    counts: NDArray[np.intp]
    k_per_sample: NDArray[np.float64]


@lru_cache(maxsize=64)
def rings_of(size: int) -> Rings:
    """Assign the samples of the ``rfft2`` of a square of edge `size` to rings."""
    radius = np.hypot(fft.fftfreq(size)[:, None], fft.rfftfreq(size)).ravel()
    fine = size * _RINGS_PER_SAMPLE
    number = np.rint(radius * fine).astype(np.intp)
    counts = np.bincount(number)
    return Rings(number, counts, np.arange(len(counts)) / fine)


@lru_cache(maxsize=64)
def _restored(size: int, step_px: float) -> NDArray[np.float32]:
    """Factor that restores the powers of an ``rfft2``, which resampling reduced."""
    down, right = (
        1 / transfer(k / step_px, step_px) ** 2
        for k in (fft.fftfreq(size), fft.rfftfreq(size))
    )
    return np.outer(down, right).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Patch:
    """A circle's pixels under a soft disk, on a grid of its own; see `sampling`.

    Attributes
    ----------
    around : Surroundings
        The micrograph with its background.
    values : ndarray of float32, shape (n, n)
        Pixels times window, in the background's rms; the weighted mean is subtracted.
    window : ndarray of float32, shape (n, n)
        1 inside the circle, falling to 0 across its edge, 0 outside the micrograph.
    ratio : ndarray of float32, shape (2 n, n + 1)
        Power over the background's mean power, of the oversampled ``rfft2``.
    radius_px : float
    step_px : float
        Distance of two samples.
    """

    around: Surroundings
    values: NDArray[np.float32]
    window: NDArray[np.float32]
    ratio: NDArray[np.float32]
    radius_px: float
    step_px: float

    @property
    def radius_nm(self) -> float:
        """Radius of the circle."""
        return self.radius_px * self.around.pixel_size_nm

    @cached_property
    def window_sum(self) -> float:
        """Sum of the window."""
        return max(float(self.window.sum()), _LEAST_WINDOW)

    @cached_property
    def window_energy(self) -> float:
        """Sum of the squared window."""
        return _energy(self.window)

    @property
    def inside(self) -> float:
        """Share of the disk that lies in the micrograph."""
        return self.window_energy / _energy(soft_disk(len(self.window)))

    @property
    def rings(self) -> Rings:
        """Rings of `ratio`."""
        return rings_of(_OVERSAMPLING * len(self.values))

    @cached_property
    def ring_k_per_nm(self) -> NDArray[np.float64]:
        """Frequency of each of the `rings`."""
        step_nm = self.step_px * self.around.pixel_size_nm
        return self.rings.k_per_sample / step_nm

    @cached_property
    def frequencies(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Row and column frequencies of `ratio`, in cycles per pixel."""
        size = _OVERSAMPLING * len(self.values)
        return fft.fftfreq(size, self.step_px), fft.rfftfreq(size, self.step_px)

    def noise_at(self, k_per_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean power of the background per sample, at radial frequencies."""
        return self.around.power_at(k_per_px) / self.step_px**2


def cut(around: Surroundings, circle: Circle) -> Patch:
    """Cut a circle out of its micrograph."""
    return cut_together(around, [circle])[0]


def cut_together(around: Surroundings, circles: Sequence[Circle]) -> list[Patch]:
    """Cut several circles of one radius, which saves time over one by one."""
    radius = max(circles[0].radius_px, _MIN_RADIUS_PX)
    highest = around.band_per_nm[1]
    number = samples_across(radius, around.pixel_size_nm, highest)
    step = 2 * REACH * radius / number
    first_row, first_col = around.origin_px
    centres = [circle.row_px - first_row for circle in circles]
    centres += [circle.col_px - first_col for circle in circles]
    lengths = np.repeat(around.pixels.shape, len(circles)).tolist()
    axes = sample_axes(centres, step, number, lengths)
    values = np.empty((len(circles), number, number), np.float32)
    windows = []
    each = zip(values, axes[: len(circles)], axes[len(circles) :], strict=True)
    for place, rows, cols in each:
        pixels = around.pixels[rows.span, cols.span]
        np.matmul(rows.apply(pixels), cols.weights.T, out=place)
        windows.append(_window(rows, cols))
        _levelled(place, windows[-1])
    values /= np.float32(around.rms)
    ratios = _ratios(around, values, windows, step)
    return [
        Patch(around, *arrays, radius, step)
        for arrays in zip(values, windows, ratios, strict=True)
    ]


def _window(rows: Axis, cols: Axis) -> NDArray[np.float32]:
    window = soft_disk(len(rows.valid))
    if rows.valid.all() and cols.valid.all():
        return window
    return window * np.outer(rows.valid, cols.valid)


def _levelled(values: NDArray[np.float32], window: NDArray[np.float32]) -> None:
    """Multiply by a window and subtract the weighted mean, in place."""
    values *= window
    values -= window * (values.sum() / max(float(window.sum()), _LEAST_WINDOW))


def _ratios(
    around: Surroundings,
    values: NDArray[np.float32],
    windows: Sequence[NDArray[np.float32]],
    step_px: float,
) -> NDArray[np.float32]:
    """Power over the background's mean power, shape (patches, 2 n, n + 1)."""
    size = _OVERSAMPLING * values.shape[1]
    rings = rings_of(size)
    expected = around.power_at(rings.k_per_sample / step_px) / step_px**2
    gain = (1 / expected).astype(np.float32)[rings.number].reshape(size, -1)
    gain *= _restored(size, min(step_px, 1.0))
    # Rows first: the padding below needs no transform along them.
    lines = fft.rfft(values, n=size, axis=2)
    ratios = power_of(fft.fft(lines, n=size, axis=1))
    for ratio, window in zip(ratios, windows, strict=True):
        ratio *= gain / np.float32(_energy(window))
    return ratios


def _energy(window: NDArray[np.float32]) -> float:
    return max(float(np.vdot(window, window)), _LEAST_WINDOW)
