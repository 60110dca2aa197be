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
_FEW_ROWS = 64
"""Rows of a tile that are made at a time. A choice: of these, spectra as wide as the
whole micrograph are in memory beside the tile."""
_LEAST_SPREAD = 1e-3
"""Least spread that is divided by, in spreads of the micrograph: it keeps flat places
flat."""


@dataclass(frozen=True, slots=True, eq=False)
class NetworkInput:
    """A micrograph as the network is given it, in parts that are made when asked for.

    Both channels of a large micrograph would take more memory than itself.

    Attributes
    ----------
    contrast : ndarray of float32, shape (rows, columns)
        Local contrast, about standard normal on bare support.
    white : ndarray of float32, shape (rows, columns of the whitening)
        The whitened channel; the same of it. It is sampled anew along its columns
        only, as it has fewer of them.
    length, first : int
        Columns of `white` when it is sampled anew along its rows too, and the first of
        them that lies on the micrograph.
    usable : ndarray of bool
        Of the micrograph; both channels are 0 where nothing usable was recorded.
    origin_px : tuple of float
        Place of sample ``[0, 0]`` in the micrograph.
    step_px : tuple of float
        Distance between samples in pixels of the micrograph.
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
        """Both channels whole, shape (2, rows, columns)."""
        rows, cols = self.shape
        out = np.empty((2, rows, cols), np.float32)
        self.write(slice(0, rows), slice(0, cols), out)
        return out

    def whitened(self, down: slice) -> NDArray[np.float32]:
        """Sample the whitened channel of some rows anew, shape (rows, columns)."""
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
            Is written to; shape (2, its rows, its columns).
        whitened : ndarray of float32, optional
            What `whitened` gives of its rows, where that is at hand.
        """
        for strip in strips(down.stop - down.start, _FEW_ROWS):
            rows = slice(down.start + strip.start, down.start + strip.stop)
            usable = self._usable(rows, right)
            np.multiply(self.contrast[rows, right], usable, out=out[0, strip])
            white = self.whitened(rows) if whitened is None else whitened[strip]
            np.multiply(white[:, right], usable, out=out[1, strip])

    def _usable(self, *rectangle: slice) -> NDArray[np.bool_]:
        """Whether the pixel next to each sample is usable."""
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
    """Sample a picture with mirrored margins on a grid, of which some is wanted.

    Columns are written over what they are made of: with a copy, a large picture would
    be in memory once more.
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
    # Rows that are left over go back to the system; nothing else looks at them.
    values.resize((count, wide), refcheck=False)
    return values


def _along_rows(values: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Sample periodic rows at so many places, by cropping or padding their spectra."""
    found = fft.irfft(fft.rfft(values, axis=1), n=length, axis=1)
    found *= np.float32(length / values.shape[1])
    return np.asarray(found, dtype=np.float32)


def _along_columns(
    values: NDArray[np.float32], length: int, wanted: slice
) -> NDArray[np.float32]:
    """Sample periodic columns at so many places, of which some are wanted."""
    found = np.empty((wanted.stop - wanted.start, values.shape[1]), np.float32)
    for block in strips(values.shape[1]):
        found[:, block] = _along_rows(values[:, block].T, length)[:, wanted].T
    return found


def locally_normalise(values: NDArray[np.float32]) -> None:
    """Take off the surroundings' mean and divide by their standard deviation, in place.

    A surface of second order goes first: the surroundings' mean lags behind a slope at
    the border.
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
    """A surface of second order either way: powers of rows and columns, -1 to 1.

    Attributes
    ----------
    weights : ndarray of float32, shape (3, 3)
        Of the powers of the row, and of the column.
    down, right : ndarray of float32, shape (rows, 3) and (columns, 3)
    """

    weights: NDArray[np.float32]
    down: NDArray[np.float32]
    right: NDArray[np.float32]

    @classmethod
    def fitted(cls, values: NDArray[np.float32]) -> _Trend:
        """Least squares over one sample of each cell."""
        down, right = (
            np.linspace(-1, 1, n, dtype=np.float32)[:, None] ** np.arange(3)
            for n in values.shape
        )
        # On a full grid the least squares of both axes are one after the other.
        one, other = (np.linalg.pinv(each[::_CELL]) for each in (down, right))
        weights = one @ values[::_CELL, ::_CELL] @ other.T
        return cls(np.asarray(weights, np.float32), down, right)

    def at(self, strip: slice) -> NDArray[np.float32]:
        """Give its values in some rows."""
        return np.asarray(self.down[strip] @ self.weights @ self.right.T, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Surroundings:
    """Gaussian mean, by way of the means of cells.

    Attributes
    ----------
    cells : ndarray of float32
    down, right : ndarray of float64
        Place of each row and column among the cells.
    """

    cells: NDArray[np.float32]
    down: NDArray[np.float64]
    right: NDArray[np.float64]

    @classmethod
    def of(
        cls, values: NDArray[np.float32], sigma: float, *, squared: bool = False
    ) -> _Surroundings:
        """Take the mean of values or of their squares; ``sigma`` is in cells."""
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
        """Give its values in some rows."""
        return bilinear(self.cells, self.down[strip], self.right)


def _padded_shape(
    shape: tuple[int, ...], step_px: tuple[float, float]
) -> tuple[int, int]:
    return round(shape[0] * step_px[0]), round(shape[1] * step_px[1])
