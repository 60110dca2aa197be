"""Faults and twins, looked for in the phase and amplitude of each family.

One phase and one amplitude describe each family of a perfect particle. The
geometric phase of a family g (Hytch, Snoeck, Kilaas, Ultramicroscopy 74, 1998) is
the phase of the image times exp(-2 pi i g r). In a perfect particle it is flat, and
one complex amplitude explains all of the family's energy. Across a stacking fault it
jumps by 2 pi / 3 in the families inclined to the fault's plane, and in a twin a family
lives on one side only. So the disk is split along straight lines of all directions,
each side gets an amplitude of its own, and the energy that this explains beyond one
amplitude for all is the evidence: a generalised likelihood ratio for a planar defect,
for noise of the background's power. Faults that lie close together are seen by strips:
each strip along the fault's plane gets its own amplitude.

Everything is scaled by the particle's radius, and no line, direction or phase is
preferred, so a turned, mirrored or slightly misplaced particle gives the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from napari_cdse.core.features.peaks import MIN_STRENGTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.features.patch import Patch
    from napari_cdse.core.features.peaks import Family

_REACH = 1.125
_CELLS = 15
_DIRECTIONS = 20
_OFFSETS = 11
_RAMPS = 7
_STRIPS = 11
_MIN_SIDE = 0.12
"""Share of the disk that each side of a split must hold."""
_FOLLOWED = 5


@dataclass(frozen=True, eq=False)
class Fringes:
    """Demodulated families on a coarse grid over the disk.

    Attributes
    ----------
    fields : ndarray of complex, shape (n_families, n_cells)
        Sum of the demodulated pixels in each cell.
    sizes : ndarray of float, shape (n_cells,)
        Effective number of pixels in each cell.
    noise : ndarray of float, shape (n_families,)
        Mean power of the background per pixel at each family.
    """

    fields: NDArray[np.complex128]
    sizes: NDArray[np.float64]
    noise: NDArray[np.float64]

    @property
    def one_amplitude(self) -> NDArray[np.float64]:
        """Energy that one amplitude explains, shape (n_families,)."""
        total = max(float(self.sizes.sum()), 1e-9)
        return np.asarray(np.abs(self.fields.sum(axis=1)) ** 2 / total)


def demodulate(patch: Patch, families: list[Family]) -> Fringes:
    """Bring families to zero frequency and sum them over the cells of the grid."""
    chosen = [f for f in families if f.strength > MIN_STRENGTH][:_FOLLOWED]
    place = np.arange(len(patch.pixels)) - len(patch.pixels) // 2
    edges = np.linspace(-_REACH, _REACH, _CELLS + 1)[:-1]
    starts = np.searchsorted(place / patch.radius_px, edges).clip(0, len(place) - 1)
    weighted = patch.pixels * patch.window
    fields = [_binned(weighted * _carrier(f, place), starts) for f in chosen]
    frequency = np.array([family.k_per_px for family in chosen])
    return Fringes(
        np.array(fields, np.complex128).reshape(len(chosen), _CELLS**2),
        _binned(patch.window**2, starts).real,
        patch.around.power_at(frequency),
    )


def _carrier(family: Family, place: NDArray[np.intp]) -> NDArray[np.complex128]:
    down = np.exp(-2j * np.pi * family.k_row * place)
    right = np.exp(-2j * np.pi * family.k_col * place)
    return np.asarray(np.outer(down, right))


def _binned(
    image: NDArray[np.generic], starts: NDArray[np.intp]
) -> NDArray[np.generic]:
    rows = np.add.reduceat(image, starts, axis=0)
    return np.add.reduceat(rows, starts, axis=1).ravel()


@lru_cache(maxsize=1)
def _positions() -> NDArray[np.float64]:
    """Distance of each cell along each direction in radii, (n_directions, n_cells)."""
    middle = ((np.arange(_CELLS) + 0.5) / _CELLS * 2 - 1) * _REACH
    row, col = (axis.ravel() for axis in np.meshgrid(middle, middle, indexing="ij"))
    angle = np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS
    return np.asarray(np.cos(angle)[:, None] * col + np.sin(angle)[:, None] * row)


@lru_cache(maxsize=1)
def _sides() -> NDArray[np.float64]:
    """Mask of the cells on one side, shape (n_directions, n_offsets, n_cells)."""
    offsets = np.linspace(-0.6, 0.6, _OFFSETS)
    return np.asarray(_positions()[:, None, :] < offsets[:, None], np.float64)


@lru_cache(maxsize=1)
def _ramps() -> NDArray[np.complex128]:
    """Phase ramps along each direction, shape (n_ramps, n_directions, n_cells).

    A jump tilts the best single frequency, and both sides must tilt back together.
    """
    cycles_per_radius = np.linspace(-0.3, 0.3, _RAMPS)
    turns = cycles_per_radius[:, None, None] * _positions()
    return np.asarray(np.exp(-2j * np.pi * turns))


@lru_cache(maxsize=1)
def _strip_masks() -> NDArray[np.float64]:
    """Mask of the cells of each strip, shape (n_directions, n_strips, n_cells)."""
    number = ((_positions() / _REACH + 1) / 2 * _STRIPS).astype(int)
    number = number.clip(0, _STRIPS - 1)
    return np.asarray(number[:, None, :] == np.arange(_STRIPS)[:, None], np.float64)


@dataclass(frozen=True, eq=False)
class Splits:
    """All ways to split the disk in two by a line.

    Attributes
    ----------
    gain : ndarray, shape (n_families, n_directions, n_offsets)
        Energy explained beyond one amplitude for all.
    left, right : ndarray of complex, same shape
        Amplitude on either side.
    """

    gain: NDArray[np.float64]
    left: NDArray[np.complex128]
    right: NDArray[np.complex128]


def split(fringes: Fringes) -> Splits:
    """Give each side of every line an amplitude of its own."""
    sides, ramps = _sides(), _ramps()
    size_left = sides @ fringes.sizes
    size_right = fringes.sizes.sum() - size_left
    allowed = np.minimum(size_left, size_right) > _MIN_SIDE * fringes.sizes.sum()
    parts = [
        _split_family(field, sides, ramps, size_left, size_right)
        for field in fringes.fields
    ]
    explained, left, right = (np.array(part) for part in zip(*parts, strict=True))
    gain = explained - fringes.one_amplitude[:, None, None]
    return Splits(np.maximum(gain, 0.0) * allowed, left, right)


def _split_family(
    field: NDArray[np.complex128],
    sides: NDArray[np.float64],
    ramps: NDArray[np.complex128],
    size_left: NDArray[np.float64],
    size_right: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.complex128], NDArray[np.complex128]]:
    tilted = (ramps * field).transpose(1, 2, 0)
    left = sides @ tilted
    right = tilted.sum(axis=1, keepdims=True) - left
    mean_left = left / np.maximum(size_left, 1e-9)[..., None]
    mean_right = right / np.maximum(size_right, 1e-9)[..., None]
    explained = np.abs(left * mean_left) + np.abs(right * mean_right)
    best = explained.argmax(axis=-1)[..., None]
    return (
        np.take_along_axis(explained, best, axis=-1)[..., 0],
        np.take_along_axis(mean_left, best, axis=-1)[..., 0],
        np.take_along_axis(mean_right, best, axis=-1)[..., 0],
    )


def strip_energy(fringes: Fringes) -> NDArray[np.float64]:
    """Energy that an amplitude per strip explains beyond the background's share.

    Returns
    -------
    ndarray, shape (n_families, n_directions)
    """
    masks = _strip_masks()
    sizes = masks @ fringes.sizes
    used = sizes > 0.02 * fringes.sizes.sum()
    sums = np.einsum("dsc,fc->fds", masks, fringes.fields, optimize=True)
    energy = np.where(used, np.abs(sums) ** 2 / np.maximum(sizes, 1e-9), 0.0)
    expected = fringes.noise[:, None] * used.sum(axis=1)
    return np.asarray(energy.sum(axis=2) - expected)
