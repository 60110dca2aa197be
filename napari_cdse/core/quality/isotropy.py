"""Anisotropy of a spectrum: stretch, astigmatism, drift.

Each changes the logarithm of the power at angle ``a`` by cos 2(a - a0) times a profile
over the frequency. With the fitted model P(k) of the power, they are modelled as
follows.

- Stretch (pixels that are not square) by ``e`` replaces k by k (1 + e cos 2(a - a0)),
in
  speckle and noise.
- Astigmatism by a share ``s`` multiplies the defocus by 1 + s cos 2(a - a0), which only
  moves the rings.
- Drift by ``d`` along a line damps the speckle, but not the noise, by a sinc: to second
  order -(pi d k)**2 / 6 times the speckle's share of the power.

The three profiles differ, so that least squares separate them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.imaging.sliding_fft import frequencies
from napari_cdse.core.quality.speckle_spectrum import DEFOCUS, WAVELENGTH_NM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.quality.speckle_spectrum import Rings, SpeckleSpectrum

_SMOOTHING_FACTOR = 0.872
"""Factor by which smoothing along arcs attenuates a twofold change: exp(-2 s**2) with
the standard deviation s of 15 degrees in
`napari_cdse.core.imaging.rfft_spectrum.along_arcs`."""
_ANGLES = 2 * np.pi * np.arange(12) / 12
"""Doubled angles at which the model is evaluated: enough to separate the twofold change
from the fourfold and higher ones that strong astigmatism causes too."""
_ROUNDS = 2
"""Largest number of Gauss-Newton steps; fewer if one brings no improvement. A choice:
the second corrects large changes, further ones take time."""
_MOST = 0.5
"""Largest stretch and share of the defocus: 0.5 are pixels three times as long as
wide."""
_DIFFERENCE = 1e-4
"""Step of numerical derivatives."""
_STEPS = _DIFFERENCE * np.eye(6)


@dataclass(frozen=True, slots=True)
class Isotropy:
    """Deviations of a micrograph from one that is the same in all directions.

    Attributes
    ----------
    stretch : float
        Ratio of the magnifications along two perpendicular directions, at least 1.
    astigmatism_nm : float
        Half the difference of the defocus between two directions, for 300 kV.
    drift_nm : float
        Displacement during the exposure; 0 if it is below its uncertainty.
    """

    stretch: float
    astigmatism_nm: float
    drift_nm: float


def isotropy(
    power: NDArray[np.float32], rings: Rings, fitted: SpeckleSpectrum
) -> Isotropy:
    """Estimate stretch, astigmatism and drift from a spectrum and its model.

    Parameters
    ----------
    power : ndarray of float32, shape (window_px, window_px // 2 + 1)
        In the order of ``rfft2``, smoothed along arcs.
    rings : Rings
        Those that the model was fitted to.
    fitted : SpeckleSpectrum
        The model.
    """
    twofold, counts = _twofold(power)
    at = np.rint(rings.per_px / rings.bin_per_px).astype(int)
    causes, variances = _causes(twofold[at], counts[at], rings, fitted)
    # The squared length of a noisy vector is too large by its variance.
    squares = causes[:3] ** 2 + causes[3:] ** 2 - variances[:3] - variances[3:]
    stretch, share, drift = np.sqrt(np.maximum(squares, 0.0)).tolist()
    stretch = min(stretch, _MOST)
    defocus_nm = float(np.exp(fitted.parameters[DEFOCUS])) / WAVELENGTH_NM
    return Isotropy((1 + stretch) / (1 - stretch), share * defocus_nm, math.sqrt(drift))


def _causes(
    twofold: NDArray[np.complex128],
    counts: NDArray[np.float64],
    rings: Rings,
    fitted: SpeckleSpectrum,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit the causes of a twofold change by Gauss-Newton steps.

    Returns
    -------
    causes : ndarray of float64, shape (6,)
        Stretch, share of the defocus and squared drift, for cos 2a; then again for
        sin 2a.
    variances : ndarray of float64, shape (6,)
        Estimated from the residual.
    """
    weights = np.sqrt(np.tile(counts, 2))

    def left(causes: NDArray[np.float64]) -> NDArray[np.float64]:
        differs = _model_twofold(causes, rings, fitted) - twofold
        return np.asarray(weights * np.concatenate([differs.real, differs.imag]))

    causes = np.zeros(6)
    now = left(causes)
    inverse: NDArray[np.float64] = np.eye(6)
    for _ in range(_ROUNDS):
        slopes = np.stack(
            [(left(causes + step) - now) / _DIFFERENCE for step in _STEPS], axis=1
        )
        inverse = np.asarray(np.linalg.pinv(slopes.T @ slopes), np.float64)
        tried = np.clip(causes - inverse @ (slopes.T @ now), -_MOST, _MOST)
        then = left(tried)
        if not then @ then < now @ now:
            break
        causes, now = tried, then
    spare = max(len(now) - len(causes), 1)
    return causes, np.diag(inverse) * float(now @ now) / spare


def _model_twofold(
    causes: NDArray[np.float64], rings: Rings, fitted: SpeckleSpectrum
) -> NDArray[np.complex128]:
    """Return the twofold change of the log power that given causes would have."""
    around = causes.reshape(2, 3, 1)
    stretch, share, drift = np.cos(_ANGLES) * around[0] + np.sin(_ANGLES) * around[1]
    parameters = np.tile(fitted.parameters, (len(_ANGLES), 1))
    parameters[:, DEFOCUS] += np.log1p(np.clip(share, -_MOST, _MOST))
    power = fitted.log_power(rings.per_px * (1 + stretch[:, None]), parameters)
    speckle, noise = fitted.speckle_and_noise(rings.per_px, rings=True)
    damping = (np.pi * rings.per_nm) ** 2 / 6 * speckle / (speckle + noise)
    power -= drift[:, None] * damping
    return np.asarray(2 * np.exp(1j * _ANGLES) @ power / len(_ANGLES))


def _twofold(
    power: NDArray[np.float32],
) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Fit the twofold change of the log power on each ring by least squares.

    Mean and slope along the radius are fitted too, since on rings with few frequencies
    they would look like a twofold change.

    Returns
    -------
    twofold : ndarray of complex128, shape (window_px // 2 + 1,)
        Coefficients of cosine (real part) and sine (imaginary part) of twice the angle.
    counts : ndarray of float64, same shape
        Number of independent frequencies on the ring.
    """
    size = len(power)
    rows, cols = np.fft.fftfreq(size)[:, None] * size, np.arange(power.shape[1])
    radius = frequencies(size) * size
    ring = np.rint(radius).astype(int)
    inside = (ring > 0) & (ring <= size // 2)
    # The first and the last column of a half spectrum contain each frequency twice.
    edge = np.isin(cols, (0, size / 2)) & inside
    weight = np.where(edge, 0.5, 1.0)[inside]
    angle = 2 * np.arctan2(rows, cols)[inside]
    terms = (np.ones_like(angle), (radius - ring)[inside], np.cos(angle), np.sin(angle))
    at, length = ring[inside], size // 2 + 1
    values = np.log(np.maximum(power[inside], np.finfo(np.float32).tiny))

    def summed(each: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(at, weight * each, length), np.float64)

    products = np.array([[summed(one * other) for one in terms] for other in terms])
    sums = np.array([summed(one * values) for one in terms])
    # Ridge: ring 0 has no frequency, and the first fewer than there are terms.
    products = np.moveaxis(products, -1, 0) + 1e-9 * np.eye(len(terms))
    found = np.linalg.solve(products, sums.T[..., None])[..., 0]
    return (found[:, 2] + 1j * found[:, 3]) / _SMOOTHING_FACTOR, products[:, 0, 0]
