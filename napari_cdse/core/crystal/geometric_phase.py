"""Geometric phase and amplitude of fringes, and a Fourier-filtered particle.

The image times exp(-2 pi i g r), smoothed, is the local amplitude and phase of the
family g (Hytch, Snoeck, Kilaas, Ultramicroscopy 74, 1998). Smoothing by a Gaussian is
the same as a Gaussian mask round the Bragg peak; details finer than its width are lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter

from napari_cdse.core.features.sampling import radii, transfer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.crystal.bragg_peaks import BraggPeak
    from napari_cdse.core.features.patch import Patch

SMOOTHING_NM = 0.4
"""Standard deviation of the smoothing: details of about 1 nm are resolved. A choice:
a smaller one lets noise and neighbouring peaks in, a larger one blurs faults."""
_SMOOTHING_RADII = 0.25
"""Largest standard deviation of the smoothing, in radii, so that something is left of a
small particle; a choice."""
_SEEN = 0.05
"""Least smoothed window that is divided by, far outside the circle; a choice, below any
value inside."""
_OFF = 0.25
"""Window value above which a sample is on the micrograph: it is higher all over the
circle, and 0 off the micrograph."""
_TRUNCATE = 3.0
"""Reach of the Gaussian in standard deviations: 0.5 % of its weight in the plane lies
beyond; a choice, a farther one costs time."""


@dataclass(frozen=True, eq=False)
class LocalFringes:
    """Phase and amplitude of one family over the particle's patch.

    Attributes
    ----------
    phase_rad : ndarray of float32, shape (n, n)
        From -pi to pi; NaN outside the circle.
    amplitude : ndarray of float32, shape (n, n)
        Of the fringes, in the background's rms; NaN outside the circle.
    """

    phase_rad: NDArray[np.float32]
    amplitude: NDArray[np.float32]


def local_fringes(patch: Patch, peak: BraggPeak, zero_rad: float = 0.0) -> LocalFringes:
    """Demodulate one Bragg peak and smooth: local phase and amplitude.

    Parameters
    ----------
    patch : Patch
        The particle's.
    peak : BraggPeak
        The reference: the phase is constant where the fringes have its frequency.
    zero_rad : float
        The phase at the circle's centre, in radians, that becomes 0.
    """
    number = len(patch.values)
    place = radii(number) * patch.radius_px
    down, right = (np.exp(-2j * np.pi * k * place) for k in (peak.k_row, peak.k_col))
    sigma = _smoothing_px(patch) / patch.step_px
    carried = down[:, None] * patch.values * right
    smooth, weight = (
        gaussian_filter(each, sigma, mode="constant", truncate=_TRUNCATE)
        for each in (carried, patch.window)
    )
    field = smooth / np.maximum(weight, _SEEN) / _kept(patch, peak)
    phase = np.angle(field * np.exp(-1j * zero_rad))
    amplitude = 2 * np.abs(field)
    outside = ~_seen(patch)
    phase[outside] = amplitude[outside] = np.nan
    return LocalFringes(phase.astype(np.float32), amplitude.astype(np.float32))


def fourier_filtered(patch: Patch, peaks: Sequence[BraggPeak]) -> NDArray[np.float32]:
    """Keep what lies in soft masks round Bragg peaks and their mirror images.

    Returns
    -------
    ndarray of float32, shape (n, n)
        In the background's rms, about 0; NaN outside the circle.
    """
    number = len(patch.values)
    size = 2 * number
    k_row, k_col = fft.fftfreq(size, patch.step_px), fft.rfftfreq(size, patch.step_px)
    width = 1 / (2 * np.pi * _smoothing_px(patch))
    mask = np.zeros((size, size // 2 + 1), np.float32)
    for peak in peaks:
        for sign in (1, -1):
            off = (k_row[:, None] - sign * peak.k_row) ** 2
            off = off + (k_col - sign * peak.k_col) ** 2
            soft = np.exp(-off / (2 * width**2)) / _kept(patch, peak)
            np.maximum(mask, soft, out=mask, casting="same_kind")
    spectrum = fft.rfft2(patch.values, s=(size, size))
    image = fft.irfft2(spectrum * mask, s=(size, size))[:number, :number]
    filtered = np.asarray(image, np.float32).copy()
    filtered[~_seen(patch)] = np.nan
    return filtered


@lru_cache(maxsize=16)
def inside(number: int) -> NDArray[np.bool_]:
    """Which samples of a patch lie in the circle, shape (number, number)."""
    place = radii(number)
    return np.asarray(np.hypot(place[:, None], place) <= 1)


def _seen(patch: Patch) -> NDArray[np.bool_]:
    """Which samples lie in the circle and in the micrograph."""
    return np.asarray(inside(len(patch.window)) & (patch.window > _OFF))


def _smoothing_px(patch: Patch) -> float:
    wanted = SMOOTHING_NM / patch.around.pixel_size_nm
    return min(wanted, _SMOOTHING_RADII * patch.radius_px)


def _kept(patch: Patch, peak: BraggPeak) -> float:
    """Factor by which resampling has reduced a peak's amplitude."""
    down, right = (
        float(transfer(np.array(k), patch.step_px)) for k in (peak.k_row, peak.k_col)
    )
    return down * right
