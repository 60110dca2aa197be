"""Image formation: from an exit wave to the intensity at the camera.

Quasi-coherent transfer: partial coherence damps the wave before it interferes with
itself (Frank, Optik 38 (1973) 519). Signs as in Kirkland, Advanced Computing in
Electron Microscopy (2010): positive defocus is underfocus.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from numpy.typing import NDArray

REST_ENERGY_KEV = 510.99895


@dataclass(frozen=True, slots=True)
class Lens:
    """One setting of the microscope; lengths in nm, angles in radians or degrees.

    ``drift`` is the way gone during the exposure, ``vibration`` an rms shift,
    ``contrast`` the Stobbs factor.
    """

    kV: float
    Cs_mm: float
    defocus: float
    focal_spread: float
    convergence_mrad: float
    astig: float
    astig_angle: float
    drift: float
    drift_angle: float
    vibration: float
    contrast: float


@dataclass(frozen=True, eq=False)
class Frequencies:
    """Spatial frequencies of a grid, in cycles per nm.

    ``row`` has shape (rows, 1) and ``col`` (1, columns); for real transforms the
    columns are the non-negative half.
    """

    row: NDArray[np.float32]
    col: NDArray[np.float32]

    @property
    def square(self) -> NDArray[np.float32]:
        """Square of the radius, shape (rows, columns)."""
        return self.row**2 + self.col**2


def full_frequencies(shape: tuple[int, int], step_nm: float) -> Frequencies:
    """Frequencies of a complex transform."""
    row = fft.fftfreq(shape[0], step_nm).astype(np.float32)
    col = fft.fftfreq(shape[1], step_nm).astype(np.float32)
    return Frequencies(row[:, None], col[None, :])


def half_frequencies(shape: tuple[int, int], step_nm: float) -> Frequencies:
    """Frequencies of a real transform."""
    row = fft.fftfreq(shape[0], step_nm).astype(np.float32)
    col = fft.rfftfreq(shape[1], step_nm).astype(np.float32)
    return Frequencies(row[:, None], col[None, :])


def wavelength_nm(kV: float) -> float:
    """Relativistic de Broglie wavelength of the electron."""
    return 1.2398419843 / math.sqrt(kV * (2 * REST_ENERGY_KEV + kV))


def mass_ratio(kV: float) -> float:
    """Relativistic mass over rest mass."""
    return 1 + kV / REST_ENERGY_KEV


def scherzer_nm(Cs_mm: float, kV: float) -> float:
    """Square root of Cs times wavelength, in which defocus is counted."""
    return math.sqrt(abs(Cs_mm) * 1e6 * wavelength_nm(kV))


def transfer(lens: Lens, k: Frequencies, back_nm: float) -> NDArray[np.complex64]:
    """Transfer of the wave: aberrations, spread of focus and of directions.

    Parameters
    ----------
    lens : Lens
        Setting of the microscope.
    k : Frequencies
        Of the whole plane.
    back_nm : float
        How far above the exit plane the plane lies from which defocus is counted,
        plus any further underfocus.
    """
    k2 = k.square
    wavelength = wavelength_nm(lens.kV)
    defocus = lens.defocus + back_nm
    phase = math.pi * wavelength * k2 * _defocus(lens, k, k2, defocus)
    phase -= math.pi / 2 * lens.Cs_mm * 1e6 * wavelength**3 * k2**2
    envelope = _envelope(lens, k2, lens.defocus)
    out = np.empty(k2.shape, np.complex64)
    out.real = envelope * np.cos(phase)
    out.imag = envelope * np.sin(phase)
    return out


def blur(lens: Lens, k: Frequencies) -> NDArray[np.float32]:
    """Damping of the intensity by drift and vibration."""
    angle = math.radians(lens.drift_angle)
    along = k.col * np.float32(math.cos(angle)) + k.row * np.float32(math.sin(angle))
    shake = np.exp(-2 * (math.pi * lens.vibration) ** 2 * k.square)
    damping: NDArray[np.float64] = np.sinc(lens.drift * along) * shake
    return damping.astype(np.float32)


def intensity(
    exit_wave: NDArray[np.complex64], transferred: NDArray[np.complex64]
) -> NDArray[np.float32]:
    """Intensity in the image plane.

    Parameters
    ----------
    exit_wave : ndarray of complex64, shape (rows, columns)
        Fourier transform of the exit wave.
    transferred : ndarray of complex64, shape (rows, columns)
        From `transfer`.
    """
    wave = fft.ifft2(exit_wave * transferred)
    values: NDArray[np.float32] = wave.real**2 + wave.imag**2
    return values


def sample(
    values: NDArray[np.float32], shape: tuple[int, int], damping: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Resample to pixels by cutting the spectrum, damped on the way.

    Parameters
    ----------
    values : ndarray of float32, shape (rows, columns)
        Real image on the fine grid.
    shape : tuple of int
        Rows and columns of pixels over the same extent, even.
    damping : ndarray of float32
        For the spectrum of the result, shape (rows, columns / 2 + 1).
    """
    spectrum = fft.rfft2(values)
    half, width = shape[0] // 2, shape[1] // 2 + 1
    cut = np.concatenate([spectrum[:half, :width], spectrum[-half:, :width]])
    scale = shape[0] * shape[1] / values.size
    out: NDArray[np.float32] = fft.irfft2(cut * damping, shape) * np.float32(scale)
    return out


def _defocus(
    lens: Lens, k: Frequencies, k2: NDArray[np.float32], defocus: float
) -> NDArray[np.float32]:
    """Defocus by direction, with twofold astigmatism."""
    angle = 2 * lens.astig_angle
    double_cos = k.col**2 - k.row**2
    double_sin = 2 * k.col * k.row
    along = double_cos * math.cos(angle) + double_sin * math.sin(angle)
    astigmatism = lens.astig * along / np.maximum(k2, 1e-9)
    return (defocus + astigmatism).astype(np.float32, copy=False)


def _envelope(
    lens: Lens, k2: NDArray[np.float32], defocus: float
) -> NDArray[np.float32]:
    wavelength = wavelength_nm(lens.kV)
    focal = -((math.pi * wavelength * lens.focal_spread * k2) ** 2) / 2
    slope = lens.Cs_mm * 1e6 * wavelength**3 * k2 - defocus * wavelength
    angular = (math.pi * lens.convergence_mrad * 1e-3 / wavelength * slope) ** 2 * k2
    damping: NDArray[np.float64] = np.exp(focal - angular)
    return damping.astype(np.float32)
