"""The detection threshold, stated as the number of circles expected in pure speckle.

In white noise the power of the template bank is the square of a complex Gaussian
field over place (2), frequency (2) and radius (1). The number of its maxima above a
high level t follows t**(5/2) exp(-t) (Adler and Taylor, Random Fields and Geometry,
2007, chapter 15) times the volume searched; the prior on frequencies scales that
volume. The constant was measured with the program's own search in white noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import lambertw

if TYPE_CHECKING:
    from napari_cdse.core.crystal.lattice import FringePrior

_CONSTANT = 0.9
"""Maxima per cell of the volume and unit of ``t**2.5 exp(-t)``. Measured with the
search itself in white noise; ``python -m tests.benchmarks.false_alarms`` counts the
circles in speckle again."""
SMALL_FIELD_PX = 512
"""Edge of the square below whose area a picture is a field cut out of a micrograph. A
choice: cameras for HRTEM have at least so many pixels each way, figures in print
fewer."""
_EXPONENT = 2.5
"""Half the dimension of the field: two of place, two of frequency, one of radius."""
_SCAN_POINTS = 2000
"""Frequencies at which the odds are summed: they are smooth over hundreds of them."""


def searched_volume(shape_px: tuple[int, int], prior: FringePrior) -> float:
    """Area of the micrograph times that of the frequency band, weighted by the prior.

    It has no unit: about the number of cells of place and frequency that are searched
    independently.
    """
    low, high = (prior.pixel_nm / nm for nm in reversed(prior.band_nm))
    frequency = np.linspace(low, min(high, 0.5), _SCAN_POINTS)
    odds = np.exp(-prior.penalty(frequency)) * np.pi * frequency
    return float(np.trapezoid(odds, frequency)) * shape_px[0] * shape_px[1]


def allowed_alarms(per_micrograph: float, shape_px: tuple[int, int]) -> float:
    """Reduce the allowed false alarms of a small field in proportion to its area.

    A field cut out of a micrograph should be given the same circles as within it. If it
    were allowed as many false alarms as the whole, the threshold would be lower.

    Parameters
    ----------
    per_micrograph : float
        Circles to expect on a particle-free micrograph.
    shape_px : tuple of int
        Rows and columns.
    """
    return per_micrograph * min(1.0, shape_px[0] * shape_px[1] / SMALL_FIELD_PX**2)


def threshold_for(false_alarms: float, volume: float) -> float:
    """Threshold above which a given number of circles is expected in speckle alone.

    Parameters
    ----------
    false_alarms : float
        Circles per micrograph.
    volume : float
        From `searched_volume`.
    """
    # Twice the maximum of t**2.5 exp(-t): the formula holds for high levels only.
    lowest = 2 * _EXPONENT
    if expected_alarms(lowest, volume) <= false_alarms:
        return lowest
    # c V t**a exp(-t) = n has its higher root on the lower branch of Lambert's W.
    share = (false_alarms / (_CONSTANT * volume)) ** (1 / _EXPONENT)
    return float(-_EXPONENT * lambertw(-share / _EXPONENT, -1).real)


def expected_alarms(level: float, volume: float) -> float:
    """Circles expected above a level in speckle alone."""
    return float(_CONSTANT * volume * level**_EXPONENT * np.exp(-level))
