"""What the network looks at: a micrograph at a fixed pixel size, in two channels.

The first shows contrast, normalised by its own surroundings; the second is the whitened
micrograph, in which the support's speckle is white noise and fringes stand out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter

from napari_cdse.core.arrays import bilinear
from napari_cdse.core.errors import MicrographError
from napari_cdse.core.imaging.background import background_near
from napari_cdse.core.imaging.whitening import whiten

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.imaging.preprocessing import Prepared

INPUT_NM = 0.05
"""Edge of a pixel that the network is given, in nm. A choice: Nyquist's limit lies at
10 cycles per nm, well above the finest fringes of CdSe (5.5 per nm); half of it would
cost four times the time, twice of it would lose them."""
BAND_PER_NM = (1.5, 6.5)
"""Cycles per nm that the whitened channel holds: spacings of 0.67 to 0.15 nm. A choice:
all reflections of CdSe with room for a pixel size that is off by a fifth."""
_BACKGROUND_NM = 4.0
"""Edge of the windows that the background is measured in: as for Bragg contrast, whose
measurement is then used again."""
_PADDING_NM = 1.5
"""Margin that is mirrored around the micrograph before whitening. A choice: half the
edge of those windows is the reach of the whitening, and a little less does."""
_SURROUNDINGS_NM = 6.0
"""Standard deviation of the Gaussian that tells the surroundings' mean and spread. A
choice: wider than a particle, which would else take itself for its surroundings, and
narrower than the changes of illumination over a micrograph."""
_CELL = 8
"""Edge of the cells that this Gaussian works on, in samples: 0.4 nm, far below its
width."""
_MOST_SPREADS = 6.0
"""Value at which the first channel is clipped, in standard deviations. A choice: normal
noise goes beyond 6 with a chance of 2e-9; what does is dirt, which should not drown the
rest."""
_EVEN = 4
"""Lengths of the resampled image are multiples of it, which transform faster than
primes; the pixel size is off by half of it in all the samples, less than 1 %."""
_LEAST_SPREAD = 1e-3
"""Least spread that is divided by, in spreads of the micrograph: it keeps flat places
flat."""


@dataclass(frozen=True, slots=True, eq=False)
class NetworkInput:
    """A micrograph as the network is given it.

    Attributes
    ----------
    values : ndarray of float32, shape (2, rows, columns)
        Local contrast and whitened contrast, both about standard normal on bare
        support and 0 where nothing usable was recorded.
    step_px : tuple of float
        Distance between samples in pixels of the micrograph.
    origin_px : tuple of float
        Place of sample ``[0, 0]`` in the micrograph.
    """

    values: NDArray[np.float32]
    step_px: tuple[float, float]
    origin_px: tuple[float, float]


def network_input(prepared: Prepared, pixel_nm: float) -> NetworkInput:
    """Whiten and normalise a micrograph, and sample it anew.

    Parameters
    ----------
    prepared : Prepared
        From `napari_cdse.core.imaging.preprocessing.prepare`.
    pixel_nm : float
        Edge of a pixel in nm.

    Raises
    ------
    MicrographError
        If the pixels are too coarse for any fringe, or the micrograph is smaller than
        a window of the background.
    """
    band = (BAND_PER_NM[0] * pixel_nm, min(BAND_PER_NM[1] * pixel_nm, 0.5))
    if not band[0] < band[1]:
        raise MicrographError(
            f"At {pixel_nm:.4g} nm per pixel no fringe can be seen; check the pixel "
            "size."
        )
    pad = max(1, round(_PADDING_NM / pixel_nm))
    background = background_near(prepared, round(_BACKGROUND_NM / pixel_nm))
    white = whiten(prepared, background, band, pad)
    full = _padded_shape(white.values.shape, white.step_px)
    shape = tuple(_EVEN * max(1, round(n * pixel_nm / INPUT_NM / _EVEN)) for n in full)
    step = (full[0] / shape[0], full[1] / shape[1])
    inside = tuple(
        slice(int(np.ceil(pad / each)), int((pad + n - 1) // each) + 1)
        for each, n in zip(step, prepared.pixels.shape, strict=True)
    )
    whitened = resampled(white.values, (shape[0], shape[1]))[inside]
    contrast = resampled(_mirrored(prepared.pixels, full, pad), (shape[0], shape[1]))
    local = locally_normalised(contrast[inside])
    origin = (inside[0].start * step[0] - pad, inside[1].start * step[1] - pad)
    usable = _nearest(prepared.usable, origin, step, local.shape)
    values = np.stack([local, whitened]) * usable
    return NetworkInput(values.astype(np.float32), step, origin)


def resampled(
    values: NDArray[np.float32], shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Sample a periodic image on another grid by cropping or padding its spectrum."""
    spectrum = fft.rfft2(values)
    rows = min(values.shape[0], shape[0])
    cols = min(spectrum.shape[1], shape[1] // 2 + 1)
    upper = (rows + 1) // 2
    lower = rows - upper
    other = np.zeros((shape[0], shape[1] // 2 + 1), np.complex64)
    other[:upper, :cols] = spectrum[:upper, :cols]
    other[shape[0] - lower :, :cols] = spectrum[len(spectrum) - lower :, :cols]
    gain = np.float32(shape[0] * shape[1] / values.size)
    return np.asarray(fft.irfft2(other, s=shape) * gain, dtype=np.float32)


def locally_normalised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take off the surroundings' mean and divide by their standard deviation."""
    sigma = _SURROUNDINGS_NM / INPUT_NM / _CELL
    values = values - _trend(values)
    mean = _surroundings(values, sigma)
    rest = values - mean
    spread = np.sqrt(np.maximum(_surroundings(np.square(rest), sigma), 0))
    spread = np.maximum(spread, _LEAST_SPREAD * max(float(rest.std()), 1e-12))
    return np.clip(rest / spread, -_MOST_SPREADS, _MOST_SPREADS)


def _trend(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fit a slope and a bow, which the surroundings' mean lags behind at the border."""
    rows, cols = (np.linspace(-1, 1, n, dtype=np.float32) for n in values.shape)
    terms = [
        down * right
        for down in (np.ones_like(rows)[:, None], rows[:, None], rows[:, None] ** 2)
        for right in (np.ones_like(cols)[None], cols[None], cols[None] ** 2)
    ]
    design = np.stack([term[::_CELL, ::_CELL].ravel() for term in terms], axis=1)
    found, *_ = np.linalg.lstsq(design, values[::_CELL, ::_CELL].ravel(), rcond=None)
    total = sum(weight * term for weight, term in zip(found, terms, strict=True))
    return np.asarray(total, dtype=np.float32)


def _surroundings(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian mean, by way of the means of cells."""
    rows, cols = (max(1, n // _CELL) for n in values.shape)
    high, wide = min(_CELL, values.shape[0]), min(_CELL, values.shape[1])
    cut = values[: rows * high, : cols * wide].reshape(rows, high, cols, wide)
    cells = gaussian_filter(cut.mean(axis=(1, 3)), sigma, mode="reflect")
    down = (np.arange(values.shape[0]) + 0.5) / high - 0.5
    right = (np.arange(values.shape[1]) + 0.5) / wide - 0.5
    return bilinear(cells, down, right)


def _padded_shape(
    shape: tuple[int, ...], step_px: tuple[float, float]
) -> tuple[int, int]:
    return round(shape[0] * step_px[0]), round(shape[1] * step_px[1])


def _mirrored(
    image: NDArray[np.float32], full: tuple[int, int], pad: int
) -> NDArray[np.float32]:
    margins = [
        (pad, total - length - pad)
        for total, length in zip(full, image.shape, strict=True)
    ]
    return np.pad(image - image.mean(), margins, mode="symmetric")


def _nearest(
    usable: NDArray[np.bool_],
    origin: tuple[float, float],
    step: tuple[float, float],
    shape: tuple[int, ...],
) -> NDArray[np.bool_]:
    rows, cols = (
        np.clip(np.rint(first + each * np.arange(count)).astype(int), 0, length - 1)
        for first, each, count, length in zip(
            origin, step, shape, usable.shape, strict=True
        )
    )
    return usable[np.ix_(rows, cols)]
