"""Scale and unit of a micrograph's layers in napari's world coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from napari_cdse.core.imaging.pixel_size_estimate import given_pixel_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_cdse.core.records import Micrograph


class WorldScale(NamedTuple):
    """World units per pixel, the same for rows and columns, and their unit.

    Attributes
    ----------
    per_px : float
        World units per pixel.
    unit : {"nm", "pixel"}
    """

    per_px: float
    unit: str

    @property
    def placement(self) -> Mapping[str, Any]:
        """Keyword arguments of a layer that lies over the micrograph."""
        return {"scale": (self.per_px, self.per_px), "units": (self.unit, self.unit)}

    def pixel_at(self, position: Iterable[float]) -> tuple[float, float]:
        """Return row and column of a world position."""
        row, col = tuple(position)[-2:]
        return row / self.per_px, col / self.per_px


PIXELS = WorldScale(1.0, "pixel")


def scale_of(micrograph: Micrograph) -> WorldScale:
    """Return the scale of a micrograph.

    It is in nm if file or user gave the pixel size, else in pixels, since an estimate
    from the lattice is no calibration.
    """
    size = given_pixel_size(micrograph)
    if size is not None and size.source.is_given:
        return WorldScale(size.nm, "nm")
    return PIXELS
