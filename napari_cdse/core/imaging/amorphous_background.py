"""A measured amorphous background: the mean power of the support's speckle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.imaging.background_variation import Pattern, patterns
from napari_cdse.core.imaging.rfft_spectrum import along_arcs, at_frequencies, sharpened
from napari_cdse.core.imaging.sliding_fft import frequencies

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLIP = 2.0
"""Power at which that of single windows is clipped, in mean powers.

A choice: fringes add no more than this, and exp(-2) = 14 % of the speckle's own power
is cut, which is made good. A lower one rests on the rough mean that sets it, a higher
one lets fringes raise the background.
"""


@dataclass(frozen=True, slots=True, eq=False)
class AmorphousBackground:
    """Mean power of the support's speckle at each spatial frequency.

    Attributes
    ----------
    window_px : int
        Edge of the windows it was measured in.
    power : ndarray of float32, shape (window_px, window_px // 2 + 1)
        In the order of ``rfft2``, scaled so that white noise of unit variance
        has a power of one.
    variation : ndarray of float32, shape (6, window_px, window_px // 2 + 1)
        Share of the mean clipped power that belongs to each of `place_terms`; not
        smoothed.
    """

    window_px: int
    power: NDArray[np.float32]
    variation: NDArray[np.float32]

    def radial(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Radius in cycles per pixel, and the median power on its ring."""
        ring = np.rint(frequencies(self.window_px) * self.window_px).astype(int)
        power, ring = self.power.ravel(), ring.ravel()
        ordered = power[np.lexsort((power, ring))]
        counts = np.bincount(ring)
        first = np.cumsum(counts) - counts
        # The median is the middle one, or the mean of two.
        middle = ordered[first + (counts - 1) // 2] + ordered[first + counts // 2]
        count = self.window_px // 2 + 1
        return np.arange(count) / self.window_px, middle[:count].astype(float) / 2

    def at(
        self, rows: NDArray[np.float64], cols: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Power at frequencies in cycles per pixel, on the grid ``rows x cols``.

        What window and smoothing smeared is sharpened, so that speckle whitened by
        it is white at the zeros of the contrast transfer too.
        """
        return at_frequencies(sharpened(self.power), rows, cols)

    def gain_patterns(
        self, band_per_px: tuple[float, float]
    ) -> tuple[NDArray[np.float32], list[Pattern]]:
        """Find what whitens speckle that is not alike everywhere: see `patterns`."""
        radius = frequencies(self.window_px)
        counted = (radius >= band_per_px[0]) & (radius <= band_per_px[1])
        return patterns(along_arcs(self.variation, 1), CLIP, counted)
