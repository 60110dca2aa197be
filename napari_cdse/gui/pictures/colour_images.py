"""Convert a particle's phase, amplitude and filtered picture to colours."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.colormaps import ensure_colormap

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PHASE_COLOURS = "twilight_shifted"
_AMPLITUDE_COLOURS = "viridis"


def phase_colours(phase_rad: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Colour a phase so that -pi and pi look the same; NaN is clear."""
    share = np.nan_to_num(phase_rad / (2 * np.pi) + 0.5)
    return _coloured(share, np.isfinite(phase_rad), _PHASE_COLOURS)


def amplitude_colours(amplitude: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Colour an amplitude from 0 to its largest; NaN is clear."""
    inside = np.isfinite(amplitude)
    high = float(amplitude[inside].max()) if inside.any() else 1.0
    share = np.nan_to_num(amplitude / max(high, 1e-9))
    return _coloured(share, inside, _AMPLITUDE_COLOURS)


def filtered_colours(filtered: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the greys of a filtered picture, with 0 in the middle; NaN is clear."""
    inside = np.isfinite(filtered)
    high = float(np.percentile(np.abs(filtered[inside]), 99.5)) if inside.any() else 1.0
    share = np.nan_to_num(0.5 + 0.5 * filtered / max(high, 1e-9))
    return _coloured(np.clip(share, 0, 1), inside, "gray")


@lru_cache(maxsize=2)
def phase_key(number: int = 24) -> tuple[str, ...]:
    """Return the colours of the phase from -pi to pi, for a legend."""
    table = _table(_PHASE_COLOURS)[np.linspace(0, 255, number).round().astype(int)]
    return tuple("#{:02x}{:02x}{:02x}".format(*each[:3]) for each in table)


def _coloured(
    share: NDArray[np.floating], inside: NDArray[np.bool_], name: str
) -> NDArray[np.uint8]:
    colours = _table(name)[np.round(share * 255).astype(np.uint8)]
    colours[~inside, 3] = 0
    return colours


@lru_cache(maxsize=4)
def _table(name: str) -> NDArray[np.uint8]:
    """Return a colour map as 256 colours, shape (256, 4)."""
    colours = ensure_colormap(name).map(np.linspace(0, 1, 256))
    return np.asarray(np.round(colours * 255), np.uint8)
