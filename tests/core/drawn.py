"""Drawn micrographs: speckle of known spectrum, dots of known place and lattice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_cdse.core.records import Circle, Micrograph


@dataclass(frozen=True)
class Dot:
    """A dot with one or more families of fringes: (spacing_nm, angle in degrees)."""

    circle: Circle
    families: tuple[tuple[float, float], ...] = ((0.35, 20.0), (0.214, 80.0))
    amplitude: float = 1.2
    fault: "Fault | None" = None


@dataclass(frozen=True)
class Fault:
    """What changes right of a line through a dot: its families, or their phase.

    ``column`` is the line's, in radii right of the centre; None keeps the families.
    """

    column: float = 0.1
    families: tuple[tuple[float, float], ...] | None = None
    jump_rad: float = 0.0


def speckle(shape: tuple[int, int], seed: int, blur_px: float = 1.0) -> NDArray:
    """Coloured noise of unit deviation: blurred grains and some shot noise."""
    rng = np.random.default_rng(seed)
    grains = gaussian_filter(rng.normal(size=shape), blur_px)
    return grains / grains.std() + 0.3 * rng.normal(size=shape)


def draw(
    shape: tuple[int, int],
    dots: tuple[Dot, ...] = (),
    *,
    pixel_nm: float = 0.04,
    seed: int = 0,
    known_scale: bool = True,
) -> Micrograph:
    """Dots on speckle; a dot is as thick as a flattened ellipsoid."""
    image = speckle(shape, seed)
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    for dot in dots:
        down, right = rows - dot.circle.row_px, cols - dot.circle.col_px
        square = (down**2 + right**2) / dot.circle.radius_px**2
        thickness = np.sqrt(np.maximum(1 - square, 0))
        for mask, families, jump in _domains(dot, right):
            for spacing, angle in families:
                turn = np.deg2rad(angle)
                path = down * np.sin(turn) + right * np.cos(turn)
                wave = np.cos(2 * np.pi * path * pixel_nm / spacing + jump)
                image += dot.amplitude * thickness * mask * wave
    pixels = (120 + 20 * image).astype(np.float32)
    size = (pixel_nm, "person") if known_scale else (None, None)
    return Micrograph(pixels, "drawn", f"{seed:064x}", *size)


def _domains(
    dot: Dot, right: NDArray
) -> list[tuple[NDArray, tuple[tuple[float, float], ...], float]]:
    """Where each lattice of a dot is, its families, and their phase."""
    fault = dot.fault
    if fault is None:
        return [(np.ones_like(right), dot.families, 0.0)]
    beyond = right > fault.column * dot.circle.radius_px
    return [
        (~beyond, dot.families, 0.0),
        (beyond, fault.families or dot.families, fault.jump_rad),
    ]
