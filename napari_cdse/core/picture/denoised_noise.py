"""Measure whether noise was smoothed by what it looks like, not alike everywhere.

Filters that smooth where nothing stands out, and little where something does (non-local
means: Buades, Coll, Morel, CVPR 2005; bilateral: Tomasi, Manduchi, ICCV 1998; total
variation: Rudin, Osher, Fatemi, Physica D 60, 259, 1992; networks that were trained to
denoise), leave speckle in some places and nearly nothing in others beside them. No
feature is then measured against the background that it has in other micrographs.

The strength of a micrograph's speckle and noise changes slowly over the picture, with
light and thickness. In blocks beside each other the mean power of a band of frequencies
differs by chance only: that of n independent values has a relative standard deviation
of sqrt(2 / n). Lens, camera, blur, compression and contrast change neighbouring blocks
alike; crystals differ from what is beside them at their edges only.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft

from napari_cdse.core.arrays import central_part

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK_PX = 16
"""Edge of the blocks. Chosen: the smallest particles have several of them across, so
that few pairs of neighbours lie at an edge; fewer pixels scatter more by themselves."""
_BANDS_PER_PX = ((0.12, 0.2), (0.2, 0.3))
"""Bands of frequencies in cycles per pixel, of which the more even one counts. Chosen:
below are particles and thickness; above, compression to JPEG empties single blocks, in
the upper band already where the quality is low, and an enlargement empties it."""
_FEWEST_PAIRS = 264
"""Fewest pairs of blocks beside each other: those of 12 x 12 blocks. Chosen: they tell
the median to some 6 %, its own scatter of 0.37 over the root of their number."""
_MOST_SIDE_PX = 640
"""Rows and columns in the middle of the picture with which it is measured, at most.
Chosen: 40 x 40 blocks tell the median to some 2 %; more take more time."""
_MEDIAN_OF_ABS_NORMAL = 0.6745
"""Median of the absolute value of a normal variable of standard deviation 1."""
_FLOOR = 1e-12
"""Power, in variances of the picture, below which there is none. Chosen: below that of
rounding to float32, so that no logarithm of zero is taken."""


def patchiness(pixels: NDArray[np.float32], usable: NDArray[np.bool_]) -> float | None:
    """Return how much the strength of noise differs from block to block.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Without the picture's frame; standard deviation 1.
    usable : ndarray of bool, shape (rows, columns)
        False where insets, bars, letters and the like were filled: no noise is there.

    Returns
    -------
    float or None
        Median difference of neighbours relative to that of independent values: 0.7 to
        1.05 as recorded (blocks share a little, since the band's waves reach over their
        edges), more where noise was smoothed by content. None if too little is usable.
    """
    pixels, usable = _whole_blocks(pixels), _whole_blocks(usable)
    whole = np.asarray(_squares(usable).all(axis=(1, 3)))
    pairs = whole[1:] & whole[:-1], whole[:, 1:] & whole[:, :-1]
    if sum(np.count_nonzero(each) for each in pairs) < _FEWEST_PAIRS:
        return None
    spectrum = fft.rfft2(pixels)
    per_px = np.hypot(
        fft.fftfreq(pixels.shape[0])[:, None], fft.rfftfreq(pixels.shape[1])
    ).astype(np.float32)
    return min(
        _difference(
            fft.irfft2(spectrum * ((per_px >= low) & (per_px < high)), pixels.shape),
            pairs,
        )
        / _by_chance(low, high)
        for low, high in _BANDS_PER_PX
    )


def _whole_blocks(values: NDArray[Any]) -> NDArray[Any]:
    values = central_part(values, _MOST_SIDE_PX)
    rows, cols = (length // _BLOCK_PX * _BLOCK_PX for length in values.shape)
    return values[:rows, :cols]


def _squares(values: NDArray[Any]) -> NDArray[Any]:
    """Give an array as blocks: rows of blocks, rows, columns of blocks, columns."""
    rows, cols = (length // _BLOCK_PX for length in values.shape)
    return values.reshape(rows, _BLOCK_PX, cols, _BLOCK_PX)


def _difference(
    waves: NDArray[np.float32], pairs: tuple[NDArray[np.bool_], NDArray[np.bool_]]
) -> float:
    """Return the median difference of the log power over pairs of blocks."""
    power = _squares(waves**2).mean(axis=(1, 3))
    logarithm = np.log(power + np.float32(_FLOOR))
    beside = [np.diff(logarithm, axis=at)[each] for at, each in enumerate(pairs)]
    return float(np.median(np.abs(np.concatenate(beside))))


def _by_chance(low: float, high: float) -> float:
    """Return the median difference of two blocks of independent Gaussian values."""
    independent = _BLOCK_PX**2 * math.pi * (high**2 - low**2)
    return _MEDIAN_OF_ABS_NORMAL * math.sqrt(2 * 2 / independent)
