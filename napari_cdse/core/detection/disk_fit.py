"""Fit centre and radius of one particle, using all its fringe families together.

For a given disk, the log likelihood ratio of several families against noise alone is
the sum of their powers as in `template_bank`; its maximum over centre and radius is the
most likely disk, without any threshold on a map. Samples that do not count (outside the
micrograph, or taken by another particle) are left out of both the correlation and its
norm.

Disk and families are found in turn: the families are the peaks of the spectrum of the
current disk, and the next disk is the most likely one for these families.
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
        Least power of a peak that counts as a family of fringes, in mean powers of the
        background. Speckle exceeds it with a chance of exp(-9), once in 8000
        frequencies: about once in a disk. A lower one lets speckle displace the circle,
        a higher one leaves weak families of the particle unused.
    family_share : float
        The same in powers of the strongest family, so that side lobes of a very strong
        peak do not count as families.
    most_families : int
        Families used at most. CdSe along <110> shows three pairs within the band and
        their second orders; each costs the same time.
    least_visible : float
        Share of the squared template that must lie on pixels that count (inside the
        micrograph, not taken by another particle). Just below half, so that a particle
        whose centre lies on the border can be found.
    first_share : float
        Share of the required strength that suffices in the first round, whose families
        are not yet those of the final disk.
    nearby : float
        Largest ratio, either way, of the radii tried in the second round to the radius
        that the first one found.
    scan_below, scan_above : float
        Range in which the penalty is tabulated, as factors of the lowest and highest
        frequency of the band; interpolated peaks may leave the band by half a bin.
    scan_points : int
        Entries of that table: the penalty is smooth over hundreds of them.
    patch_radii : float
        Edge of the patch that is transformed, in largest radii. 2 would just hold the
        disk; the rest is room for its centre to move.
    samples_per_radius : float
        Density of the coarse grid of centres that are tried, in points per smallest
        radius; the maximum between them is interpolated.
    least_norm : float
        Least norm that a power is divided by, as a share of the whole template's.
        It only avoids a division by nearly 0, as a disk that is so far hidden never
        counts (``least_visible``).
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
    """A disk with its fringe families, in samples of the whitened micrograph.

    Attributes
    ----------
    row, col, radius : float
        Centre and radius in samples.
    strength : float
        Power of the first family in units of the background's, less its penalty.
    families : tuple of (float, float)
        Frequencies (k_row, k_col) in cycles per sample, strongest first.
    """

    row: float
    col: float
    radius: float
    strength: float
    families: tuple[tuple[float, float], ...] = ()


class SearchRange(NamedTuple):
    """Slices of the fitter's radii, and of the coarse grid along both axes."""

    radii: slice
    centres: slice


class DiskFitter:
    """Fits disks to a whitened image; holds tables that all fits share.

    A fit works on a square patch around the start, ``size`` samples wide. A power map
    over centres varies slowly, so only a ``block`` of the lowest frequencies of each
    demodulated family is kept, which gives the map on a coarse grid of ``block`` points
    along each axis.

    Parameters
    ----------
    radii : ndarray
        Radii to try, in samples, in a geometric series.
    band : tuple of float
        Lowest and highest fringe frequency in cycles per sample.
    penalty : callable
        Maps frequencies in cycles per sample to what is subtracted from a family's
        power there: the log prior of `FringePrior`.
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
        # Divided by the size of the patch: the transform was over all its samples.
        waves = np.exp(2j * np.pi * turns) / self.size
        self._waves = waves.astype(np.complex64)
        templates, self._squares = self._transforms()
        self._twice = np.repeat(templates, 2, axis=-1)
        axis, half = np.fft.fftfreq(self.size), np.fft.rfftfreq(self.size)
        # Two columns more, as a peak at the end of the band is compared with them.
        half = half[: int(np.ceil(band[1] * self.size)) + 2]
        radius = np.hypot(axis[:, None], half)
        # In columns 0 and Nyquist the half plane holds k and -k: one of each pair.
        once = (half > 0) & (half < 0.5) | (half == 0) & (axis[:, None] > 0)
        in_band = once & (radius >= band[0]) & (radius <= band[1])
        floor = np.where(in_band, SETTINGS.family_floor, np.inf)
        self._floor = floor.astype(np.float32)

    def _transforms(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Fourier transforms of the templates and their squares, at a block.

        Templates are even, so their transform is a sum of cosines over one quadrant.

        Returns
        -------
        ndarray of float32, shape (radii, block, block), twice
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
        """Find the most likely disk near a start.

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
            None if no family reaches ``start.strength``, or if too much of every disk
            is hidden.
        """
        patch = self.patch_around(values, valid, start)
        disk, radii = start, slice(0, len(self.radii), 2)
        for number in range(rounds):
            bins = self.families(patch, disk)
            if bins is None:
                return None
            found = self._best_disk(patch, bins, start, self.range_around(start, radii))
            if found is None:
                return None
            if found.strength < start.strength * (
                1 if number else SETTINGS.first_share
            ):
                return None
            disk, radii = found, self._radii_near(found.radius)
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
        """Find the fringe families of a disk as peaks of its spectrum.

        Returns
        -------
        ndarray of float64, shape (n, 2), or None
            Interpolated bins (row, column) of the patch's spectrum, strongest first.
        """
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
        # Transformed with zeros behind it. Where in the patch it lies changes phases
        # only, and these are not used.
        half = fft.rfft(patch.values[rows, cols] * dome, n=self.size, axis=1)
        half = half[:, : self._floor.shape[1]]
        power = power_of(fft.fft(half, n=self.size, axis=0))
        power /= np.float32(max(float(np.square(dome).sum()), SETTINGS.least_power))
        at, bins = np.nonzero(power > self._floor)
        if len(at) == 0:
            return None
        # Prepend the column of -1, which holds the powers of the opposite frequencies.
        opposite = power[-np.arange(self.size), 1:2]
        around = np.concatenate([opposite, power], axis=1)
        at, bins = peaks_among(around, at, bins + 1)
        if len(at) == 0:
            return None
        strength = around[at, bins]
        order = np.argsort(-strength, kind="stable")[: SETTINGS.most_families]
        order = order[strength[order] > SETTINGS.family_share * strength[order[0]]]
        return refined(around, at[order], bins[order]) - (0, 1)

    def range_around(self, start: Disk, radii: slice) -> SearchRange:
        """Combine radii with all centres that lie in the start's disk."""
        reach = int(start.radius / self._spread)
        middle = self.block // 2
        return SearchRange(radii, slice(max(middle - reach, 0), middle + reach + 1))

    def _radii_near(self, radius: float) -> slice:
        return self.radii_within(radius / SETTINGS.nearby, radius * SETTINGS.nearby)

    def radii_within(self, smallest: float, largest: float) -> slice:
        """Slice of the radii from one to another, and one more each way."""
        low, high = np.searchsorted(self.radii, (smallest, largest))
        return slice(max(int(low) - 1, 0), int(high) + 1)

    def _best_disk(
        self,
        patch: DiskPatch,
        bins: NDArray[np.float64],
        start: Disk,
        tried: SearchRange,
    ) -> Disk | None:
        norms = patch.norms(tried)
        with_norm = self.responses(patch, bins, tried) / norms
        allowed = self.allowed(norms, start, tried)
        total = np.where(allowed, with_norm.sum(axis=0), -1.0)
        best = np.unravel_index(int(total.argmax()), total.shape)
        if total[best] <= 0:
            return None
        row, col, radius = self.interpolated_maximum(patch, total, tried)
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

    def interpolated_maximum(
        self, patch: DiskPatch, total: NDArray[np.float32], tried: SearchRange
    ) -> tuple[float, float, float]:
        """Row, column and radius of the maximum, interpolated in all three."""
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
        self, patch: DiskPatch, bins: NDArray[np.float64], tried: SearchRange
    ) -> NDArray[np.float32]:
        """Power of each family for each radius and centre, not yet over the norm.

        Returns
        -------
        ndarray of float32, shape (families, radii, rows, columns)
        """
        whole = np.rint(bins).astype(int)
        rows, cols = (
            (whole[:, axis, None] + self._offsets) % self.size for axis in (0, 1)
        )
        axis = np.arange(self.block) / self.block
        ramps = np.exp(-2j * np.pi * (bins - whole)[..., None] * axis)
        ramp = ramps[:, 0, :, None] * ramps[:, 1, None, :]
        slow = fft.ifft2(patch.spectrum[rows[:, :, None], cols[:, None]])
        slow = fft.fft2(slow * ramp.astype(np.complex64), overwrite_x=True)
        # The template is real: multiplying both parts as float32 is faster.
        parts = slow.view(np.float32)[:, None] * self._twice[tried.radii]
        every = parts.view(np.complex64)
        return power_of(self._at_centres(every, tried.centres))

    def _at_centres(
        self, spectra: NDArray[np.complex64], centres: slice
    ) -> NDArray[np.complex64]:
        """Inverse transform of blocks, at some centres of the coarse grid only.

        These are few, so two matrix products are faster than a transform to all.
        """
        waves = self._waves[centres]
        return np.asarray(waves @ (spectra @ waves.T))

    def allowed(
        self, norms: NDArray[np.float32], start: Disk, tried: SearchRange
    ) -> NDArray[np.bool_]:
        """Tell which radii and centres are near the start, in the patch and visible.

        Parameters
        ----------
        norms : ndarray of float32, shape (radii, rows, columns) or (radii, 1, 1)
            From `DiskPatch.norms`.
        start : Disk
            Centres must lie in it.
        tried : SearchRange
            The radii and centres.

        Returns
        -------
        ndarray of bool, shape (radii, rows, columns)
        """
        axis = np.arange(self.block)[tried.centres] * self._spread
        middle = self.size / 2
        distance = np.hypot(axis[:, None] - middle, axis - middle)
        fits = distance + self.radii[tried.radii, None, None] <= middle
        enough = norms >= SETTINGS.least_visible * self.full_norms(tried)
        return np.asarray(fits & (distance <= start.radius) & enough)

    def full_norms(self, tried: SearchRange) -> NDArray[np.float32]:
        """Sum the squared templates, shape (radii, 1, 1)."""
        return self._squares[tried.radii, :1, :1]

    def visible_norms(
        self, seen: NDArray[np.complex64], tried: SearchRange
    ) -> NDArray[np.float32]:
        """Sum the squared templates over the samples that count, for each centre.

        ``seen`` is the block of the transform of which samples count.
        """
        blocks = seen * self._squares[tried.radii]
        return np.asarray(self._at_centres(blocks, tried.centres).real)

    def low_frequencies_of(self, values: NDArray[np.float32]) -> NDArray[np.complex64]:
        """Fourier transform of a patch at the frequencies of a block, around 0."""
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
    """Smallest even length from ``least`` on with a fast Fourier transform."""
    return 2 * int(fft.next_fast_len(int(np.ceil(least / 2))))


@dataclass(frozen=True, eq=False)
class DiskPatch:
    """A square around a disk, whose transforms are computed once, when first used.

    Attributes
    ----------
    corner : tuple of int
        Sample (row, column) of the image that is ``[0, 0]`` of the patch.
    values, valid : ndarray of float32, shape (size, size)
        The image, and 1 where a sample counts, else 0.
    fitter : DiskFitter
        Has the templates.
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
        """Transform of `valid` at the frequencies of a block; None if all is valid."""
        return None if self.valid.all() else self.fitter.low_frequencies_of(self.valid)

    def norms(self, tried: SearchRange) -> NDArray[np.float32]:
        """Norms of the templates: their squares summed over the samples that count.

        Returns
        -------
        ndarray of float32, shape (radii, rows, columns)
            Or (radii, 1, 1) where all samples count.
        """
        full = self.fitter.full_norms(tried)
        if self._seen is None:
            return full
        seen = self.fitter.visible_norms(self._seen, tried)
        return np.asarray(np.maximum(seen, self.least_norm * full))
