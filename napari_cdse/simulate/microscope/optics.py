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
"""Rest energy of the electron in keV (CODATA 2018)."""


@dataclass(frozen=True, slots=True)
class Lens:
    """One setting of the microscope.

    Attributes
    ----------
    kV : float
        Acceleration voltage.
    Cs_mm : float
        Spherical aberration.
    defocus : float
        Underfocus in nm.
    focal_spread : float
        Standard deviation of the defocus in nm.
    convergence_mrad : float
        Semi-angle of convergence.
    astig : float
        Twofold astigmatism in nm.
    astig_angle : float
        Its direction in radians.
    drift : float
        Distance of drift during the exposure in nm.
    drift_angle : float
        Its direction in degrees.
    vibration : float
        Root mean square displacement by vibration in nm.
    contrast : float
        Stobbs factor, by which the contrast is multiplied.
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

    Attributes
    ----------
    row : ndarray of float32, shape (rows, 1)
    col : ndarray of float32, shape (1, columns)
        Of a real transform, the non-negative half.
    """

    row: NDArray[np.float32]
    col: NDArray[np.float32]

    @property
    def square(self) -> NDArray[np.float32]:
        """Square of the magnitude, shape (rows, columns)."""
        return self.row**2 + self.col**2


def full_frequencies(shape: tuple[int, int], step_nm: float) -> Frequencies:
    """Return the frequencies of a complex transform."""
    row = fft.fftfreq(shape[0], step_nm).astype(np.float32)
    col = fft.fftfreq(shape[1], step_nm).astype(np.float32)
    return Frequencies(row[:, None], col[None, :])


def half_frequencies(shape: tuple[int, int], step_nm: float) -> Frequencies:
    """Return the frequencies of a real transform."""
    row = fft.fftfreq(shape[0], step_nm).astype(np.float32)
    col = fft.rfftfreq(shape[1], step_nm).astype(np.float32)
    return Frequencies(row[:, None], col[None, :])


def wavelength_nm(kV: float) -> float:
    """Return the relativistic wavelength of electrons, for a voltage in kV."""
    return 1.2398419843 / math.sqrt(kV * (2 * REST_ENERGY_KEV + kV))


def mass_ratio(kV: float) -> float:
    """Return the relativistic mass over the rest mass, for a voltage in kV."""
    return 1 + kV / REST_ENERGY_KEV


def scherzer_nm(Cs_mm: float, kV: float) -> float:
    """Return the square root of Cs times wavelength, the unit of Scherzer's defocus."""
    return math.sqrt(abs(Cs_mm) * 1e6 * wavelength_nm(kV))


def transfer(lens: Lens, k: Frequencies, back_nm: float) -> NDArray[np.complex64]:
    """Return the transfer function of the wave: aberrations and partial coherence.

    Parameters
    ----------
    lens : Lens
        Setting of the microscope.
    k : Frequencies
        From `full_frequencies`.
    back_nm : float
        Distance of the plane in which the lens's defocus is given, upstream of the
        exit plane; plus any further underfocus.

    Returns
    -------
    ndarray of complex64, shape (rows, columns)
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
    """Return the damping of the intensity's spectrum by drift and vibration."""
    angle = math.radians(lens.drift_angle)
    along = k.col * np.float32(math.cos(angle)) + k.row * np.float32(math.sin(angle))
    shake = np.exp(-2 * (math.pi * lens.vibration) ** 2 * k.square)
    damping: NDArray[np.float64] = np.sinc(lens.drift * along) * shake
    return damping.astype(np.float32)


def intensity(
    exit_wave: NDArray[np.complex64], transferred: NDArray[np.complex64]
) -> NDArray[np.float32]:
    """Return the intensity in the image plane.

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
    """Resample an image to pixels by cropping its spectrum, and damp it.

    Parameters
    ----------
    values : ndarray of float32, shape (rows, columns)
        Image on the fine grid.
    shape : tuple of int
        Rows and columns of pixels over the same extent; even.
    damping : ndarray of float32, shape (rows, columns / 2 + 1)
        Factor of the spectrum of the result.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
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
    """Return the defocus at each frequency, with twofold astigmatism."""
    angle = 2 * lens.astig_angle
    double_cos = k.col**2 - k.row**2
    double_sin = 2 * k.col * k.row
    along = double_cos * math.cos(angle) + double_sin * math.sin(angle)
    astigmatism = lens.astig * along / np.maximum(k2, 1e-9)
    return (defocus + astigmatism).astype(np.float32, copy=False)


def _envelope(
    lens: Lens, k2: NDArray[np.float32], defocus: float
) -> NDArray[np.float32]:
    """Return the envelope by focal spread and convergence."""
    wavelength = wavelength_nm(lens.kV)
    focal = -((math.pi * wavelength * lens.focal_spread * k2) ** 2) / 2
    slope = lens.Cs_mm * 1e6 * wavelength**3 * k2 - defocus * wavelength
    angular = (math.pi * lens.convergence_mrad * 1e-3 / wavelength * slope) ** 2 * k2
    damping: NDArray[np.float64] = np.exp(focal - angular)
    return damping.astype(np.float32)
