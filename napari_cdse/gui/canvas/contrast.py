"""Contrast limits of a micrograph, computed once and kept as long as its pixels."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.records import Micrograph

_SAMPLED_PX = 1_000_000
"""About how many pixels the limits are computed from. A choice: percentiles of so many
are exact enough for the eye, and take some ten milliseconds at any size."""
_PERCENT = (0.2, 99.8)
"""Percentiles of the grey values that become black and white. A choice: a few hot or
dead pixels do not darken the rest."""
_LIMITS: dict[int, tuple[float, float]] = {}
"""Limits by the `id` of the pixels; removed when the pixels are."""


def contrast_limits(micrograph: Micrograph) -> tuple[float, float]:
    """Return the darkest and brightest grey value, without a few outliers."""
    pixels = micrograph.pixels
    if id(pixels) not in _LIMITS:
        _LIMITS[id(pixels)] = _limits(pixels)
        weakref.finalize(pixels, _LIMITS.pop, id(pixels), None)
    return _LIMITS[id(pixels)]


def _limits(pixels: NDArray[np.float32]) -> tuple[float, float]:
    step = max(1, pixels.size // _SAMPLED_PX)
    low, high = (float(v) for v in np.percentile(pixels.ravel()[::step], _PERCENT))
    return (low, high) if high > low else (low, low + 1.0)
