"""Projected potentials: phase shifts by atoms and by amorphous carbon.

The scattering factors are abTEM's (Lobato and Van Dyck, Acta Cryst. A 70 (2014) 636);
a projected potential times the interaction parameter is the factor times wavelength
and relativistic mass ratio.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import math
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft

from napari_cdse.core.errors import ParameterError
from napari_cdse.simulate.microscope.optics import (
    half_frequencies,
    mass_ratio,
    wavelength_nm,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from napari_cdse.simulate.params import Material, Support
    from napari_cdse.simulate.structure.crystal import Crystal

    Factor = Callable[[str, NDArray[np.float32]], NDArray[np.float32]]

DOT_SLICE_NM = 0.5
CARBON_SLICE_NM = 2.0
"""Thickness of slices of dots and of carbon in nm. Chosen: thin enough for the
phase-object approximation."""
_HIGHEST_PER_NM = 60.0
"""Highest frequency of the table of scattering factors, in cycles per nm: beyond
those of the shipped presets' grids."""


def scattering_factor(symbol: str, k2: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the electron scattering factor of an element in nm.

    Parameters
    ----------
    symbol : str
        Symbol of the element.
    k2 : ndarray of float32
        Squared frequencies in 1 per nm squared.

    Raises
    ------
    ParameterError
        If abTEM is not installed, or there is no such element.
    """
    grid, values = _table(symbol)
    return np.interp(np.sqrt(k2), grid, values).astype(np.float32)


def check_elements(symbols: tuple[str, ...]) -> None:
    """Check that all symbols are elements, and that abTEM is installed.

    Raises
    ------
    ParameterError
        If not.
    """
    for symbol in symbols:
        _table(symbol)


def library_version() -> str:
    """Return the version of abTEM; empty if it is not installed."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version("abtem")
    return ""


@functools.cache
def _table(symbol: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return frequencies in 1 per nm, and the scattering factors there in nm."""
    elements = _library("ase.data").atomic_numbers
    if symbol not in elements or symbol == "X":
        raise ParameterError(
            f"{symbol!r} is no chemical element; write a symbol such as 'Cd'."
        )
    table = _library("abtem.parametrizations").LobatoParametrization()
    grid = np.linspace(0, _HIGHEST_PER_NM, 2048)
    values = table.scattering_factor(symbol)((grid / 10) ** 2)
    return grid, np.asarray(values, float) / 10


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as problem:
        raise ParameterError(
            "Simulating needs ase and abTEM; install them with "
            "pip install 'napari-cdse[simulate]'."
        ) from problem


class DotPhases:
    """Computes phase slices of dots on a square patch.

    Parameters
    ----------
    material : Material
        Elements and thermal motion.
    size : int
        Points along an edge of the patch.
    step_nm : float
        Distance of points.
    kV : float
        Acceleration voltage.
    factor : callable, optional
        Scattering factor by element and squared frequency.
    """

    def __init__(
        self,
        material: Material,
        size: int,
        step_nm: float,
        kV: float,
        factor: Factor = scattering_factor,
    ) -> None:
        self._size, self._step_nm = size, step_nm
        self._k = half_frequencies((size, size), step_nm)
        k2 = self._k.square
        scale = wavelength_nm(kV) * mass_ratio(kV) / step_nm**2
        rms = (material.bulk_rms_nm, material.surface_rms_nm)
        symbols = (material.cation, material.anion)
        self._kinds = {
            (anion, surface): scale
            * factor(symbols[anion], k2)
            * np.exp(-2 * (math.pi * rms[surface]) ** 2 * k2)
            for anion in range(1 if material.lattice == "fcc" else 2)
            for surface in range(2)
        }

    def slices(self, crystal: Crystal) -> list[NDArray[np.float32]]:
        """Return the phase shifts of a crystal's slices in radians, upstream first."""
        z = crystal.places_nm[:, 2]
        number = ((z - z.min()) / DOT_SLICE_NM).astype(int)
        count = int(number.max()) + 1
        return [self._slice(crystal, number == index) for index in range(count)]

    def _slice(
        self, crystal: Crystal, chosen: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        spectrum = np.zeros((self._size, self._size // 2 + 1), np.complex64)
        for (anion, surface), factor in self._kinds.items():
            kind = chosen & (crystal.is_anion == bool(anion))
            kind &= crystal.is_surface == bool(surface)
            if kind.any():
                spectrum += factor * self._places(crystal.places_nm[kind])
        phase: NDArray[np.float32] = fft.irfft2(spectrum, (self._size, self._size))
        return phase

    def _places(self, places: NDArray[np.float64]) -> NDArray[np.complex64]:
        """Return the structure factor of points around the patch's middle."""
        middle = self._size // 2 * self._step_nm
        x, y = places[:, 0] + middle, places[:, 1] + middle
        rows = np.exp(-2j * math.pi * self._k.row * y).astype(np.complex64)
        cols = np.exp(-2j * math.pi * self._k.col * x[:, None]).astype(np.complex64)
        product: NDArray[np.complex64] = rows @ cols
        return product


def carbon_slices(
    rng: np.random.Generator,
    support: Support,
    thickness_nm: float,
    shape: tuple[int, int],
    step_nm: float,
    kV: float,
    factor: Factor = scattering_factor,
) -> Iterator[tuple[NDArray[np.float32], float]]:
    """Make slices of amorphous carbon: independent atoms, filtered.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random numbers.
    support : Support
        Density and structure factor.
    thickness_nm : float
        Thickness of the whole film.
    shape : tuple of int
        Rows and columns of the grid.
    step_nm : float
        Distance of its points.
    kV : float
        Acceleration voltage.
    factor : callable, optional
        Scattering factor by element and squared frequency.

    Yields
    ------
    phase : ndarray of float32, shape (rows, columns)
        Phase shift in radians, of mean 0.
    thickness : float
        In nm.
    """
    k2 = half_frequencies(shape, step_nm).square
    scale = wavelength_nm(kV) * mass_ratio(kV) / step_nm**2
    response = scale * factor("C", k2) * np.sqrt(structure_factor(support, k2))
    count = max(1, round(thickness_nm / CARBON_SLICE_NM))
    thick = thickness_nm / count
    mean = support.atoms_per_nm3 * thick * step_nm**2
    for _ in range(count):
        atoms = rng.poisson(mean, size=shape).astype(np.float32) - np.float32(mean)
        phase = fft.irfft2(fft.rfft2(atoms) * response, shape)
        yield phase, thick


def structure_factor(support: Support, k2: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the carbon's power over that of independent atoms.

    Parameters
    ----------
    support : Support
        Its parameters.
    k2 : ndarray of float32
        Squared frequencies in 1 per nm squared.
    """
    off_peak = (np.sqrt(k2) - support.peak_per_nm) / support.peak_width_per_nm
    peak = support.peak * np.exp(-(off_peak**2))
    hole = support.hole * np.exp(-k2 / support.hole_per_nm**2)
    motion = np.exp(-((2 * math.pi * support.rms_nm) ** 2) * k2)
    smooth = support.plateau + support.coarse * np.exp(-k2 / support.coarse_per_nm**2)
    value: NDArray[np.float32] = (smooth * (1 - hole) + peak) * motion
    return value
