"""Contrast limits of a micrograph; computed once, where it is read."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.records import Micrograph

_SAMPLED_PX = 1_000_000
_SHARES = (0.2, 99.8)
_KNOWN: dict[int, tuple[float, float]] = {}


def contrast_limits(micrograph: Micrograph) -> tuple[float, float]:
    """Darkest and brightest gray value, without a few outliers."""
    pixels = micrograph.pixels
    if id(pixels) not in _KNOWN:
        _KNOWN[id(pixels)] = _limits(pixels)
        weakref.finalize(pixels, _KNOWN.pop, id(pixels), None)
    return _KNOWN[id(pixels)]


def _limits(pixels: NDArray[np.float32]) -> tuple[float, float]:
    step = max(1, pixels.size // _SAMPLED_PX)
    low, high = (float(v) for v in np.percentile(pixels.ravel()[::step], _SHARES))
    return (low, high) if high > low else (low, low + 1.0)
