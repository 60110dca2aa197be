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

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_FAMILY_FLOOR = 9.0
_FAMILY_SHARE = 0.02
_MOST_FAMILIES = 8
_MIN_VISIBLE = 0.45
_FIRST_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Disk:
    """The most likely disk around a place, in samples of the whitened micrograph.

    ``families`` are (k_row, k_col) in cycles per sample, strongest first;
    ```strength`` is
    the strongest family's power in units of the background, less its penalty.
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
        self._penalty = penalty
        self.size = fft.next_fast_len(int(np.ceil(2.4 * radii[-1])) // 2 * 2)
        self.size += self.size % 2
        coarse = self.size * 3.2 / radii[0]
        self.block = min(int(np.ceil(coarse)) // 2 * 2, self.size)
        self._spread = self.size / self.block
        self._offsets = np.rint(np.fft.fftfreq(self.block) * self.block).astype(int)
        self._templates, self._squares = self._transforms()
        axis = np.fft.fftfreq(self.size)
        radius = np.hypot(axis[:, None], axis)
        half = (axis[None, :] > 0) | ((axis[None, :] == 0) & (axis[:, None] > 0))
        self._in_band = half & (radius >= band[0]) & (radius <= band[1])

    def _transforms(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        axis = np.minimum(np.arange(self.size), self.size - np.arange(self.size))
        square = axis[:, None] ** 2 + axis**2
        inside = 1 - square / self.radii[:, None, None] ** 2
        squares = np.maximum(inside, 0)
        cut = np.ix_(range(len(self.radii)), self._offsets, self._offsets)
        templates = fft.fft2(np.sqrt(squares)).real[cut]
        return templates.astype(np.float32), fft.fft2(squares).real[cut].astype(
            np.float32
        )

    def fit(
        self,
        values: NDArray[np.float32],
        valid: NDArray[np.float32],
        start: Disk,
        rounds: int = 3,
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
        disk = start
        for number in range(rounds):
            bins = self._families(patch, disk)
            if bins is None:
                return None
            found = self._best_disk(patch, bins, start)
            if found is None:
                return None
            if found.strength < start.strength * (1 if number else _FIRST_SHARE):
                return None
            disk = found
        return disk

    def _families(self, patch: _Patch, disk: Disk) -> NDArray[np.float64] | None:
        """Bins (row, column) of the fringe families in a disk, strongest first."""
        axis = np.arange(self.size)
        square = (axis[:, None] - disk.row + patch.corner[0]) ** 2 + (
            axis - disk.col + patch.corner[1]
        ) ** 2
        dome = np.sqrt(np.maximum(1 - square / disk.radius**2, 0)) * patch.valid
        spectrum = fft.fft2((patch.values * dome).astype(np.float32))
        norm = max(float(np.square(dome).sum()), 1e-6)
        power = np.asarray(
            (spectrum.real**2 + spectrum.imag**2) / norm, dtype=np.float32
        )
        rows, cols = np.nonzero(self._in_band & (power > _FAMILY_FLOOR))
        rows, cols = _peaks_among(power, rows, cols)
        strength = power[rows, cols]
        if len(rows) == 0:
            return None
        order = np.argsort(-strength, kind="stable")[:_MOST_FAMILIES]
        order = order[strength[order] > _FAMILY_SHARE * strength[order[0]]]
        return _refined(power, rows[order], cols[order])

    def _best_disk(
        self, patch: _Patch, bins: NDArray[np.float64], start: Disk
    ) -> Disk | None:
        powers = np.stack([self._responses(patch, place) for place in bins])
        with_norm = powers / patch.norms
        total = np.where(self._allowed(patch, start), with_norm.sum(axis=0), -1.0)
        best = np.unravel_index(int(total.argmax()), total.shape)
        if total[best] <= 0:
            return None
        index, row, col = (int(i) for i in best)
        shift = [_vertex(total, best, axis) for axis in range(3)]
        ratio = self.radii[1] / self.radii[0]
        signed = (bins + self.size / 2) % self.size - self.size / 2
        strengths = with_norm[:, index, row, col]
        strengths = strengths - self._penalty(np.hypot(*signed.T) / self.size)
        order = np.argsort(-strengths, kind="stable")
        return Disk(
            patch.corner[0] + (row + shift[1]) * self._spread,
            patch.corner[1] + (col + shift[2]) * self._spread,
            float(self.radii[index] * ratio ** shift[0]),
            float(strengths[order[0]]),
            tuple((float(a), float(b)) for a, b in signed[order] / self.size),
        )

    def _responses(
        self, patch: _Patch, place: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Power of one family for each radius and centre of the coarse grid."""
        whole = np.rint(place).astype(int)
        rows = (whole[0] + self._offsets) % self.size
        cols = (whole[1] + self._offsets) % self.size
        axis = np.arange(self.block) / self.block
        ramp = [np.exp(-2j * np.pi * part * axis) for part in place - whole]
        slow = fft.ifft2(patch.spectrum[rows[:, None], cols])
        slow = fft.fft2((slow * np.outer(*ramp)).astype(np.complex64))
        response = fft.ifft2(slow * self._templates)
        scale = np.float32(1 / self._spread**4)
        power: NDArray[np.float32] = response.real**2 + response.imag**2
        return power * scale

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
        here = _window(values, corner, fitter.size)
        counts = _window(valid, corner, fitter.size)
        full = fitter.squares[:, :1, :1]
        if counts.all():
            norms, enough = full, np.ones((1, 1, 1), bool)
        else:
            seen = fft.fft2(counts)
            norms = np.maximum(fitter.coarse(seen, fitter.squares), 0.01 * full)
            enough = norms >= _MIN_VISIBLE * full
        return cls(corner, here, counts, fft.fft2(here), norms, enough)


def _window(
    array: NDArray[np.float32], corner: tuple[int, int], size: int
) -> NDArray[np.float32]:
    """Square cut out of an array, zero beyond its edges."""
    window = np.zeros((size, size), np.float32)
    low = [max(0, start) for start in corner]
    high = [
        min(length, start + size)
        for start, length in zip(corner, array.shape, strict=True)
    ]
    if low[0] < high[0] and low[1] < high[1]:
        inner = tuple(
            slice(a - start, b - start)
            for a, b, start in zip(low, high, corner, strict=True)
        )
        window[inner] = array[low[0] : high[0], low[1] : high[1]]
    return window


def _peaks_among(
    power: NDArray[np.float32], rows: NDArray[np.intp], cols: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    size = power.shape[0]
    here = power[rows, cols]
    keep = np.ones(len(rows), bool)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            keep &= here >= power[(rows + down) % size, (cols + right) % size]
    return rows[keep], cols[keep]


def _refined(
    power: NDArray[np.float32], rows: NDArray[np.intp], cols: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Peak positions by parabolas through three bins, shape (n, 2)."""
    size = power.shape[0]
    here = power[rows, cols]
    places = np.empty((len(rows), 2))
    for axis, (down, right) in enumerate(((1, 0), (0, 1))):
        before = power[(rows - down) % size, (cols - right) % size]
        after = power[(rows + down) % size, (cols + right) % size]
        bend = np.minimum(before - 2 * here + after, -1e-6)
        places[:, axis] = (rows, cols)[axis] + 0.5 * (before - after) / bend
    return places


def _vertex(total: NDArray[np.float32], best: tuple[np.intp, ...], axis: int) -> float:
    """Offset of the parabola's vertex from a maximum along one axis."""
    place = int(best[axis])
    if not 0 < place < total.shape[axis] - 1:
        return 0.0
    line = np.moveaxis(total, axis, -1)[tuple(np.delete(best, axis))]
    line = line[place - 1 : place + 2]
    if line[0] <= 0 or line[2] <= 0:
        return 0.0
    bend = float(line[0] - 2 * line[1] + line[2])
    return 0.5 * float(line[0] - line[2]) / bend if bend < 0 else 0.0
