"""Resample the pixels of a circle to a grid of its own.

The grid is centred on the circle and scaled to its radius, and as coarse as lattice
fringes allow, which end at 6.6 per nm (most cameras sample far finer). Everything that
depends on the grid alone (the soft disk, the rings of the spectrum, the cells) is
therefore computed once for each number of samples, and all that follows handles a
fraction of the pixels.

The kernel is a Lanczos window of 3 lobes (Duchon, J. Appl. Meteorol. 18, 1979). Its
transfer function is known, and divided out where amplitudes matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BAND_PER_NM = (1.8, 6.2)
"""Spatial frequencies in which lattice fringes are looked for, in 1/nm: spacings from
0.161 to 0.556 nm. CdSe's reflections down to {311}, 0.1825 nm, lie in it with room for
a pixel size that is off; a wider band brings in the contrast of thickness and noise."""
SPACING_NM = 0.065
"""Distance of the samples in nm. Its Nyquist limit, 7.7 per nm, is above all fringes
that are sought (up to 6.2 per nm, where the kernel keeps 82 % of the amplitude along an
axis). A choice: the time of finer samples grows with their square."""
EDGE = 0.25
"""Width of the soft disk's edge, in radii. A choice: a wider one lowers the side lobes
of peaks, and costs a wider grid and what lies outside the particle."""
REACH = 1 + EDGE / 2
"""Half the edge of the grid, in radii: where the soft disk has fallen to 0."""
_LOBES = 3
"""Lobes of the kernel on either side, of one sample each. A choice: more have a steeper
cut-off, and cost time in proportion."""
_FEWEST = 24
"""Fewest samples along an edge. A choice: below 15 some cells of `families` would be
empty; more than there are pixels only cost time."""
_TABLE_STEPS = 512
"""Steps of the table of the transfer, up to 1 cycle per unit; a choice."""
_TABLE_STEP = 1 / _TABLE_STEPS
"""Step of the table of the transfer, in cycles per unit; it is smooth over many."""
_PLACES_PER_LOBE = 64
"""Places at which a lobe of the kernel is summed for that table; a choice."""
_LEAST = 0.05
"""Least transfer that is divided by, so that amplitudes are raised 20 times at most.
Beyond the camera's Nyquist limit nothing can be restored."""
_LEAST_WEIGHTS = 1e-3
"""Least sum of weights that is divided by, where a sample lies off the micrograph."""
_NEAR_ZERO = 1e-9
"""Used in place of the offset 0, at which the kernel is 0 / 0."""


@dataclass(frozen=True, eq=False)
class Axis:
    """Resampling along one axis of the micrograph.

    Attributes
    ----------
    span : slice
        The pixels that contribute.
    weights : ndarray of float32, shape (n_samples, n_pixels)
        Weight of each pixel for each sample; each row adds up to 1.
    valid : ndarray of bool, shape (n_samples,)
        Which samples lie in the micrograph.
    """

    span: slice
    weights: NDArray[np.float32]
    valid: NDArray[np.bool_]

    def apply(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Resample the pixels of the span along their first axis."""
        # Most weights are 0, yet a dense matrix product is fastest.
        return np.asarray(self.weights @ pixels)


def samples_across(
    radius_px: float, pixel_size_nm: float, highest_per_nm: float = BAND_PER_NM[1]
) -> int:
    """Choose how many samples a circle's grid has along each edge.

    Parameters
    ----------
    radius_px : float
        Of the circle.
    pixel_size_nm : float
        Edge of a pixel.
    highest_per_nm : float
        Highest frequency that is analysed; if it is above that of CdSe, the samples are
        closer by the same factor.
    """
    spacing_nm = SPACING_NM * min(1.0, BAND_PER_NM[1] / highest_per_nm)
    spacing_px = max(spacing_nm / pixel_size_nm, 1.0)
    wanted = int(np.ceil(2 * REACH * radius_px / spacing_px))
    return int(fft.next_fast_len(max(wanted, _FEWEST), real=True))


def sample_axis(centre_px: float, step_px: float, number: int, length: int) -> Axis:
    """Compute the weights for samples `step_px` apart around a centre, on one axis."""
    return sample_axes([centre_px], step_px, number, [length])[0]


def sample_axes(
    centres_px: Sequence[float], step_px: float, number: int, lengths: Sequence[int]
) -> list[Axis]:
    """Do the same as `sample_axis` for several axes, with a centre and length each."""
    around = step_px * (np.arange(number) - (number - 1) / 2)
    places = np.asarray(centres_px)[:, None] + around
    ends = np.asarray(lengths)[:, None]
    unit = max(step_px, 1.0)
    first = np.ceil(places - _LOBES * unit).astype(np.intp)
    taps = first[..., None] + np.arange(int(2 * _LOBES * unit) + 1)
    weights = _lanczos((taps - places[..., None]) / unit)
    # Off the micrograph weights are 0, and those of the remaining pixels grow.
    weights *= (taps >= 0) & (taps < ends[..., None])
    weights /= np.maximum(weights.sum(axis=-1, keepdims=True), _LEAST_WEIGHTS)
    valid = (places > -0.5) & (places < ends - 0.5)
    each = zip(taps, weights.astype(np.float32), valid, lengths, strict=True)
    return [_axis(*axis) for axis in each]


def _axis(
    taps: NDArray[np.intp],
    weights: NDArray[np.float32],
    valid: NDArray[np.bool_],
    length: int,
) -> Axis:
    """Arrange the weights as a matrix of samples by pixels."""
    start, end = int(taps[0, 0]), int(taps[-1, -1]) + 1
    spread = np.zeros((len(taps), end - start), np.float32)
    spread[np.arange(len(taps))[:, None], taps - start] = weights
    low, high = (min(max(place, 0), length - 1) for place in (start, end - 1))
    if not start <= low <= high < end:
        # The circle lies off the micrograph: all weights are 0.
        return Axis(slice(low, high + 1), np.zeros((len(taps), 1), np.float32), valid)
    return Axis(slice(low, high + 1), spread[:, low - start : high + 1 - start], valid)


def _lanczos(offset: NDArray[np.float64]) -> NDArray[np.float64]:
    turn = np.pi * np.where(offset == 0, _NEAR_ZERO, offset)
    third = np.sin(turn / _LOBES)
    # sin(3 a) = sin(a) (3 - 4 sin(a)^2), so that one sine suffices for three lobes.
    kernel = _LOBES * third**2 * (3 - 4 * third**2) / turn**2
    return np.asarray(kernel * (np.abs(offset) < _LOBES))


@lru_cache(maxsize=1)
def _transfer_table() -> NDArray[np.float64]:
    """Fourier transform of the kernel at 0, 1 / 512, ... 1 cycles per unit."""
    half = _LOBES * _PLACES_PER_LOBE
    place = (np.arange(-half, half) + 0.5) / _PLACES_PER_LOBE
    kernel = _lanczos(place)
    k_per_unit = np.arange(_TABLE_STEPS + 1) * _TABLE_STEP
    table = np.cos(2 * np.pi * k_per_unit[:, None] * place) @ kernel
    return np.asarray(table / kernel.sum())


def transfer(k_per_px: NDArray[np.float64], step_px: float) -> NDArray[np.float64]:
    """Factor by which resampling along one axis reduces amplitudes at frequencies."""
    k_per_unit = np.abs(k_per_px) * max(step_px, 1.0)
    known = np.arange(_TABLE_STEPS + 1) * _TABLE_STEP
    kept = np.interp(k_per_unit, known, _transfer_table())
    return np.asarray(np.maximum(kept, _LEAST))


@lru_cache(maxsize=64)
def soft_disk(number: int) -> NDArray[np.float32]:
    """1 inside the circle, falling to 0 across its edge; shape (number, number)."""
    place = radii(number)
    distance = np.hypot(place[:, None], place)
    phase = np.clip((distance - (1 - EDGE / 2)) / EDGE, 0, 1)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * phase), np.float32)


@lru_cache(maxsize=64)
def radii(number: int) -> NDArray[np.float64]:
    """Distance of each sample from the circle's centre along an axis, in radii."""
    return ((np.arange(number) + 0.5) / number * 2 - 1) * REACH
