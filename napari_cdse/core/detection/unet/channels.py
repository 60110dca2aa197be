"""The network's input: a micrograph at a fixed pixel size, in two channels.

The first shows contrast, normalised by its own surroundings; the second is the whitened
micrograph, in which the support's speckle is white noise and fringes stand out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter

from napari_cdse.core.arrays import bilinear, strips
from napari_cdse.core.errors import MicrographError
from napari_cdse.core.imaging.background import background_near
from napari_cdse.core.imaging.whitening import mirrored_strips, whiten

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.imaging.preprocessing import Prepared

INPUT_NM = 0.05
"""Pixel size of the network's input in nm. A choice: the Nyquist frequency is 10 cycles
per nm, well above the finest fringes of CdSe (5.5 per nm). Half of it would take four
times as long, twice of it would lose these fringes."""
BAND_PER_NM = (1.5, 6.5)
"""Band of the whitened channel in cycles per nm: spacings of 0.67 to 0.15 nm. A choice:
all reflections of CdSe, also if the pixel size is wrong by a fifth."""
_BACKGROUND_NM = 4.0
"""Edge in nm of the windows in which the background is measured; the same as for Bragg
contrast, so that both use one measurement."""
_PADDING_NM = 1.5
"""Width in nm of the mirrored margin around the micrograph for whitening. A choice: the
whitening filter reaches over half the edge of those windows, mostly over less."""
_SURROUNDINGS_NM = 6.0
"""Standard deviation in nm of the Gaussian that weights local mean and standard
deviation. A choice: wider than a particle, so that it is compared with its
surroundings; narrower than changes of the illumination."""
_CELL = 8
"""Edge of the cells, in samples, to which the image is reduced for this Gaussian: 0.4
nm, far below its width."""
_MOST_SPREADS = 6.0
"""Value at which the contrast channel is clipped, in standard deviations. A choice:
normal noise exceeds 6 with a probability of 2e-9; dirt does, and its values would
dominate the network's input."""
_EVEN = 4
"""The resampled image's lengths are multiples of this, since primes transform slowly.
The pixel size thereby changes by less than 1 %."""
_FEW_ROWS = 64
"""Rows of a tile that are resampled at a time. A choice: it limits the memory for their
spectra, which are as wide as the whole micrograph."""
_LEAST_SPREAD = 1e-3
"""Least local standard deviation to divide by, relative to that of the micrograph, so
that noise in flat areas is not amplified."""


@dataclass(frozen=True, slots=True, eq=False)
class NetworkInput:
    """Both input channels of the network, from which rectangles can be computed.

    The whole channels of a large micrograph would take more memory than itself.

    Attributes
    ----------
    contrast : ndarray of float32, shape (rows, columns)
        The contrast channel: about standard normal on bare support.
    white : ndarray of float32, shape (rows, fewer columns)
        The whitened channel, about standard normal too. It is resampled along its
        columns only so far; along rows this is done when it is needed, to save memory.
    length, first : int
        Columns of `white` after that, and the first of them on the micrograph.
    usable : ndarray of bool
        Usable pixels of the micrograph; elsewhere both channels are 0.
    origin_px : tuple of float
        Row and column of sample ``[0, 0]`` in the micrograph.
    step_px : tuple of float
        Distance between samples along rows and columns, in pixels of the micrograph.
    """

    contrast: NDArray[np.float32]
    white: NDArray[np.float32]
    length: int
    first: int
    usable: NDArray[np.bool_]
    origin_px: tuple[float, float]
    step_px: tuple[float, float]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.contrast.shape[0], self.contrast.shape[1]

    @property
    def values(self) -> NDArray[np.float32]:
        """Both whole channels, shape (2, rows, columns)."""
        rows, cols = self.shape
        out = np.empty((2, rows, cols), np.float32)
        self.write(slice(0, rows), slice(0, cols), out)
        return out

    def whitened(self, down: slice) -> NDArray[np.float32]:
        """Return the whitened channel of some rows, shape (rows, columns)."""
        wanted = slice(self.first, self.first + self.shape[1])
        out = np.empty((down.stop - down.start, self.shape[1]), np.float32)
        for strip in strips(len(out), _FEW_ROWS):
            rows = slice(down.start + strip.start, down.start + strip.stop)
            out[strip] = _along_rows(self.white[rows], self.length)[:, wanted]
        return out

    def write(
        self,
        down: slice,
        right: slice,
        out: NDArray[np.float32],
        whitened: NDArray[np.float32] | None = None,
    ) -> None:
        """Write both channels of a rectangle.

        Parameters
        ----------
        down, right : slice
            Its rows and columns.
        out : ndarray of float32
            Receives the result; shape (2, its rows, its columns).
        whitened : ndarray of float32, optional
            Result of `whitened` for its rows, if the caller has it.
        """
        for strip in strips(down.stop - down.start, _FEW_ROWS):
            rows = slice(down.start + strip.start, down.start + strip.stop)
            usable = self._usable(rows, right)
            np.multiply(self.contrast[rows, right], usable, out=out[0, strip])
            white = self.whitened(rows) if whitened is None else whitened[strip]
            np.multiply(white[:, right], usable, out=out[1, strip])

    def _usable(self, *rectangle: slice) -> NDArray[np.bool_]:
        """Tell of each sample whether the nearest pixel is usable."""
        rows, cols = (
            np.clip(np.rint(first + step * np.arange(n)[part]), 0, length - 1)
            for part, n, first, step, length in zip(
                rectangle,
                self.shape,
                self.origin_px,
                self.step_px,
                self.usable.shape,
                strict=True,
            )
        )
        return self.usable[np.ix_(rows.astype(np.intp), cols.astype(np.intp))]


def network_input(prepared: Prepared, pixel_nm: float) -> NetworkInput:
    """Compute the network's input: whiten, normalise and resample a micrograph.

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
    shape = _sampled_shape(full, pixel_nm)
    step = (full[0] / shape[0], full[1] / shape[1])
    down, right = (
        slice(int(np.ceil(pad / each)), int((pad + n - 1) // each) + 1)
        for each, n in zip(step, prepared.pixels.shape, strict=True)
    )
    whitened = _along_columns(white.values, shape[0], down)
    del white
    contrast = _sampled(prepared.pixels, pad, full, shape, (down, right))
    locally_normalise(contrast)
    origin = (down.start * step[0] - pad, right.start * step[1] - pad)
    return NetworkInput(
        contrast, whitened, shape[1], right.start, prepared.usable, origin, step
    )


def _sampled_shape(full: tuple[int, int], pixel_nm: float) -> tuple[int, int]:
    rows, cols = (
        _EVEN * max(1, round(length * pixel_nm / INPUT_NM / _EVEN)) for length in full
    )
    return rows, cols


def _sampled(
    image: NDArray[np.float32],
    pad_px: int,
    full: tuple[int, int],
    shape: tuple[int, int],
    inside: tuple[slice, slice],
) -> NDArray[np.float32]:
    """Resample a picture, and return the part ``inside`` of the result.

    The picture is padded by mirroring to the shape ``full`` and resampled to ``shape``.
    Columns are resampled in place, since a large picture takes much memory.
    """
    count = inside[0].stop - inside[0].start
    wide = inside[1].stop - inside[1].start
    values = np.empty((max(full[0], count), wide), np.float32)
    for strip, padded in mirrored_strips(image, pad_px, full):
        values[strip] = _along_rows(padded, shape[1])[:, inside[1]]
    for block in strips(wide):
        values[:count, block] = _along_columns(
            values[: full[0], block], shape[0], inside[0]
        )
    # Frees the memory of rows that are not needed; no other array uses it.
    values.resize((count, wide), refcheck=False)
    return values


def _along_rows(values: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Resample periodic rows to a length, by cropping or padding their spectra."""
    found = fft.irfft(fft.rfft(values, axis=1), n=length, axis=1)
    found *= np.float32(length / values.shape[1])
    return np.asarray(found, dtype=np.float32)


def _along_columns(
    values: NDArray[np.float32], length: int, wanted: slice
) -> NDArray[np.float32]:
    """Resample periodic columns to a length, and return the rows ``wanted``."""
    found = np.empty((wanted.stop - wanted.start, values.shape[1]), np.float32)
    for block in strips(values.shape[1]):
        found[:, block] = _along_rows(values[:, block].T, length)[:, wanted].T
    return found


def locally_normalise(values: NDArray[np.float32]) -> None:
    """Subtract the local mean and divide by the local standard deviation, in place.

    A quadratic surface is subtracted before, since at the border the local mean is
    biased where the image has a slope.

    Parameters
    ----------
    values : ndarray of float32, shape (rows, columns)
        With `INPUT_NM` per sample.
    """
    sigma = _SURROUNDINGS_NM / INPUT_NM / _CELL
    trend = _Trend.fitted(values)
    for strip in strips(len(values)):
        values[strip] -= trend.at(strip)
    mean = _Surroundings.of(values, sigma)
    for strip in strips(len(values)):
        values[strip] -= mean.at(strip)
    square = _Surroundings.of(values, sigma, squared=True)
    least = _LEAST_SPREAD * max(float(np.sqrt(square.cells.mean())), 1e-12)
    for strip in strips(len(values)):
        values[strip] /= np.maximum(np.sqrt(np.maximum(square.at(strip), 0)), least)
    np.clip(values, -_MOST_SPREADS, _MOST_SPREADS, out=values)


@dataclass(frozen=True, slots=True, eq=False)
class _Trend:
    """A biquadratic surface: products of powers 0 to 2 of row and column.

    Attributes
    ----------
    weights : ndarray of float32, shape (3, 3)
        Coefficients, by power of the row and of the column.
    down, right : ndarray of float32, shape (rows, 3) and (columns, 3)
        Powers of rows and columns, which are scaled to -1 to 1.
    """

    weights: NDArray[np.float32]
    down: NDArray[np.float32]
    right: NDArray[np.float32]

    @classmethod
    def fitted(cls, values: NDArray[np.float32]) -> _Trend:
        """Fit a surface by least squares to one sample of each cell."""
        down, right = (
            np.linspace(-1, 1, n, dtype=np.float32)[:, None] ** np.arange(3)
            for n in values.shape
        )
        # On a full grid the two-dimensional fit separates into one for each axis.
        one, other = (np.linalg.pinv(each[::_CELL]) for each in (down, right))
        weights = one @ values[::_CELL, ::_CELL] @ other.T
        return cls(np.asarray(weights, np.float32), down, right)

    def at(self, strip: slice) -> NDArray[np.float32]:
        """Return the surface in some rows."""
        return np.asarray(self.down[strip] @ self.weights @ self.right.T, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Surroundings:
    """A local mean with Gaussian weights, computed on means of cells.

    Attributes
    ----------
    cells : ndarray of float32
        The local mean at the centre of each cell.
    down, right : ndarray of float64
        Position of each row and column, in cells.
    """

    cells: NDArray[np.float32]
    down: NDArray[np.float64]
    right: NDArray[np.float64]

    @classmethod
    def of(
        cls, values: NDArray[np.float32], sigma: float, *, squared: bool = False
    ) -> _Surroundings:
        """Compute the local mean of values or of their squares; ``sigma`` in cells."""
        rows, cols = (max(1, n // _CELL) for n in values.shape)
        high, wide = min(_CELL, values.shape[0]), min(_CELL, values.shape[1])
        means = []
        for strip in strips(rows * high, 32 * high):
            cut = values[strip, : cols * wide]
            cut = np.square(cut) if squared else cut
            means.append(cut.reshape(-1, high, cols, wide).mean(axis=(1, 3)))
        cells = gaussian_filter(np.concatenate(means), sigma, mode="reflect")
        down = (np.arange(values.shape[0]) + 0.5) / high - 0.5
        right = (np.arange(values.shape[1]) + 0.5) / wide - 0.5
        return cls(cells, down, right)

    def at(self, strip: slice) -> NDArray[np.float32]:
        """Return the local mean in some rows, interpolated between cells."""
        return bilinear(self.cells, self.down[strip], self.right)


def _padded_shape(
    shape: tuple[int, ...], step_px: tuple[float, float]
) -> tuple[int, int]:
    return round(shape[0] * step_px[0]), round(shape[1] * step_px[1])
