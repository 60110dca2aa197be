"""Centre and radius of one particle, from all its fringe families together.

For a given disk the likelihood ratio of several families is the sum of their
`template_bank` powers; its maximum over centre and radius is the most likely disk,
without any threshold on a map. Places that do not count (outside the micrograph, or
taken by another particle) are left out of both signal and norm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import fft

from napari_cdse.core.arrays import peaks_among, power_of, refined, vertex, window_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FitSettings:
    """Numbers of a disk fit; choices, unless a source is named.

    Attributes
    ----------
    family_floor : float
        Power from which a peak counts as a family of fringes, in mean powers of the
        background. Speckle passes it with exp(-9), once in 8000 frequencies: about
        once in a disk. A lower one lets speckle pull the circle about, a higher one
        leaves weak families of the particle unused.
    family_share : float
        The same in powers of the strongest family, so that the skirts of a very strong
        peak don't count as families.
    most_families : int
        Families used at most. CdSe along <110> shows three pairs within the band and
        their second orders; each costs the same time.
    least_visible : float
        Share of the squared template that must lie on pixels that count (inside the
        micrograph, not taken by another particle). Just below half, so that a particle
        whose centre lies on the border can be found.
    first_share : float
        Share of the wanted strength that the first round must reach: its families are
        not yet those of the final disk.
    nearby : float
        Ratio of radii tried around the first round's in the second.
    scan_below, scan_above : float
        Range in which the penalty is tabulated, in lowest and highest frequencies of
        the band; interpolated peaks may leave it by half a bin.
    scan_points : int
        Entries of that table: the penalty is smooth over hundreds of them.
    patch_radii : float
        Edge of the patch that is transformed, in largest radii. 2 would just hold the
        disk; the rest is room for its centre to move.
    samples_per_radius : float
        Places tried per smallest radius, times the ratio of both sizes of patch; the
        maximum between them is interpolated.
    least_norm : float
        Least share of a template's norm that is divided by, where nearly all of it is
        hidden; such a place never counts, see ``least_visible``.
    least_power : float
        Least sum of a squared template that is divided by; guards against a disk
        without any pixel that counts.
    """

    family_floor: float = 9.0
    family_share: float = 0.02
    most_families: int = 8
    least_visible: float = 0.45
    first_share: float = 0.8
    nearby: float = 1.3
    scan_below: float = 0.5
    scan_above: float = 2.0
    scan_points: int = 2000
    patch_radii: float = 2.4
    samples_per_radius: float = 4.0
    least_norm: float = 0.01
    least_power: float = 1e-6


SETTINGS = FitSettings()


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


class Tried(NamedTuple):
    """What a fit tries: which radii, and centres on the coarse grid, each way."""

    radii: slice
    centres: slice


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
        self._scan = np.linspace(
            SETTINGS.scan_below * band[0],
            SETTINGS.scan_above * band[1],
            SETTINGS.scan_points,
        )
        self._penalties = penalty(self._scan)
        self.size = _even_fast(SETTINGS.patch_radii * radii[-1])
        coarse = self.size * SETTINGS.samples_per_radius / radii[0]
        self.block = min(_even_fast(coarse), self.size)
        self._spread = self.size / self.block
        self._offsets = np.rint(np.fft.fftfreq(self.block) * self.block).astype(int)
        turns = np.outer(np.arange(self.block), self._offsets) / self.block
        # Of a patch's transform, in which a block holds fewer samples.
        waves = np.exp(2j * np.pi * turns) / self.size
        self._waves = waves.astype(np.complex64)
        templates, self._squares = self._transforms()
        self._twice = np.repeat(templates, 2, axis=-1)
        axis, half = np.fft.fftfreq(self.size), np.fft.rfftfreq(self.size)
        # With the columns that peaks at the end of the band are compared with.
        half = half[: int(np.ceil(band[1] * self.size)) + 2]
        radius = np.hypot(axis[:, None], half)
        # Of the column 0, one of each pair; Nyquist's holds both as well.
        once = (half > 0) & (half < 0.5) | (half == 0) & (axis[:, None] > 0)
        in_band = once & (radius >= band[0]) & (radius <= band[1])
        floor = np.where(in_band, SETTINGS.family_floor, np.inf)
        self._floor = floor.astype(np.float32)

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
        patch = self.patch_around(values, valid, start)
        disk, radii = start, slice(0, len(self.radii), 2)
        for number in range(rounds):
            bins = self.families(patch, disk)
            if bins is None:
                return None
            found = self._best_disk(patch, bins, start, self.near(start, radii))
            if found is None:
                return None
            if found.strength < start.strength * (
                1 if number else SETTINGS.first_share
            ):
                return None
            disk, radii = found, self._near(found.radius)
        return disk

    def patch_around(
        self, values: NDArray[np.float32], valid: NDArray[np.float32], disk: Disk
    ) -> DiskPatch:
        """Cut the surroundings of a disk out of an image."""
        corner = (round(disk.row) - self.size // 2, round(disk.col) - self.size // 2)
        here, counts = (window_of(a, corner, self.size) for a in (values, valid))
        return DiskPatch(corner, here, counts, self)

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
        if norm < SETTINGS.least_visible * float(square.sum()):
            return 0.0
        return float(total / norm - self.penalty(np.hypot(*family)))

    def families(self, patch: DiskPatch, disk: Disk) -> NDArray[np.float64] | None:
        """Bins (row, column) of a disk's fringe families, strongest first, if any."""
        rows, cols = inside_of(patch, disk)
        down, right = (
            np.arange(part.start, part.stop, dtype=np.float32)
            - np.float32(middle - corner)
            for part, middle, corner in zip(
                (rows, cols), (disk.row, disk.col), patch.corner, strict=True
            )
        )
        square = np.square(down / np.float32(disk.radius))[:, None]
        square = square + np.square(right / np.float32(disk.radius))
        dome = np.sqrt(np.maximum(1 - square, 0)) * patch.valid[rows, cols]
        # Where the disk lies within the zeros around it changes phases only.
        half = fft.rfft(patch.values[rows, cols] * dome, n=self.size, axis=1)
        half = half[:, : self._floor.shape[1]]
        power = power_of(fft.fft(half, n=self.size, axis=0))
        power /= np.float32(max(float(np.square(dome).sum()), SETTINGS.least_power))
        at, bins = np.nonzero(power > self._floor)
        if len(at) == 0:
            return None
        # The column before the first is that of the opposite frequencies.
        opposite = power[-np.arange(self.size), 1:2]
        around = np.concatenate([opposite, power], axis=1)
        at, bins = peaks_among(around, at, bins + 1)
        if len(at) == 0:
            return None
        strength = around[at, bins]
        order = np.argsort(-strength, kind="stable")[: SETTINGS.most_families]
        order = order[strength[order] > SETTINGS.family_share * strength[order[0]]]
        return refined(around, at[order], bins[order]) - (0, 1)

    def near(self, start: Disk, radii: slice) -> Tried:
        """Try such radii at the centres that a start's radius reaches."""
        reach = int(start.radius / self._spread)
        middle = self.block // 2
        return Tried(radii, slice(max(middle - reach, 0), middle + reach + 1))

    def _near(self, radius: float) -> slice:
        return self.between(radius / SETTINGS.nearby, radius * SETTINGS.nearby)

    def between(self, smallest: float, largest: float) -> slice:
        """Radii to try that hold a range."""
        low, high = np.searchsorted(self.radii, (smallest, largest))
        return slice(max(int(low) - 1, 0), int(high) + 1)

    def _best_disk(
        self, patch: DiskPatch, bins: NDArray[np.float64], start: Disk, tried: Tried
    ) -> Disk | None:
        norms = patch.norms(tried)
        with_norm = self.responses(patch, bins, tried) / norms
        allowed = self.allowed(norms, start, tried)
        total = np.where(allowed, with_norm.sum(axis=0), -1.0)
        best = np.unravel_index(int(total.argmax()), total.shape)
        if total[best] <= 0:
            return None
        row, col, radius = self.between_samples(patch, total, tried)
        index, down, right = (int(i) for i in best)
        signed = (bins + self.size / 2) % self.size - self.size / 2
        strengths = with_norm[:, index, down, right]
        strengths = strengths - self.penalty(np.hypot(*signed.T) / self.size)
        order = np.argsort(-strengths, kind="stable")
        return Disk(
            row,
            col,
            radius,
            float(strengths[order[0]]),
            tuple((float(a), float(b)) for a, b in signed[order] / self.size),
        )

    def between_samples(
        self, patch: DiskPatch, total: NDArray[np.float32], tried: Tried
    ) -> tuple[float, float, float]:
        """Row, column and radius of the maximum over radii and centres."""
        best = np.unravel_index(int(total.argmax()), total.shape)
        index, row, col = (int(i) for i in best)
        shift = [vertex(total, best, axis) for axis in range(3)]
        ratio = (self.radii[1] / self.radii[0]) ** (tried.radii.step or 1)
        first = tried.centres.start
        return (
            patch.corner[0] + (first + row + shift[1]) * self._spread,
            patch.corner[1] + (first + col + shift[2]) * self._spread,
            float(self.radii[tried.radii][index] * ratio ** shift[0]),
        )

    def responses(
        self, patch: DiskPatch, bins: NDArray[np.float64], tried: Tried
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
        # Real and imaginary parts side by side, each times the template.
        parts = slow.view(np.float32)[:, None] * self._twice[tried.radii]
        every = parts.view(np.complex64)
        return power_of(self._at_centres(every, tried.centres))

    def _at_centres(
        self, spectra: NDArray[np.complex64], centres: slice
    ) -> NDArray[np.complex64]:
        """Go back from blocks of spectra, to some centres of the coarse grid only.

        They are few, and products of matrices faster than transforms to all of them.
        """
        waves = self._waves[centres]
        return np.asarray(waves @ (spectra @ waves.T))

    def allowed(
        self, norms: NDArray[np.float32], start: Disk, tried: Tried
    ) -> NDArray[np.bool_]:
        """Tell which radii and centres are near the start and mostly in sight.

        ``norms`` are those of the patch for what is tried.
        """
        axis = np.arange(self.block)[tried.centres] * self._spread
        middle = self.size / 2
        distance = np.hypot(axis[:, None] - middle, axis - middle)
        fits = distance + self.radii[tried.radii, None, None] <= middle
        enough = norms >= SETTINGS.least_visible * self.full_norms(tried)
        return np.asarray(fits & (distance <= start.radius) & enough)

    def full_norms(self, tried: Tried) -> NDArray[np.float32]:
        """Sum up the squared templates, shape (radii, 1, 1)."""
        return self._squares[tried.radii, :1, :1]

    def seen_norms(
        self, seen: NDArray[np.complex64], tried: Tried
    ) -> NDArray[np.float32]:
        """Sum up the squared templates over what counts, whose block ``seen`` is."""
        blocks = seen * self._squares[tried.radii]
        return np.asarray(self._at_centres(blocks, tried.centres).real)

    def block_of(self, values: NDArray[np.float32]) -> NDArray[np.complex64]:
        """Transform a patch to the frequencies of a block around 0."""
        return np.asarray(fft.fft2(values)[self._offsets[:, None], self._offsets])


def inside_of(patch: DiskPatch, disk: Disk) -> tuple[slice, slice]:
    """Rows and columns of a patch that a disk touches."""
    rows, cols = (
        slice(
            max(0, int(middle - disk.radius)),
            max(0, min(length, int(middle + disk.radius) + 2)),
        )
        for middle, length in zip(
            (disk.row - patch.corner[0], disk.col - patch.corner[1]),
            patch.values.shape,
            strict=True,
        )
    )
    return rows, cols


def _even_fast(least: float) -> int:
    """Even length of at least so many samples that transforms fast."""
    return 2 * int(fft.next_fast_len(int(np.ceil(least / 2))))


@dataclass(frozen=True, eq=False)
class DiskPatch:
    """Surroundings of a disk; what a fit needs of them is worked out when asked for.

    Attributes
    ----------
    corner : tuple of int
        Sample of the image that is ``[0, 0]`` of the patch.
    values, valid : ndarray of float32, shape (size, size)
        The image, and 1 where it counts.
    fitter : DiskFitter
        Whose templates are laid on it.
    least_norm : float, optional
        As in `FitSettings`.
    """

    corner: tuple[int, int]
    values: NDArray[np.float32]
    valid: NDArray[np.float32]
    fitter: DiskFitter
    least_norm: float = SETTINGS.least_norm

    @cached_property
    def spectrum(self) -> NDArray[np.complex64]:
        """Fourier transform of the values, shape (size, size)."""
        return np.asarray(fft.fft2(self.values))

    @cached_property
    def _seen(self) -> NDArray[np.complex64] | None:
        """Transform of what counts, low frequencies only; None where all does."""
        return None if self.valid.all() else self.fitter.block_of(self.valid)

    def norms(self, tried: Tried) -> NDArray[np.float32]:
        """Sum up squared templates over what counts: (radii, rows, cols) or 1, 1."""
        full = self.fitter.full_norms(tried)
        if self._seen is None:
            return full
        seen = self.fitter.seen_norms(self._seen, tried)
        return np.asarray(np.maximum(seen, self.least_norm * full))
