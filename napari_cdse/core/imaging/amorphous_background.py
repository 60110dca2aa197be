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
"""Value at which the power in single windows is clipped, in mean powers.

A choice: it limits what fringes can add. The exp(-2) = 14 % of the speckle's own power
that clipping removes are corrected for. A lower one depends too much on the rough mean
that it is a multiple of; with a higher one fringes raise the background.
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
        Coefficients of `place_terms` for the clipped power as a function of place, in
        units of its mean; not smoothed.
    """

    window_px: int
    power: NDArray[np.float32]
    variation: NDArray[np.float32]

    def radial(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return radii in cycles per pixel, and the median power on each ring."""
        ring = np.rint(frequencies(self.window_px) * self.window_px).astype(int)
        power, ring = self.power.ravel(), ring.ravel()
        ordered = power[np.lexsort((power, ring))]
        counts = np.bincount(ring)
        first = np.cumsum(counts) - counts
        # Median of each ring: the middle value, or the mean of the two middle ones.
        middle = ordered[first + (counts - 1) // 2] + ordered[first + counts // 2]
        count = self.window_px // 2 + 1
        return np.arange(count) / self.window_px, middle[:count].astype(float) / 2

    def at(
        self, rows: NDArray[np.float64], cols: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Return the power at frequencies in cycles per px, on the grid rows x cols.

        The smearing by window and smoothing is deconvolved, so that speckle is whitened
        correctly even at the zeros of the contrast transfer function.
        """
        return at_frequencies(sharpened(self.power), rows, cols)

    def gain_patterns(
        self, band_per_px: tuple[float, float]
    ) -> tuple[NDArray[np.float32], list[Pattern]]:
        """Return how the whitening gain varies over the view; see `patterns`."""
        radius = frequencies(self.window_px)
        counted = (radius >= band_per_px[0]) & (radius <= band_per_px[1])
        return patterns(along_arcs(self.variation, 1), CLIP, counted)
