"""Multislice propagation of a plane wave through thin phase objects.

Cowley and Moodie, Acta Cryst. 10 (1957) 609, with transmission and propagation limited
to two thirds of the grid's highest frequency (Kirkland 2010, section 6.8).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from napari_cdse.simulate.microscope.optics import full_frequencies, wavelength_nm

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_LIMIT = 2 / 3
"""Highest frequency that is kept, over that of the grid."""


class Propagator:
    """Fresnel propagation on one grid; propagators of used distances are cached.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the grid.
    step_nm : float
        Distance of its points.
    kV : float
        Acceleration voltage.
    """

    def __init__(self, shape: tuple[int, int], step_nm: float, kV: float) -> None:
        self._k2 = full_frequencies(shape, step_nm).square
        self._limit = (_LIMIT / (2 * step_nm)) ** 2
        self._wavelength = wavelength_nm(kV)
        self._cache: dict[float, NDArray[np.complex64]] = {}

    def over(self, distance_nm: float) -> NDArray[np.complex64]:
        """Return the factor of a wave's spectrum for propagation over a distance."""
        key = round(distance_nm, 6)
        if key not in self._cache:
            phase = np.float32(-math.pi * self._wavelength * distance_nm) * self._k2
            wave = unit_wave(phase)
            wave[self._k2 > self._limit] = 0
            self._cache[key] = wave
        return self._cache[key]


def unit_wave(phase: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Return the exponential of i times a phase in radians."""
    out = np.empty(phase.shape, np.complex64)
    np.cos(phase, out=out.real)
    np.sin(phase, out=out.imag)
    return out


def exit_spectrum(
    slices: Iterable[tuple[NDArray[np.float32], float]],
    shape: tuple[int, int],
    step_nm: float,
    kV: float,
) -> NDArray[np.complex64]:
    """Propagate a plane wave through slices.

    Parameters
    ----------
    slices : iterable of (ndarray of float32, float)
        Phase shift in radians on the grid, and thickness in nm, in the order of the
        beam.
    shape : tuple of int
        Rows and columns of the grid.
    step_nm : float
        Distance of its points.
    kV : float
        Acceleration voltage.

    Returns
    -------
    ndarray of complex64, shape (rows, columns)
        Fourier transform of the wave behind the last slice.
    """
    propagator = Propagator(shape, step_nm, kV)
    wave = np.ones(shape, np.complex64)
    spectrum = fft.fft2(wave)
    for phase, thickness in slices:
        wave *= unit_wave(phase)
        spectrum = fft.fft2(wave, overwrite_x=True)
        spectrum *= propagator.over(thickness)
        wave = fft.ifft2(spectrum)
    return spectrum
