"""Outlines of dots: round bodies, some of them cut by facets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROUND_POWERS, _FACET_POWERS = (1.9, 2.3), (1.9, 2.8)
"""Ranges of the superellipsoid's power: 2 is an ellipsoid, thin towards its rim; larger
is boxier, as thick there as in the middle. Chosen: colloidal dots are spheres,
ellipsoids and polyhedra with more or less rounded edges."""
_THINNED_SHARE = 0.4
"""Fraction of dots that are flat as a whole, up to the rim; the others are cut by
planes, as if they lay on a facet. Chosen: both occur."""
_ROUND_AT = 0.94
"""Semi-axis of the superellipsoid, over half the nominal diameter. Chosen."""
_FACETS_AT = (0.74, 0.98)
"""Range of the distance of facets from the centre, over half the nominal diameter.
Chosen."""


@dataclass(frozen=True, eq=False)
class Outline:
    """A convex body around the origin: a superellipsoid cut by facets and two planes.

    Attributes
    ----------
    normals : ndarray, shape (facets, 3)
        Unit normals of the facets, in the crystal's frame.
    distances_nm : ndarray, shape (facets,)
        Their distances from the origin.
    half_nm : tuple of float
        Semi-axes of the superellipsoid along x, y and the beam.
    power : float
        Power of the superellipsoid; 2 is an ellipsoid.
    below_nm, above_nm : float
        Positions along the beam of two planes across it.
    """

    normals: NDArray[np.float64]
    distances_nm: NDArray[np.float64]
    half_nm: tuple[float, float, float]
    power: float
    below_nm: float
    above_nm: float

    @property
    def reach_nm(self) -> float:
        """Radius of a sphere that holds the body."""
        return 1.25 * max(self.half_nm)

    def depth_nm(
        self, places: NDArray[np.float64], crystal: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the approximate depth below the surface; negative outside.

        Parameters
        ----------
        places, crystal : ndarray, shape (n, 3)
            The same points in the laboratory's and in the crystal's frame, in nm.
        """
        scaled = np.abs(places) / np.array(self.half_nm)
        norm = (scaled**self.power).sum(axis=1) ** (1 / self.power)
        depth: NDArray[np.float64] = (1 - norm) * min(self.half_nm)
        depth = np.minimum(depth, places[:, 2] - self.below_nm)
        depth = np.minimum(depth, self.above_nm - places[:, 2])
        if len(self.normals):
            facets = self.distances_nm - crystal @ self.normals.T
            depth = np.minimum(depth, facets.min(axis=1))
        return depth


def draw_outline(
    rng: np.random.Generator,
    diameter_nm: float,
    height_nm: float,
    facetted: bool,
    hexagonal: bool,
) -> Outline:
    """Draw the outline of a dot.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random numbers.
    diameter_nm, height_nm : float
        Extent across and along the beam.
    facetted : bool
        Whether it is cut by low-index facets.
    hexagonal : bool
        Whether these are of a hexagonal prism, or else of a truncated octahedron.
    """
    stretch = rng.uniform(0.94, 1.06)
    radius = diameter_nm / 2
    bound = _ROUND_AT * radius
    lift = rng.uniform(-0.5, 0.5) * (diameter_nm - height_nm)
    along = bound
    if rng.random() < _THINNED_SHARE:
        lift, along = 0.0, height_nm / 2
    half = (bound * stretch, bound / stretch, along)
    planes = (lift - height_nm / 2, lift + height_nm / 2)
    power = float(rng.uniform(*(_FACET_POWERS if facetted else _ROUND_POWERS)))
    if not facetted:
        return Outline(np.zeros((0, 3)), np.zeros(0), half, power, *planes)
    normals = _prism() if hexagonal else _octahedron()
    distances = radius * rng.uniform(*_FACETS_AT, size=len(normals))
    return Outline(normals, distances, half, power, *planes)


def _prism() -> NDArray[np.float64]:
    """Return the normals of six {10-10} sides and two (0001) ends."""
    angles = np.radians(30 + 60 * np.arange(6))
    sides = np.stack([np.cos(angles), np.sin(angles), np.zeros(6)], axis=1)
    return np.concatenate([sides, [[0, 0, 1.0], [0, 0, -1.0]]])


def _octahedron() -> NDArray[np.float64]:
    """Return the normals of eight {111} and six {100} facets, with [111] along z."""
    frame = np.array(
        [
            np.array([1.0, -1.0, 0.0]) / math.sqrt(2),
            np.array([1.0, 1.0, -2.0]) / math.sqrt(6),
            np.array([1.0, 1.0, 1.0]) / math.sqrt(3),
        ]
    )
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 3)).reshape(3, -1).T / math.sqrt(3)
    cubes = np.concatenate([np.eye(3), -np.eye(3)])
    normals: NDArray[np.float64] = np.concatenate([signs, cubes]) @ frame.T
    return normals
