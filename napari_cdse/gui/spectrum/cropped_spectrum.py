"""The spectrum of a square up to the highest frequency that is shown; without Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.crystal.region_spectrum import RegionSpectrum, region_spectrum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.crystal.bragg_peaks import BraggPeak
    from napari_cdse.gui.pictures.scale import Scale

_LEAST_POWER = 1e-12
"""Least power of which a logarithm is taken, for flat squares."""


@dataclass(frozen=True, eq=False)
class CroppedSpectrum:
    """A spectrum, and the part of it that is shown.

    Attributes
    ----------
    whole : RegionSpectrum
    size : int
        Samples along each edge of the part, odd; frequency 0 is in the middle.
    """

    whole: RegionSpectrum
    size: int

    @classmethod
    def of(cls, square: NDArray[np.float32], scale: Scale) -> CroppedSpectrum:
        """Compute the spectrum of a square, up to the lattice's shortest spacing.

        Parameters
        ----------
        square : ndarray of float32, shape (n, n)
            Pixels of the square.
        scale : Scale
            Without a pixel size, all frequencies are shown.
        """
        highest = 0.5
        if scale.pixel_size_nm is not None:
            highest = min(highest, scale.pixel_size_nm / scale.shortest_nm)
        reach = min(len(square) // 2 - 1, math.ceil(highest * len(square)))
        return cls(region_spectrum(square, highest), 2 * reach + 1)

    @property
    def peaks(self) -> tuple[BraggPeak, ...]:
        """Families of fringes, strongest first."""
        return self.whole.peaks

    @property
    def step_per_px(self) -> float:
        """Distance of two samples, in cycles per pixel."""
        return self.whole.step_per_px

    @property
    def edge_per_px(self) -> float:
        """Edge of the part, in cycles per pixel."""
        return self.size * self.step_per_px

    @property
    def ratio(self) -> NDArray[np.float32]:
        """Power over the background, shape (size, size)."""
        middle, reach = len(self.whole.ratio) // 2, self.size // 2
        part = slice(middle - reach, middle + reach + 1)
        return self.whole.ratio[part, part]

    def radial_curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean over all directions.

        Returns
        -------
        frequency : ndarray, shape (n,)
            In cycles per pixel, without 0.
        power : ndarray, shape (n,)
            Decadic logarithm of the power.
        """
        frequency = self.whole.ring_frequencies
        shown = (frequency < self.edge_per_px / 2) & (frequency > 0)
        power = np.log10(np.maximum(self.whole.radial[shown], _LEAST_POWER))
        return frequency[shown], power
