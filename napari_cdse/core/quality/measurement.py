"""Measure quality figures on the amorphous background that detection uses.

Windows with a crystal don't count for the background, so that the figures describe
support, lens and camera, but not the particles.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.imaging.background import background_near, nearest_window
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.picture.denoised_noise import patchiness
from napari_cdse.core.picture.filtered_spectrum import spectral_flatness
from napari_cdse.core.quality.isotropy import isotropy
from napari_cdse.core.quality.speckle_spectrum import (
    DEFOCUS,
    LOWEST_BIN,
    LOWEST_PER_NM,
    SHARPNESS,
    WAVELENGTH_NM,
    WHITE,
    Rings,
    fit_spectrum,
)

if TYPE_CHECKING:
    from napari_cdse.core.imaging.amorphous_background import AmorphousBackground
    from napari_cdse.core.imaging.preprocessing import Prepared
    from napari_cdse.core.quality.speckle_spectrum import SpeckleSpectrum

_FEWEST_RINGS = 12
"""Fewest rings to which the eight parameters of the spectrum are fitted. A choice:
windows of 56 px of 0.05 nm have 24."""
_MOST_RESIDUAL = 0.15
"""Root mean square residual of the log power above which the model does not fit the
picture, and no figures are given. A choice: twice the largest of simulated
micrographs."""
_DEFOCUS_TOLD = 0.15
"""Largest relative uncertainty of a defocus that is reported. A choice: an error by one
order of the rings is 20 % and more."""
_DEFOCUS_SCATTER = 0.12
"""Relative standard uncertainty of a defocus in addition to that of the fit, since an
unknown spherical aberration shifts rings like another defocus does. Measured on
simulated micrographs: ``python -m tests.benchmarks quality``."""
_LATTICE_PER_NM = (2.0, 5.0)
"""Band in cycles per nm of the signal-to-noise ratio: 0.5 to 0.2 nm, which includes
{111} and {220} of CdSe."""
_FRINGE_PER_NM = 1 / 0.35
"""Frequency in cycles per nm of the fringes whose delocalisation is given: {111} of
CdSe."""
_WINDOW_NM = 4.0
"""Edge of the windows in nm. A choice: the same as for detection, so that its
background can be used; it resolves rings 0.4 per nm apart."""
_SAMPLES = 400
"""Frequencies at which the fitted model is evaluated; any number that resolves it."""


def measure_quality(image: Prepared, pixel_size_nm: float) -> MicrographQuality:
    """Measure a micrograph's quality.

    Parameters
    ----------
    image : Prepared
        From `napari_cdse.core.imaging.preprocessing.prepare`.
    pixel_size_nm : float
        Edge of a pixel, trusted.

    Returns
    -------
    MicrographQuality
        With what saving or filtering did to the picture only, if the model of speckle
        on a support does not fit the spectrum, or the picture is too small.
    """
    saved = MicrographQuality(
        pixel_size_nm,
        clipped=image.clipped,
        ties=image.ties,
        flatness=spectral_flatness(image.pixels),
        patchiness=patchiness(image.pixels, image.usable),
    )
    background = _background(image, pixel_size_nm)
    if background is None:
        return saved
    rings = rings_of(background, pixel_size_nm)
    if len(rings.power) < _FEWEST_RINGS:
        return saved
    fitted = fit_spectrum(rings)
    if fitted is None or not fitted.residual <= _MOST_RESIDUAL:
        return saved
    even = isotropy(background.power, rings, fitted)
    relative = float(fitted.errors[DEFOCUS])
    defocus = float(np.exp(fitted.parameters[DEFOCUS])) / WAVELENGTH_NM
    told = relative <= _DEFOCUS_TOLD
    return replace(
        saved,
        information_limit_nm=_information_limit(fitted),
        signal_to_noise=_signal_to_noise(fitted),
        sharpness_per_px=float(np.exp(fitted.parameters[SHARPNESS])),
        white_noise=float(np.exp(fitted.parameters[WHITE])),
        defocus_nm=defocus if told else None,
        defocus_error_nm=math.hypot(relative, _DEFOCUS_SCATTER) * defocus
        if told
        else None,
        delocalisation_nm=fitted.delocalisation(_FRINGE_PER_NM) if told else None,
        astigmatism_nm=even.astigmatism_nm if told else None,
        drift_nm=even.drift_nm,
        stretch=even.stretch,
    )


def _background(image: Prepared, pixel_size_nm: float) -> AmorphousBackground | None:
    window_px = _WINDOW_NM / pixel_size_nm
    if nearest_window(window_px) > min(image.pixels.shape):
        return None
    return background_near(image, round(window_px))


def rings_of(background: AmorphousBackground, pixel_size_nm: float) -> Rings:
    """Return the median power on rings at frequencies for which the model holds."""
    per_px, power = background.radial()
    lowest = max(LOWEST_BIN / background.window_px, LOWEST_PER_NM * pixel_size_nm)
    counted = (per_px >= lowest) & (power > 0)
    return Rings(
        per_px[counted], power[counted], 1 / background.window_px, pixel_size_nm
    )


def _information_limit(fitted: SpeckleSpectrum) -> float | None:
    """Return the finest spacing in nm at which speckle is as strong as noise."""
    lowest = LOWEST_PER_NM * fitted.pixel_size_nm
    per_px = np.linspace(lowest, 0.5, _SAMPLES)
    speckle, noise = fitted.speckle_and_noise(per_px)
    above = np.flatnonzero(speckle >= noise)
    return fitted.pixel_size_nm / float(per_px[above[-1]]) if len(above) else None


def _signal_to_noise(fitted: SpeckleSpectrum) -> float | None:
    low, high = (each * fitted.pixel_size_nm for each in _LATTICE_PER_NM)
    if low >= 0.5:
        return None
    speckle, noise = fitted.speckle_and_noise(
        np.linspace(low, min(high, 0.5), _SAMPLES)
    )
    return float(np.exp(np.mean(np.log(speckle / noise))))
