"""Measure how much of a picture was clipped to black or white.

Whoever stretches the contrast of a picture and saves it (a contrast slider, ImageJ's
"Enhance contrast") puts all that lay beyond into the first and the last gray level.
What was there is lost, and the flat tops of the fringes add overtones to the spectrum.
Such a level holds far more pixels than those beside it; without clipping, the
distribution of speckle falls off towards its ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.arrays import strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 64
"""Bins over the range of gray values. Chosen: four levels of eight bits, so that what
compression or resizing scattered around the last level mostly counts with it; wider
ones would hold much of the distribution's own tail."""
_BESIDE = 2
"""Bins beside the first and the last that tell what the tail would hold. Chosen: two,
since compression fills the one beside a clipped level, but not evenly."""
_FEWEST_BINS = 16
"""Fewest bins with pixels in them below which nothing can be told. Chosen: where single
electrons were counted, half of one each pixel, the first of some eight levels is the
fullest without any clipping."""
_SAMPLED_ROWS = 2
"""Every how many-th row is counted. Chosen: half a million pixels of 1024 x 1024 tell a
share of 1 % to 0.01 %."""


def clipped_share(pixels: NDArray[np.float32], usable: NDArray[np.bool_]) -> float:
    """Return the share of pixels that were clipped, at both ends together.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns)
        Gray values as recorded; any filter would scatter those that are equal.
    usable : ndarray of bool, shape (rows, columns)
        False where letters, bars and the like are, which are black or white as well.

    Returns
    -------
    float
        0 to 1; 0 where nothing is clipped, and where it can't be told.
    """
    counts = _counts(pixels[::_SAMPLED_ROWS], usable[::_SAMPLED_ROWS])
    if len(counts) < _FEWEST_BINS:
        return 0.0
    low = counts[0] - counts[1 : 1 + _BESIDE].max()
    high = counts[-1] - counts[-1 - _BESIDE : -1].max()
    return (max(0, int(low)) + max(0, int(high))) / int(counts.sum())


def _counts(pixels: NDArray[np.float32], usable: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Count usable pixels in bins, none narrower than the steps between gray levels."""
    low = float(np.min(pixels, initial=np.inf, where=usable))
    high = float(np.max(pixels, initial=-np.inf, where=usable))
    counts = np.zeros(_BINS, np.intp)
    if not high > low:
        return counts[:0]
    # In strips, since bincount converts its input to integers of eight bytes.
    for strip in strips(len(pixels)):
        scaled = (pixels[strip][usable[strip]] - np.float32(low)) * np.float32(
            _BINS / (high - low)
        )
        levels = np.minimum(scaled.astype(np.intp), _BINS - 1)
        counts += np.bincount(levels, minlength=_BINS)
    # A picture of few levels leaves bins between them empty.
    return counts[counts > 0]
