"""In which unit lengths are shown, and how well they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cdse.core.crystal.reflections import shortest_spacing_nm

if TYPE_CHECKING:
    from napari_cdse.core.material import Material
    from napari_cdse.core.pixel_size import PixelSize
    from napari_cdse.gui.session.session import Session


@dataclass(frozen=True, slots=True)
class Scale:
    """Pixel size of the pictures, its uncertainty, and the lattice of the particles.

    Attributes
    ----------
    pixel_size_nm : float or None
        None if it is unsure or assumed; then lengths are shown in pixels.
    sigma : float
        Relative standard uncertainty; above 0 the size is an estimate.
    material : Material or None
        The lattice whose planes are named; None for CdSe.
    """

    pixel_size_nm: float | None
    sigma: float = 0.0
    material: Material | None = None

    @property
    def lattice(self) -> str:
        """Name of the lattice."""
        return "CdSe" if self.material is None else self.material.name

    @property
    def shortest_nm(self) -> float:
        """Shortest spacing of the lattice for which fringes are sought."""
        return shortest_spacing_nm(self.material)

    @property
    def unit(self) -> str:
        """Unit of lengths: "nm", or "px" without a pixel size."""
        return "px" if self.pixel_size_nm is None else "nm"

    @property
    def about(self) -> str:
        """Word before a length that follows from an estimate."""
        return "about " if self.sigma else ""


def scale_of(pixel_size: PixelSize | None, material: Material | None) -> Scale:
    """Return the scale for a pixel size; one that is unsure or assumed is not used."""
    if pixel_size is None or not pixel_size.source.is_trusted:
        return Scale(None, material=material)
    return Scale(pixel_size.nm, pixel_size.uncertainty or 0.0, material)


def scale_of_open_micrograph(session: Session) -> Scale:
    """Return the scale of the open micrograph, in pixels if no project is open."""
    if not session.is_open:
        return Scale(None)
    material = session.project.settings.detection.material
    return scale_of(session.pixel_size(), material)
