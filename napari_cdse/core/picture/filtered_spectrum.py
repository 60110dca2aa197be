"""Measure whether a filter took single frequencies out of a picture.

Filters that make fringes clearer for print decide for each frequency of the picture
whether it is more than background: Wiener's and the average background subtraction
(Marks, Ultramicroscopy 62, 43, 1996; Kilaas, J. Microsc. 190, 45, 1998). What they
leave of noise looks like fringes, and most of the noise beside them is gone, against
which features are measured. A mask around Bragg peaks, which leaves nothing else, is
not always seen here; such a picture looks like one crystal.

The powers of noise at neighbouring frequencies scatter: they follow an exponential
distribution (Goodman, Speckle Phenomena in Optics, 2007, section 3.2), whatever lens,
camera, blur or compression did to the picture, as all of these change neighbours alike.
A filter that decides for each frequency leaves more of them that are next to nothing.
The spectral flatness tells, the geometric over the arithmetic mean of the powers (Gray,
Markel, IEEE Trans. Acoust. Speech Signal Process. 22, 207, 1974): that of exponentially
distributed powers is exp(-0.5772), with Euler's constant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft

from napari_cdse.core.arrays import strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_SIDE_PX = 400
"""Fewest rows or columns with which it is measured. Chosen: of a smaller part, crystals
alone make the spectrum nearly as uneven as some filters do (of 256 px 0.91, and 0.84
after a low-pass filter, least of 12)."""
_MOST_BLOCKS = 42
"""Blocks of neighbours along the columns' frequencies that are used, at most, evenly
spaced. Chosen: all of them in a picture of 1024 px; a larger one must be transformed as
a whole, since a part of it has other frequencies than the filter decided about."""
_BLOCK = 12
"""Edge of the blocks of frequencies that count as neighbours. Chosen: of 144 powers the
mean logarithm scatters by 0.1; over wider blocks the spectrum of speckle falls off."""
_AXIS = 4
"""Frequencies next to either axis that are left out: the picture's edges, which do not
continue each other, put power there. Chosen: most of it lies there."""
_RINGS_PER_PX = np.array([0.03, 0.1, 0.18, 0.26, 0.36, 0.5])
"""Edges of the rings that count alike, in cycles per pixel. Chosen: below, illumination
and thickness; five, since the outer ones may be empty in an enlarged picture, and the
inner ones have the peaks of crystals."""
_FLOOR = 1e-7
"""Share of the block's mean that counts as no power. Chosen: that of a float32's
rounding, since a filter may leave exact zeros, whose logarithm is no number."""


def spectral_flatness(pixels: NDArray[np.float32]) -> float | None:
    """Return how flat the spectrum of a picture is, relative to that of noise.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Finite gray values, without the picture's frame or what is drawn over it.

    Returns
    -------
    float or None
        1 in a picture as recorded, up to 0.05 less where crystals cover it; less than
        0.1 where a filter decided for each frequency, and 0.8 to 0.9 where half of the
        rows and columns were cut out afterwards. None if it is too small or constant.
    """
    if min(pixels.shape) < LEAST_SIDE_PX:
        return None
    power, per_px = _powers(pixels)
    mean = power.mean(axis=-1)
    filled = mean > 0
    relative = power[filled] / mean[filled, None]
    logarithms = np.log(relative + np.float32(_FLOOR)).mean(axis=-1)
    ring = np.digitize(per_px[filled], _RINGS_PER_PX)
    medians = [
        np.median(logarithms[ring == each])
        for each in range(1, len(_RINGS_PER_PX))
        if (ring == each).any()
    ]
    if not medians:
        return None
    return float(np.exp(np.median(medians) + np.euler_gamma))


def _powers(
    pixels: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the powers at neighbouring frequencies.

    Returns
    -------
    power : ndarray of float32, shape (n, frequencies)
    per_px : ndarray of float64, shape (n,)
        Mean frequency of each block of neighbours, in cycles per pixel.
    """
    rows, cols = pixels.shape
    columns = _columns(cols // 2)
    mean = pixels.mean()
    spectrum = np.empty((rows, len(columns)), np.complex64)
    for strip in strips(rows):
        spectrum[strip] = fft.rfft(pixels[strip] - mean)[:, columns]
    spectrum = fft.fft(spectrum, axis=0, overwrite_x=True)
    # Frequencies along the columns: positive ones upwards, negative ones downwards.
    halves = spectrum[_AXIS : rows // 2], spectrum[-_AXIS : -(rows // 2) : -1]
    power = np.concatenate([_blocks(half.real**2 + half.imag**2) for half in halves])
    row = np.arange(_AXIS, rows // 2)
    per_px = _blocks(np.hypot(row[:, None] / rows, columns / cols)).mean(axis=-1)
    return power, np.tile(per_px, len(halves))


def _columns(end: int) -> NDArray[np.intp]:
    """Choose columns of the half spectrum: whole blocks, evenly spaced up to an end."""
    there = (end - _AXIS) // _BLOCK
    blocks = np.linspace(0, there - 1, min(there, _MOST_BLOCKS)).round().astype(np.intp)
    return (_AXIS + blocks[:, None] * _BLOCK + np.arange(_BLOCK)).ravel()


def _blocks(values: NDArray[Any]) -> NDArray[Any]:
    """Cut an array into squares, each of them in a row."""
    rows, cols = (length // _BLOCK for length in values.shape)
    cut = values[: rows * _BLOCK, : cols * _BLOCK]
    squares = cut.reshape(rows, _BLOCK, cols, _BLOCK).swapaxes(1, 2)
    return squares.reshape(rows * cols, -1)
