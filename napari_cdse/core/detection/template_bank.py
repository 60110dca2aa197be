"""Correlate a whitened micrograph with fringes inside particle-sized templates.

A dot is a flattened ellipsoid, so the amplitude of its fringes follows its thickness,
``sqrt(1 - (r / R)**2)``: this dome is the template. In white noise, the squared
correlation with template times plane wave, called *power* here, is the generalised log
likelihood ratio of one family of fringes of unknown amplitude and phase. In speckle
alone it is exponentially distributed with mean 1 (Kay, Fundamentals of Statistical
Signal Processing II, 7.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from napari_cdse.core.arrays import power_of, strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.crystal.lattice import FringePrior
    from napari_cdse.core.imaging.whitening import Whitened
    from napari_cdse.core.progress import Progress

_PHASE_STEP_RAD = 1.6
"""Step of the fringe frequency, as the phase that it adds between the template's centre
and its edge, in rad. A fringe half-way between two frequencies is 0.8 rad off at the
edge and keeps 90 % of its power, 81 % if it is so in both directions; a finer step
costs time with its square."""
_SAMPLES_PER_RADIUS = 2.0
"""Places at which the response is sampled, per radius of the template in each
direction. A particle half-way between two is a quarter of a radius off and keeps 83 %
of its power, 72 % if it is so in both directions; the disk fit finds the place."""
_ROWS_CONTINUED = 64
"""Rows of the spectrum copied at a time, to bound memory at the peak of a search. A
choice: some MB of a large micrograph."""
_BATCH_VALUES = 130_000
"""Complex numbers of one batch of responses, 1 MB: they stay in the processor's cache
while they are transformed, squared and compared."""
_LEAST_PHASE_RAD = 1e-2
"""Least argument of the dome's transform, in rad; smaller ones are replaced by it. The
transform is 1 within 1e-5 there, and at 0 the formula would divide 0 by 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """Responses of a template of one radius.

    Attributes
    ----------
    radius_px : float
        Radius of the template.
    strongest : ndarray of float32, shape (rows, columns)
        Largest power, less penalty, over all fringe frequencies; 0 or more.
    origin_px, step_px : tuple of float
        Place of sample ``[0, 0]`` in the micrograph, and distance of samples.
    places_px : ndarray of float64, shape (n, 2)
        Rows and columns of local maxima in place above the floor, in px of the
        micrograph.
    fringes_per_px : ndarray of float64, shape (n, 2)
        Their k_row and k_col in cycles per px.
    """

    radius_px: float
    strongest: NDArray[np.float32]
    origin_px: tuple[float, float]
    step_px: tuple[float, float]
    places_px: NDArray[np.float64]
    fringes_per_px: NDArray[np.float64]

    def places(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rows and columns of the samples in pixels of the micrograph."""
        rows, cols = (
            origin + step * np.arange(count)
            for origin, step, count in zip(
                self.origin_px, self.step_px, self.strongest.shape, strict=True
            )
        )
        return rows, cols


def dome_transform(
    frequency: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    """Fourier transform of ``sqrt(1 - (r / R)**2)``, one at frequency 0.

    That of a half ball's thickness: ``3 (sin z - z cos z) / z**3`` at z = 2 pi k R
    (Bracewell, The Fourier Transform and Its Applications, chapter 12).
    """
    z = np.maximum(2 * np.pi * frequency * radius, _LEAST_PHASE_RAD)
    return np.asarray(3 * (np.sin(z) - z * np.cos(z)) / z**3)


def respond(
    white: Whitened,
    radius_px: float,
    band_per_px: tuple[float, float],
    prior: FringePrior,
    floor: tuple[float, float],
    progress: Progress,
) -> Responses:
    """Correlate with one template radius at all fringe frequencies of the band.

    Parameters
    ----------
    white : Whitened
        Noise of unit power and particles.
    radius_px : float
        Radius of the template in pixels of the micrograph.
    band_per_px : tuple of float
        Lowest and highest spatial frequency in cycles per pixel.
    prior : FringePrior
        Its penalty is taken off the power of each frequency.
    floor : tuple of float
        A local maximum is kept where its power exceeds the first plus the second
        times the penalty.
    progress : callable
        Called with the share done.
    """
    extent = _extent(white)
    blocks = _Blocks.of(white.values, extent, radius_px)
    centres = _centres(extent, radius_px, band_per_px)
    strongest = np.zeros(blocks.shape, np.float32)
    found: list[NDArray[np.intp]] = [np.zeros((0, 3), np.intp)]
    penalties = prior.penalty(np.hypot(*(centres / extent).T)).astype(np.float32)
    floors = np.float32(floor[0]) + np.float32(floor[1] - 1) * penalties
    count = max(1, _BATCH_VALUES // (blocks.shape[0] * blocks.shape[1]))
    for first in range(0, len(centres), count):
        batch = slice(first, first + count)
        power = blocks.power(centres[batch])
        power -= penalties[batch, None, None]
        np.maximum(strongest, power.max(axis=0), out=strongest)
        found.append(_local_maxima(power, floors[batch]) + np.array([first, 0, 0]))
        progress(first / len(centres))
    at, rows, cols = np.concatenate(found).T
    step = (extent[0] / blocks.shape[0], extent[1] / blocks.shape[1])
    places = np.stack([rows, cols], axis=1) * step + white.origin_px
    fringes = centres[at] / extent
    return Responses(radius_px, strongest, white.origin_px, step, places, fringes)


@dataclass(frozen=True, slots=True, eq=False)
class _Blocks:
    """Correlates with the template at one frequency, by a block of the spectrum.

    The response to fringes of frequency k is the inverse transform of the spectrum
    times that of the template, moved to k. The latter is narrow, so a block of the
    spectrum around k suffices, which samples the response coarsely.

    Attributes
    ----------
    spectrum : ndarray of complex64
        Whole spectrum with frequency 0 in the middle, continued by its period so that
        every block is one piece; that changes phases of responses only.
    weights : ndarray of float32, shape (rows, 2 columns)
        Transform of the template on a block, of unit energy. Each value stands twice,
        for real and imaginary part.
    """

    spectrum: NDArray[np.complex64]
    weights: NDArray[np.float32]

    @classmethod
    def of(
        cls,
        values: NDArray[np.float32],
        extent: tuple[float, float],
        radius_px: float,
    ) -> _Blocks:
        rows, cols = (
            fft.next_fast_len(int(np.ceil(e * _SAMPLES_PER_RADIUS / radius_px)))
            for e in extent
        )
        down, right = (np.arange(count) - count // 2 for count in (rows, cols))
        distance = np.hypot(down[:, None] / extent[0], right / extent[1])
        weights = dome_transform(distance, radius_px)
        unit = weights / np.sqrt((weights**2).sum())
        around = _continued(fft.rfft2(values, norm="ortho"), values.shape, (rows, cols))
        return cls(around, np.repeat(unit.astype(np.float32), 2, axis=1))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a block and of the responses."""
        return self.weights.shape[0], self.weights.shape[1] // 2

    def power(self, centres: NDArray[np.intp]) -> NDArray[np.float32]:
        """Squared responses around some frequencies, shape (n, rows, columns)."""
        every = np.lib.stride_tricks.sliding_window_view(self.spectrum, self.shape)
        middle = [
            (length - count) // 2
            for length, count in zip(self.spectrum.shape, self.shape, strict=True)
        ]
        block = every[centres[:, 0] + middle[0], centres[:, 1] + middle[1]]
        parts = block.view(np.float32)
        parts *= self.weights
        return power_of(fft.ifft2(block, norm="forward", overwrite_x=True))


def _continued(
    half: NDArray[np.complex64], shape: tuple[int, ...], margin: tuple[int, int]
) -> NDArray[np.complex64]:
    """Make the whole spectrum of real values out of its half, continued by a margin.

    Frequency 0 is in the middle. It is filled strip by strip, so that no other array as
    large is made.
    """
    down, right = (
        (np.arange(length + more) - length // 2 - more // 2) % length
        for length, more in zip(shape, margin, strict=True)
    )
    # F(-k) is the conjugate of F(k), and stands beside it here.
    opposite, width = (-down) % shape[0], half.shape[1]
    cols = np.where(right < width, right, width + shape[1] - right)
    whole = np.empty((len(down), len(right)), np.complex64)
    for strip in strips(len(down), _ROWS_CONTINUED):
        both = [half[down[strip]], half[opposite[strip]].conj()]
        whole[strip] = np.take(np.concatenate(both, axis=1), cols, axis=1)
    return whole


def _extent(white: Whitened) -> tuple[float, float]:
    rows, cols = white.values.shape
    return rows * white.step_px[0], cols * white.step_px[1]


def _centres(
    extent: tuple[float, float], radius_px: float, band_per_px: tuple[float, float]
) -> NDArray[np.intp]:
    """Frequencies of the half plane in whole cycles per extent, shape (n, 2)."""
    step = _PHASE_STEP_RAD / (2 * np.pi * radius_px)
    count = int(np.ceil(band_per_px[1] / step))
    rows, cols = np.mgrid[-count : count + 1, 0 : count + 1] * step
    radius = np.hypot(rows, cols)
    half = (cols > 0) | (rows > 0)
    inside = half & (radius >= band_per_px[0]) & (radius <= band_per_px[1])
    cycles = np.stack([rows[inside] * extent[0], cols[inside] * extent[1]], axis=1)
    return np.asarray(np.rint(cycles), dtype=np.intp)


def _local_maxima(
    power: NDArray[np.float32], floors: NDArray[np.float32]
) -> NDArray[np.intp]:
    """Frequency, row and column of maxima among four neighbours, shape (n, 3)."""
    high = np.flatnonzero(power > floors[:, None, None])
    at, rows, cols = np.unravel_index(high, power.shape)
    down, right = np.array([(1, -1, 0, 0), (0, 0, 1, -1)])[..., None]
    beside = (rows + down) % power.shape[1], (cols + right) % power.shape[2]
    keep = (power[at, rows, cols] >= power[at, *beside]).all(axis=0)
    return np.stack([at[keep], rows[keep], cols[keep]], axis=1)
