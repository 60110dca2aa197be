"""Model of the power of the support's speckle behind lens and detector, and its fit.

On amorphous carbon a micrograph's power spectrum is, at spatial frequency ``k`` (per
nm) and ``q`` (per pixel),

    P = (C(k) E(k) (1 - D(k) cos 2 chi(k)) + N) M(q)**2 + W

``C``, the carbon: the scattering of single atoms (Wentzel's, of screening radius
0.0529 nm / Z**(1/3); Reimer, Kohl, Transmission Electron Microscopy, 2008, section
5.1) times the structure factor of amorphous carbon with its peaks at 4.7 and 8.4 per nm
(Li, Lannin, Phys. Rev. Lett. 65, 1905, 1990). ``chi``, the phase of a lens:
pi lambda defocus k**2 - pi/2 Cs lambda**3 k**4 (Scherzer, J. Appl. Phys. 20, 20, 1949);
Thon's rings are its modulation (Thon, Z. Naturforsch. 21a, 476, 1966). ``D``, the depth
of the modulation: over the thickness of the support the defocus varies, which fills the
zeros (McMullan and others, Ultramicroscopy 158, 26, 2015), and windows smear narrow
rings. ``E``, the envelope by partial coherence (Frank, Optik 38, 519, 1973), vibration
and thermal motion: exp(-(k/k0)**2) or exp(-(k/k0)**4), whichever fits better. ``N`` is
shot noise, ``M`` the detector's modulation transfer, a Gaussian, and ``W`` white noise.

The rings depend on the product of wavelength and defocus only; all values are given for
300 kV.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WAVELENGTH_NM = 0.0019687
"""Wavelength of electrons of 300 kV."""
LOWEST_PER_NM = 1.3
"""Lowest frequency at which the model is used. A choice: below it, varying thickness
and uneven illumination contribute power."""
LOWEST_BIN = 1.5
"""Lowest frequency in bins of a window, whose Hann function spreads the mean over
two."""

_SCREENING_NM = 0.0529 / 6 ** (1 / 3)
"""Wentzel's screening radius of carbon: Bohr's radius over the cube root of the atomic
number."""
_CARBON_PEAKS = ((0.85, 4.7, 0.7), (0.3, 8.4, 1.0))
"""Height, place and width per nm of the peaks of carbon's structure factor above 1;
places from the source above, heights and widths rounded from its curve."""
_SMEAR_BINS = 0.79
"""Standard deviation, in bins, of the smearing of the spectrum along the radius: the
Hann window has a variance of 1/3 bin**2; interpolation adds 1/6 and 1/24 (see
`napari_cdse.core.imaging.rfft_spectrum`), rounding radii to bins 1/12."""
_Cs_UNIT = 1e6 * WAVELENGTH_NM**3
"""1 mm of spherical aberration times the wavelength cubed, in nm**4."""

SPECKLE, SHOT, WHITE, DEFOCUS, Cs_MM, RANGE, COHERENCE, SHARPNESS = range(8)
"""Indices of the parameters. All but the spherical aberration are natural logarithms:
of powers, of wavelength times defocus and wavelength times range of defocus (nm**2), of
k0 (per nm) and of the width of M (per pixel)."""

_EXPECTED = np.array(
    [0, 0, 0, 0, 0.3, np.log(15 * WAVELENGTH_NM), np.log(5.0), np.log(0.25)]
)
_EXPECTED_SD = np.array([30, 5, 5, 30, 0.6, 0.5, 1.0, 1.0])
"""Means and standard deviations of the parameters' normal priors. All are choices: any
power and defocus; a spherical aberration from 0 (corrected) to 1 mm; 9 to 25 nm of
carbon; coherence and detector within a factor of three of the usual."""
_LEAST = np.array(
    [-25, -25, -25, np.log(3 * WAVELENGTH_NM), 0, np.log(WAVELENGTH_NM), -0.2, -4]
)
_MOST = np.array(
    [
        *(25, 25, 25, np.log(300 * WAVELENGTH_NM), 1.6),
        *(np.log(80 * WAVELENGTH_NM), np.log(30), np.log(1.5)),
    ]
)
"""Bounds of the search: 3 to 300 nm of defocus, a support of 1 to 80 nm."""

_SCATTER = 0.05
"""Standard deviation of the logarithm of a ring's power that the fit assumes. A choice:
residuals of simulated micrographs are 0.01 to 0.07."""
_GRID_DEFOCUS_NM = np.geomspace(8, 200, 40)
_GRID_Cs_MM = np.array([0.0, 0.4, 0.8, 1.2])
_GRID_COHERENCE = np.geomspace(1.8, 14, 10)
_GRID_SHARPNESS = np.geomspace(0.06, 0.5, 12)
"""Grid of which the best point is the start of the fit. Choices: a step of 8 % in
defocus shifts the phase of the fourth ring by a sixth of a period."""
_STARTS = 3
"""Best smooth spectra for which all rings of the grid are tried. A choice; more take
time."""
_ROUNDS = 25
"""Largest number of steps of the fit."""
_GAIN = 1e-2
"""Gain in the sum of squares, in units of the assumed variances, below which the fit
ends."""
_STEP = 1e-4
"""Step of numerical derivatives."""


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """Mean power on rings of a spectrum.

    Attributes
    ----------
    per_px : ndarray of float64, shape (n,)
        Frequencies in cycles per pixel, evenly spaced.
    power : ndarray of float64, shape (n,)
        In units of white noise of the pixels' variance.
    bin_per_px : float
        Distance between these frequencies.
    pixel_size_nm : float
    """

    per_px: NDArray[np.float64]
    power: NDArray[np.float64]
    bin_per_px: float
    pixel_size_nm: float

    @property
    def per_nm(self) -> NDArray[np.float64]:
        """Frequencies in cycles per nm."""
        return np.asarray(self.per_px / self.pixel_size_nm)


@dataclass(frozen=True, slots=True, eq=False)
class SpeckleSpectrum:
    """The model, fitted to the rings of one micrograph.

    Attributes
    ----------
    parameters : ndarray of float64, shape (8,)
        In the order of `SPECKLE` to `SHARPNESS`.
    errors : ndarray of float64, shape (8,)
        Their standard uncertainties, scaled by the residual.
    order : int
        Exponent in the envelope E: 2 or 4.
    bin_per_px : float
        Distance between the rings' frequencies, which limits their resolution.
    pixel_size_nm : float
    residual : float
        Root mean square residual of the log power.
    """

    parameters: NDArray[np.float64]
    errors: NDArray[np.float64]
    order: int
    bin_per_px: float
    pixel_size_nm: float
    residual: float

    def log_power(
        self,
        per_px: NDArray[np.float64],
        parameters: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Return the log power at frequencies in cycles per pixel.

        Parameters
        ----------
        per_px : ndarray
            Frequencies.
        parameters : ndarray, optional
            Others than the fitted ones.
        """
        chosen = self.parameters if parameters is None else parameters
        return np.log(_power(chosen, _frame_of(per_px, self, self.order)))

    def speckle_and_noise(
        self, per_px: NDArray[np.float64], *, rings: bool = False
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the power of speckle, with its rings or without, and of all noise."""
        frame = _frame_of(per_px, self, self.order)
        envelope, modulation, transfer = _shapes(self.parameters, frame)
        speckle = np.exp(self.parameters[SPECKLE]) * envelope * transfer
        if rings:
            speckle *= 1 - modulation
        shot, white = np.exp(self.parameters[[SHOT, WHITE]])
        return speckle, shot * transfer + white

    def delocalisation(self, per_nm: float) -> float:
        """Return the displacement by the lens of fringes of a frequency, in nm.

        It is the gradient of chi divided by 2 pi (Lichte, Ultramicroscopy 38, 13,
        1991).

        Parameters
        ----------
        per_nm : float
            Frequency of the fringes in cycles per nm.
        """
        focus = float(np.exp(self.parameters[DEFOCUS]))
        aberration = float(self.parameters[Cs_MM]) * _Cs_UNIT
        return abs(focus * per_nm - aberration * per_nm**3)


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """Quantities of the model that do not depend on its parameters."""

    per_px: NDArray[np.float64]
    per_nm: NDArray[np.float64]
    carbon: NDArray[np.float64]
    smear_per_nm: float
    order: int


def carbon(per_nm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the power scattered by amorphous carbon, relative to frequency 0."""
    atom = 1 / (1 + (2 * np.pi * _SCREENING_NM * per_nm) ** 2)
    structure = np.ones_like(per_nm)
    for height, place, width in _CARBON_PEAKS:
        structure += height * np.exp(-(((per_nm - place) / width) ** 2))
    return np.asarray(atom**2 * structure)


def _shapes(
    parameters: NDArray[np.float64], frame: _Frame
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return C E, D cos 2 chi, and M**2; the last axis is that of frequencies."""
    k = frame.per_nm
    focus = np.exp(parameters[..., DEFOCUS, None])
    aberration = parameters[..., Cs_MM, None] * _Cs_UNIT
    spread = np.exp(parameters[..., RANGE, None])
    twice = 2 * np.pi * focus * k**2 - np.pi * aberration * k**4
    slope = 4 * np.pi * k * (focus - aberration * k**2)
    # The mean of cosines over a range of defocus is a sinc; here to second order.
    damping = (np.pi * spread * k**2) ** 2 / 6 + (slope * frame.smear_per_nm) ** 2 / 2
    coherence = np.exp(parameters[..., COHERENCE, None])
    envelope = frame.carbon * np.exp(-((k / coherence) ** frame.order))
    width = np.exp(parameters[..., SHARPNESS, None])
    transfer = np.exp(-((frame.per_px / width) ** 2))
    return envelope, np.exp(-damping) * np.cos(twice), transfer


def _power(parameters: NDArray[np.float64], frame: _Frame) -> NDArray[np.float64]:
    envelope, modulation, transfer = _shapes(parameters, frame)
    speckle, shot, white = np.moveaxis(np.exp(parameters[..., :3, None]), -2, 0)
    return np.asarray((speckle * envelope * (1 - modulation) + shot) * transfer + white)


def fit_spectrum(rings: Rings) -> SpeckleSpectrum | None:
    """Fit the model to rings: by a grid search, then by least squares.

    Parameters
    ----------
    rings : Rings
        Above `LOWEST_PER_NM`, more of them than parameters.

    Returns
    -------
    SpeckleSpectrum or None
        None if the fitted powers are negative at all points of the grid.
    """
    fitted = [each for order in (2, 4) if (each := _fit_envelope(rings, order))]
    return min(fitted, key=lambda each: each.residual, default=None)


def _fit_envelope(rings: Rings, order: int) -> SpeckleSpectrum | None:
    """Fit the model with one order of the envelope."""
    frame = _frame_of(rings.per_px, rings, order)
    start = _grid_search(rings, frame)
    if start is None:
        return None
    parameters, information, left = _least_squares(start, rings, frame)
    residual = float(np.sqrt(np.mean(left**2)))
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return SpeckleSpectrum(
        parameters,
        errors * max(1.0, residual / _SCATTER),
        order,
        rings.bin_per_px,
        rings.pixel_size_nm,
        residual,
    )


def _frame_of(
    per_px: NDArray[np.float64], scale: Rings | SpeckleSpectrum, order: int
) -> _Frame:
    """Compute the frame of frequencies in cycles per pixel."""
    per_nm = per_px / scale.pixel_size_nm
    smear = _SMEAR_BINS * scale.bin_per_px / scale.pixel_size_nm
    return _Frame(per_px, per_nm, carbon(per_nm), smear, order)


def _grid_search(rings: Rings, frame: _Frame) -> NDArray[np.float64] | None:
    """Return the best parameters of the grid: first without rings, then with them."""
    smooth = np.tile(_EXPECTED, (len(_GRID_COHERENCE) * len(_GRID_SHARPNESS), 1))
    coherence, width = np.meshgrid(_GRID_COHERENCE, _GRID_SHARPNESS)
    smooth[:, COHERENCE] = np.log(coherence.ravel())
    smooth[:, SHARPNESS] = np.log(width.ravel())
    misfit, _ = _amplitudes(smooth, rings, frame, rings_too=False)
    nearest = [at for at in np.argsort(misfit)[:_STARTS] if np.isfinite(misfit[at])]
    found = [_best_rings(smooth[at], rings, frame) for at in nearest]
    best, place = min(found, key=lambda each: each[0], default=(np.inf, None))
    return place if np.isfinite(best) else None


def _best_rings(
    smooth: NDArray[np.float64], rings: Rings, frame: _Frame
) -> tuple[float, NDArray[np.float64]]:
    tried = np.tile(smooth, (len(_GRID_DEFOCUS_NM) * len(_GRID_Cs_MM), 1))
    focus, aberration = np.meshgrid(_GRID_DEFOCUS_NM * WAVELENGTH_NM, _GRID_Cs_MM)
    tried[:, DEFOCUS], tried[:, Cs_MM] = np.log(focus.ravel()), aberration.ravel()
    misfit, powers = _amplitudes(tried, rings, frame, rings_too=True)
    best = int(misfit.argmin())
    place = tried[best]
    place[:3] = np.log(np.maximum(powers[best], np.finfo(np.float32).tiny))
    return float(misfit[best]), np.clip(place, _LEAST, _MOST)


def _amplitudes(
    tried: NDArray[np.float64], rings: Rings, frame: _Frame, *, rings_too: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit the powers of speckle, shot and white noise at each point of a grid.

    Returns
    -------
    misfit : ndarray of float64, shape (n,)
        Sum of squared relative errors; infinite where a power would be negative.
    powers : ndarray of float64, shape (n, 3)
    """
    envelope, modulation, transfer = _shapes(tried, frame)
    speckle = envelope * (1 - modulation) if rings_too else envelope
    parts = np.broadcast_arrays(speckle * transfer, transfer, np.ones(1))
    columns = np.stack(parts, axis=1) / rings.power
    # Ridge: two of the parts may be proportional to each other.
    products = columns @ columns.transpose(0, 2, 1) + 1e-9 * np.eye(3)
    sums = columns.sum(axis=-1)
    powers = np.linalg.solve(products, sums[..., None])[..., 0]
    misfit = len(rings.power) - (powers * sums).sum(axis=-1)
    return np.where((powers >= 0).all(axis=-1), misfit, np.inf), powers


def _least_squares(
    start: NDArray[np.float64], rings: Rings, frame: _Frame
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Minimise the squared misfit by the Levenberg-Marquardt method.

    K. Levenberg, Q. Appl. Math. 2, 164 (1944); D. W. Marquardt, J. Soc. Ind. Appl.
    Math. 11, 431 (1963).

    Returns
    -------
    parameters : ndarray of float64, shape (8,)
    information : ndarray of float64, shape (8, 8)
        Inverse covariance of the parameters.
    left : ndarray of float64, shape (n,)
        Residuals of the log power.
    """
    log_power = np.log(rings.power)

    def misfits(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        left = (np.log(_power(parameters, frame)) - log_power) / _SCATTER
        held = (parameters - _EXPECTED) / _EXPECTED_SD
        return np.concatenate([left, held], axis=-1)

    now, damping = start, 1e-2
    left = misfits(now)
    steps = _STEP * np.eye(len(start))
    for _ in range(_ROUNDS):
        slopes = (misfits(now + steps) - left) / _STEP
        information = slopes @ slopes.T
        damped = information + damping * np.diag(np.diag(information))
        way = np.clip(np.linalg.solve(damped, -slopes @ left), -1, 1)
        tried = np.clip(now + way, _LEAST, _MOST)
        then = misfits(tried)
        gain = float(left @ left - then @ then)
        damping = damping / 5 if gain > 0 else damping * 5
        if gain > 0:
            now, left = tried, then
        if 0 < gain < _GAIN or damping > 1e6:
            break
    return now, information, left[: len(log_power)] * _SCATTER
