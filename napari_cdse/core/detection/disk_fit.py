"""Centre and radius of one particle, from all its fringe families together.

For a given disk the likelihood ratio of several families is the sum of their
`template_bank` powers; its maximum over centre and radius is the most likely disk,
without any threshold on a map. Places that do not count (outside the micrograph, or
taken by another particle) are left out of both signal and norm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from napari_cdse.core.arrays import peaks_among, refined, vertex, window_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_FAMILY_FLOOR = 9.0
_FAMILY_SHARE = 0.02
_MOST_FAMILIES = 8
_MIN_VISIBLE = 0.45
_FIRST_SHARE = 0.8
_NEARBY = 1.3


@dataclass(frozen=True, slots=True)
class Disk:
    """The most likely disk around a place, in samples of the whitened micrograph.

    ``families`` are (k_row, k_col) in cycles per sample, strongest first; ``strength``
    is the first family's power in units of the background, less its penalty.
    """

    row: float
    col: float
    radius: float
    strength: float
    families: tuple[tuple[float, float], ...] = ()


class DiskFitter:
    """Fits disks to a whitened image; holds what does not change between fits.

    Parameters
    ----------
    radii : ndarray
        Radii to try, in samples, in a geometric series.
    band : tuple of float
        Lowest and highest fringe frequency in cycles per sample.
    penalty : callable
        Gives what to take off a family's power at a frequency in cycles per sample.
    """

    def __init__(
        self,
        radii: NDArray[np.float64],
        band: tuple[float, float],
        penalty: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    ) -> None:
        self.radii = radii
        self._scan = np.linspace(0.5 * band[0], 2 * band[1], 2000)
        self._penalties = penalty(self._scan)
        self.size = _even_fast(2.4 * radii[-1])
        self.block = min(_even_fast(self.size * 4.0 / radii[0]), self.size)
        self._spread = self.size / self.block
        self._offsets = np.rint(np.fft.fftfreq(self.block) * self.block).astype(int)
        self._templates, self._squares = self._transforms()
        axis = np.fft.fftfreq(self.size)
        radius = np.hypot(axis[:, None], axis)
        half = (axis[None, :] > 0) | ((axis[None, :] == 0) & (axis[:, None] > 0))
        self._in_band = half & (radius >= band[0]) & (radius <= band[1])

    def _transforms(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Transform templates and their squares at the frequencies of a block.

        They are even and small, so sums of cosines over a quadrant are enough.
        """
        axis = np.arange(int(np.ceil(self.radii[-1])) + 1)
        twice = np.where(axis == 0, 1.0, 2.0)
        turns = np.outer(self._offsets, axis) / self.size
        cosines = (twice * np.cos(2 * np.pi * turns)).astype(np.float32)
        square = (axis[:, None] ** 2 + axis**2).astype(np.float32)
        radii = self.radii[:, None, None].astype(np.float32)
        inside = np.maximum(1 - square / radii**2, 0)
        return (
            cosines @ np.sqrt(inside) @ cosines.T,
            cosines @ inside @ cosines.T,
        )

    def fit(
        self,
        values: NDArray[np.float32],
        valid: NDArray[np.float32],
        start: Disk,
        rounds: int = 2,
    ) -> Disk | None:
        """Improve a disk until centre, radius and families agree.

        Parameters
        ----------
        values : ndarray of float32, shape (rows, columns)
            White noise of unit variance plus particles; 0 where not ``valid``.
        valid : ndarray of float32, shape (rows, columns)
            1 where a place counts, else 0.
        start : Disk
            Where to begin; ``strength`` is the least power worth a fit.
        rounds : int
            How often families and disk are found in turn.

        Returns
        -------
        Disk or None
            None where no family reaches ``start.strength`` or most is hidden.
        """
        corner = (round(start.row) - self.size // 2, round(start.col) - self.size // 2)
        patch = _Patch.cut(values, valid, corner, self)
        disk, tried = start, slice(0, len(self.radii), 2)
        for number in range(rounds):
            bins = self._families(patch, disk)
            if bins is None:
                return None
            found = self._best_disk(patch, bins, start, tried)
            if found is None:
                return None
            if found.strength < start.strength * (1 if number else _FIRST_SHARE):
                return None
            disk, tried = found, self._near(found.radius)
        return disk

    def penalty(self, frequency: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate the penalty at frequencies in cycles per sample."""
        return np.interp(frequency, self._scan, self._penalties)

    def strength_at(
        self,
        values: NDArray[np.float32],
        valid: NDArray[np.float32],
        disk: Disk,
    ) -> float:
        """Power of a disk's first family, less penalty, without moving the disk."""
        half = int(disk.radius) + 1
        corner = (round(disk.row) - half, round(disk.col) - half)
        here, counts = (window_of(a, corner, 2 * half + 1) for a in (values, valid))
        axis = np.arange(2 * half + 1)
        rows, cols = axis + corner[0] - disk.row, axis + corner[1] - disk.col
        square = np.maximum(1 - (rows[:, None] ** 2 + cols**2) / disk.radius**2, 0)
        family = np.array(disk.families[0])
        first, second = (
            np.exp(-2j * np.pi * k * places)
            for k, places in zip(family, (rows, cols), strict=True)
        )
        total = abs(first @ (here * np.sqrt(square)) @ second) ** 2
        norm = float((counts * square).sum())
        if norm < _MIN_VISIBLE * float(square.sum()):
            return 0.0
        return float(total / norm - self.penalty(np.hypot(*family)))

    def _families(self, patch: _Patch, disk: Disk) -> NDArray[np.float64] | None:
        """Bins (row, column) of the fringe families in a disk, strongest first."""
        axis = np.arange(self.size, dtype=np.float32)
        down = (axis - np.float32(disk.row - patch.corner[0])) / np.float32(disk.radius)
        right = (axis - np.float32(disk.col - patch.corner[1])) / np.float32(
            disk.radius
        )
        square = np.square(down)[:, None] + np.square(right)
        dome = np.sqrt(np.maximum(1 - square, 0)) * patch.valid
        spectrum = fft.fft2(patch.values * dome)
        power: NDArray[np.float32] = spectrum.real**2 + spectrum.imag**2
        power /= np.float32(max(float(np.square(dome).sum()), 1e-6))
        rows, cols = np.nonzero(self._in_band & (power > _FAMILY_FLOOR))
        rows, cols = peaks_among(power, rows, cols)
        strength = power[rows, cols]
        if len(rows) == 0:
            return None
        order = np.argsort(-strength, kind="stable")[:_MOST_FAMILIES]
        order = order[strength[order] > _FAMILY_SHARE * strength[order[0]]]
        return refined(power, rows[order], cols[order])

    def _near(self, radius: float) -> slice:
        low, high = np.searchsorted(self.radii, (radius / _NEARBY, radius * _NEARBY))
        return slice(max(int(low) - 1, 0), int(high) + 1)

    def _best_disk(
        self, patch: _Patch, bins: NDArray[np.float64], start: Disk, tried: slice
    ) -> Disk | None:
        with_norm = self._responses(patch, bins, tried) / patch.norms[tried]
        allowed = self._allowed(patch, start)[tried]
        total = np.where(allowed, with_norm.sum(axis=0), -1.0)
        best = np.unravel_index(int(total.argmax()), total.shape)
        if total[best] <= 0:
            return None
        index, row, col = (int(i) for i in best)
        shift = [vertex(total, best, axis) for axis in range(3)]
        ratio = self.radii[tried][1] / self.radii[tried][0]
        signed = (bins + self.size / 2) % self.size - self.size / 2
        strengths = with_norm[:, index, row, col]
        strengths = strengths - self.penalty(np.hypot(*signed.T) / self.size)
        order = np.argsort(-strengths, kind="stable")
        return Disk(
            patch.corner[0] + (row + shift[1]) * self._spread,
            patch.corner[1] + (col + shift[2]) * self._spread,
            float(self.radii[tried][index] * ratio ** shift[0]),
            float(strengths[order[0]]),
            tuple((float(a), float(b)) for a, b in signed[order] / self.size),
        )

    def _responses(
        self, patch: _Patch, bins: NDArray[np.float64], tried: slice
    ) -> NDArray[np.float32]:
        """Power of each family, radius and centre of the coarse grid."""
        whole = np.rint(bins).astype(int)
        rows, cols = (
            (whole[:, axis, None] + self._offsets) % self.size for axis in (0, 1)
        )
        axis = np.arange(self.block) / self.block
        ramps = np.exp(-2j * np.pi * (bins - whole)[..., None] * axis)
        ramp = ramps[:, 0, :, None] * ramps[:, 1, None, :]
        slow = fft.ifft2(patch.spectrum[rows[:, :, None], cols[:, None]])
        slow = fft.fft2(slow * ramp.astype(np.complex64), overwrite_x=True)
        every = slow[:, None] * self._templates[tried]
        response = fft.ifft2(every, overwrite_x=True)
        power: NDArray[np.float32] = response.real**2
        power += response.imag**2
        power *= np.float32(1 / self._spread**4)
        return power

    def _allowed(self, patch: _Patch, start: Disk) -> NDArray[np.bool_]:
        axis = np.arange(self.block) * self._spread
        middle = self.size / 2
        distance = np.hypot(axis[:, None] - middle, axis - middle)
        fits = distance + self.radii[:, None, None] <= middle
        return np.asarray(fits & (distance <= start.radius) & patch.enough)

    def coarse(
        self, spectrum: NDArray[np.complex64], kernels: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Correlate a patch's spectrum with real kernels, on the coarse grid."""
        block = spectrum[self._offsets[:, None], self._offsets]
        found = fft.ifft2(block * kernels).real / np.float32(self._spread**2)
        return np.asarray(found, dtype=np.float32)

    @property
    def squares(self) -> NDArray[np.float32]:
        """Transforms of the squared templates."""
        return self._squares


def _even_fast(least: float) -> int:
    """Even length of at least so many samples that transforms fast."""
    return 2 * int(fft.next_fast_len(int(np.ceil(least / 2))))


@dataclass(frozen=True, slots=True, eq=False)
class _Patch:
    corner: tuple[int, int]
    values: NDArray[np.float32]
    valid: NDArray[np.float32]
    spectrum: NDArray[np.complex64]
    norms: NDArray[np.float32]
    enough: NDArray[np.bool_]

    @classmethod
    def cut(
        cls,
        values: NDArray[np.float32],
        valid: NDArray[np.float32],
        corner: tuple[int, int],
        fitter: DiskFitter,
    ) -> _Patch:
        here = window_of(values, corner, fitter.size)
        counts = window_of(valid, corner, fitter.size)
        full = fitter.squares[:, :1, :1]
        if counts.all():
            norms, enough = full, np.ones((1, 1, 1), bool)
        else:
            seen = fft.fft2(counts)
            norms = np.maximum(fitter.coarse(seen, fitter.squares), 0.01 * full)
            enough = norms >= _MIN_VISIBLE * full
        return cls(corner, here, counts, fft.fft2(here), norms, enough)
