"""Search for faults and twins in the phase and amplitude of each fringe family.

In a perfect particle one complex amplitude explains all of a family's energy. The
geometric phase of a family g (Hytch, Snoeck, Kilaas, Ultramicroscopy 74, 1998), which
is the phase of the image times exp(-2 pi i g r), is then constant. Across a stacking
fault it jumps by 2 pi / 3 in the families inclined to the fault's plane, and in a twin
a family exists on one side only. So the disk is split along straight lines in all
directions, and each side is given an amplitude of its own. The energy that this
explains beyond one amplitude for the whole disk is the evidence: the generalised
likelihood ratio of a planar defect, in noise of the background's power.

All lengths are in units of the particle's radius, and no line, direction or phase is
preferred, so that a rotated, mirrored or slightly misplaced particle gives nearly the
same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.arrays import power_of
from napari_cdse.core.features.families import CELLS, cell_radii, cell_sums
from napari_cdse.core.features.peaks import MIN_STRENGTH
from napari_cdse.core.features.sampling import soft_disk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.features.families import Family
    from napari_cdse.core.features.patch import Patch

_DIRECTIONS = 20
"""Directions of lines over half a turn, 9 degrees apart. A choice: a line half a step
off puts 2.5 % of the disk on the wrong side; more cost time in proportion."""
_SPACING = 0.12
"""Distance of neighbouring lines in radii. The cells are first summed in strips of this
width. A choice: a line half a step off puts up to 3.8 % of the disk on the wrong side;
closer lines cost time, and the cells of 0.15 radii resolve little more."""
_SLICES = 20
"""Strips across the disk: at 0.12 radii each they reach 1.2 radii from the centre, past
the soft edge at 1.125."""
_LINES = _SPACING * np.arange(-5, 6)
"""Where lines split the disk, in radii from its centre. Up to 0.6: a choice, beyond it
14 % of the disk are left on the far side, just what `MIN_SIDE` lets pass."""
_FIRST = 4
"""The last slice before the first line: `_SLICES` / 2 - 5 lines - 1."""
_STEEPEST_RAMP = 0.3
"""Steepest phase ramp tried, in cycles per radius. A choice: a phase jump shifts the
single best frequency by no more than about that; a larger one takes a neighbouring peak
for one side of this family."""
_RAMPS = 7
"""Ramps tried, 0.1 cycles per radius apart. Half-way between two of them a family keeps
97.5 % of its power; more cost time in proportion."""
MIN_SIDE = 0.12
"""Share of the disk that each side of a split must hold. A choice: a smaller one
lets a few cells at the edge, where the circle may miss the particle, pass as a domain;
a larger one misses faults near the edge."""
_FOLLOWED = 5
"""Families in which faults are sought, strongest first. A choice: CdSe along <110>
shows three pairs of peaks and second orders; more cost time and add noise."""
_LEAST_SIZE = 1e-9
"""Least number of samples that is divided by, for parts without any."""


@dataclass(frozen=True, eq=False)
class Fringes:
    """Demodulated families on a coarse grid over the disk, of one particle or several.

    Attributes
    ----------
    fields : ndarray of complex64, shape (n_cells, n_families)
        Sum of the demodulated samples in each cell.
    sizes : ndarray of float32, shape (n_cells, n_particles)
        Effective number of samples in each cell.
    noise : ndarray of float, shape (n_families,)
        Mean power of the background per sample at each family.
    counts : tuple of int
        How many of the families, in order, are each particle's; at least one. Without
        them there is one particle.
    """

    fields: NDArray[np.complex64]
    sizes: NDArray[np.float32]
    noise: NDArray[np.float64]
    counts: tuple[int, ...] = ()

    @cached_property
    def particle(self) -> NDArray[np.intp]:
        """Number of the particle that each family belongs to."""
        counts = self.counts or self.fields.shape[1]
        return np.repeat(np.arange(self.sizes.shape[1]), counts)

    @cached_property
    def size(self) -> NDArray[np.float32]:
        """Effective number of samples in each disk."""
        return _at_least_tiny(_sums(self.sizes))

    @cached_property
    def one_amplitude(self) -> NDArray[np.float64]:
        """Energy that one amplitude for the whole disk explains, (n_families,)."""
        return np.asarray(power_of(_sums(self.fields)) / self.size[self.particle])

    def by_particle(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum values of the families of each particle, along the last axis."""
        return np.asarray(np.add.reduceat(values, self.first, axis=-1))

    def largest(self, values: NDArray[Any]) -> NDArray[Any]:
        """Take the largest of each particle's families, along the last axis."""
        return np.asarray(np.maximum.reduceat(values, self.first, axis=-1))

    @cached_property
    def first(self) -> NDArray[np.intp]:
        """Number of each particle's first family."""
        return np.searchsorted(self.particle, np.arange(self.sizes.shape[1]))


def fringes_of(patch: Patch, families: list[Family]) -> Fringes:
    """Collect the cells of the families that are strong enough to show a fault."""
    chosen = [f for f in families if f.strength > MIN_STRENGTH][:_FOLLOWED]
    frequency = np.array([family.k_per_px for family in chosen])
    fields = np.empty((CELLS**2, len(chosen)), np.complex64)
    for number, family in enumerate(chosen):
        fields[:, number] = family.cells.ravel()
    return Fringes(fields, _sizes(patch), patch.noise_at(frequency))


def joined(fringes: Sequence[Fringes]) -> Fringes:
    """Join the families of several particles; each must have at least one."""
    return Fringes(
        np.concatenate([each.fields for each in fringes], axis=1),
        np.concatenate([each.sizes for each in fringes], axis=1),
        np.concatenate([each.noise for each in fringes]),
        tuple(each.fields.shape[1] for each in fringes),
    )


def _sizes(patch: Patch) -> NDArray[np.float32]:
    number = len(patch.window)
    if patch.window is soft_disk(number):
        return _whole_sizes(number)
    return _cell_sizes(patch.window)


@lru_cache(maxsize=64)
def _whole_sizes(number: int) -> NDArray[np.float32]:
    """Sizes of the cells of a disk that lies completely in the micrograph."""
    return _cell_sizes(soft_disk(number))


def _cell_sizes(window: NDArray[np.float32]) -> NDArray[np.float32]:
    sums = cell_sums(len(window))
    return np.asarray(sums @ window**2 @ sums.T, np.float32).reshape(-1, 1)


@lru_cache(maxsize=1)
def _positions() -> NDArray[np.float64]:
    """Distance of each cell along each direction in radii, (n_directions, n_cells)."""
    row, col = np.repeat(cell_radii(), CELLS), np.tile(cell_radii(), CELLS)
    angle = np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS
    return np.asarray(np.cos(angle)[:, None] * col + np.sin(angle)[:, None] * row)


@lru_cache(maxsize=1)
def _slice_masks() -> NDArray[np.float32]:
    """Masks of the slices between lines, shape (n_slices * n_directions, n_cells)."""
    number = np.floor(_positions() / _SPACING + _SLICES / 2).clip(0, _SLICES - 1)
    inside = np.arange(_SLICES)[:, None, None] == number
    return np.asarray(inside.reshape(-1, CELLS**2), np.float32)


@lru_cache(maxsize=1)
def _side_weights() -> NDArray[np.float32]:
    """Weights of the slices, shape (2 * n_ramps * (1 + n_lines), 2 * n_slices).

    For each phase ramp, the whole disk comes first, then the part before each line. The
    ramps are needed since a phase jump shifts the frequency that a family was
    demodulated with; one ramp applies to both sides. Real parts of the sums come first,
    then imaginary ones; likewise for the slices.
    """
    cycles_per_radius = np.linspace(-_STEEPEST_RAMP, _STEEPEST_RAMP, _RAMPS)
    middle = (np.arange(_SLICES) + 0.5 - _SLICES / 2) * _SPACING
    ramps = np.exp(-2j * np.pi * cycles_per_radius[:, None] * middle)
    before = middle < _LINES[:, None]
    sides = np.concatenate([np.ones_like(before[:1]), before])
    weights = (ramps[:, None, :] * sides).reshape(-1, _SLICES)
    real, imaginary = weights.real, weights.imag
    both = np.block([[real, -imaginary], [imaginary, real]])
    return np.asarray(both, np.float32)


def _sums(columns: NDArray[Any]) -> NDArray[Any]:
    """Sum each column; to the last bit independent of the other columns."""
    return np.asarray(columns.T.copy().sum(axis=-1))


def _side_sums(fields: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Sum the fields of one particle with each of the `_side_weights`.

    Returns
    -------
    ndarray of float32, shape (2, n_ramps, 1 + n_lines, n_directions, n_families)
    """
    parts = np.concatenate([fields.real, fields.imag], axis=1)
    slices = (_slice_masks() @ parts).reshape(_SLICES, _DIRECTIONS, 2, -1)
    slices = np.ascontiguousarray(np.moveaxis(slices, 2, 0))
    # One product for all directions and families.
    sums = _side_weights() @ slices.reshape(2 * _SLICES, -1)
    return np.asarray(sums.reshape(2, _RAMPS, 1 + len(_LINES), _DIRECTIONS, -1))


def _sizes_before(sizes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum the sizes of one particle's cells before each line, (lines, directions)."""
    slices = (_slice_masks() @ sizes).reshape(_SLICES, _DIRECTIONS)
    return np.asarray(np.cumsum(slices, axis=0)[_FIRST : _FIRST + len(_LINES)])


@dataclass(frozen=True, eq=False)
class Splits:
    """All splits of the disk by a line, with an amplitude for each side.

    Attributes
    ----------
    gain : ndarray, shape (n_directions, n_lines, n_families)
        Energy explained beyond one amplitude for all, with the phase ramp that explains
        most.
    left, right : ndarray of float32
        Sums of the fields on either side, their real and imaginary parts, shape
        (2, n_ramps, n_lines, n_directions, n_families).
    size_left, size_right : ndarray of float32
        Effective number of samples on either side, shape (n_lines, n_directions,
        n_families).
    """

    gain: NDArray[np.float64]
    left: NDArray[np.float32]
    right: NDArray[np.float32]
    size_left: NDArray[np.float32]
    size_right: NDArray[np.float32]

    def amplitudes(
        self,
        direction: int | NDArray[np.intp],
        line: int | NDArray[np.intp],
    ) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """Amplitudes before and behind a line, shape (n_families,) each.

        Parameters
        ----------
        direction, line : int or ndarray of int, shape (n_families,)
            Numbers of direction and line, for all families or one for each.
        """
        every = np.arange(self.left.shape[-1])
        sides = self.left, self.right
        left, right = (sums[:, :, line, direction, every] for sums in sides)
        size_left, size_right = (
            sizes[line, direction, every] for sizes in (self.size_left, self.size_right)
        )
        explained = _energy(left, size_left) + _energy(right, size_right)
        ramp = explained.argmax(axis=0)
        return (
            _complex(left[:, ramp, every]) / _at_least_tiny(size_left),
            _complex(right[:, ramp, every]) / _at_least_tiny(size_right),
        )


def split(fringes: Fringes) -> Splits:
    """Fit an amplitude to each side of every line."""
    # One matrix product per particle: its rounding depends on the shape, and must not
    # depend on which particles are computed together.
    fields = np.split(fringes.fields, fringes.first[1:], axis=1)
    sums = np.concatenate([_side_sums(each) for each in fields], axis=-1)
    left = sums[:, :, 1:]
    right = sums[:, :, :1] - left
    before = np.stack([_sizes_before(each) for each in fringes.sizes.T.copy()], axis=-1)
    size_left = before[..., fringes.particle]
    whole = fringes.size[fringes.particle]
    size_right = whole - size_left
    explained = _energy(left, size_left)
    explained += _energy(right, size_right)
    allowed = np.minimum(size_left, size_right) > MIN_SIDE * whole
    gain = np.maximum(explained.max(axis=0) - fringes.one_amplitude, 0) * allowed
    return Splits(gain.swapaxes(0, 1), left, right, size_left, size_right)


def explained_shares(fringes: Fringes, splits: Splits) -> NDArray[np.float64]:
    """Energy that each split explains, over that of one amplitude for the whole disk.

    Returns
    -------
    ndarray, shape (n_directions, n_lines, n_particles)
    """
    energy = fringes.by_particle(fringes.one_amplitude)
    return np.asarray(fringes.by_particle(splits.gain) / energy)


def best_lines(
    shares: NDArray[np.float64],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the direction and line of each particle's best split.

    Parameters
    ----------
    shares : ndarray, shape (n_directions, n_lines, n_particles)
        As `explained_shares` gives them.
    """
    lines, particles = shares.shape[1:]
    return np.divmod(shares.reshape(-1, particles).argmax(axis=0), lines)


def line_geometry(direction: int, line: int) -> tuple[float, float]:
    """Angle of a line's normal in radians, and its distance from the centre in radii.

    The normal is (cos, sin) of that angle along columns and rows.
    """
    return direction * np.pi / _DIRECTIONS, float(_LINES[line])


def _energy(
    sums: NDArray[np.float32], sizes: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Energy that an amplitude explains: power of the sum over the size."""
    power = np.square(sums[0])
    power += np.square(sums[1])
    power *= 1 / _at_least_tiny(sizes)
    return np.asarray(power)


def _complex(parts: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Join real and imaginary parts, which come along the first axis."""
    return np.asarray(parts[0] + np.complex64(1j) * parts[1], np.complex64)


def _at_least_tiny(sizes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sizes to divide by, above 0 also for a side that lies off the micrograph."""
    return np.maximum(sizes, np.float32(_LEAST_SIZE))
