"""Micrograph -> circles: the one entry to every detection method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cdse.core.accumulation import AccumulationMap
    from napari_cdse.core.records import Circle, PixelSizeSource

Progress = Callable[[float], None]
"""Called with the share done, 0 to 1; may raise `Cancelled`."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """What one method found in one micrograph.

    Attributes
    ----------
    circles : tuple of Circle
        Strongest first.
    strengths : tuple of float
        One for each circle; larger is surer.
    found_by : str
        Name of the method.
    maps : tuple of AccumulationMap
    pixel_size_nm : float
        The scale that window and band were set with.
    pixel_size_source : {"file", "person", "estimated"}
    window_px : int
        Edge of the sliding window.
    notices : tuple of str
        What a person should know, one sentence each.
    """

    circles: tuple[Circle, ...]
    strengths: tuple[float, ...]
    found_by: str
    maps: tuple[AccumulationMap, ...]
    pixel_size_nm: float
    pixel_size_source: PixelSizeSource
    window_px: int
    notices: tuple[str, ...] = ()
